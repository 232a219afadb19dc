package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	// looksWaiting is how many looks can wait. A window asks for a few at a
	// time; what a hurried one asks beyond that it asks again.
	looksWaiting = 16
	lookDeadline = 20 * time.Second
	// restAfter is how long nothing has been looked at before what was held
	// open for it, and the memory it took, are given back.
	restAfter = 15 * time.Second
)

// reviewer is the agent's part of the review: where the GP is in it, as what
// each image would leave, and the looks asked for. Under the agent's mutex,
// but for the channels.
type reviewer struct {
	at     link.Review
	of     app.SessionID      // whose review at is
	leaves map[string]leaving // by leavingKey; of one session
	asked  chan link.Input    // looks, and preparing
	work   chan struct{}      // something took memory
}

// leaving is as what an image would be handed over.
type leaving struct {
	name  string
	bytes int64
}

func newReviewer() reviewer {
	return reviewer{leaves: map[string]leaving{}, asked: make(chan link.Input, looksWaiting), work: make(chan struct{}, 1)}
}

// review carries out an act of the review.
func (a *agent) review(in link.Input) {
	sid, id := app.SessionID(in.SID), app.ImageID(in.Image)
	one := []app.ImageID{id}
	switch in.Kind {
	case link.InputReview:
		a.mu.Lock()
		a.reviewer.of, a.reviewer.at = sid, link.Review{Image: in.Image, Beside: in.Beside}
		a.mu.Unlock()
	case link.InputRetouch:
		e := in.Edit
		a.send(sid, app.Retouch{Image: id, Edit: app.Edit{Kind: e.Kind, X0: e.X0, Y0: e.Y0, X1: e.X1, Y1: e.Y1}})
	case link.InputUndo:
		a.send(sid, app.Undo{Image: id})
	case link.InputPutAside:
		a.send(sid, app.PutAside{Images: one})
	case link.InputPutBack:
		a.send(sid, app.PutBack{Images: one})
	case link.InputDescribe:
		set, ok := described(in.Field, in.Value)
		if !ok {
			a.log.Warn("act refused", "kind", string(app.KindCorrupt))
			return
		}
		if in.All {
			s, _ := a.session(sid)
			one = s.Order
		}
		a.send(sid, app.Describe{Images: one, Set: set})
	case link.InputLook, link.InputPrepare:
		select {
		case a.asked <- in:
		default:
			a.log.Warn("looks dropped", "count", len(a.asked))
		}
	}
}

// described is what one field says.
func described(field link.Field, value string) (set app.DetailsSet, ok bool) {
	switch field {
	case link.FieldSite:
		set.Site = &value
	case link.FieldSide:
		set.Side = new(app.Side(value))
	case link.FieldView:
		set.View = new(app.View(value))
	case link.FieldType:
		set.Type = new(app.ImageType(value))
	case link.FieldCaption:
		set.Caption = new(app.Seal(value))
	case link.FieldIntimate:
		set.Intimate = new(value != "")
	default:
		return set, false
	}
	return set, true
}

func (a *agent) session(sid app.SessionID) (app.Session, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.state.Sessions[sid]
	return s, ok
}

func (a *agent) setSpool(spool app.Spool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.spool = spool
}

// sealed reads an image from the spool.
func (a *agent) sealed(ctx context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	a.mu.Lock()
	spool := a.spool
	a.mu.Unlock()
	if spool == nil {
		return nil, app.E("read image", app.KindOffline, nil)
	}
	return spool.Sealed(ctx, sid, id)
}

// looksAt answers looks, one after another, until ctx ends.
func (a *agent) looksAt(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-a.asked:
			one, cancel := context.WithTimeout(ctx, lookDeadline)
			if in.Kind == link.InputPrepare {
				a.prepare(one, app.SessionID(in.SID))
			} else {
				a.look(one, in)
			}
			cancel()
			a.worked()
		}
	}
}

// look answers one look. An image of another session is shown only beside one
// of the same patient. A look that cannot be answered is answered with
// nothing: the window keeps what it has.
func (a *agent) look(ctx context.Context, in link.Input) {
	s, ok := a.session(app.SessionID(in.SID))
	if of := app.SessionID(in.Of); ok && of != "" && of != s.ID {
		patient := s.Patient
		s, ok = a.session(of)
		ok = ok && patient.Same(s.Patient)
	}
	seen := link.Seen{Seq: in.Look.Seq}
	if im := s.Images[app.ImageID(in.Image)]; ok && visible(im) {
		look, size, err := a.darkroom.Look(ctx, s, im.ID, func() ([]byte, error) { return a.sealed(ctx, s.ID, im.ID) }, in.Look.Part(), in.Look.Side)
		if err != nil {
			a.log.Warn("look failed", "kind", string(app.KindOf(err)))
		}
		seen.Image, seen.Width, seen.Height = look, size.X, size.Y
	}
	a.screens.window.Answer(seen)
}

