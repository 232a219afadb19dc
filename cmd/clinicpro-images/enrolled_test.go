package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
)

// A policy that names practice and gateway opens nothing by itself: only the
// secrets of an enrolment make a user enrolled, and none of it local.
func TestAPolicyAloneIsNoEnrolment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.toml")
	policy := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CLINICPRO_POLICY", file)
	dir := t.TempDir()
	o := options{dir: dir}
	read := func() config.Config {
		t.Helper()
		cfg, err := settings(&o)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	vault := &apptest.FakeVault{}
	kind := func(cfg config.Config) app.Kind { return app.KindOf(hasEnrolment(t.Context(), cfg, vault)) }

	policy("practice = \"hill-road\"\ngateway = \"https://images.example.nz\"\nlocal_mode = true\n")
	if got := kind(read()); got != app.KindNotFound || o.local {
		t.Errorf("policy alone: %q, local %v", got, o.local)
	}
	for i, name := range config.CloudSecrets() {
		if err := vault.Set(t.Context(), name, app.Seal("synthetic")); err != nil {
			t.Fatal(err)
		}
		want := app.KindNotFound
		if i == len(config.CloudSecrets())-1 {
			want = ""
		}
		if got := kind(read()); got != want {
			t.Errorf("with %d secrets: %q", i+1, got)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, config.EnrolmentFile), []byte("practice = \"hill-road\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy("practice = \"valley-road\"\ngateway = \"https://images.example.nz\"\n")
	if got := kind(read()); got != app.KindConflict {
		t.Errorf("moved to another practice: %q", got)
	}
	policy("enrol_file = \"/etc/clinicpro-images/practice.enrol\"\nsupport = \"Tess, 09 000 0000\"\nlocal_mode = true\n")
	_ = os.Remove(filepath.Join(dir, config.EnrolmentFile))
	if got := kind(read()); got != app.KindNotFound || o.local {
		t.Errorf("an enrolment file that nobody has opened: %q, local %v", got, o.local)
	}
	policy("support = \"Tess, 09 000 0000\"\n")
	if _, err := settings(&o); err != nil || o.local {
		t.Errorf("nothing named, and a window to say so: %v, local %v", err, o.local)
	}
	o.noWindow = true
	_, err := settings(&o)
	o.noWindow = false
	if _, is := errors.AsType[usageError](err); !is || !strings.Contains(err.Error(), "Please call Tess, 09 000 0000.") {
		t.Errorf("nothing named: %v", err)
	}
	policy("local_mode = true\n")
	if read(); !o.local {
		t.Error("local mode by policy is not taken")
	}
}
