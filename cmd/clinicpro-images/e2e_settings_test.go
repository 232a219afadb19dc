//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndFirstRun goes through the first run on a computer that nobody
// has set up: this computer alone is chosen, every part is asked, a folder is
// chosen, and a test photo ends in it. Then the settings: what they change
// holds, and the diagnostics hold no patient.
func TestEndToEndFirstRun(t *testing.T) {
	d := newDesk(t, true)
	pictures := artefacts(t)
	t.Setenv("XDG_RUNTIME_DIR", d.variable("XDG_RUNTIME_DIR"))
	listen := apptest.FreeAddr(t)
	start(t, d.command(filepath.Join(d.bin, "clinicpro-images"), "-dir", d.data, "-listen", listen, "-practice-name", "Kauri Test Practice"),
		filepath.Join(d.scratch, "agent.log"))
	d.window()
	at := d.attach()
	step := func(n int) func(link.Snapshot) bool {
		return func(s link.Snapshot) bool { return s.Settings != nil && s.Settings.First && s.Settings.Step == n }
	}
	at.until("the first run", step(model.StepWelcome))
	d.settle()
	d.screenshot(filepath.Join(pictures, "first-run-1.png"))
	alone := true
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{Local: &alone}})

	// The agent begins again, as what was chosen, and goes on where it was.
	d.ready()
	at = d.attach()
	at.until("the second step, every part answering", func(s link.Snapshot) bool {
		if !step(model.StepConnections)(s) {
			return false
		}
		if !s.Settings.Checking { // it may have been asked before it was there
			at.do(link.Input{Kind: link.InputCheck})
		}
		for _, l := range s.Settings.Lights {
			if l.State != link.LitGood {
				return false
			}
		}
		return len(s.Settings.Lights) == 6
	})
	d.window()
	d.settle()
	d.screenshot(filepath.Join(pictures, "first-run-2.png"))
	at.do(link.Input{Kind: link.InputSetUp, Step: model.StepFolder})
	at.until("the folder", step(model.StepFolder))
	wrong := filepath.Join(d.scratch, "nowhere")
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{Folder: &wrong}})
	at.until("why not", func(s link.Snapshot) bool { return s.Settings != nil && s.Settings.Refused == text.RefusedFolder })
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{Folder: &d.sink}})
	at.until("the practice folder", func(s link.Snapshot) bool {
		return s.Settings != nil && s.Settings.Prefs.Folder == d.sink && s.Settings.Refused == ""
	})
	at.do(link.Input{Kind: link.InputSetUp, Step: model.StepTry})
	at.until("the test", step(model.StepTry))
	at.do(link.Input{Kind: link.InputTestImage})
	s := at.until("the test session", func(s link.Snapshot) bool { return s.Settings == nil && s.Code != nil && s.Patient.Source == "test" })
	newPocket(t, s.Code.Link).shoot()
	at.until("the test photo", func(s link.Snapshot) bool { return s.CanFile })
	at.do(link.Input{Kind: link.InputFileAll, SID: s.SID})
	at.until("that it works", step(model.StepDone))
	if filed := d.filed(); len(filed) != 1 || !strings.HasPrefix(filepath.Base(filed[0]), text.TestNHI) {
		t.Fatalf("%d photos in the practice folder", len(filed))
	}
	d.settle()
	d.screenshot(filepath.Join(pictures, "first-run-6.png"))
	at.do(link.Input{Kind: link.InputCloseSettings})
	at.until("the end of the first run", func(s link.Snapshot) bool { return s.Settings == nil })

	// The settings.
	p := d.panel()
	p.click(text.SettingsTitle)
	at.until("the settings", func(s link.Snapshot) bool { return s.Settings != nil && !s.Settings.First })
	days, silent, autostart := 14, false, true
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{RetentionDays: &days, Sound: &silent}})
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{Autostart: &autostart}})
	at.until("what was changed", func(s link.Snapshot) bool {
		return s.Settings.Prefs.RetentionDays == 14 && !s.Settings.Prefs.Sound && s.Settings.Prefs.Autostart
	})
	entry, err := os.ReadFile(filepath.Join(d.variable("XDG_CONFIG_HOME"), "autostart", "clinicpro-images.desktop"))
	if err != nil || !strings.Contains(string(entry), "-hidden") {
		t.Errorf("the autostart entry: %v", err)
	}
	autostart = false
	at.do(link.Input{Kind: link.InputChange, Change: link.Change{Autostart: &autostart}})
	at.until("no autostart", func(s link.Snapshot) bool { return !s.Settings.Prefs.Autostart })
	raw, err := os.ReadFile(filepath.Join(d.data, "config.toml"))
	if err != nil || !strings.Contains(string(raw), "retention_days = 14") || !strings.Contains(string(raw), "set_up = true") {
		t.Errorf("the file holds %q, %v", raw, err)
	}
	at.do(link.Input{Kind: link.InputDiagnose})
	bundle := at.until("the diagnostics", func(s link.Snapshot) bool { return s.Settings.Bundle != nil }).Settings.Bundle
	at.do(link.Input{Kind: link.InputSaveBundle})
	saved := at.until("where they are", func(s link.Snapshot) bool { return s.Settings.Bundle != nil && s.Settings.Bundle.Saved != "" }).Settings.Bundle
	written, err := os.ReadFile(saved.Saved)
	if err != nil || string(written) != bundle.Text {
		t.Errorf("what was saved is not what was shown: %v", err)
	}
	for _, word := range []string{text.SetUpTestName, text.TestNHI, s.SID, d.scratch, "redis://", "AGE-SECRET", s.Code.Link} {
		if strings.Contains(bundle.Text, word) {
			t.Errorf("the diagnostics hold %q", word)
		}
	}
	if !strings.Contains(bundle.Text, "photos filed") || !strings.Contains(bundle.Text, `"msg":"agent started"`) {
		t.Error("the diagnostics say nothing of photos, or hold no log")
	}
	d.settle()
	d.screenshot(filepath.Join(pictures, "settings.png"))

	// Without the network the lights say so, and say what to do.
	d.signal(cloudProgram, syscall.SIGSTOP)
	at.do(link.Input{Kind: link.InputCheck})
	bad := at.until("the lights out", func(s link.Snapshot) bool {
		return !s.Settings.Checking && len(s.Settings.Lights) == 6 && s.Settings.Lights[2].State == link.LitBad
	})
	d.signal(cloudProgram, syscall.SIGCONT)
	for _, l := range bad.Settings.Lights {
		if l.State != link.LitGood && l.Reason.What == "" || l.Part == link.PartFolder && l.State != link.LitGood {
			t.Errorf("%s is %s: %q", l.Part, l.State, l.Reason.What)
		}
	}
	if bad.Settings.Lights[2].Reason.What != text.Problem(text.PlaceRegistry, app.KindOffline).What {
		t.Errorf("the image service: %q", bad.Settings.Lights[2].Reason.What)
	}
}
