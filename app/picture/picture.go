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
	// MaxDecodeBytes bounds what decoding may hold, beside the agent's other
	// work in its 250 MB. MaxPixels as a camera writes them (4:2:0) take 75 MB
	// and 12 megapixels of a progressive JPEG 90; the largest that pass
	// are 41 megapixels of 4:4:4, 16 of a progressive one and 15 of CMYK.
	MaxDecodeBytes = 120 << 20
	// MaxScanPixels bounds scans × pixels. Every scan walks the whole
	// picture, and an empty one is a hundred bytes: 15 MiB of them would
	// hold a decoder for hours. A progressive photograph has about ten.
	MaxScanPixels = 300_000_000
)

// Reason says what is wrong with a picture; compare with errors.Is.
type Reason string

const (
	ReasonEmpty     Reason = "empty file"
	ReasonTooLarge  Reason = "larger than 15 MiB"
	ReasonNotJPEG   Reason = "not a JPEG"
	ReasonForm      Reason = "a form of JPEG that cannot be shown"
	ReasonTooMany   Reason = "more pixels than allowed"
	ReasonScans     Reason = "more scans than allowed"
	ReasonDamaged   Reason = "damaged or cut short"
	ReasonNoSegment Reason = "its segments do not follow one another"
)

func (r Reason) Error() string { return string(r) }

// Check returns the size in pixels as stored (before orientation) without
// decoding: it follows the segments to the end of the picture and adds up
// what decoding would cost. KindTooLarge over a limit, KindCorrupt otherwise.
// A picture that passes can be stripped; its pixels can still be damaged:
// Decoder.Decode tells.
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
	f, ended := readFrame(b)
	switch {
	case f.frames == 1 && f.foreign:
		return 0, 0, app.E(op, app.KindCorrupt, ReasonForm)
	case f.width > MaxSide || f.height > MaxSide || f.width*f.height > MaxPixels || f.decodeBytes() > MaxDecodeBytes:
		return 0, 0, app.E(op, app.KindTooLarge, ReasonTooMany)
	case f.scans*f.width*f.height > MaxScanPixels:
		return 0, 0, app.E(op, app.KindTooLarge, ReasonScans)
	case !ended || f.frames != 1 || f.width < 1 || f.height < 1 || f.scans < 1:
		return 0, 0, app.E(op, app.KindCorrupt, ReasonDamaged)
	}
	if _, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil {
		return 0, 0, app.E(op, app.KindCorrupt, ReasonDamaged)
	}
	return f.width, f.height, nil
}

// Decoder decodes one picture at a time; callers beyond the first wait.
type Decoder struct{ turn chan struct{} }

// NewDecoder returns a Decoder; a program has one.
func NewDecoder() *Decoder { return &Decoder{turn: make(chan struct{}, 1)} }

// Decode checks and decodes the whole picture, as stored. When ctx ends
// before that is done: KindCanceled, or KindOffline for a deadline.
func (d *Decoder) Decode(ctx context.Context, b []byte) (image.Image, error) {
	m, release, err := d.open(ctx, "decode picture", b)
	if err != nil {
		return nil, err
	}
	release()
	return m, nil
}

// Thumbnail decodes the picture and returns it upright, at most maxSide
// pixels on its longer side, never enlarged. Errors as Decode's.
func (d *Decoder) Thumbnail(ctx context.Context, b []byte, maxSide int) (*image.RGBA, error) {
	m, release, err := d.open(ctx, "make thumbnail", b)
	if err != nil {
		return nil, err
	}
	defer release()
	return upright(shrink(m, max(maxSide, 1)), Orientation(b)), nil
}

// open checks and decodes the picture; the turn is the caller's until release.
func (d *Decoder) open(ctx context.Context, op string, b []byte) (m image.Image, release func(), err error) {
	if _, _, err := Check(b); err != nil {
		return nil, nil, err
	}
	release, err = d.wait(ctx)
	if err != nil {
		return nil, nil, app.E(op, app.KindOffline, err)
	}
	m, err = decode(ctx, op, b)
	if err != nil {
		release()
		return nil, nil, err
	}
	return m, release, nil
}

func (d *Decoder) wait(ctx context.Context) (release func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// decode treats a panic of the library as damage: the picture is the
// phone's, and one that ends the agent would end it again at every start.
func decode(ctx context.Context, op string, b []byte) (m image.Image, err error) {
	defer func() {
		if recover() != nil {
			m, err = nil, app.E(op, app.KindCorrupt, ReasonDamaged)
		}
	}()
	m, err = jpeg.Decode(&source{ctx, *bytes.NewReader(b)})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, app.E(op, app.KindOffline, ctx.Err())
	case err != nil:
		return nil, app.E(op, app.KindCorrupt, ReasonDamaged)
	}
	return m, nil
}

// source gives the decoder its bytes until ctx ends.
type source struct {
	ctx context.Context
	bytes.Reader
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}
