//go:build linux

package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndFiling: a practice that wants pictures of at most 500 KB, a data
// file beside each and one PDF of the session, under names of its own, has
// them in its folder; the pixels in the PDF are those of the pictures, and
// nothing of it lies anywhere in the clear but there.
func TestEndToEndFiling(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	if err := os.Mkdir(camera, 0o700); err != nil {
		t.Fatal(err)
	}
	d.configure("name_template = \"{nhi} {site} {n}.jpg\"\n[filing]\nas = \"both\"\nsize = \"500KB\"\nsidecar = true\n")
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(`{"name":"` + patientName + `","nhi":"` + patientNHI + `"}`)
	p := newPocket(t, term.link())
	const caption = "pīwakawaka over the fence"
	for range 2 {
		p.shootWith(app.Details{Caption: app.Seal(caption), Site: "forearm", Side: app.SideLeft})
	}
	for n := range 2 { // opened: what it says of itself is known
		term.see(fmt.Sprintf("Photo %d: %s - Left forearm - %s", n+1, text.ImageState(app.ImageLanded), caption))
	}
	term.say("file")
	d.waitStates(t, map[string]int{"filed": 2})

	document := filepath.Join(d.sink, patientNHI+".pdf")
	if out, err := exec.CommandContext(t.Context(), "qpdf", "--check", document).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	inside := filepath.Join(t.TempDir(), "in")
	if out, err := exec.CommandContext(t.Context(), "pdfimages", "-j", document, inside).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	words, err := exec.CommandContext(t.Context(), "pdftotext", document, "-").Output()
	if err != nil || strings.Count(string(words), caption) != 2 || strings.Count(string(words), patientName) != 2 {
		t.Errorf("%v: the document says %s", err, words)
	}
	for n, name := range []string{" forearm 1", " forearm 2"} {
		stem := filepath.Join(d.sink, patientNHI+name)
		picture, err := os.ReadFile(stem + ".jpg")
		if err != nil {
			t.Fatal(err)
		}
		if len(picture) > 500_000 {
			t.Errorf("photo %d has %d bytes", n+1, len(picture))
		}
		embedded, err := os.ReadFile(inside + []string{"-000.jpg", "-001.jpg"}[n])
		if err != nil || string(embedded) != string(picture) {
			t.Errorf("photo %d is another one in the document: %v", n+1, err)
		}
		raw, err := os.ReadFile(stem + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var beside struct {
			SHA256, Caption string
			Patient         struct{ NHI string }
		}
		sum := sha256.Sum256(picture)
		if err := json.Unmarshal(raw, &beside); err != nil || beside.SHA256 != hex.EncodeToString(sum[:]) || beside.Caption != caption || beside.Patient.NHI != patientNHI {
			t.Errorf("beside photo %d stands %s, %v", n+1, raw, err)
		}
	}
	if n := d.trail(`"event":"image-filed"`, `"sink":"folder-pdf"`); n != 2 {
		t.Errorf("the trail has %d lines of the document", n)
	}
	d.canary(t, camera, [][]byte{[]byte(caption), []byte("forearm")})
}
