//go:build linux

package main_test

import (
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndDetails: what the phone says of a photo, before the shutter and
// after the upload, is what the GP sees and what the filed copy is named after
// and turned by; nothing of it lies anywhere in the clear but there. Then a
// phone finds that it shows another patient, and leaves.
func TestEndToEndDetails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	if err := os.Mkdir(camera, 0o700); err != nil {
		t.Fatal(err)
	}
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(`{"name":"` + patientName + `","nhi":"` + patientNHI + `"}`)
	p := newPocket(t, term.link())

	const before, after = "crusted since kowhai", "dressed with honeydew"
	id := p.shootWith(app.Details{Caption: app.Seal(before), Site: "forearm", Side: app.SideLeft, View: app.ViewNear})
	term.see("Photo 1: " + text.ImageState(app.ImageLanded) + " - Left forearm · near - " + before)
	changed := app.Details{Caption: app.Seal(after), Site: "lower-leg", Side: app.SideRight, Rotate: 90}
	if a, err := p.Amend(t.Context(), id, 1, changed); err != nil || a.Session.Images[0].Details != 1 {
		t.Fatalf("amended: %v, %+v", err, a.Session.Images)
	}
	term.see(" - Right lower leg - " + after)
	term.say("file")
	d.waitStates(t, map[string]int{"filed": 1})
	filed := d.filed()
	if len(filed) != 1 || !strings.HasSuffix(filed[0], "_lower-leg_right_1.jpg") {
		t.Fatalf("filed as %q", filed)
	}
	f, err := os.Open(filed[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if size, err := jpeg.DecodeConfig(f); err != nil || size.Width != 480 || size.Height != 640 {
		t.Fatalf("what was filed is %d by %d, %v, want 480 by 640", size.Width, size.Height, err)
	}
	if _, err := p.Amend(t.Context(), id, 2, changed); err == nil {
		t.Error("the details of a filed photo were changed")
	}

	p.shoot()
	d.waitStates(t, map[string]int{"filed": 1, "landed": 1})
	if a, err := p.Leave(t.Context(), false); err != nil || !a.Session.Left {
		t.Fatalf("left: %v, %+v", err, a.Session)
	}
	d.waitStates(t, map[string]int{"filed": 1, "retracted": 1})
	term.see(text.PhoneLeft(false) + " " + text.LeftWith(false, 1, 1))
	d.canary(t, camera, [][]byte{[]byte(before), []byte(after), []byte("lower-leg"), []byte("forearm")})
}
