package toolchain

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// runtimeChanges adapt Go's runtime to plugins, by `go build -overlay`: copies of the installed Go's own files in which a
// few lines differ. No line is added or removed, so that stack traces stay right. A file that is not as expected here is
// used as it is, and so is one whose change the plugin could notice.
var runtimeChanges = []fileChange{
	// The runtime takes memory for its own records in chunks of 256 KiB: one while it starts, of which 51 KiB are used, and
	// one for the running program as soon as anything is recorded, such as the finalizer that package os sets. Elsewhere
	// only what is touched counts; linear memory grows by the whole chunk. Chunks of one page of it save six pages. A block
	// must fit into a chunk behind its link to the next, so blocks get memory of their own from a smaller size on.
	{pkg: "runtime", file: "malloc.go", lines: []line{
		{"const persistentChunkSize = 256 << 10", "const persistentChunkSize = 64 << 10"},
		{"\t\tmaxBlock = 64 << 10 // VM reservation granularity is 64K on windows", "\t\tmaxBlock = 32 << 10 // VM reservation granularity is 64K on windows"},
		{"\tif size >= maxBlock {", ""},
		{"\tif persistent.off+size > persistentChunkSize || persistent.base == nil {", ""},
	}},
	// Execution traces: 0.09 MB of code that only runtime/trace can switch on.
	{pkg: "runtime", file: "traceruntime.go", unless: []string{"runtime/trace"}, lines: []line{
		{"\treturn trace.enabled", "\treturn false"},
		{"\treturn trace.enabledWithAllocFree", "\treturn false"},
		{"\treturn trace.shutdown.Load()", "\treturn false"},
	}},
	// Counters of non-default settings of GODEBUG, which have the runtime bring all its metrics, and the search for the
	// culprit among the uses of a setting (GODEBUG=name=value#pattern): 0.08 MB of code. Settings themselves work.
	{pkg: "internal/godebug", file: "godebug.go", unless: []string{"runtime/metrics"}, lines: []line{
		{"\tregisterMetric(\"/godebug/non-default-behavior/\"+s.Name()+\":events\", s.nonDefault.Load)", "\t// not counted"},
		{"\tif v.bisect != nil && !v.bisect.Stack(&stderr) {", "\tif false && !v.bisect.Stack(&stderr) {"},
		{"\t\t\t\t\t\t\tv.bisect, _ = bisect.New(arg[j+1:])", "\t\t\t\t\t\t\t// no search"},
	}},
	// Self-tests of the FIPS 140-3 mode, which drag each algorithm in: 0.1 MB of code in key-auth, which hashes. The mode does
	// not exist on Wasm: a plugin that is told to use it (GODEBUG=fips140=on) ends before the first test would run.
	{pkg: "crypto/internal/fips140", file: "cast.go", lines: []line{
		{"func CAST(name string, f func() error) {", "func CAST(name string, f func() error) { if true { return }"},
	}},
}

// fileChange is what is changed in a file of the standard library, all of it or nothing. No two files have the same name.
type fileChange struct {
	pkg, file string
	unless    []string // packages whose importers could notice
	lines     []line
}

// line stands exactly once in its file. The new one is "" where it only must be there.
type line struct{ old, new string }

// apply returns the changed file; ok is false if one of the lines is not there, or twice.
func (c *fileChange) apply(source string) (changed string, ok bool) {
	all := strings.Split(source, "\n")
	for _, l := range c.lines {
		at := slices.Index(all, l.old)
		if at < 0 || slices.Contains(all[at+1:], l.old) {
			return "", false
		}
		if l.new != "" {
			all[at] = l.new
		}
	}
	return strings.Join(all, "\n"), true
}

// runtimeOverlay writes what `go build -overlay` wants for the plugin in dir into a temporary folder, which remove
// deletes. The file is "" where nothing is to be changed. remove is never nil.
func runtimeOverlay(ctx context.Context, dir string, tags []string) (file string, remove func(), err error) {
	list, err := goCommand(ctx, dir, "list", "-deps", "-tags", tagList(tags), "-f", "{{.ImportPath}}\t{{.Dir}}", ".").Output()
	if err != nil { // `go build` says it better
		return "", func() {}, nil
	}
	packages := map[string]string{}
	for entry := range strings.Lines(string(list)) {
		path, folder, _ := strings.Cut(strings.TrimSpace(entry), "\t")
		packages[path] = folder
	}
	return overlay(runtimeChanges, packages)
}

// overlay does so for a program that is made of packages: import path → folder.
func overlay(changes []fileChange, packages map[string]string) (file string, remove func(), err error) {
	changed := map[string]string{} // file → new content
	for _, c := range changes {
		folder := packages[c.pkg]
		if folder == "" || slices.ContainsFunc(c.unless, func(path string) bool { return packages[path] != "" }) {
			continue
		}
		path := filepath.Join(folder, c.file)
		source, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if text, ok := c.apply(string(source)); ok {
			changed[path] = text
		}
	}
	if len(changed) == 0 {
		return "", func() {}, nil
	}
	folder, err := os.MkdirTemp("", "wasmplane-runtime-")
	if err != nil {
		return "", func() {}, err
	}
	remove = func() { os.RemoveAll(folder) }
	if file, err = writeOverlay(folder, changed); err != nil {
		remove()
		return "", func() {}, err
	}
	return file, remove, nil
}

func writeOverlay(folder string, changed map[string]string) (file string, err error) {
	replace := map[string]string{}
	for path, text := range changed {
		replace[path] = filepath.Join(folder, filepath.Base(path))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	description, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file = filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, description, 0o600)
}
