//go:build unix

package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAutostartIsMended: an entry of the user's whose program has gone names
// this one after its start; one that is switched off stays off.
func TestAutostartIsMended(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	exe, err := ownPath()
	if err != nil {
		t.Fatal(err)
	}
	path, err := usersAutostart()
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{log: slog.New(slog.DiscardHandler)}
	entry := func(gone string) string {
		t.Helper()
		if err := startWithUser(true); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil || usersEntry() != exe {
			t.Fatalf("%v: the entry names %q", err, usersEntry())
		}
		stale := strings.Replace(string(raw), exe, gone, 1)
		if err := os.WriteFile(path, []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		return stale
	}
	gone := filepath.Join(home, "1.0.0", agentProgram)
	entry(gone)
	if got := usersEntry(); got != gone {
		t.Fatalf("the entry names %q", got)
	}
	a.applyAutostart()
	if got := usersEntry(); got != exe {
		t.Errorf("after a start the entry names %q", got)
	}
	off := entry(gone) + "Hidden=true\n"
	if err := os.WriteFile(path, []byte(off), 0o600); err != nil {
		t.Fatal(err)
	}
	a.applyAutostart()
	if raw, err := os.ReadFile(path); err != nil || string(raw) != off {
		t.Errorf("%v: what was switched off became\n%s", err, raw)
	}
}
