//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndConsent: a practice that asks who agrees gets no photo before
// somebody has; the answer is asked for once, comes with the photos to the GP,
// and stands in the trail's line of their filing. Photos are made to the size
// that the practice set, and what it requires of them is asked for once.
func TestEndToEndConsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	photos := writePhotos(t, camera, 2)
	d.configure("[phone]\nconsent = true\nrequire = [\"side\"]\ntarget_kb = 400\n")
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(somebody)
	p := newPhone(t, d.scratch)
	p.open(term.link())
	p.see(30*time.Second, "Who agrees to the photos?")
	if page := p.text(); strings.Contains(page, "Take photo") {
		t.Fatalf("the shutter is free before anybody agreed:\n%s", page)
	}
	p.do("tap", map[string]any{"selector": "#by-guardian"})
	p.see(30*time.Second, "Do they agree?")
	p.do("tap", map[string]any{"selector": "#yes"})
	p.choose(photos[0])
	d.waitStates(t, map[string]int{"landed": 1})
	p.do("reload", nil)
	p.see(30*time.Second, "Choose") // not asked again
	p.choose(photos[1])
	d.waitStates(t, map[string]int{"landed": 2})
	said := text.ImageState(app.ImageLanded) + " - " + text.Consent(app.ConsentGuardian)
	term.see("Photo 1: " + said)
	term.see("Photo 2: " + said)

	p.see(60*time.Second, "The practice asks for details")
	p.do("tap", map[string]any{"selector": "#done"})
	p.do("tap", map[string]any{"selector": `[data-value="left"]`})
	p.do("tap", map[string]any{"selector": "#save"})
	said = text.ImageState(app.ImageLanded) + " - Left side - " + text.Consent(app.ConsentGuardian)
	term.see("Photo 1: " + said)
	term.see("Photo 2: " + said)
	p.see(60*time.Second, "You can put the phone away")

	term.say("file")
	d.waitStates(t, map[string]int{"filed": 2})
	filed := d.filed()
	for _, name := range filed {
		if info, err := os.Stat(name); err != nil || info.Size() > 400_000 {
			t.Errorf("%v, or larger than the practice asks", err)
		}
	}
	if lines := d.trail(`"event":"image-filed"`, `"reason":"consent-guardian"`); lines != 2 {
		t.Errorf("%d lines of the trail say who agreed, want 2", lines)
	}
	d.canary(t, camera, stretches(t, filed))
}

// TestEndToEndConsentRefused: where nobody agrees no photo is taken, and the
// workstation says so: to the GP, and in the trail.
func TestEndToEndConsentRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	if err := os.Mkdir(filepath.Join(d.scratch, "camera"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.configure("[phone]\nconsent = true\n")
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(somebody)
	p := newPhone(t, d.scratch)
	p.open(term.link())
	p.see(30*time.Second, "Who agrees to the photos?")
	p.do("tap", map[string]any{"selector": "#by-patient"})
	p.do("tap", map[string]any{"selector": "#no"})
	p.see(30*time.Second, "Stop here")
	p.do("tap", map[string]any{"selector": "#stop"})
	p.see(30*time.Second, "The computer shows: they did not agree.")
	term.see("No consent: they did not agree to photos. No photo was taken. Note it in the record.")
	d.waitStates(t, map[string]int{})
	eventually(t, 30*time.Second, func() bool { return d.trail(`"event":"session-closed"`, `"reason":"consent-refused"`) == 1 }, func() string {
		return "the trail should say that nobody agreed"
	})
}

// configure writes the agent's settings, before its start.
func (d *desk) configure(toml string) {
	d.t.Helper()
	if err := os.MkdirAll(d.data, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.data, "config.toml"), []byte(toml), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// trail counts the lines of the audit trail that hold every one of the parts.
func (d *desk) trail(parts ...string) (n int) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.data, "audit", "*.jsonl"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			d.t.Fatal(err)
		}
	line:
		for line := range strings.Lines(string(raw)) {
			for _, part := range parts {
				if !strings.Contains(line, part) {
					continue line
				}
			}
			n++
		}
	}
	return n
}
