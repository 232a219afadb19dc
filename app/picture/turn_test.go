package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// corner reports in which quarter of the picture the bright one lies:
// 0 top left, 1 top right, 2 bottom right, 3 bottom left.
func corner(m image.Image) int {
	b := m.Bounds()
	at := func(x, y int) int { return int(color.GrayModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y) }
	w, h := b.Dx(), b.Dy()
	best, where := -1, 0
	for i, p := range []image.Point{{w / 4, h / 4}, {3 * w / 4, h / 4}, {3 * w / 4, 3 * h / 4}, {w / 4, 3 * h / 4}} {
		if v := at(p.X, p.Y); v > best {
			best, where = v, i
		}
	}
	return where
}

// bright draws one bright quarter, top left.
func bright(set func(x, y int, c color.Color), w, h int) {
	for y := range h {
		for x := range w {
			c := color.RGBA{40, 20, 60, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{250, 230, 210, 255}
			}
			set(x, y, c)
		}
	}
}

func TestDevelopedIsTurned(t *testing.T) {
	wide, odd, gray := image.NewRGBA(image.Rect(0, 0, 64, 32)), image.NewRGBA(image.Rect(0, 0, 61, 33)), image.NewGray(image.Rect(0, 0, 40, 24))
	bright(wide.Set, 64, 32)
	bright(odd.Set, 61, 33)
	bright(gray.Set, 40, 24)
	for name, m := range map[string]image.Image{"even": wide, "odd": odd, "gray": gray} {
		var in bytes.Buffer
		if err := jpeg.Encode(&in, m, &jpeg.Options{Quality: 95}); err != nil {
			t.Fatal(err)
		}
		for orientation := 1; orientation <= 8; orientation++ {
			shot := append([]byte{0xff, markerSOI}, orientationOnly(orientation)...)
			shot = append(shot, in.Bytes()[2:]...)
			shown, err := NewDecoder().Thumbnail(t.Context(), shot, 100)
			if err != nil {
				t.Fatal(err)
			}
			for turns, degrees := range []int{0, 90, 180, 270} {
				out, err := NewDecoder().Developed(t.Context(), shot, turnedBy(degrees), 0)
				if err != nil {
					t.Fatalf("%s, %d, %d: %v", name, orientation, degrees, err)
				}
				if degrees == 0 {
					if !bytes.Equal(out, shot) {
						t.Errorf("%s: what is not turned is changed", name)
					}
					continue
				}
				got, err := jpeg.Decode(bytes.NewReader(out))
				if err != nil || Orientation(out) != 1 {
					t.Fatalf("%s, %d, %d: %v, orientation %d", name, orientation, degrees, err, Orientation(out))
				}
				size := shown.Bounds().Size()
				if turns%2 == 1 {
					size = image.Pt(size.Y, size.X)
				}
				if got.Bounds().Size() != size || corner(got) != (corner(shown)+turns)%4 {
					t.Errorf("%s, orientation %d, %d degrees: %v with quarter %d", name, orientation, degrees, got.Bounds().Size(), corner(got))
				}
			}
		}
	}
}

// The two ways of turning give the same picture.
func TestTurningByPlaneAndByView(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 16, 8), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i * 7)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = byte(100+i), byte(200-i)
	}
	for orientation := 2; orientation <= 8; orientation++ {
		planes := oriented(m, orientation)
		if _, ok := planes.(*image.YCbCr); !ok {
			t.Fatalf("%d was turned through a view", orientation)
		}
		seen := view{m, newTurn(orientation, 16, 8)}
		for y := range planes.Bounds().Dy() {
			for x := range planes.Bounds().Dx() {
				if planes.At(x, y) != seen.At(x, y) {
					t.Fatalf("orientation %d: pixel %d, %d", orientation, x, y)
				}
			}
		}
	}
}

func TestDevelopedKeepsTheProfile(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 16, 8))
	var in bytes.Buffer
	if err := jpeg.Encode(&in, m, nil); err != nil {
		t.Fatal(err)
	}
	profile := make([]byte, 200)
	profile[3] = 200
	copy(profile[36:], "acsp")
	segment := append([]byte{0xff, markerAPP2, 0, byte(2 + len(iccName) + 2 + len(profile))}, iccName...)
	segment = append(append(segment, 1, 1), profile...)
	with := append(append([]byte{0xff, markerSOI}, segment...), in.Bytes()[2:]...)
	out, err := NewDecoder().Developed(t.Context(), with, turnedBy(90), 0)
	if err != nil || !hasProfile(with) || !bytes.Contains(out, segment) || !hasProfile(out) {
		t.Fatalf("%v, profile before %v, after %v", err, hasProfile(with), hasProfile(out))
	}
	if _, _, err := Check(out); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDecoder().Developed(t.Context(), in.Bytes()[:in.Len()/2], turnedBy(90), 0); app.KindOf(err) != app.KindCorrupt {
		t.Fatalf("cut short: %v", err)
	}
}

func turnedBy(degrees int) Changes {
	return ChangesOf(app.Image{Details: app.Details{Rotate: degrees}})
}
