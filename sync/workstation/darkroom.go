package workstation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/folder"
)

// thumbSide bounds a thumbnail, in pixels: sharp at 200 % on a 240-wide tile.
const thumbSide = 480

// Darkroom implements app.Darkroom: it opens sealed images for engines and
// keeps their thumbnails in memory for whoever shows them. Nothing it makes
// reaches a disk. It decodes one picture at a time, however many ask.
type Darkroom struct {
	decoder  *picture.Decoder
	template string
	zone     *time.Location
	ready    func(app.SessionID, app.ImageID) // a thumbnail is there

	mu     sync.Mutex
	thumbs map[app.SessionID]map[app.ImageID]*image.RGBA
}

// NewDarkroom names what leaves after template (folder.Render says which
// fields it may have), dates it in the practice's zone, and calls ready, from
// any goroutine, when a thumbnail is there.
func NewDarkroom(template string, zone *time.Location, ready func(app.SessionID, app.ImageID)) *Darkroom {
	return &Darkroom{
		decoder: picture.NewDecoder(), template: template, zone: zone, ready: ready,
		thumbs: map[app.SessionID]map[app.ImageID]*image.RGBA{},
	}
}

// open decrypts one image with its session's secrets.
func (d *Darkroom) open(s app.Session, id app.ImageID, sealed []byte) (envelope.Capture, error) {
	identity, err := age.ParseX25519Identity(s.Secrets.Identity.Reveal())
	if err != nil {
		return envelope.Capture{}, app.E("read session identity", app.KindCorrupt, errors.New("not an age identity"))
	}
	secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	if err != nil {
		return envelope.Capture{}, err
	}
	return envelope.Open(sealed, identity, s.ID, id, secret)
}

// Examine implements app.Darkroom.
func (d *Darkroom) Examine(ctx context.Context, s app.Session, id app.ImageID, sealed []byte) (app.Examined, error) {
	capture, err := d.open(s, id, sealed)
	if err != nil {
		return app.Examined{Reason: reasonOf(err)}, nil
	}
	width, height, err := picture.Check(capture.JPEG)
	if err != nil {
		return app.Examined{Reason: reasonOf(err)}, nil
	}
	thumb, err := d.decoder.Thumbnail(ctx, capture.JPEG, thumbSide)
	if app.KindOf(err) == app.KindCanceled {
		return app.Examined{}, err
	}
	if err != nil {
		return app.Examined{Reason: reasonOf(err)}, nil
	}
	d.mu.Lock()
	if d.thumbs[s.ID] == nil {
		d.thumbs[s.ID] = map[app.ImageID]*image.RGBA{}
	}
	d.thumbs[s.ID][id] = thumb
	d.mu.Unlock()
	d.ready(s.ID, id)
	taken, by := d.taken(s, id, capture)
	return app.Examined{Width: width, Height: height, TakenAt: taken, TakenBy: by}, nil
}

// taken is when an image was captured, as far as the session bears it out.
func (d *Darkroom) taken(s app.Session, id app.ImageID, c envelope.Capture) (time.Time, app.Clock) {
	return app.CaptureTime(c.Meta.TakenAt, s.Row.Created, s.Images[id].Arrived, d.zone)
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

// Prepare implements app.Darkroom.
func (d *Darkroom) Prepare(_ context.Context, s app.Session, id app.ImageID, n int, sealed []byte) (app.DeliveryItem, error) {
	capture, err := d.open(s, id, sealed)
	if err != nil {
		return app.DeliveryItem{}, err
	}
	clean, err := picture.Strip(capture.JPEG)
	if err != nil {
		return app.DeliveryItem{}, err
	}
	taken, _ := d.taken(s, id, capture)
	name, err := folder.Render(d.template, folder.Fields{Patient: s.Patient, Taken: taken, N: n})
	if err != nil {
		return app.DeliveryItem{}, err
	}
	sum := sha256.Sum256(clean)
	return app.DeliveryItem{Image: id, JPEG: clean, SHA256: app.Digest(hex.EncodeToString(sum[:])), Name: name}, nil
}

// Thumb returns a thumbnail, at most 480 pixels a side, nil when it has not
// been made in this run.
func (d *Darkroom) Thumb(sid app.SessionID, id app.ImageID) *image.RGBA {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.thumbs[sid][id]
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
}
