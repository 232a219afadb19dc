//go:build linux

package main

import (
	"testing"

	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/link"
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
