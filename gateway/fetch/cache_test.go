package fetch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCacheOnDisk(t *testing.T) {
	r := newRegistry(t)
	r.push(t, wasm("one"), "p:1")
	s := Source{URL: r.host + "/p:1"}
	dir := t.TempDir()
	fetched := func() *Module {
		t.Helper()
		m, err := newFetcher(t, Options{CacheDir: dir}).Fetch(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, wasm("one"), m.Code)
		return m
	}
	file := filepath.Join(dir, "modules", digestOf(wasm("one"))+".wasm")
	assert.False(t, fetched().Cached)
	assert.True(t, fetched().Cached)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "a private image is for the user alone")

	require.NoError(t, os.WriteFile(file, wasm("damaged"), 0o600))
	assert.False(t, fetched().Cached, "a module that does not match its name is fetched again")
	assert.True(t, fetched().Cached)

	refs, err := filepath.Glob(filepath.Join(dir, "refs", "*.json"))
	require.NoError(t, err)
	for _, ref := range refs {
		require.NoError(t, os.WriteFile(ref, []byte("{"), 0o600))
	}
	assert.False(t, fetched().Cached, "so is one whose entry is damaged")

	long := time.Now().Add(-25 * time.Hour)
	for _, old := range append(refs, file) {
		require.NoError(t, os.Chtimes(old, long, long))
	}
	assert.False(t, fetched().Cached, "what was not used for a day is gone")

	left, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left, "no temporary files are left")
}
