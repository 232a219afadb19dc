//go:build unix

package main

import (
	"log/slog"
	"testing"

	"github.com/clinicpro-nz/images/app/config"
)

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
