package workstation

import (
	"context"
	"image"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
)

// openBytes bounds the pixels of images held open for looking: two of 12
// megapixels, so that comparing them, or going back one, decodes nothing.
const openBytes = 40 << 20

// opened is one image held open.
type opened struct {
	sid app.SessionID
	id  app.ImageID
	*picture.Opened
}

// Look returns a part of an image as it would leave, edits made, at most side
// pixels on its longer side, and the size of the whole in pixels. part is in
// pixels of the whole; empty, it is all of it. sealed reads the image, unless
// it is held open.
func (d *Darkroom) Look(ctx context.Context, s app.Session, id app.ImageID, sealed func() ([]byte, error), part image.Rectangle, side int) (look *image.NRGBA, size image.Point, err error) {
	d.mu.Lock()
	open := d.cached(s.ID, id)
	d.mu.Unlock()
	if open == nil {
		raw, err := sealed()
		if err != nil {
			return nil, image.Point{}, err
		}
		clean, _, err := d.leaving(s, id, raw)
		if err != nil {
			return nil, image.Point{}, err
		}
		d.makeRoom()
		if open, err = d.decoder.Open(ctx, clean); err != nil {
			return nil, image.Point{}, err
		}
		d.hold(opened{s.ID, id, open})
	}
	changes := picture.ChangesOf(s.Images[id])
	size.X, size.Y = open.Size(changes)
	return open.Look(changes, part, side), size, nil
}

// cached returns an image that is held open, nil when it is not. d.mu is held.
func (d *Darkroom) cached(sid app.SessionID, id app.ImageID) *picture.Opened {
	for i, o := range d.opened {
		if o.sid == sid && o.id == id {
			d.opened = append(append(d.opened[:i:i], d.opened[i+1:]...), o)
			return o.Opened
		}
	}
	return nil
}

// makeRoom lets go of all but the one looked at last: another is about to be
// decoded beside it.
func (d *Darkroom) makeRoom() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = d.opened[max(len(d.opened)-1, 0):]
}

// hold keeps an image open, within openBytes but for a single larger one.
func (d *Darkroom) hold(o opened) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, o)
	held := 0
	for _, o := range d.opened {
		held += o.Bytes()
	}
	for len(d.opened) > 1 && held > openBytes {
		held -= d.opened[0].Bytes()
		d.opened = d.opened[1:]
	}
}

// Rest lets go of every image held open, and keeps the thumbnails small.
func (d *Darkroom) Rest() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = nil
	for _, of := range d.thumbs {
		for id, t := range of {
			of[id] = t.pack()
		}
	}
}
