//go:build linux

package main_test

import (
	"crypto/sha256"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/link"
)

// TestEndToEndWorkbench is the GP's review in the real window, by keys alone: a
// photo from a real browser is turned, cropped, masked and described, the
// window is killed in the middle and comes back where it was, and what is filed
// has it all in its pixels, while the photo in the spool is as it came.
func TestEndToEndWorkbench(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	pictures := artefacts(t)
	photos := writePhotos(t, filepath.Join(d.scratch, "camera"), 1)
	w := newWorkstation(d, "-local", "-listen", apptest.FreeAddr(t), "-sink", d.sink, "-practice-name", "Kauri Test Practice")
	w.start()
	d.ready()
	d.window()
	_, address := w.session()
	p := newPhone(t, d.scratch)
	p.open(address.Reveal())
	p.choose(photos...)
	one := func(what string, ok func(link.Image) bool) link.Snapshot {
		t.Helper()
		return w.see(90*time.Second, what, func(s link.Snapshot) bool { return len(s.Images) == 1 && ok(s.Images[0]) }, nil)
	}
	one("the photo, opened", func(im link.Image) bool { return im.Thumb != "" && im.Editable })
	came := spooled(t, d)
	press := func(keys ...string) {
		d.xdotool(append([]string{"key", "--clearmodifiers", "--delay", "120"}, keys...)...)
	}

	d.settle()
	press("Return")
	w.see(30*time.Second, "the review", func(s link.Snapshot) bool { return s.Review != nil }, nil)
	press("r")
	one("the photo turned", func(im link.Image) bool { return im.Turned == 90 })
	press("c", "Return") // the middle, half as wide and half as high
	one("the photo cropped", func(im link.Image) bool { return im.Kept.X1-im.Kept.X0 < app.Unit*6/10 })
	d.settle() // another size: the next tool is laid on what is left
	press("m", "Right", "Left", "Return")
	one("the mask", func(im link.Image) bool { return im.Edits == 3 })
	press("6", "shift+l")
	one("site and side", func(im link.Image) bool { return im.Site == "forearm" && im.Side == app.SideLeft })
	d.settle()
	d.screenshot(filepath.Join(pictures, "review.png"))

	killed := windowProcess(d)
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 60*time.Second, func() bool { pid := windowProcess(d); return pid != 0 && pid != killed },
		func() string { return "the window does not come back" })
	d.window()
	d.settle()
	d.screenshot(filepath.Join(pictures, "review-again.png"))
	press("t") // in the gallery it would do nothing
	one("the type, said in the window that came back", func(im link.Image) bool { return im.Type == app.TypeLesion && im.Edits == 3 })

	d.fileByKey(1)
	p.see(60*time.Second, saysSaved)
	filed := d.filed()
	if len(filed) != 1 || !strings.Contains(filepath.Base(filed[0]), "_forearm_left_") {
		t.Fatalf("filed as %q", filed)
	}
	if left := spooled(t, d); !maps.Equal(left, came) {
		t.Error("the photo in the spool is not as it came")
	}
	checkMasked(t, filed[0])
	if said, ok := p.do("errors", nil).([]any); ok && len(said) > 0 {
		t.Errorf("the page complained: %v", said)
	}
}

// checkMasked fails unless the upright photo of 3000 by 4000 was turned, cut
// to its middle half, and has the middle half of that blackened.
func checkMasked(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	size := m.Bounds().Size()
	if r := float64(size.X) / float64(size.Y); r < 1.32 || r > 1.35 || size.X < 900 || size.X > 2010 {
		t.Errorf("filed with %v: not turned and cut to its middle half", size)
	}
	light := func(x, y int) uint8 { return color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y }
	for _, at := range []image.Point{{50, 50}, {35, 50}, {50, 65}} {
		if v := light(size.X*at.X/100, size.Y*at.Y/100); v > 6 {
			t.Errorf("at %v %% of it, under the mask, the light is %d", at, v)
		}
	}
	for _, at := range []image.Point{{10, 10}, {90, 90}, {50, 10}, {10, 50}} {
		if v := light(size.X*at.X/100, size.Y*at.Y/100); v < 30 {
			t.Errorf("at %v %% of it, beside the mask, the light is %d", at, v)
		}
	}
	for _, tag := range []string{"-GPS:all", "-EXIF:all", "-XMP:all"} {
		if got := exiftool(t, path, tag); got != "" {
			t.Errorf("what was filed holds %s: %s", tag, got)
		}
	}
}

// spooled are the sealed images on the disk, by their files.
func spooled(t *testing.T, d *desk) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	err := filepath.WalkDir(filepath.Join(d.data, "spool"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".age") {
			return err
		}
		raw, err := os.ReadFile(path)
		out[path] = sha256.Sum256(raw)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d sealed images in the spool, %v", len(out), err)
	}
	return out
}

// windowProcess is the window's process, 0 for none.
func windowProcess(d *desk) int {
	for _, p := range d.processes() {
		if p.exe == filepath.Join(d.bin, "clinicpro-images-ui") {
			return p.pid
		}
	}
	return 0
}
