//go:build linux

package main_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fsnotify/fsnotify"
)

// watch tells of every change of files below folders, those made later too.
// hear is called from one goroutine, a moment after the change, until unwatch.
func watch(t testing.TB, hear func(path string, op fsnotify.Op), folders ...string) (unwatch func()) {
	t.Helper()
	w, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	var over sync.WaitGroup
	// A folder is watched a moment after it is made, so what is in it by then
	// is told as if it were new.
	take := func(dir string, tell bool) {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if e.IsDir() {
				_ = w.Add(path)
			} else if tell {
				hear(path, fsnotify.Create)
			}
			return nil
		})
	}
	for _, dir := range folders {
		take(dir, false)
	}
	over.Go(func() {
		for {
			select {
			case ev, ok := <-w.Events:
				if !ok {
					return
				}
				hear(ev.Name, ev.Op)
				if ev.Has(fsnotify.Create) && !strings.Contains(filepath.Base(ev.Name), ".") {
					take(ev.Name, true)
				}
			case _, ok := <-w.Errors:
				if !ok {
					return
				}
			}
		}
	})
	return func() {
		_ = w.Close()
		over.Wait()
	}
}
