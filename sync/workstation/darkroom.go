package workstation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// A thumbnail fits these many pixels: those of a tile of 240 by 180 at 200 %.
// At 100 % it is halved, which every way of scaling does well.
const (
	thumbWidth  = 480
	thumbHeight = 360
)

// thumbSide is the longer side of the thumbnail of an upright picture.
func thumbSide(width, height int) int {
	if width*thumbHeight >= height*thumbWidth { // at least as wide as the tile
		return thumbWidth
	}
	return max(thumbHeight*max(width, height)/max(height, 1), 1)
}

// Darkroom implements app.Darkroom: it opens sealed images for engines and
// keeps their thumbnails in memory for whoever shows them. Nothing it makes
// reaches a disk. It decodes one picture at a time, however many ask.
type Darkroom struct {
	decoder  *picture.Decoder
	template string
	zone     *time.Location
	maxBytes int // of a picture that leaves; 0: as it is

	mu     sync.Mutex
	thumbs map[app.SessionID]map[app.ImageID]thumbnail
	early  func()
	opened []opened // looked at last is last
}

// NewDarkroom names what leaves after template (app.RenderName says which
// fields it may have), dates it in the practice's zone and brings it down to
// maxBytes; 0 leaves its size alone.
func NewDarkroom(template string, zone *time.Location, maxBytes int) *Darkroom {
	return &Darkroom{
		decoder: picture.NewDecoder(), template: template, zone: zone, maxBytes: maxBytes,
		thumbs: map[app.SessionID]map[app.ImageID]thumbnail{}, early: func() {},
	}
}

// thumbnail is a small picture; a rough one was made before the image was
// decoded, and a better one is on its way.
type thumbnail struct {
	*image.NRGBA
	rough  bool
	packed []byte // a JPEG in place of the pixels, while nobody looks
}

func (t thumbnail) there() bool { return t.NRGBA != nil || t.packed != nil }

// pixels are the thumbnail's own; nil for none.
func (t thumbnail) pixels() *image.NRGBA {
	if t.packed == nil {
		return t.NRGBA
	}
	m, err := jpeg.Decode(bytes.NewReader(t.packed))
	if err != nil { // our own: cannot be
		return nil
	}
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return &image.NRGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect} // opaque: the same bytes
}

// pack gives up the pixels for a JPEG of them.
func (t thumbnail) pack() thumbnail {
	var b bytes.Buffer
	if t.NRGBA == nil || jpeg.Encode(&b, t.NRGBA, &jpeg.Options{Quality: 92}) != nil {
		return t
	}
	return thumbnail{nil, t.rough, bytes.Clone(b.Bytes())}
}

// OnEarly calls early, which must not block, when a rough thumbnail has been
// made. Call it before the first Examine.
func (d *Darkroom) OnEarly(early func()) { d.early = early }

// Develop changes how what leaves from now on is named, and its size, as
// NewDarkroom says.
func (d *Darkroom) Develop(template string, maxBytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.template, d.maxBytes = template, maxBytes
}

func (d *Darkroom) style() (template string, maxBytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.template, d.maxBytes
}

// keys are what a session's seals are opened with.
func keys(s app.Session) (*age.X25519Identity, envelope.Secret, error) {
	identity, err := age.ParseX25519Identity(s.Secrets.Identity.Reveal())
	if err != nil {
		return nil, envelope.Secret{}, app.E("read session identity", app.KindCorrupt, errors.New("not an age identity"))
	}
	secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	return identity, secret, err
}

// open decrypts one image with its session's secrets.
func (d *Darkroom) open(s app.Session, id app.ImageID, sealed []byte) (envelope.Capture, error) {
	identity, secret, err := keys(s)
	if err != nil {
		return envelope.Capture{}, err
	}
	return envelope.Open(sealed, identity, s.ID, id, secret)
}

// Amendment implements app.Darkroom.
func (d *Darkroom) Amendment(s app.Session, a app.Amendment) (app.Details, error) {
	identity, secret, err := keys(s)
	if err != nil {
		return app.Details{}, err
	}
	return envelope.OpenAmendment(a, identity, s.ID, secret)
}

// leaving opens one image and returns it as it would leave, but for a turn.
func (d *Darkroom) leaving(s app.Session, id app.ImageID, sealed []byte) (jpeg []byte, m envelope.Meta, err error) {
	capture, err := d.open(s, id, sealed)
	if err != nil {
		return nil, envelope.Meta{}, err
	}
	if _, _, err := picture.Check(capture.JPEG); err != nil {
		return nil, envelope.Meta{}, err
	}
	clean, err := picture.Strip(capture.JPEG)
	return clean, capture.Meta, err
}

