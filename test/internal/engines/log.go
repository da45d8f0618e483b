package engines

import (
	"os"
	"path/filepath"
	"testing"
)

// shownBytes is how much of a log a test that fails shows.
const shownBytes = 6000

// LogFile creates a file for an engine's log. If the test fails, the log's end is shown.
func LogFile(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "engine.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(f.Name()); t.Failed() && err == nil {
			t.Logf("%s", text[max(0, len(text)-shownBytes):])
		}
		f.Close()
	})
	return f
}
