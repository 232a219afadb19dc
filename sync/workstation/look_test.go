package workstation_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// large is a JPEG of a size that a rough thumbnail is made of.
func large(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 2000, 1000))
	for i := range m.Pix {
		m.Pix[i] = byte(60 + i%2000/16)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestARoughThumbnailComesFirst: at once, and replaced when all has been
// decoded; never of what is intimate, and gone with what cannot be used.
func TestARoughThumbnailComesFirst(t *testing.T) {
	s, secret, to := patientSession(t)
	seal := func(picture []byte, d app.Details) []byte {
		sealed, err := envelope.Seal(to, s.ID, imageID, secret, picture, envelope.Meta{TakenAt: time.Now(), Width: 2000, Height: 1000, Details: d})
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	for name, c := range map[string]struct {
		sealed      []byte
		early, last bool
	}{
		"usual":    {seal(large(t), app.Details{}), true, true},
		"intimate": {seal(large(t), app.Details{Intimate: true}), false, true},
		"small":    {seal(plain(t), app.Details{}), false, true},
	} {
		d := darkroom()
		early := 0
		d.OnEarly(func() {
			if early++; !d.HasThumb(s.ID, imageID) || !d.Rough(s.ID, imageID) {
				t.Errorf("%s: told of nothing", name)
			}
		})
		if out, err := d.Examine(t.Context(), s, imageID, c.sealed); err != nil || out.Reason != "" {
			t.Fatalf("%s: %v, %q", name, err, out.Reason)
		}
		if (early == 1) != c.early || d.HasThumb(s.ID, imageID) != c.last || d.Rough(s.ID, imageID) {
			t.Errorf("%s: told %d times, thumbnail %v", name, early, d.HasThumb(s.ID, imageID))
		}
	}
}

// TestLookReadsAnImageOnce: while it is held open; rest lets it go, and the
// thumbnail stays.
func TestLookReadsAnImageOnce(t *testing.T) {
	s, secret, to := patientSession(t)
	sealed, err := envelope.Seal(to, s.ID, imageID, secret, large(t), envelope.Meta{TakenAt: time.Now(), Width: 2000, Height: 1000})
	if err != nil {
		t.Fatal(err)
	}
	d := darkroom()
	if _, err := d.Examine(t.Context(), s, imageID, sealed); err != nil {
		t.Fatal(err)
	}
	reads := 0
	read := func() ([]byte, error) { reads++; return sealed, nil }
	look := func(part image.Rectangle, side int) image.Rectangle {
		t.Helper()
		m, size, err := d.Look(t.Context(), s, imageID, read, part, side)
		if err != nil || size != image.Pt(2000, 1000) {
			t.Fatalf("%v, %v", size, err)
		}
		return m.Rect
	}
	if got := look(image.Rectangle{}, 500); got != image.Rect(0, 0, 500, 250) {
		t.Errorf("the whole is %v", got)
	}
	if got := look(image.Rect(100, 100, 300, 200), 9999); got != image.Rect(0, 0, 200, 100) { // never enlarged
		t.Errorf("the part is %v", got)
	}
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	before := d.Thumb(s.ID, app.Image{ID: imageID}).Rect
	d.Rest()
	if after := d.Thumb(s.ID, app.Image{ID: imageID}); after == nil || after.Rect != before {
		t.Error("the thumbnail did not outlast the rest")
	}
	look(image.Rectangle{}, 10)
	if reads != 2 {
		t.Errorf("after the rest read %d times", reads)
	}
	gone := errors.New("gone")
	d.Rest()
	if _, _, err := d.Look(t.Context(), s, imageID, func() ([]byte, error) { return nil, gone }, image.Rectangle{}, 10); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// TestAThumbnailFitsItsTile: in 480 by 360 pixels whichever way it is stored
// and turned, so that a tile of half of that shows it by halving it.
func TestAThumbnailFitsItsTile(t *testing.T) {
	s, secret, to := patientSession(t)
	lying := "\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00" // orientation 6
	for _, c := range []struct {
		w, h  int
		exif  string
		turn  int
		thumb image.Point
	}{
		{2000, 1500, "", 0, image.Pt(480, 360)},
		{2000, 1000, "", 0, image.Pt(480, 240)},
		{1500, 2000, "", 0, image.Pt(270, 360)},
		{1000, 1000, "", 0, image.Pt(360, 360)},
		{2000, 1500, lying, 0, image.Pt(270, 360)},
		{2000, 1500, "", 90, image.Pt(270, 360)},
		{300, 200, "", 0, image.Pt(300, 200)}, // never enlarged
	} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, c.w, c.h)), nil); err != nil {
			t.Fatal(err)
		}
		photo := append([]byte("\xff\xd8"+c.exif), b.Bytes()[2:]...)
		sealed, err := envelope.Seal(to, s.ID, imageID, secret, photo, envelope.Meta{TakenAt: time.Now(), Width: c.w, Height: c.h})
		if err != nil {
			t.Fatal(err)
		}
		d := darkroom()
		if out, err := d.Examine(t.Context(), s, imageID, sealed); err != nil || out.Reason != "" {
			t.Fatalf("%v, %q", err, out.Reason)
		}
		im := app.Image{ID: imageID, Details: app.Details{Rotate: c.turn}}
		if got := d.Thumb(s.ID, im).Rect.Size(); got != c.thumb {
			t.Errorf("%d by %d, turned by %d: %v, want %v", c.w, c.h, c.turn, got, c.thumb)
		}
	}
}