// Examine implements app.Darkroom. The thumbnail is of what would be filed:
// the GP checks what leaves, not what came. Thumb turns it.
func (d *Darkroom) Examine(ctx context.Context, s app.Session, id app.ImageID, sealed []byte) (app.Examined, error) {
	clean, meta, err := d.leaving(s, id, sealed)
	if err != nil {
		return refused(err)
	}
	width, height, err := picture.Check(clean)
	if err != nil {
		return refused(err)
	}
	side := thumbSide(width, height)
	if picture.Orientation(clean) >= 5 { // stored lying on its side
		side = thumbSide(height, width)
	}
	// What is intimate is not known outside before this has returned.
	if !meta.Details.Intimate && !s.Images[id].Details.Intimate && !d.HasThumb(s.ID, id) {
		if small, ok := picture.Quick(clean, side); ok {
			d.keep(s.ID, id, small, true)
			d.early()
		}
	}
	thumb, err := d.decoder.Thumbnail(ctx, clean, side)
	if err != nil {
		d.mu.Lock()
		delete(d.thumbs[s.ID], id)
		d.mu.Unlock()
		return refused(err)
	}
	d.keep(s.ID, id, thumb, false)
	taken, by := d.taken(s, id, meta)
	return app.Examined{Width: width, Height: height, TakenAt: taken, TakenBy: by, Details: meta.Details, Consent: meta.Consent}, nil
}

func (d *Darkroom) keep(sid app.SessionID, id app.ImageID, m *image.RGBA, rough bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.thumbs[sid] == nil {
		d.thumbs[sid] = map[app.ImageID]thumbnail{}
	}
	// Opaque, so that both forms are the same bytes: the pipe's needs no copy.
	d.thumbs[sid][id] = thumbnail{&image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, rough, nil}
}

// taken is when an image was captured, as far as the session bears it out.
func (d *Darkroom) taken(s app.Session, id app.ImageID, m envelope.Meta) (time.Time, app.Clock) {
	return app.CaptureTime(m.TakenAt, s.Row.Created, s.Images[id].Arrived, d.zone)
}

// refused tells a picture that cannot be used, which is a finding, from a look
// at it that did not come to an end.
func refused(err error) (app.Examined, error) {
	switch app.KindOf(err) {
	case app.KindCorrupt, app.KindTooLarge:
		return app.Examined{Reason: reasonOf(err)}, nil
	}
	return app.Examined{}, err
}

// reasonOf says in one word what the GP is told of a picture that cannot be used.
func reasonOf(err error) app.Reason {
	switch {
	case app.KindOf(err) == app.KindTooLarge, errors.Is(err, envelope.ReasonTooLarge):
		return app.ReasonTooLarge
	case errors.Is(err, envelope.ReasonHMAC), errors.Is(err, envelope.ReasonMismatch):
		return app.ReasonForeign
	case errors.Is(err, envelope.ReasonSeal), errors.Is(err, envelope.ReasonKey):
		return app.ReasonSeal
	}
	return app.ReasonPicture
}

// Prepare implements app.Darkroom: the edits are in the pixels of what leaves,
// and its size is the practice's.
func (d *Darkroom) Prepare(ctx context.Context, s app.Session, id app.ImageID, n int, sealed []byte) (app.DeliveryItem, error) {
	clean, meta, err := d.leaving(s, id, sealed)
	if err != nil {
		return app.DeliveryItem{}, err
	}
	details := s.Images[id].Details
	template, maxBytes := d.style()
	if clean, err = d.decoder.Developed(ctx, clean, picture.ChangesOf(s.Images[id]), maxBytes); err != nil {
		return app.DeliveryItem{}, err
	}
	taken, _ := d.taken(s, id, meta)
	name, err := app.RenderName(template, app.EndingJPEG, app.NameFields{Patient: s.Patient, Taken: taken, N: n,
		Site: details.Site, Side: string(details.Side), View: string(details.View)})
	if err != nil {
		return app.DeliveryItem{}, err
	}
	sum := sha256.Sum256(clean)
	return app.DeliveryItem{Image: id, JPEG: clean, SHA256: app.Digest(hex.EncodeToString(sum[:])), Name: name}, nil
}

// HasThumb reports whether a thumbnail has been made in this run.
func (d *Darkroom) HasThumb(sid app.SessionID, id app.ImageID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.thumbs[sid][id].there()
}

// Rough reports whether the thumbnail is one that a better one will replace.
func (d *Darkroom) Rough(sid app.SessionID, id app.ImageID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.thumbs[sid][id].rough
}

// Thumb returns a thumbnail of an image as it would leave, at most 480 by 360
// pixels; nil when none has been made in this run. One that is cropped is as
// sharp as can be had without opening the image.
func (d *Darkroom) Thumb(sid app.SessionID, im app.Image) *image.NRGBA {
	d.mu.Lock()
	thumb, open := d.thumbs[sid][im.ID].pixels(), d.cached(sid, im.ID)
	d.mu.Unlock()
	changes := picture.ChangesOf(im)
	switch {
	case thumb == nil:
		return nil
	case changes.Nothing():
		return thumb
	case open == nil:
		open = picture.OpenedOf(thumb)
	}
	return open.Look(changes, image.Rectangle{}, thumbSide(open.Size(changes)))
}

// KeepOnly drops the thumbnails of sessions that keep refuses: memory returns
// when the GP goes on to the next patient.
func (d *Darkroom) KeepOnly(keep func(app.SessionID) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for sid := range d.thumbs {
		if !keep(sid) {
			delete(d.thumbs, sid)
		}
	}
	d.opened = nil
}
