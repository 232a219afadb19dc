package tray

import (
	"bytes"
	"errors"
	"image/png"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/assets/icons"
)

func TestWithoutASessionBusRunSaysSoAndReturns(t *testing.T) {
	for _, address := range []string{"", "unix:path=/nonexistent/bus"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		err := Run(t.Context(), Config{})
		if !errors.Is(err, ErrNoTray) || app.KindOf(err) != app.KindNotFound {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestEveryStateHasItsOwnIcon(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []State{Idle, Waiting, ToFile, Problem} {
		for _, panel := range []icons.Panel{icons.Dark, icons.Light, icons.Any} {
			b := icons.Tray(string(s), panel, false)
			if seen[string(b)] {
				t.Errorf("%s looks like another", s)
			}
			seen[string(b)] = true
			if img, err := png.Decode(bytes.NewReader(b)); err != nil || img.Bounds().Dx() != 64 {
				t.Errorf("%s: %v", s, err)
			}
			if ico := icons.Tray(string(s), panel, true); panel != icons.Any && !bytes.HasPrefix(ico, []byte{0, 0, 1, 0, 4, 0}) {
				t.Errorf("%s has no ICO", s)
			}
		}
	}
}

func TestTooltips(t *testing.T) {
	for want, s := range map[string]Status{
		"ClinicPro Images": {}, "ClinicPro Images: 1 photo to file": {State: ToFile, ToFile: 1},
		"ClinicPro Images: why":                       {State: Problem, ToFile: 3, Notice: "why"},
		"ClinicPro Images: something needs attention": {State: Problem, ToFile: 3}, "ClinicPro Images: waiting for photos": {State: Waiting},
	} {
		if got := Tooltip(s); got != want {
			t.Errorf("got %q", got)
		}
	}
}
