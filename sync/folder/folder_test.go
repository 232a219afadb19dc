package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

var (
	_ app.Placed   = (*Sink)(nil)
	_ app.Placed   = (*PDF)(nil)
	_ app.Composer = (*PDF)(nil)
)

func filed(t *testing.T, dir string) [][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	must(t, err)
	var out [][]byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		must(t, err)
		out = append(out, b)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func temps(t *testing.T, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, stateFolder, "*.tmp"))
	must(t, err)
	return len(names)
}

func TestConformance(t *testing.T) {
	t.Run("pictures", func(t *testing.T) { conform(t, false) })
	t.Run("with sidecars", func(t *testing.T) { conform(t, true) })
}

func conform(t *testing.T, sidecar bool) {
	apptest.Sink(t, func(t *testing.T) apptest.SinkRig {
		dir := t.TempDir()
		t.Cleanup(func() {
			if n := temps(t, dir); n != 0 {
				t.Errorf("%d pictures left half-filed", n)
			}
		})
		return apptest.SinkRig{
			Sink:  New(Config{Dir: dir, Sidecar: sidecar}),
			Filed: func(t *testing.T) [][]byte { return filed(t, dir) },
			Lose:  func(t *testing.T, place app.Sealed) { must(t, os.Remove(place.Reveal())) },
		}
	})
}

func TestNeverOverwrites(t *testing.T) {
	dir, d := t.TempDir(), apptest.Delivery(1)
	name := d.Items[0].Name.Reveal()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte("the practice's own"), 0o600))
	r, err := New(Config{Dir: dir}).Deliver(t.Context(), d)
	must(t, err)
	if want := filepath.Join(dir, strings.TrimSuffix(name, ".jpg")+"_2.jpg"); r[0].Place.Reveal() != want {
		t.Errorf("filed at another name: %+v", r[0])
	}
	if b, _ := os.ReadFile(filepath.Join(dir, name)); string(b) != "the practice's own" {
		t.Error("the practice's file was changed")
	}
}

func TestFolderMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "away")
	d := apptest.Delivery(2)
	r, err := New(Config{Dir: dir}).Deliver(t.Context(), d)
	must(t, err)
	for _, x := range r {
		if app.KindOf(x.Err) != app.KindNotFound || x.Unconfirmed || !x.Place.IsZero() {
			t.Errorf("receipt %+v", x)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
	must(t, os.Mkdir(dir, 0o700))
	d.Again = true
	r, err = New(Config{Dir: dir}).Deliver(t.Context(), d)
	must(t, err)
	if r[0].Err != nil || r[1].Err != nil || len(filed(t, dir)) != 2 {
		t.Errorf("after the folder came back: %+v", r)
	}
}

// A file where the state folder belongs: everything fails before a name is given.
func TestNotWritable(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, stateFolder), nil, 0o600))
	r, err := New(Config{Dir: dir}).Deliver(t.Context(), apptest.Delivery(1))
	must(t, err)
	if r[0].Err == nil || len(filed(t, dir)) != 0 {
		t.Errorf("receipt %+v", r[0])
	}
}

func TestErrorsHoldNoName(t *testing.T) {
	dir, d := t.TempDir(), apptest.Delivery(1)
	s := New(Config{Dir: filepath.Join(dir, "ZZZ0016")})
	r, err := s.Deliver(t.Context(), d)
	must(t, err)
	if r[0].Err == nil || strings.Contains(r[0].Err.Error(), "ZZZ0016") {
		t.Errorf("error %v", r[0].Err)
	}
}

func TestStateHoldsNoPatient(t *testing.T) {
	dir, d := t.TempDir(), apptest.Delivery(2)
	_, err := New(Config{Dir: dir}).Deliver(t.Context(), d)
	must(t, err)
	entries, err := os.ReadDir(filepath.Join(dir, stateFolder))
	must(t, err)
	if len(entries) != 1 {
		t.Errorf("%d files in the state folder, want the record alone", len(entries))
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, stateFolder, e.Name()))
		must(t, err)
		if strings.Contains(e.Name()+string(b), "ZZZ0016") || strings.Contains(string(b), "forearm") {
			t.Errorf("the record speaks of the patient: %s", b)
		}
	}
}

func TestSweep(t *testing.T) {
	dir, d := t.TempDir(), apptest.Delivery(1)
	s := New(Config{Dir: dir})
	_, err := s.Deliver(t.Context(), d)
	must(t, err)
	s.filer.now = func() time.Time { return time.Now().Add(Keep + time.Hour) }
	s.filer.sweep(filepath.Join(dir, stateFolder))
	if entries, _ := os.ReadDir(filepath.Join(dir, stateFolder)); len(entries) != 0 {
		t.Errorf("%d files left", len(entries))
	}
	if len(filed(t, dir)) != 1 {
		t.Error("the picture was swept")
	}
}

// Whoever looks is told of each picture, once, as it reaches the folder, and of
// none that does not.
func TestSaysWhatHasReachedTheFolder(t *testing.T) {
	d := apptest.Delivery(5)
	var passed []app.ImageID
	d.Passed = func(id app.ImageID) { passed = append(passed, id) }
	sink := New(Config{Dir: t.TempDir(), Sidecar: true})
	for range 2 { // and again: they are there
		passed = nil
		r, err := sink.Deliver(t.Context(), d)
		must(t, err)
		if len(passed) != len(d.Items) {
			t.Fatalf("told of %d pictures of %d", len(passed), len(d.Items))
		}
		for i, id := range passed {
			if id != d.Items[i].Image || r[i].Err != nil {
				t.Errorf("told of %s in place %d: %v", id, i, r[i].Err)
			}
		}
		d.Again = true
	}
	passed = nil
	_, err := New(Config{Dir: filepath.Join(t.TempDir(), "away")}).Deliver(t.Context(), d)
	must(t, err)
	if len(passed) != 0 {
		t.Errorf("a folder that is away has %d pictures", len(passed))
	}
	pdf := NewPDF(Config{Dir: t.TempDir(), Template: app.DefaultTemplate})
	whole := composed(t, pdf, detailed(t, 3))
	whole.Passed = d.Passed
	_, err = pdf.Deliver(t.Context(), whole)
	must(t, err)
	if len(passed) != 3 {
		t.Errorf("a document of 3 pictures is there, and %d are told of", len(passed))
	}
}
