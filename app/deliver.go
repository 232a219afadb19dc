package app

import (
	"context"
	"encoding/json"
	"errors"
)

// deliver freezes what is to leave, unless that was done before, and hands it
// over, some of it at a time: a session can be hundreds of megabytes.
func (e *Engine) deliver(ctx context.Context, s Session, do Deliver) What {
	out := Delivered{Delivery: do.Delivery, Area: AreaSpool}
	var frozen []frozenItem
	if do.Again {
		frozen, out.Err = e.frozen(ctx, s.ID, do.Delivery)
	}
	if out.Err == nil && frozen == nil {
		frozen, out.Err = e.freeze(ctx, s, do)
	}
	asked := map[ImageID]bool{}
	for _, id := range do.Images {
		asked[id] = true
	}
	var group []frozenItem
	var size int64
	for i, it := range frozen {
		if out.Err != nil {
			break
		}
		if asked[it.Image] {
			group, size = append(group, it), size+it.Bytes
		}
		if len(group) > 0 && (i == len(frozen)-1 || size+frozen[i+1].Bytes > handedBytes) {
			var receipts []Receipt
			receipts, out.Area, out.Err = e.hand(ctx, s.ID, do, group)
			out.Receipts = append(out.Receipts, receipts...)
			group, size = nil, 0
		}
	}
	return out
}

// hand gives one group of a delivery to the sink.
func (e *Engine) hand(ctx context.Context, sid SessionID, do Deliver, group []frozenItem) ([]Receipt, Area, error) {
	d := Delivery{ID: do.Delivery, SID: sid, Again: do.Again}
	for _, it := range group {
		jpeg, err := e.frozenBytes(ctx, sid, do.Delivery, it.Image)
		if err != nil {
			return nil, AreaSpool, err
		}
		d.Items = append(d.Items, DeliveryItem{Image: it.Image, Name: Seal(it.Name), JPEG: jpeg, SHA256: it.SHA256})
	}
	receipts, err := e.ports.Sink.Deliver(ctx, d)
	for i := range receipts {
		r := &receipts[i]
		r.Sink = e.ports.Sink.Name()
		for _, it := range group {
			if it.Image == r.Image {
				r.SHA256 = it.SHA256
			}
		}
	}
	return receipts, AreaSink, err
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
	for _, id := range do.Images {
		it, err := e.freezeOne(ctx, s, do.Delivery, id, place[id])
		if err != nil {
			return nil, err
		}
		items = append(items, it)
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

func (e *Engine) frozenBytes(ctx context.Context, sid SessionID, delivery string, image ImageID) ([]byte, error) {
	records, err := e.ports.Spool.Load(ctx, func(of SessionID, kind, key string) bool {
		return of == sid && kind == RecordItem && key == itemKey(delivery, image)
	})
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, E("read frozen delivery", KindCorrupt, errors.New("an item is missing"))
	}
	return records[0].Body, nil
}
