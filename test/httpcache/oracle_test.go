package httpcache

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	oracleName    = "http-cache-semantics"
	oracleVersion = "4.3.0"
	questions     = 30000
)

// verdict is what an implementation answers. Times are in seconds.
type verdict struct {
	Storable bool   `json:"storable"`
	Obstacle string `json:"obstacle"` // ours only
	Lifetime int64  `json:"lifetime"`
	Age      int64  `json:"age"`
	Serve    bool   `json:"serve"`
	While    bool   `json:"whileRevalidating"`
}

// TestDecisionsAgreeWithHTTPCacheSemantics holds for every question that no listed difference covers; and each of those
// must be met, or it would hide something else.
func TestDecisionsAgreeWithHTTPCacheSemantics(t *testing.T) {
	oracle := oracleFolder(t)
	g := generator{rand.New(rand.NewPCG(20260203, 40506))}
	asked := make([]question, questions)
	var input bytes.Buffer
	lines := json.NewEncoder(&input)
	for i := range asked {
		asked[i] = g.question()
		if err := lines.Encode(&asked[i]); err != nil {
			t.Fatal(err)
		}
	}
	ours := answers(t, exec.Command(buildDecide(t)), input.Bytes())
	theirs := answers(t, exec.Command("node", "testdata/answer.js", oracle), input.Bytes())
	met := map[string]int{}
	served, stored := 0, 0
	for i := range asked {
		if ours[i].Storable {
			stored++
		}
		if ours[i].Serve {
			served++
		}
		field := differs(&ours[i], &theirs[i])
		if field == "" {
			continue
		}
		if name := explained(&asked[i], &ours[i], &theirs[i], field); name != "" {
			met[name]++
			continue
		}
		t.Errorf("%s differs\n%v\nours   %+v\ntheirs %+v", field, asked[i], ours[i], theirs[i])
	}
	for _, d := range differences {
		if met[d.name] == 0 {
			t.Errorf("the difference %q never shows: take it off the list", d.name)
		}
	}
	if stored < questions/8 || served < questions/30 {
		t.Errorf("of %d questions only %d are about what is stored and %d about what is served", questions, stored, served)
	}
	t.Logf("%d stored, %d served, differences: %v", stored, served, met)
}

// differs names the first thing in which two verdicts differ.
func differs(ours, theirs *verdict) string {
	switch {
	case ours.Storable != theirs.Storable:
		return "storable"
	case !ours.Storable:
		return ""
	case ours.Lifetime != theirs.Lifetime:
		return "lifetime"
	case ours.Age != theirs.Age:
		return "age"
	case ours.Serve != theirs.Serve:
		return "serve"
	}
	return ""
}

func answers(t *testing.T, command *exec.Cmd, input []byte) []verdict {
	t.Helper()
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	var list []verdict
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var v verdict
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if len(list) != questions {
		t.Fatalf("%v has answered %d of %d questions", command, len(list), questions)
	}
	return list
}

// buildDecide builds the command that asks package httpcache, which only plugins may import.
func buildDecide(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "decide")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./internal/httpcache/decide")
	build.Dir = "../../extensions"
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return binary
}

// oracleFolder is where the npm package is. It is fetched where it is not there yet.
func oracleFolder(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: decisions are not compared with %s", tool, oracleName)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	root := filepath.Join(cache, "wasmplane", oracleName+"-"+oracleVersion)
	folder := filepath.Join(root, "node_modules", oracleName)
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err == nil {
		return folder
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Skip(err)
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", root, oracleName+"@"+oracleVersion)
	if output, err := install.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be fetched: %v\n%s", oracleName, err, output)
	}
	return folder
}
