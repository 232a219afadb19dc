package picture

import (
	"bytes"
	"context"
	"image"
	"image/color"
)

// developedQuality is that of a picture that was changed: its pixels are coded
// anew. At 92 what a second coding adds cannot be seen, and the file is about
// as large as a phone's.
const developedQuality = 92

// Developed returns the picture as it leaves: with its changes, and then its
// orientation, in its pixels, in at most maxBytes (0: in as many as it takes),
// its ICC profile kept and no other metadata. It is decoded and coded once for
// all of that. One without changes that fits is returned as it is. Errors as
// Decode's, and KindTooLarge when not even a picture of 400 pixels fits.
func (d *Decoder) Developed(ctx context.Context, b []byte, c Changes, maxBytes int) ([]byte, error) {
	const op = "develop picture"
	if c.Nothing() && (maxBytes <= 0 || len(b) <= maxBytes) {
		return b, nil
	}
	m, release, err := d.open(ctx, op, b)
	if err != nil {
		return nil, err
	}
	defer release()
	_, fourColours := m.(*image.CMYK) // its profile is not one of what comes out
	if len(c.marks) > 0 {
		m = paintable(m)
	}
	across, down := sampling(m)
	f := newFrame(m.Bounds().Dx(), m.Bounds().Dy(), Orientation(b), across, down, c)
	f.burn(m)
	m = cut(m, f.crop)
	for _, orientation := range []int{f.orientation, f.turn} {
		m = oriented(m, orientation)
	}
	profileOf := b
	if fourColours {
		profileOf = nil
	}
	if maxBytes > 0 {
		return fit(ctx, m, profileOf, maxBytes)
	}
	out, err := encode(m, developedQuality)
	if err != nil {
		return nil, err
	}
	return withProfile(out, profileOf), nil
}

// orientationOf is the EXIF orientation that turns clockwise by 90, 180 or 270
// degrees; 1, which does not turn, for any other number.
func orientationOf(degrees int) int {
	switch degrees {
	case 90:
		return 6
	case 180:
		return 3
	case 270:
		return 8
	}
	return 1
}

// turn maps the pixels of a turned picture to those it came from.
type turn struct {
	orientation  int
	w, h         int // of the turned picture
	fromW, fromH int
}

// newTurn is the turn of a picture of w by h by an EXIF orientation.
func newTurn(orientation, w, h int) turn {
	t := turn{orientation, w, h, w, h}
	if orientation >= 5 {
		t.w, t.h = h, w
	}
	return t
}

func (t turn) from(x, y int) (sx, sy int) {
	right, bottom := t.fromW-1, t.fromH-1
	switch t.orientation {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return y, bottom - x
	case 7:
		return right - y, bottom - x
	case 8:
		return right - y, x
	}
	return x, y
}

// oriented turns m by an EXIF orientation. A photograph as cameras write it
// (4:2:0) is turned component by component, as stored; anything else through
// a view, which is slow and takes no memory.
func oriented(m image.Image, orientation int) image.Image {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	b := m.Bounds()
	t := newTurn(orientation, b.Dx(), b.Dy())
	p, ok := m.(*image.YCbCr)
	// With an odd side the last colour sample covers half of what the others
	// do; turned to the front it would shift all of them.
	if !ok || p.SubsampleRatio != image.YCbCrSubsampleRatio420 || b.Min != (image.Point{}) || b.Dx()%2+b.Dy()%2 > 0 {
		return view{m, t}
	}
	out := image.NewYCbCr(image.Rect(0, 0, t.w, t.h), p.SubsampleRatio)
	turnPlane(out.Y, out.YStride, p.Y, p.YStride, t)
	half := newTurn(orientation, b.Dx()/2, b.Dy()/2)
	turnPlane(out.Cb, out.CStride, p.Cb, p.CStride, half)
	turnPlane(out.Cr, out.CStride, p.Cr, p.CStride, half)
	return out
}

func turnPlane(to []byte, toStride int, from []byte, fromStride int, t turn) {
	for y := range t.h {
		for x := range t.w {
			sx, sy := t.from(x, y)
			to[y*toStride+x] = from[sy*fromStride+sx]
		}
	}
}

// view is a picture seen turned.
type view struct {
	of image.Image
	turn
}

func (v view) ColorModel() color.Model { return v.of.ColorModel() }
func (v view) Bounds() image.Rectangle { return image.Rect(0, 0, v.w, v.h) }

func (v view) At(x, y int) color.Color {
	sx, sy := v.from(x, y)
	b := v.of.Bounds()
	return v.of.At(b.Min.X+sx, b.Min.Y+sy)
}

// withProfile puts the ICC profile of another picture into one that has none.
func withProfile(b, of []byte) []byte {
	if !hasProfile(of) {
		return b
	}
	out, scanned := append(make([]byte, 0, len(b)+4<<10), b[:2]...), false
	walk(of, func(marker byte, segment []byte) {
		scanned = scanned || marker == markerSOS
		if !scanned && marker == markerAPP2 && bytes.HasPrefix(segment[4:], []byte(iccName)) {
			out = append(out, segment...)
		}
	})
	return append(out, b[2:]...)
}
