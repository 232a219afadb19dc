package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// photo is red on the left and blue on the right, with a green top.
func photo(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 200, 255}
			}
			if y < h/4 {
				c = color.RGBA{0, 200, 0, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}))
	return out.Bytes()
}

type flat = apptest.FlatJPEG

// gps is an EXIF with an orientation and a GPS directory.
func gps(orientation byte) []byte {
	return apptest.JPEGSegment(markerAPP1, "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00"+
		"\x12\x01\x03\x00\x01\x00\x00\x00"+string(orientation)+"\x00\x00\x00"+
		"\x25\x88\x04\x00\x01\x00\x00\x00\x26\x00\x00\x00"+"\x00\x00\x00\x00"+
		"\x00\x00\x00\x00\x00\x00")
}

// dressed puts segments behind SOI and a trailer behind EOI.
func dressed(b []byte, trailer string, segments ...[]byte) []byte {
	out := append([]byte{}, b[:2]...)
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(append(out, b[2:]...), trailer...)
}

func forge(b []byte, w, h uint16) []byte {
	b = bytes.Clone(b)
	at := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[at+5:], h)
	binary.BigEndian.PutUint16(b[at+7:], w)
	return b
}

func TestCheck(t *testing.T) {
	good := photo(t, 40, 30)
	if w, h, err := Check(good); w != 40 || h != 30 || err != nil {
		t.Errorf("%d × %d, %v", w, h, err)
	}
	for _, c := range []struct {
		name string
		b    []byte
		kind app.Kind
		want Reason
	}{
		{"nothing", nil, app.KindCorrupt, ReasonEmpty},
		{"text", []byte("not a picture at all"), app.KindCorrupt, ReasonNotJPEG},
		{"png", []byte("\x89PNG\r\n\x1a\n"), app.KindCorrupt, ReasonNotJPEG},
		{"cut in the header", good[:20], app.KindCorrupt, ReasonDamaged},
		{"over 15 MiB", append(bytes.Clone(good), make([]byte, MaxBytes)...), app.KindTooLarge, ReasonTooLarge},
		{"65500 a side", forge(good, 65500, 65500), app.KindTooLarge, ReasonTooMany},
		{"12001 wide", forge(good, 12001, 8), app.KindTooLarge, ReasonTooMany},
		{"51 megapixels", forge(good, 8000, 6400), app.KindTooLarge, ReasonTooMany},
		{"no width", forge(good, 0, 30), app.KindCorrupt, ReasonDamaged},
	} {
		_, _, err := Check(c.b)
		if app.KindOf(err) != c.kind || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestForgedHeaderIsCheap(t *testing.T) {
	forged := forge(photo(t, 640, 480), 65500, 65500)
	d := NewDecoder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := d.Thumbnail(t.Context(), forged, 100); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("%v", err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("allocated %d bytes", took)
	}
}

func TestTruncated(t *testing.T) {
	b := photo(t, 400, 300)
	cut := b[:len(b)*2/3]
	if _, err := NewDecoder().Decode(t.Context(), cut); app.KindOf(err) != app.KindCorrupt || !errors.Is(err, ReasonDamaged) {
		t.Errorf("%v", err)
	}
	if _, err := Strip(cut); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("strip: %v", err)
	}
}

func TestStrip(t *testing.T) {
	plain := photo(t, 64, 48)
	icc := icc(200, 200)[0]
	secret := "ZZZ0016"
	private := [][]byte{
		apptest.JPEGSegment(markerAPP1, "http://ns.adobe.com/xap/1.0/\x00"+secret), apptest.JPEGSegment(0xed, "Photoshop 3.0\x00"+secret),
		apptest.JPEGSegment(markerCOM, secret), apptest.JPEGSegment(markerAPP2, "MPF\x00"+secret), apptest.JPEGSegment(0xe4, secret),
		apptest.JPEGSegment(markerAPP0, "JFXX\x00"+secret),
	}
	for orientation := byte(1); orientation <= 8; orientation++ {
		in := dressed(plain, "trailer "+secret+"\xff\xd9", append([][]byte{gps(orientation), icc}, private...)...)
		if !HasGPS(in) {
			t.Fatal("the test's own EXIF has no GPS")
		}
		out, err := Strip(in)
		must(t, err)
		if HasGPS(out) || bytes.Contains(out, []byte(secret)) {
			t.Errorf("orientation %d: metadata is left", orientation)
		}
		if !bytes.Contains(out, icc) {
			t.Errorf("orientation %d: the colour profile is gone", orientation)
		}
		if got := Orientation(out); got != int(orientation) {
			t.Errorf("orientation %d became %d", orientation, got)
		}
		if orientation == 1 && bytes.Contains(out, []byte("Exif")) {
			t.Error("an EXIF where none is needed")
		}
		if again, err := Strip(out); err != nil || !bytes.Equal(again, out) {
			t.Errorf("orientation %d: a second strip changes it, %v", orientation, err)
		}
		a, err := jpeg.Decode(bytes.NewReader(in))
		must(t, err)
		b, err := jpeg.Decode(bytes.NewReader(out))
		must(t, err)
		if !bytes.Equal(a.(*image.YCbCr).Y, b.(*image.YCbCr).Y) {
			t.Errorf("orientation %d: pixels changed", orientation)
		}
	}
}

// Another program's opinion, on a file another program made.
func TestStripForExiftool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jpg")
	must(t, os.WriteFile(path, photo(t, 64, 48), 0o600))
	tool := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("exiftool", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("exiftool: %v: %s", err, out)
		}
		return string(out)
	}
	tool("-q", "-overwrite_original", "-GPSLatitude=41.3", "-GPSLatitudeRef=S", "-Artist=Testperson", "-XMP:Title=Testperson",
		"-IPTC:Caption-Abstract=Testperson", "-Comment=Testperson", "-Orientation#=6", path)
	b, err := os.ReadFile(path)
	must(t, err)
	if !HasGPS(b) || Orientation(b) != 6 {
		t.Errorf("GPS %v, orientation %d", HasGPS(b), Orientation(b))
	}
	out, err := Strip(b)
	must(t, err)
	must(t, os.WriteFile(path, out, 0o600))
	said := tool("-a", "-G1", "-s", "-n", path)
	if strings.Contains(said, "GPS") || strings.Contains(said, "Testperson") || strings.Contains(said, "[XMP") {
		t.Errorf("left over:\n%s", said)
	}
	if !strings.Contains(said, "Orientation                     : 6") || strings.Contains(said, "Warning") {
		t.Errorf("exiftool says:\n%s", said)
	}
}

