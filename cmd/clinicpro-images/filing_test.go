//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// What the GP changes is in the file, holds for the next filing, and what
// means nothing is refused and changes nothing.
func TestFilingIsChangedInTheSettings(t *testing.T) {
	a := testAgent(t)
	a.o.dir, a.o.local = t.TempDir(), true
	a.change(link.Change{Filing: &link.FiledAs{As: "both", Size: "500KB", Template: "{nhi} {n}.jpg", Sidecar: true}})
	want := config.Filing{As: config.FormBoth, Size: config.Size500KB, Sidecar: true}
	if cfg, err := config.Load(a.o.dir); err != nil || cfg.Filing != want || cfg.NameTemplate != "{nhi} {n}.jpg" || a.cfg.Filing != want {
		t.Fatalf("%+v, %v; the agent has %+v", cfg.Filing, err, a.cfg.Filing)
	}
	a.change(link.Change{Filing: &link.FiledAs{As: "both", Size: "500KB", Template: `..\{dob}`}})
	if a.prefs.refused == "" || a.cfg.Filing != want || a.cfg.NameTemplate != "{nhi} {n}.jpg" {
		t.Errorf("refused %q; the agent has %+v, %s", a.prefs.refused, a.cfg.Filing, a.cfg.NameTemplate)
	}
}

// What goes into the record is changed under the keys that the file has, and
// holds at once. What the policy has set stays, and the GP is told whose it is.
func TestTheRecordIsChangedInTheSettings(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.toml")
	t.Setenv("CLINICPRO_POLICY", policy)
	says := func(toml string) {
		t.Helper()
		if err := os.WriteFile(policy, []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := testAgent(t)
	a.o.dir, a.o.local = t.TempDir(), true
	says("[record]\nsystem = \"medtech-relay\"\n")
	both := []string{"alex-scan", "folder"}
	a.change(link.Change{Record: &link.RecordPrefs{Sinks: both, Document: "image", Format: "tiff"}})
	cfg, err := config.Load(a.o.dir)
	if err != nil || !slices.Equal(cfg.Record.Sinks, both) || cfg.Record.Document != "image" || cfg.Record.Format != "tiff" {
		t.Fatalf("%+v, %v", cfg.Record, err)
	}
	a.sinks = []string{folderSink, "alex-scan"}
	if got := a.chosen("no session yet"); !slices.Equal(got, both) || a.prefs.refused != "" {
		t.Errorf("chosen from the start: %q; refused %q", got, a.prefs.refused)
	}
	a.prefs.shown = true
	if got := a.settingsView(); !slices.Equal(got.Prefs.Record.Sinks, both) || !got.Prefs.Record.There || !slices.Equal(got.Locked, []string{"record.system"}) {
		t.Errorf("shown: %+v, locked %q", got.Prefs.Record, got.Locked)
	}

	// IT sets two of the three: the third can still be changed, alone.
	says("[record]\nsystem = \"medtech-relay\"\nsinks = [\"alex-scan\"]\nformat = \"pdf\"\n")
	a.change(link.Change{Record: &link.RecordPrefs{Sinks: []string{"folder"}, Document: "session", Format: "tiff"}})
	if r := a.cfg.Record; !slices.Equal(r.Sinks, []string{"alex-scan"}) || r.Document != "session" || r.Format != "pdf" {
		t.Errorf("with a policy: %+v", r)
	}
	if want := []string{"record.format", "record.sinks", "record.system"}; !slices.Equal(a.settingsView().Locked, want) {
		t.Errorf("locked: %q", a.settingsView().Locked)
	}
	says("retention_days = 3\n[record]\nsystem = \"medtech-relay\"\n")
	sound := false
	a.change(link.Change{Sound: &sound}) // takes up the policy as it is now
	days := 90
	a.change(link.Change{RetentionDays: &days})
	if a.prefs.refused != text.RefusedByIT || a.cfg.RetentionDays != 3 {
		t.Errorf("refused %q, kept for %d days", a.prefs.refused, a.cfg.RetentionDays)
	}
	for _, unusable := range []link.RecordPrefs{{Sinks: []string{"printer"}}, {Document: "page"}, {Format: "docx"}} {
		a.change(link.Change{Record: &unusable})
		if a.prefs.refused != text.RefusedChange {
			t.Errorf("%+v: refused %q", unusable, a.prefs.refused)
		}
	}
}
