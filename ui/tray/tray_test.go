package tray

import (
	"bytes"
	"errors"
	"image/png"
	"math"
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

// Each icon is seen on the panel it is for, and the one for panels whose colour
// nobody knows on both: enough of it stands out (WCAG: 3 to 1 for graphics).
func TestIconsAreSeenOnTheirPanels(t *testing.T) {
	linear := func(c uint32) float64 {
		v := float64(c) / 0xffff
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	light := func(r, g, b uint32) float64 { return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b) }
	panels := map[icons.Panel][]uint32{icons.Dark: {0x2020}, icons.Light: {0xf3f3}, icons.Any: {0x2020, 0xf3f3}}
	for _, s := range []State{Idle, Waiting, ToFile, Problem} {
		for panel, greys := range panels {
			img, err := png.Decode(bytes.NewReader(icons.Tray(string(s), panel, false)))
			if err != nil {
				t.Fatal(err)
			}
			for _, grey := range greys {
				under, seen := light(grey, grey, grey), 0
				for y := range 64 {
					for x := range 64 {
						r, g, b, a := img.At(x, y).RGBA() // premultiplied
						over := func(c uint32) uint32 { return c + grey*(0xffff-a)/0xffff }
						l := light(over(r), over(g), over(b))
						if (max(l, under)+0.05)/(min(l, under)+0.05) >= 3 {
							seen++
						}
					}
				}
				if seen < 64*64/20 {
					t.Errorf("%s for %v on a panel of grey %#x: %d of 4096 points are seen", s, panel, grey>>8, seen)
				}
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
