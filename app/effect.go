package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	callDeadline    = 10 * time.Second // one registry call
	objectDeadline  = 60 * time.Second // one image fetched, or one listing
	deliverDeadline = 10 * time.Minute
)

var errListenOver = errors.New("the session no longer listens")

// run starts one effect; its outcome comes back through Send. Called by the
// loop's goroutine only.
func (e *Engine) run(ctx context.Context, st State, eff Effect) {
	switch do := eff.Do.(type) {
	case SaveSession, SaveImage, DropFrozen, RemoveSession:
		e.saves <- eff
	case Listen:
		e.listen(ctx, eff.SID)
	case StopListen:
		if cancel, ok := e.listeners[eff.SID]; ok {
			cancel(errListenOver)
			delete(e.listeners, eff.SID)
		}
	case LandImage:
		e.goDo(ctx, eff.SID, objectDeadline, e.landings, func(ctx context.Context) What { return e.land(ctx, eff.SID, do) })
	case Deliver:
		s := st.Sessions[eff.SID]
		e.goDo(ctx, eff.SID, deliverDeadline, e.delivers, func(ctx context.Context) What { return e.deliver(ctx, s, do) })
	default:
		deadline := callDeadline
		if _, list := do.(ListObjects); list {
			deadline = objectDeadline
		}
		s := st.Sessions[eff.SID]
		e.goDo(ctx, eff.SID, deadline, nil, func(ctx context.Context) What { return e.call(ctx, s, do) })
	}
}

// goDo runs one effect beside the loop, within a deadline and, where slots is
// given, waiting for one of its places.
func (e *Engine) goDo(ctx context.Context, sid SessionID, deadline time.Duration, slots chan struct{}, do func(context.Context) What) {
	e.group.Go(func() error {
		if slots != nil {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil
			}
		}
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		if out := do(ctx); out != nil {
			e.Send(Input{SID: sid, What: out})
		}
		return nil
	})
}

// call runs one short effect.
func (e *Engine) call(ctx context.Context, s Session, do Do) What {
	p := e.ports
	switch do := do.(type) {
	case OpenSession:
		row, err := p.Registry.Open(ctx, do.Opening)
		return SessionOpened{Row: row, Restore: do.Opening.Restore != nil, Err: err}
	case ReadRow:
		row, err := p.Registry.Read(ctx, s.ID)
		return RowRead{row, err}
	case RenewCode:
		row, err := p.Registry.Renew(ctx, s.ID, do.Code, do.DropPhone)
		return CodeRenewed{row, err}
	case EndSession:
		row, err := p.Registry.Close(ctx, s.ID)
		return SessionEnded{row, err}
	case TellMarks:
		row, err := p.Registry.Mark(ctx, s.ID, do.Marks)
		return MarksTold{do.Marks, row, err}
	case DeleteObject:
		return ObjectDeleted{do.Image, p.Objects.Delete(ctx, s.ID, do.Image)}
	case ListObjects:
		objects, err := p.Objects.List(ctx, s.ID)
		return ObjectsListed{objects, err}
	case ExamineImage:
		sealed, err := p.Spool.Sealed(ctx, s.ID, do.Image)
		if err != nil {
			return Examined{Image: do.Image, Err: err}
		}
		out, err := p.Darkroom.Examine(ctx, s, do.Image, sealed)
		out.Image, out.Err = do.Image, err
		return out
	}
	e.ports.Log.Error("unknown effect", "effect", fmt.Sprintf("%T", do))
	return nil
}

// land makes one image durable: fetched whole, checksum compared, written.
func (e *Engine) land(ctx context.Context, sid SessionID, do LandImage) What {
	out := Landed{Image: do.Image, Area: AreaObjects}
	sealed, sum, err := e.ports.Objects.Get(ctx, sid, do.Image, do.MaxBytes)
	if err == nil && do.SHA256 != "" && sum != do.SHA256 {
		err = E("land image", KindCorrupt, errors.New("checksum differs from the registry's"))
	}
	if err == nil {
		out.Area = AreaSpool
		err = e.ports.Spool.Land(ctx, sid, do.Image, sealed)
	}
	out.Bytes, out.SHA256, out.Err = int64(len(sealed)), sum, err
	return out
}

