//go:build linux

package main_test

import (
	"errors"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndNoKeyring starts the built programs in a session that has no
// password store at all: the window says so, what is typed starts no session,
// makes no image store and shows no code, and is kept. Once there is a store
// the session begins by itself, about the patient who was typed in.
func TestEndToEndNoKeyring(t *testing.T) {
	d := newDesk(t, true)
	d.withoutKeyring()
	pictures := artefacts(t)
	t.Setenv("XDG_RUNTIME_DIR", d.variable("XDG_RUNTIME_DIR"))
	d.startAgent(apptest.FreeAddr(t))
	d.window()
	at := d.attach()
	locked := text.Problem(text.PlaceVault, app.KindAuth)
	says := func(s link.Snapshot) bool {
		return slices.ContainsFunc(s.Problems, func(p link.Problem) bool {
			return p.What == locked.What && p.Safe == locked.Safe && p.Do == locked.Do && p.Grave
		})
	}
	at.until("that there is no password store", says)
	d.painted()
	d.screenshot(filepath.Join(pictures, "no-keyring.png"))

	for i, typed := range []string{patientName, patientNHI, patientBirth} {
		if i > 0 {
			d.xdotool("key", "Tab")
		}
		d.xdotool("type", "--delay", "15", typed)
	}
	at.until("what was typed", func(s link.Snapshot) bool {
		return s.Draft == link.Draft{Name: patientName, NHI: patientNHI, BirthDate: patientBirth}
	})
	d.xdotool("key", "Return")
	s := at.until("that it was taken", func(s link.Snapshot) bool { return s.Draft == link.Draft{} })
	if s.Code != nil || s.SID != "" || !says(s) {
		t.Errorf("a session without a key: phase %s, and the reason is shown: %v", s.Phase, says(s))
	}
	d.screenshot(filepath.Join(pictures, "no-keyring-waits.png"))
	if _, err := os.Stat(filepath.Join(d.data, "spool", "index.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an image store was made without a key: %v", err)
	}

	d.unlockKeyring()
	s = at.until("the session, about whom was typed in", func(s link.Snapshot) bool { return s.Code != nil && !says(s) })
	if s.Patient.Name != patientName || s.Patient.NHI != patientNHI {
		t.Error("the session is about somebody else")
	}
	if d.scan() != s.Code.Link {
		t.Error("the code in the window is another")
	}
	newPocket(t, s.Code.Link).shoot()
	at.until("a photo", func(s link.Snapshot) bool { return s.CanFile })
}

// painted waits until the screen shows more than a few colours: a window that is
// there, and has painted itself.
func (d *desk) painted() {
	d.t.Helper()
	shot := filepath.Join(d.scratch, "painted.png")
	defer os.Remove(shot)
	eventually(d.t, time.Minute, func() bool {
		d.screenshot(shot)
		f, err := os.Open(shot)
		if err != nil {
			return false
		}
		defer f.Close()
		m, err := png.Decode(f)
		if err != nil {
			return false
		}
		seen := map[color.Color]bool{}
		for y := 200; y < 700; y += 3 {
			for x := 200; x < 1100; x += 3 {
				seen[m.At(x, y)] = true
			}
		}
		return len(seen) > 12
	}, func() string { return "the window stays blank" })
}

// withoutKeyring moves the desk to a session bus that has no password store and
// starts none.
func (d *desk) withoutKeyring() {
	d.t.Helper()
	socket, conf := filepath.Join(d.scratch, "run", "bare"), filepath.Join(d.scratch, "bare.conf")
	if err := os.WriteFile(conf, []byte(`<busconfig><type>session</type><listen>unix:path=`+socket+`</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`), 0o600); err != nil {
		d.t.Fatal(err)
	}
	start(d.t, d.command("dbus-daemon", "--nofork", "--nopidfile", "--config-file="+conf), filepath.Join(d.scratch, "bare.log"))
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket)
	eventually(d.t, 10*time.Second, func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}, func() string { return "the bare session bus did not start" })
}
