package workstation_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// wide is 64 by 32, its left half red and its right half blue.
func wide(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			m.Set(x, y, color.RGBA{R: 230, A: 255})
			if x >= 32 {
				m.Set(x, y, color.RGBA{B: 230, A: 255})
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// red reports whether the pixel is the left half's colour.
func red(m image.Image, x, y int) bool {
	r, _, b, _ := m.At(x, y).RGBA()
	return r > b
}

// What leaves is turned as it was shown, and named after its details; what
// came is not touched.
func TestDetailsShowAndLeave(t *testing.T) {
	s, secret, to := patientSession(t)
	taken := time.Date(2026, 11, 23, 10, 14, 0, 0, time.UTC)
	details := app.Details{Site: "lower-leg", Side: app.SideLeft, View: app.ViewCloseUp, Rotate: 90}
	sealed, err := envelope.Seal(to, s.ID, imageID, secret, wide(t), envelope.Meta{TakenAt: taken, Width: 64, Height: 32, Details: details})
	if err != nil {
		t.Fatal(err)
	}
	d := darkroom()
	seen, err := d.Examine(t.Context(), s, imageID, sealed)
	if err != nil || seen.Reason != "" || seen.Details != details {
		t.Fatalf("%v, %q, or other details", err, seen.Reason)
	}
	for degrees, want := range map[int]struct {
		size image.Point
		x, y int // of a red pixel
	}{
		0: {image.Pt(64, 32), 2, 16}, 90: {image.Pt(32, 64), 16, 2}, 180: {image.Pt(64, 32), 61, 16}, 270: {image.Pt(32, 64), 16, 61},
	} {
		im := s.Images[imageID]
		im.Details = details
		im.Details.Rotate = degrees
		s.Images[imageID] = im
		item, err := d.Prepare(t.Context(), s, imageID, 2, sealed)
		if err != nil || item.Name.Reveal() != "ZZZ0016_2026-11-23_lower-leg_left_2.jpg" {
			t.Fatalf("%d: %v, named %s", degrees, err, item.Name.Reveal())
		}
		leaves, err := jpeg.Decode(bytes.NewReader(item.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		for where, m := range map[string]image.Image{"leaves": leaves, "is shown": d.Thumb(s.ID, im)} {
			other := image.Pt(want.size.X-1-want.x, want.size.Y-1-want.y)
			if m.Bounds().Size() != want.size || !red(m, want.x, want.y) || red(m, other.X, other.Y) {
				t.Errorf("by %d degrees what %s is %v, or turned otherwise", degrees, where, m.Bounds().Size())
			}
		}
		if degrees == 0 && !bytes.Equal(item.JPEG, wide(t)) {
			t.Error("what is not turned is coded anew")
		}
	}
}

func TestAmendmentsOfOthersAreNotOpened(t *testing.T) {
	s, secret, to := patientSession(t)
	other, _, _ := patientSession(t)
	want := app.Details{Caption: app.Seal("after the dressing"), Intimate: true}
	a, err := envelope.SealAmendment(to, s.ID, imageID, secret, 2, want)
	if err != nil {
		t.Fatal(err)
	}
	d := darkroom()
	if got, err := d.Amendment(s, a); err != nil || got != want {
		t.Fatalf("%v, or other details", err)
	}
	if _, err := d.Amendment(other, a); app.KindOf(err) != app.KindCorrupt {
		t.Fatalf("in another session: %v", err)
	}
}