// listen keeps the feed of one session until StopListen.
func (e *Engine) listen(ctx context.Context, sid SessionID) {
	ctx, cancel := context.WithCancelCause(ctx)
	e.listeners[sid] = cancel
	e.group.Go(func() error {
		defer cancel(nil)
		err := e.ports.Feed.Listen(ctx, sid, func(sig Signal) { e.Send(Input{SID: sid, What: Heard{sig}}) })
		if err != nil { // refused for good: the timer carries the session alone
			e.ports.Log.Error("realtime refused", "kind", string(KindOf(err)))
			e.Send(Input{SID: sid, What: Heard{Signal{}}})
			e.Send(Input{What: Health{AreaFeed, KindOf(err)}})
		}
		return nil
	})
}

// deliver freezes what is to leave, unless that was done before, and hands it
// over.
func (e *Engine) deliver(ctx context.Context, s Session, do Deliver) What {
	out := Delivered{Delivery: do.Delivery}
	var frozen *Delivery
	var err error
	if do.Again {
		frozen, err = e.frozen(ctx, s.ID, do.Delivery)
	}
	if err == nil && frozen == nil {
		frozen, err = e.freeze(ctx, s, do)
	}
	if err != nil {
		out.Err = err
		return out
	}
	frozen.Again = do.Again
	frozen.Items = slices.DeleteFunc(frozen.Items, func(it DeliveryItem) bool { return !slices.Contains(do.Images, it.Image) })
	out.Receipts, out.Err = e.ports.Sink.Deliver(ctx, *frozen)
	for i := range out.Receipts {
		r := &out.Receipts[i]
		r.Sink = e.ports.Sink.Name()
		for _, it := range frozen.Items {
			if it.Image == r.Image {
				r.SHA256 = it.SHA256
			}
		}
	}
	return out
}

type frozenDelivery struct{ Images []ImageID }

type frozenItem struct {
	Name   string
	JPEG   []byte
	SHA256 Digest
}

// freeze prepares every image and writes the items, then the delivery itself:
// a delivery record proves that all its items are there.
func (e *Engine) freeze(ctx context.Context, s Session, do Deliver) (*Delivery, error) {
	d := &Delivery{ID: do.Delivery, SID: s.ID}
	for _, id := range do.Images {
		sealed, err := e.ports.Spool.Sealed(ctx, s.ID, id)
		if err != nil {
			return nil, err
		}
		n := 1
		for _, other := range s.Order {
			if other == id {
				break
			}
			n++
		}
		item, err := e.ports.Darkroom.Prepare(ctx, s, id, n, sealed)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(frozenItem{item.Name.Reveal(), item.JPEG, item.SHA256})
		if err != nil {
			return nil, E("freeze delivery", KindBug, err)
		}
		// One by one: all of them at once could be hundreds of megabytes.
		if err := e.ports.Spool.Save(ctx, Record{SID: s.ID, Kind: RecordItem, Key: do.Delivery + "/" + string(id), Body: body}); err != nil {
			return nil, err
		}
		d.Items = append(d.Items, item)
	}
	body, err := json.Marshal(frozenDelivery{do.Images})
	if err != nil {
		return nil, E("freeze delivery", KindBug, err)
	}
	return d, e.ports.Spool.Save(ctx, Record{SID: s.ID, Kind: RecordDelivery, Key: do.Delivery, Body: body})
}

// frozen returns a delivery frozen earlier, nil when there is none.
func (e *Engine) frozen(ctx context.Context, sid SessionID, id string) (*Delivery, error) {
	records, err := e.ports.Spool.Load(ctx, func(of SessionID, kind, key string) bool {
		return of == sid && (kind == RecordDelivery && key == id || kind == RecordItem && strings.HasPrefix(key, id+"/"))
	})
	if err != nil {
		return nil, err
	}
	var whole *frozenDelivery
	items := map[ImageID]DeliveryItem{}
	for _, rec := range records {
		switch rec.Kind {
		case RecordDelivery:
			whole = &frozenDelivery{}
			if err := json.Unmarshal(rec.Body, whole); err != nil {
				return nil, E("read frozen delivery", KindCorrupt, err)
			}
		case RecordItem:
			var it frozenItem
			if err := json.Unmarshal(rec.Body, &it); err != nil {
				return nil, E("read frozen delivery", KindCorrupt, err)
			}
			image := ImageID(rec.Key[len(id)+1:])
			items[image] = DeliveryItem{Image: image, Name: Seal(it.Name), JPEG: it.JPEG, SHA256: it.SHA256}
		}
	}
	if whole == nil {
		return nil, nil
	}
	d := &Delivery{ID: id, SID: sid}
	for _, image := range whole.Images {
		item, ok := items[image]
		if !ok {
			return nil, E("read frozen delivery", KindCorrupt, errors.New("an item is missing"))
		}
		d.Items = append(d.Items, item)
	}
	return d, nil
}
