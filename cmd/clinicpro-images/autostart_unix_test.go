//go:build unix

package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app/config"
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

// IT's word about the start at sign-in stands over what was there before, both
// ways; where IT has said nothing, it stays as the user left it.
func TestPolicyDecidesTheAutostart(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name   string
		before bool
		policy *bool
		after  bool
	}{
		{"an old entry, and the policy says no", true, &no, false},
		{"no entry, and the policy says no", false, &no, false},
		{"no entry, and the policy says yes", false, &yes, true},
		{"an old entry, and the policy says yes", true, &yes, true},
		{"an old entry, and no policy", true, nil, true},
		{"no entry, and no policy", false, nil, false},
	} {
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
		if err := startWithUser(c.before); err != nil || autostarts() != c.before {
			t.Fatalf("%s: before: %v, %v", c.name, autostarts(), err)
		}
		a := &agent{cfg: config.Config{Autostart: c.policy}, log: slog.New(slog.DiscardHandler)}
		a.applyAutostart()
		if autostarts() != c.after {
			t.Errorf("%s: it starts: %v", c.name, autostarts())
		}
	}
}
