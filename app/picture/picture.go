// Package picture looks at JPEGs that came from outside: bounds before any
// decoding, removal of metadata without touching a pixel, thumbnails.
//
// Functions are pure and safe for concurrent use. Decoding takes memory in
// the order of 4 bytes a pixel, so it goes through a Decoder, which does one
// at a time.
package picture

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"

	"github.com/clinicpro-nz/images/app"
)

const (
	MaxBytes  = 15 << 20   // of one JPEG
	MaxPixels = 50_000_000 // width × height
	MaxSide   = 12_000     // pixels
)

// Reason says what is wrong with a picture; compare with errors.Is.
type Reason string

const (
	ReasonEmpty     Reason = "empty file"
	ReasonTooLarge  Reason = "larger than 15 MiB"
	ReasonNotJPEG   Reason = "not a JPEG"
	ReasonTooMany   Reason = "more pixels than allowed"
	ReasonDamaged   Reason = "damaged or cut short"
	ReasonNoSegment Reason = "its segments do not follow one another"
)

func (r Reason) Error() string { return string(r) }

// Check returns the size in pixels as stored (before orientation), reading
// the header only. KindTooLarge over the limits, KindCorrupt otherwise. A
// picture that passes can still be damaged further on: Decoder.Decode tells.
func Check(b []byte) (width, height int, err error) {
	const op = "check picture"
	switch {
	case len(b) == 0:
		return 0, 0, app.E(op, app.KindCorrupt, ReasonEmpty)
	case len(b) > MaxBytes:
		return 0, 0, app.E(op, app.KindTooLarge, ReasonTooLarge)
	case !bytes.HasPrefix(b, []byte{0xff, markerSOI, 0xff}):
		return 0, 0, app.E(op, app.KindCorrupt, ReasonNotJPEG)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width < 1 || c.Height < 1 {
		return 0, 0, app.E(op, app.KindCorrupt, ReasonDamaged)
	}
	if c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return 0, 0, app.E(op, app.KindTooLarge, ReasonTooMany)
	}
	return c.Width, c.Height, nil
}

// Decoder decodes one picture at a time; callers beyond the first wait.
type Decoder struct{ turn chan struct{} }

// NewDecoder returns a Decoder; a program has one.
func NewDecoder() *Decoder { return &Decoder{turn: make(chan struct{}, 1)} }

// Decode checks and decodes the whole picture, as stored. KindCanceled when
// ctx ends while waiting for its turn.
func (d *Decoder) Decode(ctx context.Context, b []byte) (image.Image, error) {
	const op = "decode picture"
	if _, _, err := Check(b); err != nil {
		return nil, err
	}
	release, err := d.wait(ctx)
	if err != nil {
		return nil, app.E(op, app.KindOffline, err)
	}
	defer release()
	return decode(op, b)
}

// Thumbnail decodes the picture and returns it upright, at most maxSide
// pixels on its longer side, never enlarged. Errors as Decode's.
func (d *Decoder) Thumbnail(ctx context.Context, b []byte, maxSide int) (*image.RGBA, error) {
	const op = "make thumbnail"
	if _, _, err := Check(b); err != nil {
		return nil, err
	}
	release, err := d.wait(ctx)
	if err != nil {
		return nil, app.E(op, app.KindOffline, err)
	}
	defer release()
	m, err := decode(op, b)
	if err != nil {
		return nil, err
	}
	return upright(shrink(m, max(maxSide, 1)), Orientation(b)), nil
}

func (d *Decoder) wait(ctx context.Context) (release func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func decode(op string, b []byte) (image.Image, error) {
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, app.E(op, app.KindCorrupt, ReasonDamaged)
	}
	return m, nil
}
