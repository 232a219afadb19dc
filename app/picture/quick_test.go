package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/clinicpro-nz/images/app/apptest"
)

// quickPhoto is a picture large enough for Quick: a slope with grain and a
// bright quarter.
func quickPhoto(t testing.TB, w, h int, quality int) []byte {
	t.Helper()
	m, rnd := image.NewRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(1, 1))
	for y := range h {
		for x := range w {
			v := uint8(60+80*x/w+40*y/h) + uint8(rnd.Uint32()&7)
			p := m.Pix[m.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = v, v/2, 200-v, 255
			if x < w/2 && y < h/2 {
				p[0], p[1], p[2] = 240, 220, 210
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestQuickShowsWhatDecodingShows: the small picture is the thumbnail, but for
// its grain, in every orientation.
func TestQuickShowsWhatDecodingShows(t *testing.T) {
	for _, quality := range []int{30, 75, 100} {
		plain := quickPhoto(t, 2008, 1203, quality)
		for _, orientation := range []int{1, 6, 3} {
			shot := append(append([]byte{0xff, markerSOI}, orientationOnly(orientation)...), plain[2:]...)
			got, ok := Quick(shot, 200)
			if !ok {
				t.Fatalf("quality %d: refused", quality)
			}
			want, err := NewDecoder().Thumbnail(t.Context(), shot, 200)
			if err != nil || got.Bounds() != want.Bounds() {
				t.Fatalf("%v: %v, want %v", err, got.Bounds(), want.Bounds())
			}
			differ := 0
			for y := range got.Rect.Dy() {
				for x := range got.Rect.Dx() {
					if far(got.At(x, y), want.At(x, y)) > 12 {
						differ++
					}
				}
			}
			if share := differ * 100 / (got.Rect.Dx() * got.Rect.Dy()); share > 3 { // the quarter's rim
				t.Errorf("quality %d, orientation %d: %d %% of the pixels differ", quality, orientation, share)
			}
		}
	}
}

func TestQuickRefusesWhatItCannotRead(t *testing.T) {
	good := quickPhoto(t, 2000, 1200, 75)
	for name, b := range map[string][]byte{
		"cut short":   good[:len(good)/2],
		"progressive": flat{Width: 2000, Height: 1200, SOF: markerSOF2, MoreScans: 2}.Bytes(),
		"four inks":   dressed(flat{Width: 2000, Height: 1200, Parts: apptest.PartsCMYK}.Bytes(), "", apptest.JPEGSegment(markerAPPE, "Adobe\x00\x64\x00\x00\x00\x00\x02")),
		"RGB":         flat{Width: 2000, Height: 1200, Parts: apptest.PartsRGB}.Bytes(),
		"small":       photo(t, 160, 160),
		"nothing":     nil,
	} {
		if _, ok := Quick(b, 100); ok {
			t.Errorf("%s: read", name)
		}
	}
	gray := image.NewGray(image.Rect(0, 0, 2000, 1000))
	for i := range gray.Pix {
		gray.Pix[i] = byte(100 + i%2000/20)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, gray, nil); err != nil {
		t.Fatal(err)
	}
	if m, ok := Quick(b.Bytes(), 100); !ok || far(m.At(50, 20), gray.At(1010, 410)) > 6 {
		t.Errorf("grey: %v", ok)
	}
}

// FuzzQuick: whatever passes Check is read or refused, in the size that the
// picture has.
func FuzzQuick(f *testing.F) {
	seeds(f)
	good := quickPhoto(f, 1920, 64, 40)
	f.Add(good)
	for _, at := range []int{30, 200, 400, len(good) / 2} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x5a
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, h, err := Check(b)
		if err != nil || w*h > 1<<20 {
			return
		}
		if m, ok := Quick(b, 50); ok && max(m.Rect.Dx(), m.Rect.Dy()) != 50 {
			t.Fatalf("%d × %d became %v", w, h, m.Rect)
		}
	})
}

// BenchmarkThumbnails: what Quick saves, of 12 megapixels in about a megabyte.
func BenchmarkThumbnails(b *testing.B) {
	photo := quickPhoto(b, 4000, 3000, 75)
	b.Run("quick", func(b *testing.B) {
		for b.Loop() {
			if _, ok := Quick(photo, 480); !ok {
				b.Fatal("refused")
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		d := NewDecoder()
		for b.Loop() {
			if _, err := d.Thumbnail(b.Context(), photo, 480); err != nil {
				b.Fatal(err)
			}
		}
	})
}
