package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// sinkName is the name of the sink that an empty name stands for.
func (e *Engine) sinkName(name string) string {
	if name == "" && len(e.ports.Sinks) > 0 {
		return e.ports.Sinks[0].Name()
	}
	return name
}

// sink is the practice's sink of a name; nil when it has none.
func (e *Engine) sink(name string) Sink {
	for _, s := range e.ports.Sinks {
		if s.Name() == name {
			return s
		}
	}
	return nil
}

// deliver freezes what is to leave, unless that was done before, and hands it
// over, some of it at a time: a session can be hundreds of megabytes.
func (e *Engine) deliver(ctx context.Context, s Session, do Deliver) What {
	out := Delivered{Delivery: do.Delivery, Sink: do.Sink, Area: areaOf(do.Sink)}
	to := e.sink(e.sinkName(do.Sink))
	if to == nil { // of a practice's settings that have changed since
		out.Err = E("find the sink", KindNotFound, errors.New("the practice does not file there any more"))
		return out
	}
	out.Area = AreaSpool
	h := handing{e: e, s: s, do: do, to: to}
	if out.Err = h.freeze(ctx); out.Err != nil {
		return out
	}
	e.passed(s.ID, do.Delivery, "", do.Images...) // those that were frozen before
	h.handAll(ctx, &out)
	return out
}

// partsAtOnce is how many parts a Composer is given at once: a record system
// is a round trip away, and each part is a call of its own.
const partsAtOnce = 2

// handAll hands every group over. After one that failed as a whole no other is
// begun.
func (h *handing) handAll(ctx context.Context, out *Delivered) {
	together := errgroup.Group{}
	together.SetLimit(1)
	if _, composes := h.to.(Composer); composes {
		together.SetLimit(partsAtOnce)
	}
	var mu sync.Mutex
	stopped := func() bool { mu.Lock(); defer mu.Unlock(); return out.Err != nil }
	for _, group := range h.groups() {
		if stopped() {
			break
		}
		together.Go(func() error {
			receipts, area, err := h.hand(ctx, group)
			mu.Lock()
			defer mu.Unlock()
			out.Receipts = append(out.Receipts, receipts...)
			if out.Err == nil {
				out.Area, out.Err = area, err
			}
			return nil
		})
	}
	_ = together.Wait() // the errors are in out
}

// handing is one call of a sink's Deliver, with what was frozen for it.
type handing struct {
	e     *Engine
	s     Session
	do    Deliver
	to    Sink
	items []frozenItem
	parts []frozenPart // of a Composer
	place Sealed       // of a Placed
}

// freeze reads what was frozen earlier, or freezes it now: the pictures, which
// all sinks of the delivery share, and a Composer's parts.
func (h *handing) freeze(ctx context.Context) error {
	select {
	case h.e.freezing <- struct{}{}:
		defer func() { <-h.e.freezing }()
	case <-ctx.Done():
		return E("freeze delivery", KindOffline, ctx.Err())
	}
	var err error
	if h.items, err = h.e.frozen(ctx, h.s.ID, h.do.Delivery); err == nil && h.items == nil {
		h.items, err = h.e.freeze(ctx, h.s, h.do)
	}
	if composer, ok := h.to.(Composer); ok && err == nil {
		err = h.compose(ctx, composer)
	}
	if err == nil {
		h.place, err = h.target(ctx)
	}
	return err
}

// group is what one call of Deliver gets: pictures, or one part.
type group struct {
	items []frozenItem
	part  *frozenPart
}

func (h *handing) groups() (out []group) {
	asked := func(id ImageID) bool { return slices.Contains(h.do.Images, id) }
	if _, composes := h.to.(Composer); composes {
		for i := range h.parts {
			if slices.ContainsFunc(h.parts[i].Images, asked) {
				out = append(out, group{part: &h.parts[i]})
			}
		}
		return out
	}
	var size int64
	for _, it := range h.items {
		if !asked(it.Image) {
			continue
		}
		if len(out) == 0 || size+it.Bytes > handedBytes {
			out, size = append(out, group{}), 0
		}
		last := &out[len(out)-1]
		last.items, size = append(last.items, it), size+it.Bytes
	}
	return out
}

// hand gives one group of a delivery to the sink.
func (h *handing) hand(ctx context.Context, g group) ([]Receipt, Area, error) {
	d := h.delivery()
	if g.part != nil {
		body, err := h.e.frozenBytes(ctx, h.s.ID, RecordPart, partKey(h.do.Delivery, h.to.Name(), g.part.N))
		if err != nil {
			return nil, AreaSpool, err
		}
		d.Parts = []Part{{ID: g.part.ID, Images: g.part.Images, Name: Seal(g.part.Name), Body: body, SHA256: g.part.SHA256}}
	}
	for _, it := range g.items {
		jpeg, err := h.e.frozenBytes(ctx, h.s.ID, RecordItem, itemKey(h.do.Delivery, it.Image))
		if err != nil {
			return nil, AreaSpool, err
		}
		item := h.item(it)
		item.JPEG = jpeg
		d.Items = append(d.Items, item)
	}
	d.Passed = func(id ImageID) { h.e.passed(h.s.ID, h.do.Delivery, h.do.Sink, id) }
	receipts, err := h.to.Deliver(ctx, d)
	h.e.passed(h.s.ID, h.do.Delivery, h.do.Sink, h.imagesOf(g)...)
	for i := range receipts {
		r := &receipts[i]
		r.Sink = h.to.Name()
		if g.part != nil {
			r.SHA256 = g.part.SHA256
		}
		for _, it := range g.items {
			if it.Image == r.Image {
				r.SHA256 = it.SHA256
			}
		}
	}
	return receipts, areaOf(h.to.Name()), err
}

