package manifest

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long files must rest before a change counts: editors and kubectl-like tools write in several steps.
const settle = 100 * time.Millisecond

// Watch calls changed after files below the paths were written, created, renamed or removed, once per burst of
// changes, until ctx is done. Files are watched through their folders, so that a file that is replaced by renaming
// stays watched. changed runs on Watch's own goroutine.
func Watch(ctx context.Context, paths []string, changed func()) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := watchTree(watcher, path); err != nil {
			watcher.Close()
			return err
		}
	}
	go func() {
		defer watcher.Close()
		timer := time.NewTimer(0)
		<-timer.C
		for {
			select {
			case <-ctx.Done():
				return
			case event := <-watcher.Events:
				if event.Op == fsnotify.Chmod {
					continue
				}
				if event.Has(fsnotify.Create) {
					_ = watchTree(watcher, event.Name) // a new folder; anything else is harmless
				}
				timer.Reset(settle)
			case <-watcher.Errors: // an overflow: something changed
				timer.Reset(settle)
			case <-timer.C:
				changed()
			}
		}
	}()
	return nil
}

func watchTree(watcher *fsnotify.Watcher, path string) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return watcher.Add(name)
		}
		if name == path {
			return watcher.Add(filepath.Dir(name))
		}
		return nil
	})
}
