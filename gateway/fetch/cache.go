package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// What is in the cache and was not used for expiry goes; purgeInterval is how often that is looked for.
const (
	expiry        = 24 * time.Hour
	purgeInterval = time.Hour
)

// cache keeps modules by their digest, and what an address or an image's digest gave. On disk they are
// modules/<sha256 of the content>.wasm and refs/<sha256 of the key>.json; what does not match its name counts as absent.
// Processes may share a folder. A cache that cannot be written is one that forgets. It is safe for concurrent use.
type cache struct {
	dir string // "" keeps all in memory

	mu      sync.Mutex
	refs    map[string]entry  // without a dir, by key
	modules map[string][]byte // without a dir, by digest
	purged  time.Time
}

// entry is what a key gave.
type entry struct {
	From   string `json:"from"`   // the key, for people; without passwords
	Module string `json:"module"` // sha256
	Image  string `json:"image,omitempty"`
	Index  string `json:"index,omitempty"`
}

func newCache(dir string) *cache {
	return &cache{dir: dir, refs: map[string]entry{}, modules: map[string][]byte{}}
}

// find returns what a key gave, or nil.
func (c *cache) find(key string) *Module {
	ref, ok := c.entry(key)
	if !ok {
		return nil
	}
	m := c.module(ref.Module)
	if m == nil {
		return nil
	}
	m.Image, m.index = ref.Image, ref.Index
	return m
}

func (c *cache) entry(key string) (ref entry, ok bool) {
	if c.dir == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		ref, ok = c.refs[key]
		return ref, ok
	}
	file := c.refFile(key)
	data, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(data, &ref) != nil || !isDigest(ref.Module) {
		return entry{}, false
	}
	touch(file)
	return ref, true
}

// module returns the module with a digest, or nil.
func (c *cache) module(digest string) *Module {
	if c.dir == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		if code, ok := c.modules[digest]; ok {
			return &Module{Code: code, SHA256: digest, Cached: true}
		}
		return nil
	}
	file := c.moduleFile(digest)
	code, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	if digestOf(code) != digest {
		os.Remove(file)
		return nil
	}
	touch(file)
	return &Module{Code: code, SHA256: digest, Cached: true}
}

// store remembers what a key gave.
func (c *cache) store(key string, m *Module) {
	ref := entry{From: Redacted(key), Module: m.SHA256, Image: m.Image, Index: m.index}
	if c.dir == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refs[key], c.modules[m.SHA256] = ref, m.Code
		return
	}
	data, err := json.Marshal(ref)
	if err != nil {
		return
	}
	if _, err := os.Stat(c.moduleFile(m.SHA256)); err != nil && replaceFile(c.moduleFile(m.SHA256), m.Code) != nil {
		return
	}
	_ = replaceFile(c.refFile(key), data) // the next fetch transfers it again
}

func (c *cache) moduleFile(digest string) string {
	return filepath.Join(c.dir, "modules", digest+".wasm")
}

func (c *cache) refFile(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(c.dir, "refs", hex.EncodeToString(sum[:])+".json")
}

// purge removes what was not used for long, at most once an hour.
func (c *cache) purge(now time.Time) {
	c.mu.Lock()
	due := c.dir != "" && now.Sub(c.purged) >= purgeInterval
	if due {
		c.purged = now
	}
	c.mu.Unlock()
	if !due {
		return
	}
	for _, folder := range []string{"modules", "refs"} {
		entries, err := os.ReadDir(filepath.Join(c.dir, folder))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > expiry {
				os.Remove(filepath.Join(c.dir, folder, e.Name()))
			}
		}
	}
}

func touch(file string) {
	now := time.Now()
	_ = os.Chtimes(file, now, now) // a cache that is not ours to write
}

// replaceFile writes a file that only the user may read, so that a reader sees the old or the new content.
func replaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))[:8]+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if closing := temporary.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
