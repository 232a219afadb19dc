package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSignInProgram: what a user's own entry names outlives an upgrade, and one
// that did not is mended.
func TestSignInProgram(t *testing.T) {
	root := t.TempDir()
	put := func(parts ...string) string {
		t.Helper()
		path := filepath.Join(append([]string{root}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, now := put("1.0.0", agentProgram+".exe"), put("1.1.0", agentProgram+".exe")
	elsewhere, plain := put("elsewhere", "bin", agentProgram+".exe"), put("bin", agentProgram+".exe")
	if got := signInProgram(now); got != now {
		t.Errorf("without the program that stays: %s", got)
	}
	stays := put(startProgram + ".exe")
	if got := signInProgram(now); got != stays {
		t.Errorf("%s, want %s", got, stays)
	}
	if got := signInProgram(plain); got != plain {
		t.Errorf("in a folder of no version: %s", got)
	}
	for entry, want := range map[string]bool{now: false, stays: false, elsewhere: false, plain: false,
		old: true, filepath.Join(root, "0.9.0", agentProgram+".exe"): true, filepath.Join(root, "nowhere", agentProgram+".exe"): true} {
		if got := staleEntry(entry, now); got != want {
			t.Errorf("%s is stale: %v", entry, got)
		}
	}
}
