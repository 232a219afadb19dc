package picture

import (
	"bytes"
	"image/jpeg"
	"testing"

	"github.com/clinicpro-nz/images/app/apptest"
)

func seeds(f *testing.F) {
	plain := photo(f, 16, 16)
	f.Add(plain)
	f.Add(dressed(plain, "trailer", gps(6), apptest.JPEGSegment(markerCOM, "x")))
	f.Add(dressed(plain, "", icc(130, 130)...))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 2, 0xff, 0xd9})
	f.Add(flat{Width: 9, Height: 17, SOF: markerSOF2, MoreScans: 2, Between: gps(3)}.Bytes())
	f.Add(dressed(flat{Width: 8, Height: 8, Parts: apptest.PartsCMYK}.Bytes(), "", apptest.JPEGSegment(markerAPPE, "Adobe\x00\x64\x00\x00\x00\x00\x02")))
	f.Add(flat{Width: 8, Height: 8, Parts: apptest.PartsRGB}.Bytes())
}

// FuzzCheck: what passes is within the bounds, can be stripped, and decodes
// to the size said or not at all.
func FuzzCheck(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		w, h, err := Check(b)
		if err != nil {
			return
		}
		if w < 1 || h < 1 || w > MaxSide || h > MaxSide || w*h > MaxPixels || len(b) > MaxBytes {
			t.Errorf("%d × %d in %d bytes", w, h, len(b))
		}
		if _, err := Strip(b); err != nil {
			t.Errorf("passes and cannot be stripped: %v", err)
		}
		if w*h > 1<<16 {
			return
		}
		if m, err := decode(t.Context(), "fuzz", b); err == nil && (m.Bounds().Dx() != w || m.Bounds().Dy() != h) {
			t.Errorf("said %d × %d, is %v", w, h, m.Bounds())
		} else if err == nil {
			shrink(m, 5)
		}
	})
}

// FuzzStrip: what leaves shows the same pixels and is nothing but a picture.
func FuzzStrip(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := Strip(b)
		if err != nil {
			return
		}
		if HasGPS(out) || Orientation(out) != Orientation(b) || len(out) > len(b)+36+18 {
			t.Error("not stripped")
		}
		if again, err := Strip(out); err != nil || !bytes.Equal(again, out) {
			t.Errorf("a second strip changes it: %v", err)
		}
		ended := walk(out, func(marker byte, segment []byte) {
			switch {
			case marker == markerAPP1 && !bytes.Equal(segment, orientationOnly(Orientation(b))):
				t.Error("an EXIF or XMP is left")
			case marker == markerAPP0 && len(segment) != 18, marker == markerAPPE && len(segment) != 16,
				marker == markerCOM, marker > markerAPP2 && marker < markerAPPE:
				t.Errorf("a segment %x of %d bytes is left", marker, len(segment))
			}
		})
		if !ended || !bytes.HasSuffix(out, []byte{0xff, markerEOI}) {
			t.Error("not ended")
		}
		if w, h, err := Check(b); err != nil || w*h > 1<<16 || coloursMayChange(b) {
			return
		}
		if _, err := jpeg.Decode(bytes.NewReader(b)); err == nil {
			samePixels(t, "fuzz", b, out)
		}
	})
}

// coloursMayChange: image/jpeg takes the last APP0 and whatever stands behind
// a scan for the colours; other programs, and so Strip, the JFIF header and
// Adobe's marker in front of it.
func coloursMayChange(b []byte) bool {
	scanned, app0 := false, 0
	late := false
	walk(b, func(marker byte, _ []byte) {
		scanned = scanned || marker == markerSOS
		if marker == markerAPP0 {
			app0++
		}
		late = late || scanned && (marker == markerAPP0 || marker == markerAPPE)
	})
	return late || app0 > 1
}
