package waf

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	crstests "github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/coreruleset/go-ftw/config"
	"github.com/coreruleset/go-ftw/ftwhttp"
	"github.com/coreruleset/go-ftw/output"
	"github.com/coreruleset/go-ftw/runner"
	ftw "github.com/coreruleset/go-ftw/test"
	"github.com/coreruleset/go-ftw/waflog"
	"github.com/rs/zerolog"
)

// regressionTest is one test of the rule set, in the form that go-ftw runs.
type regressionTest struct {
	name string // rule and number: 942100-1
	file *ftw.FTWTest
}

// regressionTests reads all tests of the module, in the order of their files.
func regressionTests(t *testing.T) []regressionTest {
	t.Helper()
	var list []regressionTest
	err := fs.WalkDir(crstests.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := fs.ReadFile(crstests.FS, path)
		if err != nil {
			return err
		}
		file, err := ftw.GetTestFromYaml(text, entry.Name())
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i := range file.Tests {
			single := *file
			single.Tests = file.Tests[i : i+1]
			list = append(list, regressionTest{file.Tests[i].IdString(), &single})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// outcome is what came of a test on an engine.
type outcome struct {
	passed bool
	note   string // why not: go-ftw's error, and what the plugin saw
	status int    // of the response, where it did not pass; 0 if there was none
}

// run runs tests one after the other: go-ftw finds a test's log lines by the markers around them.
func (e *engine) run(t *testing.T, tests []regressionTest) map[string]outcome {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled)
	host, port := e.hostPort(t)
	cfg := &config.FTWConfiguration{
		LogFile: e.log, LogMarkerHeaderName: config.DefaultLogMarkerHeaderName, RunMode: config.DefaultRunMode,
		MaxMarkerRetries: config.DefaultMaxMarkerRetries, MaxMarkerLogLines: config.DefaultMaxMarkerLogLines,
		TestOverride: config.FTWTestOverride{Overrides: config.Overrides{DestAddr: &host, Port: &port}},
	}
	lines, err := waflog.NewFTWLogLines(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lines.Cleanup() }()
	clientConfig := ftwhttp.NewClientConfig()
	clientConfig.ConnectTimeout, clientConfig.ReadTimeout = 10*time.Second, 60*time.Second
	client, err := ftwhttp.NewClient(clientConfig)
	if err != nil {
		t.Fatal(err)
	}
	results := make(map[string]outcome, len(tests))
	for _, test := range tests {
		o := outcome{}
		// What a host logs at the end of a stream may come after the marker of the next test.
		for attempt := 0; attempt < 2 && !o.passed; attempt++ {
			begin := e.logSize(t)
			run := &runner.TestRunContext{Config: cfg, RunnerConfig: &runner.RunnerConfig{}, ShowOnlyFailed: true,
				Output: output.NewOutput("quiet", io.Discard), Stats: runner.NewRunStats(), Client: client, LogLines: lines}
			err := runner.RunTest(run, test.file)
			o = outcome{passed: err == nil && run.Result == runner.Success}
			if !o.passed {
				o.status = status(client, test, host, port)
				o.note = strings.TrimSpace(errText(err) + e.seen(t, begin))
			}
		}
		results[test.name] = o
	}
	return results
}

// status sends a test's last request once more and returns the status of its response.
func status(client *ftwhttp.Client, test regressionTest, host string, port int) int {
	stages := test.file.Tests[0].Stages
	input := ftw.Input(stages[len(stages)-1].Input)
	if err := client.NewConnection(ftwhttp.Destination{DestAddr: host, Port: port, Protocol: "http"}); err != nil {
		return 0
	}
	line := &ftwhttp.RequestLine{Method: input.GetMethod(), URI: input.GetURI(), Version: input.GetVersion()}
	complete := input.AutocompleteHeaders == nil || *input.AutocompleteHeaders
	response, err := client.Do(*ftwhttp.NewRequest(line, input.GetHeaders(), input.GetData(), complete))
	if err != nil {
		return 0
	}
	return response.Parsed.StatusCode
}

func (e *engine) logSize(t *testing.T) int64 {
	info, err := os.Stat(e.log)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// seen is the plugin's audit log from an offset of the engine's log: the requests as the plugin saw them.
func (e *engine) seen(t *testing.T, offset int64) string {
	text, err := os.ReadFile(e.log)
	if err != nil {
		t.Fatal(err)
	}
	var records strings.Builder
	for line := range strings.Lines(string(text[offset:])) {
		if _, record, found := strings.Cut(line, " audit {"); found && !strings.Contains(record, "go-ftw test agent") {
			records.WriteString("the plugin saw {" + record)
		}
	}
	return records.String()
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error() + "\n"
}