func TestThumbnail(t *testing.T) {
	d, plain := NewDecoder(), photo(t, 400, 300)
	m, err := d.Thumbnail(t.Context(), plain, 100)
	must(t, err)
	if m.Bounds() != image.Rect(0, 0, 100, 75) {
		t.Errorf("bounds %v", m.Bounds())
	}
	for _, c := range []struct {
		x, y int
		want string
	}{{20, 50, "red"}, {80, 50, "blue"}, {50, 5, "green"}} {
		if got := hue(m, c.x, c.y); got != c.want {
			t.Errorf("%d,%d is %s, want %s", c.x, c.y, got, c.want)
		}
	}
	if m, err := d.Thumbnail(t.Context(), plain, 5000); err != nil || m.Bounds().Dx() != 400 {
		t.Errorf("enlarged: %v, %v", m.Bounds(), err)
	}
	// Where the green edge, on top as stored, goes for each orientation.
	for orientation, side := range map[byte]string{1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"} {
		m, err := d.Thumbnail(t.Context(), dressed(plain, "", gps(orientation)), 100)
		must(t, err)
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if (w < h) != (orientation >= 5) {
			t.Errorf("orientation %d: %d × %d", orientation, w, h)
		}
		at := map[string]image.Point{"top": {w / 2, 3}, "bottom": {w / 2, h - 4}, "left": {3, h / 2}, "right": {w - 4, h / 2}}[side]
		if hue(m, at.X, at.Y) != "green" {
			t.Errorf("orientation %d: the %s is %s", orientation, side, hue(m, at.X, at.Y))
		}
	}
	// The mirror images among them, by where red went.
	for orientation, at := range map[byte]image.Point{1: {10, 50}, 2: {90, 50}, 3: {90, 25}, 4: {10, 25}, 5: {50, 10}, 6: {25, 10}, 7: {25, 90}, 8: {50, 90}} {
		m, err := d.Thumbnail(t.Context(), dressed(plain, "", gps(orientation)), 100)
		must(t, err)
		if hue(m, at.X, at.Y) != "red" {
			t.Errorf("orientation %d: %v is %s", orientation, at, hue(m, at.X, at.Y))
		}
	}
}

func hue(m *image.RGBA, x, y int) string {
	switch c := m.RGBAAt(x, y); {
	case c.R > 150 && c.G < 60 && c.B < 60:
		return "red"
	case c.G > 150 && c.R < 60 && c.B < 60:
		return "green"
	case c.B > 150 && c.R < 60 && c.G < 60:
		return "blue"
	}
	return "mixed"
}

func TestOneAtATime(t *testing.T) {
	b := photo(t, 16, 16)
	synctest.Test(t, func(t *testing.T) {
		d := NewDecoder()
		release, err := d.wait(t.Context())
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := d.Decode(ctx, b)
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("decoded beside another: %v", err)
		default:
		}
		cancel()
		if err := <-done; app.KindOf(err) != app.KindCanceled {
			t.Errorf("%v", err)
		}
		release()
		if _, err := d.Decode(t.Context(), b); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkDecode is what a thumbnail costs whoever makes it.
func BenchmarkDecode(b *testing.B) {
	p, d := benchPhoto(b), NewDecoder()
	for b.Loop() {
		_, err := d.Decode(b.Context(), p)
		must(b, err)
	}
}

func BenchmarkThumbnail(b *testing.B) {
	p, d := benchPhoto(b), NewDecoder()
	for b.Loop() {
		_, err := d.Thumbnail(b.Context(), p, 480)
		must(b, err)
	}
}

// benchPhoto is 12 megapixels with the detail of a photograph.
func benchPhoto(b *testing.B) []byte {
	b.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4000, 3000))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		x, y := i/4%4000, i/16000
		m.Pix[i] = byte(100 + 60*math.Sin(float64(x)/37)*math.Cos(float64(y)/53) + float64(noise.IntN(24)))
	}
	var out bytes.Buffer
	must(b, jpeg.Encode(&out, m, &jpeg.Options{Quality: 85}))
	return out.Bytes()
}
