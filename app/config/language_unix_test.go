//go:build !windows

package config

import (
	"os"
	"path/filepath"
	"testing"
)

// The language that nobody chose is the system's; one that was chosen holds.
func TestTheSystemsLanguage(t *testing.T) {
	english(t)
	t.Setenv("LANG", "mi_NZ.UTF-8")
	dir := t.TempDir()
	if c, err := load(nil, dir); err != nil || c.Desktop.Language != "mi" {
		t.Errorf("%q, %v", c.Desktop.Language, err)
	}
	if err := Change(dir, map[string]any{"desktop.language": "en"}); err != nil {
		t.Fatal(err)
	}
	if c, err := load(nil, dir); err != nil || c.Desktop.Language != "en" {
		t.Errorf("chosen: %q, %v", c.Desktop.Language, err)
	}
}

// The variable for tests names a policy only where the machine has none.
func TestNobodyGetsAroundAPolicy(t *testing.T) {
	machine, other := filepath.Join(t.TempDir(), "machine.toml"), filepath.Join(t.TempDir(), "other.toml")
	if err := os.WriteFile(other, []byte("retention_days = 90\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := func() int {
		policy, err := policyOf(machine, other)
		if err != nil {
			t.Fatal(err)
		}
		c, err := load(policy, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return c.RetentionDays
	}
	if says() != 90 {
		t.Error("a machine without a policy does not hear the variable")
	}
	if err := os.WriteFile(machine, []byte("retention_days = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if says() != 3 {
		t.Error("the variable goes before the machine's policy")
	}
	if policy, err := policyOf("", ""); err != nil || policy != nil {
		t.Errorf("no policy: %v, %v", policy, err)
	}
}

// A policy under Linux, through Load and Change, as the program meets it.
func TestAPolicyFile(t *testing.T) {
	english(t)
	dir, policy := t.TempDir(), filepath.Join(t.TempDir(), "policy.toml")
	t.Setenv(policyEnv, policy)
	if err := os.WriteFile(policy, []byte("[record]\nsystem = \"medtech-relay\"\n[phone]\nconsent = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What the user may choose is judged with what the policy gives.
	if err := Change(dir, map[string]any{"record.sinks": []string{"alex-scan"}, "phone.consent": false, "phone.target_kb": 480}); err != nil {
		t.Fatal(err)
	}
	c, err := Load(dir)
	if err != nil || !c.Phone.Consent || c.Phone.Target != 480 || len(c.Record.Sinks) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := os.Remove(policy); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("Inbox Scan is chosen where there is no record system")
	}
}
