package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	handDeadline = time.Minute
	handsAtOnce  = 16 // wishes in the queue: more, and nobody waits for them
)

// hands makes the copies that the GP asks for by hand, one at a time and
// beside everything else: a share may be slow, and rendering takes a moment.
type hands struct {
	wishes chan link.Input
	copier func(image.Image, []byte) error // puts a picture on the clipboard; nil where there is none for pictures
	reveal func(path string) error         // shows a file in its folder

	said link.Hands    // what snapshots say; agent.mu
	of   app.SessionID // the session it is said of; agent.mu
}

func newHands() *hands {
	return &hands{wishes: make(chan link.Input, handsAtOnce), copier: copier(), reveal: revealFile}
}

// ask queues a wish.
func (h *hands) ask(in link.Input) {
	select {
	case h.wishes <- in:
	default:
	}
}

// handOut grants the wishes until ctx ends.
func (a *agent) handOut(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-a.hands.wishes:
			a.handSaid(in.SID, link.Hands{Busy: true})
			ctx, cancel := context.WithTimeout(ctx, handDeadline)
			said := a.grant(ctx, in)
			cancel()
			a.handSaid(in.SID, said)
		}
	}
}

func (a *agent) handSaid(sid string, said link.Hands) {
	a.mu.Lock()
	a.hands.said, a.hands.of = said, app.SessionID(sid)
	a.mu.Unlock()
	a.refresh()
}

// grant makes one copy and says what came of it.
func (a *agent) grant(ctx context.Context, in link.Input) link.Hands {
	a.mu.Lock()
	s, known := a.state.Sessions[app.SessionID(in.SID)]
	store, trail := a.spool, a.trail
	a.mu.Unlock()
	im, has := s.Images[app.ImageID(in.Image)]
	if !known || store == nil || in.Hand.To != link.HandPDF && !has {
		return link.Hands{} // of what is no longer on show
	}
	var err error
	done := ""
	switch in.Hand.To {
	case link.HandReveal:
		if filedAs(im) == "" {
			return link.Hands{}
		}
		if err = a.hands.reveal(filedAs(im)); err != nil {
			return link.Hands{Said: text.RevealFailed, Bad: true}
		}
		return link.Hands{}
	case link.HandPhoto, link.HandCopy:
		if !copyable(im) {
			return link.Hands{}
		}
		if err = noteCopy(ctx, trail, s, im.ID, in.Hand.To); err == nil {
			done, err = a.copyOne(ctx, store, s, im, in.Hand)
		}
	case link.HandPDF:
		if err = noteCopy(ctx, trail, s, "", in.Hand.To); err == nil {
			done, err = a.copyAll(ctx, store, s, in.Hand.Path)
		}
	}
	if err != nil {
		a.log.Error("no copy was made", "kind", string(app.KindOf(err)))
		return link.Hands{Said: text.CopyFailed(app.KindOf(err)), Bad: true}
	}
	return link.Hands{Said: done}
}

// noteCopy has the trail hold that a copy is about to be made: nothing leaves
// without its line.
func noteCopy(ctx context.Context, trail app.Audit, s app.Session, id app.ImageID, to link.HandTo) error {
	if trail == nil {
		return nil
	}
	now := time.Now()
	return trail.Note(ctx, app.AuditEntry{At: now, Server: s.ServerNow(now), Event: app.AuditCopied, SID: s.ID, Image: id,
		Patient: s.Patient, Delivery: string(app.NewSessionID()), Reason: string(to)})
}

// prepared is an image as it leaves.
func (a *agent) prepared(ctx context.Context, store app.Spool, s app.Session, id app.ImageID) (app.DeliveryItem, error) {
	sealed, err := store.Sealed(ctx, s.ID, id)
	if err != nil {
		return app.DeliveryItem{}, err
	}
	n := 0
	for i, of := range s.Order {
		if of == id {
			n = i + 1
		}
	}
	return a.darkroom.Prepare(ctx, s, id, n, sealed)
}

