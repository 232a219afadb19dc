package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestATreeIsRemovedFileByFileToo(t *testing.T) {
	for name, remove := range map[string]func(string) error{"tree": RemoveTree, "each": removeEach} {
		root := filepath.Join(t.TempDir(), "root")
		if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"x", "a/y", "a/b/z"} {
			if err := os.WriteFile(filepath.Join(root, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // the second time there is nothing
			if err := remove(root); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := os.Stat(root); !os.IsNotExist(err) {
			t.Errorf("%s: it is still there (%v)", name, err)
		}
	}
}