// imagesOf are the pictures that a group holds.
func (h *handing) imagesOf(g group) []ImageID {
	if g.part != nil {
		return g.part.Images
	}
	out := make([]ImageID, len(g.items))
	for i, it := range g.items {
		out[i] = it.Image
	}
	return out
}

// passed tells how far a hand-over is; sink is "" while it is being frozen.
func (e *Engine) passed(sid SessionID, delivery, sink string, images ...ImageID) {
	e.Send(Input{SID: sid, What: Passed{Delivery: delivery, Sink: sink, Images: images}})
}

// delivery is the hand-over without its pictures.
func (h *handing) delivery() Delivery {
	return Delivery{ID: h.do.Delivery, SID: h.s.ID, Patient: h.s.Patient, Record: h.s.Record, Target: h.place,
		Again: h.do.Again, Unsure: h.do.Unsure, Quiet: h.do.Quiet, Unknown: h.do.Unknown}
}

// item is a picture without its bytes.
func (h *handing) item(it frozenItem) DeliveryItem {
	im := h.s.Images[it.Image]
	return DeliveryItem{Image: it.Image, Name: Seal(it.Name), SHA256: it.SHA256,
		Details: im.Details, Consent: im.Consent, TakenAt: im.TakenAt, TakenBy: im.TakenBy}
}

// frozenItem is what a delivery's record says of one of its items; the bytes
// are in a record of their own.
type frozenItem struct {
	Image  ImageID
	Name   string
	SHA256 Digest
	Bytes  int64
}

type frozenDelivery struct{ Items []frozenItem }

func itemKey(delivery string, image ImageID) string { return delivery + "/" + string(image) }

// freeze prepares every image and writes its bytes, then the delivery itself:
// a delivery record proves that all its items are there.
func (e *Engine) freeze(ctx context.Context, s Session, do Deliver) ([]frozenItem, error) {
	place := map[ImageID]int{}
	for i, id := range s.Order {
		place[id] = i + 1
	}
	var items []frozenItem
	for _, id := range s.Order {
		if im := s.Images[id]; im.State == ImageDiscarded || im.handed("", do.Delivery) == nil {
			continue
		}
		it, err := e.freezeOne(ctx, s, do.Delivery, id, place[id])
		if err != nil {
			return nil, err
		}
		items = append(items, it)
		e.passed(s.ID, do.Delivery, "", id)
	}
	body, err := json.Marshal(frozenDelivery{items})
	if err != nil {
		return nil, E("freeze delivery", KindBug, err)
	}
	return items, e.ports.Spool.Save(ctx, Record{SID: s.ID, Kind: RecordDelivery, Key: do.Delivery, Body: body})
}

// freezeOne has the place of one that is being examined: both hold a picture
// several times over.
func (e *Engine) freezeOne(ctx context.Context, s Session, delivery string, id ImageID, n int) (frozenItem, error) {
	select {
	case e.examines <- struct{}{}:
		defer func() { <-e.examines }()
	case <-ctx.Done():
		return frozenItem{}, E("freeze delivery", KindOffline, ctx.Err())
	}
	sealed, err := e.ports.Spool.Sealed(ctx, s.ID, id)
	if err != nil {
		return frozenItem{}, err
	}
	item, err := e.ports.Darkroom.Prepare(ctx, s, id, n, sealed)
	if err != nil {
		return frozenItem{}, err
	}
	rec := Record{SID: s.ID, Kind: RecordItem, Key: itemKey(delivery, id), Body: item.JPEG}
	return frozenItem{id, item.Name.Reveal(), item.SHA256, int64(len(item.JPEG))}, e.ports.Spool.Save(ctx, rec)
}

// frozen returns the items of a delivery frozen earlier, nil when there is
// none.
func (e *Engine) frozen(ctx context.Context, sid SessionID, id string) ([]frozenItem, error) {
	records, err := e.ports.Spool.Load(ctx, func(of SessionID, kind, key string) bool {
		return of == sid && kind == RecordDelivery && key == id
	})
	if err != nil || len(records) == 0 {
		return nil, err
	}
	var d frozenDelivery
	if err := json.Unmarshal(records[0].Body, &d); err != nil {
		return nil, E("read frozen delivery", KindCorrupt, err)
	}
	return d.Items, nil
}

// frozenBytes are the body of an item or a part.
func (e *Engine) frozenBytes(ctx context.Context, sid SessionID, of, named string) ([]byte, error) {
	records, err := e.ports.Spool.Load(ctx, func(session SessionID, kind, key string) bool {
		return session == sid && kind == of && key == named
	})
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, E("read frozen delivery", KindCorrupt, errors.New("an item is missing"))
	}
	return records[0].Body, nil
}