func (a *agent) copyOne(ctx context.Context, store app.Spool, s app.Session, im app.Image, hand link.Hand) (string, error) {
	item, err := a.prepared(ctx, store, s, im.ID)
	if err != nil {
		return "", err
	}
	if hand.To == link.HandPhoto {
		at, err := folder.Save(ctx, withEnding(hand.Path, app.EndingJPEG), item.JPEG)
		return text.Saved(filepath.Base(at)), err
	}
	if a.hands.copier == nil {
		return "", app.E("copy picture", app.KindBug, errors.ErrUnsupported)
	}
	m, err := jpeg.Decode(bytes.NewReader(item.JPEG)) // Prepare has checked it
	if err != nil {
		return "", app.E("copy picture", app.KindCorrupt, errors.New("not a picture"))
	}
	if err := a.hands.copier(m, item.JPEG); err != nil {
		return "", app.E("copy picture", app.KindConflict, errors.New("the clipboard is in use"))
	}
	return text.CopiedPhoto, nil
}

// copyAll writes the session's photos as one PDF, or several where they are
// large.
func (a *agent) copyAll(ctx context.Context, store app.Spool, s app.Session, path string) (string, error) {
	d := app.Delivery{ID: string(app.NewSessionID()), SID: s.ID, Patient: s.Patient}
	for _, id := range s.Order {
		if im := s.Images[id]; copyable(im) {
			d.Items = append(d.Items, app.DeliveryItem{Image: id, Details: im.Details, Consent: im.Consent, TakenAt: im.TakenAt, TakenBy: im.TakenBy})
		}
	}
	parts, err := folder.NewPDF(workstation.FolderOf(a.cfg)).Compose(ctx, d, func(id app.ImageID) ([]byte, error) {
		item, err := a.prepared(ctx, store, s, id)
		return item.JPEG, err
	})
	if err != nil {
		return "", err
	}
	first := ""
	for _, part := range parts {
		at, err := folder.Save(ctx, withEnding(path, app.EndingPDF), part.Body)
		if err != nil {
			return "", err
		}
		if first == "" {
			first = filepath.Base(at)
		}
	}
	if len(parts) > 1 {
		return text.SavedParts(first, len(parts)), nil
	}
	return text.Saved(first), nil
}

func withEnding(path, ending string) string {
	dir, name := filepath.Split(path)
	return dir + app.FileName(name, ending)
}

// copyable reports whether a copy of the image can be made: it can be opened,
// and nobody has thrown it away.
func copyable(im app.Image) bool {
	switch im.State {
	case app.ImageLanded, app.ImageFiled, app.ImageUnconfirmed:
		return im.Shown
	}
	return false
}

// filedAs is the file that an image was filed as; "" where there is none.
func filedAs(im app.Image) string {
	for _, h := range im.Handovers {
		if h.State == app.HandDone && (h.Sink == folder.NameImages || h.Sink == folder.NamePDF) && filepath.IsAbs(h.Place.Reveal()) {
			return h.Place.Reveal()
		}
	}
	return ""
}

// handView is what a snapshot says of copies, and of what is filed; a.mu is
// held.
func (a *agent) handView(out *link.Snapshot, s app.Session) {
	if out.SID == "" {
		return
	}
	if a.hands.of == s.ID {
		out.Hands = a.hands.said
	}
	out.Hands.Copy = a.hands.copier != nil
	if out.Sink.Label == text.SinkLabel(folderSink) {
		out.Sink.Label = text.FolderAs(string(a.cfg.Filing.As))
	}
	n := 0
	for i := range out.Images {
		view := &out.Images[i]
		im := s.Images[app.ImageID(view.ID)]
		view.Filed = filedAs(im) != ""
		if !copyable(im) {
			continue
		}
		n++
		taken := im.TakenAt
		if !taken.IsZero() {
			taken = taken.In(a.cfg.Zone())
		}
		fields := app.NameFields{Patient: s.Patient, Taken: taken, Site: im.Details.Site, Side: string(im.Details.Side),
			View: string(im.Details.View), N: i + 1}
		if name, err := app.RenderName(a.cfg.NameTemplate, app.EndingJPEG, fields); err == nil {
			view.SaveAs = name.Reveal()
		}
		if n == 1 {
			if name, err := app.RenderName(a.cfg.NameTemplate, app.EndingPDF, app.NameFields{Patient: s.Patient, Taken: taken}); err == nil {
				out.Hands.PDF = name.Reveal()
			}
		}
	}
}
