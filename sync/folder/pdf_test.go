package folder

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// composed is a delivery of parts as the Engine gives them to Deliver.
func composed(t *testing.T, s *PDF, d app.Delivery) app.Delivery {
	t.Helper()
	bodies := map[app.ImageID][]byte{}
	for i, item := range d.Items {
		var b bytes.Buffer
		m := image.NewGray(image.Rect(0, 0, 40+i, 30))
		must(t, jpeg.Encode(&b, m, nil))
		bodies[item.Image] = b.Bytes()
	}
	parts, err := s.Compose(t.Context(), d, func(id app.ImageID) ([]byte, error) { return bodies[id], nil })
	must(t, err)
	d.Items, d.Parts = nil, parts
	for i := range d.Parts {
		d.Parts[i].SHA256 = digest(d.Parts[i].Body)
	}
	return d
}

func TestPDFOfASession(t *testing.T) {
	dir := t.TempDir()
	s := NewPDF(Config{Dir: dir, Template: app.DefaultTemplate, Practice: "Ōtaki Health"})
	d := composed(t, s, detailed(t, 3))
	first, err := s.Deliver(t.Context(), d)
	must(t, err)
	want := filepath.Join(dir, "ZZZ0016_2026-11-23.pdf")
	if len(first) != 3 {
		t.Fatalf("%d receipts for 3 pictures", len(first))
	}
	for _, r := range first {
		if r.Place.Reveal() != want || r.Err != nil || strings.Contains(r.Ref, "ZZZ") {
			t.Errorf("receipt %+v", r)
		}
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", want, "-").CombinedOutput()
	must(t, err)
	for _, text := range []string{"Hēmi Testperson", "Left forearm, near, rash", "pōuri", "Image 3 of 3 · Ōtaki Health", "Taken 23 November 2026, 10:15 am"} {
		if !strings.Contains(string(out), text) {
			t.Errorf("%q is not in the document:\n%s", text, out)
		}
	}
	d.Again = true
	again, err := s.Deliver(t.Context(), d)
	must(t, err)
	if again[2].Place.Reveal() != want {
		t.Errorf("again: %+v", again[2])
	}
	must(t, os.Remove(want))
	again, err = s.Deliver(t.Context(), d)
	must(t, err)
	if !again[0].Unconfirmed || !again[2].Unconfirmed {
		t.Errorf("lost: %+v", again)
	}
}

// Pictures and document of one delivery are two sinks in one folder.
func TestPicturesAndPDF(t *testing.T) {
	dir := t.TempDir()
	pictures, documents := New(Config{Dir: dir}), NewPDF(Config{Dir: dir, Template: app.DefaultTemplate})
	d := detailed(t, 2)
	p := composed(t, documents, d)
	for range 2 {
		a, err := pictures.Deliver(t.Context(), d)
		must(t, err)
		b, err := documents.Deliver(t.Context(), p)
		must(t, err)
		for _, r := range append(a, b...) {
			if r.Err != nil || r.Unconfirmed {
				t.Errorf("receipt %+v", r)
			}
		}
		d.Again, p.Again = true, true
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.*")); len(files) != 3+1 { // and the state folder
		t.Errorf("%d files: %q", len(files), files)
	}
}

// A delivery goes where it was frozen for, whatever the settings say now.
func TestTargetIsTheDeliverys(t *testing.T) {
	before, now, d := t.TempDir(), t.TempDir(), apptest.Delivery(1)
	d.Target = app.Seal(before)
	r, err := New(Config{Dir: now}).Deliver(t.Context(), d)
	must(t, err)
	if filepath.Dir(r[0].Place.Reveal()) != before || len(filed(t, now)) != 0 {
		t.Errorf("filed at another place: %+v", r[0])
	}
}