// prepare finds out as what each image that can be filed would leave.
func (a *agent) prepare(ctx context.Context, sid app.SessionID) {
	s, ok := a.session(sid)
	if !ok {
		return
	}
	a.mu.Lock()
	if a.reviewer.of != sid {
		a.reviewer.of, a.reviewer.at = sid, link.Review{}
	}
	a.mu.Unlock()
	known := map[string]bool{}
	for i, id := range s.Order {
		im := s.Images[id]
		if !im.CanFile() {
			continue
		}
		key := leavingKey(s, im)
		known[key] = true
		a.mu.Lock()
		_, have := a.leaves[key]
		a.mu.Unlock()
		if have {
			continue
		}
		sealed, err := a.sealed(ctx, sid, id)
		if err != nil {
			a.log.Warn("image not prepared", "kind", string(app.KindOf(err)))
			continue
		}
		item, err := a.darkroom.Prepare(ctx, s, id, i+1, sealed)
		if err != nil {
			a.log.Warn("image not prepared", "kind", string(app.KindOf(err)))
			continue
		}
		a.mu.Lock()
		a.leaves[key] = leaving{item.Name.Reveal(), int64(len(item.JPEG))}
		a.mu.Unlock()
		a.refresh()
	}
	a.mu.Lock()
	for key := range a.leaves {
		if !known[key] {
			delete(a.leaves, key)
		}
	}
	a.mu.Unlock()
}

// worked notes that something took memory which is to be given back later.
func (a *agent) worked() {
	select {
	case a.work <- struct{}{}:
	default:
	}
}

// agentMemory is what the agent's heap may come to before the collector works
// harder: a session of twenty large images passes through less.
const agentMemory = 72 << 20

// rests gives memory back once nothing has been looked at for a while.
func (a *agent) rests(ctx context.Context) error {
	debug.SetMemoryLimit(agentMemory)
	timer := time.NewTimer(restAfter)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.work:
			timer.Reset(restAfter)
		case <-timer.C:
			a.darkroom.Rest()
			debug.FreeOSMemory()
		}
	}
}

// revision changes with every edit of an image.
func revision(im app.Image) string {
	rev := strconv.Itoa(im.Details.Rotate)
	if len(im.Edits) > 0 {
		body, _ := json.Marshal(im.Edits) // plain numbers: cannot fail
		sum := fnv.New64a()
		_, _ = sum.Write(body)
		rev += fmt.Sprintf("-%x", sum.Sum64())
	}
	return rev
}

// leavingKey changes with whatever changes the name or the bytes that leave.
func leavingKey(s app.Session, im app.Image) string {
	d := im.Details
	return strings.Join([]string{string(s.ID), string(im.ID), revision(im), d.Site, string(d.Side), string(d.View), string(d.Type), strconv.Itoa(slices.Index(s.Order, im.ID))}, "/")
}

// reviewed is what the review shows of an image. The agent's mutex is held.
func (set setting) reviewed(s app.Session, im app.Image) link.Reviewed {
	if im.State != app.ImageLanded && im.State != app.ImageUnconfirmed && im.State != app.ImageFiled {
		return link.Reviewed{}
	}
	kept := im.Kept()
	out := link.Reviewed{Type: im.Details.Type, Rev: revision(im), Edits: len(im.Edits), Turned: im.Turned(),
		Kept: link.Edit{Kind: kept.Kind, X0: kept.X0, Y0: kept.Y0, X1: kept.X1, Y1: kept.Y1}, Editable: im.Editable(), Aside: im.Aside,
		Failed: im.FileKind != "" && !im.Filing && im.State == app.ImageLanded, Filing: im.Filing}
	var lacks []string
	for _, d := range s.Missing(im) {
		lacks = append(lacks, string(d))
	}
	out.Lacks = strings.Join(lacks, " ")
	if !im.TakenAt.IsZero() && set.zone != nil {
		out.Taken = text.When(im.TakenAt.In(set.zone))
	}
	if set.reviewer != nil {
		leaves := set.reviewer.leaves[leavingKey(s, im)]
		out.Name, out.Bytes = leaves.name, leaves.bytes
	}
	return out
}

// reviewOf is where the GP is in a session's review; nil for the gallery. The
// agent's mutex is held.
func (set setting) reviewOf(sid app.SessionID) *link.Review {
	if set.reviewer == nil || set.reviewer.of != sid || set.reviewer.at.Image == "" {
		return nil
	}
	at := set.reviewer.at
	return &at
}

// earlier lists this patient's images of other sessions that are still here,
// newest first.
func earlier(st app.State, s app.Session, zone *time.Location) []link.Earlier {
	var out []link.Earlier
	when := map[string]time.Time{}
	for _, other := range st.Sessions {
		if other.ID == s.ID || !other.Patient.Same(s.Patient) {
			continue
		}
		for _, id := range other.Order {
			im := other.Images[id]
			if !visible(im) || im.Aside || im.Details.Intimate { // an intimate one is looked at in its own session
				continue
			}
			taken := im.TakenAt
			if taken.IsZero() {
				taken = im.Arrived
			}
			e := link.Earlier{Ref: link.Ref{SID: string(other.ID), Image: string(id)}, Rev: revision(im),
				About: text.Details(im.Details.Site, im.Details.Side, im.Details.View)}
			if !taken.IsZero() && zone != nil {
				e.Taken = text.When(taken.In(zone))
			}
			when[e.SID+e.Image] = taken
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b link.Earlier) int {
		return cmp.Or(when[b.SID+b.Image].Compare(when[a.SID+a.Image]), strings.Compare(a.Image, b.Image))
	})
	return out[:min(len(out), maxEarlier)]
}

// visible reports whether an image's pixels can be looked at: it was examined
// in this run, or before it was filed.
func visible(im app.Image) bool {
	return im.State == app.ImageFiled || im.Shown && (im.State == app.ImageLanded || im.State == app.ImageUnconfirmed)
}

// maxEarlier bounds the images that comparing offers.
const maxEarlier = 60
