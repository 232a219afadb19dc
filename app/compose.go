package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Composer is a Sink that hands over something else than the pictures as they
// are: a document of several, or smaller ones in a form of its target's own.
type Composer interface {
	Sink
	// Compose makes what leaves of a delivery's items, which come without
	// JPEG: open returns one's frozen bytes, so that a whole session need not
	// be in memory. Every item is in one Part or more, and there are at most as
	// many parts as items, numbered from d.Made. The Engine freezes the parts
	// before the first Deliver, and Deliver gets them one at a time. It is
	// called once more, for what is left of a part, when the GP discards a
	// picture of one that has certainly not arrived.
	Compose(ctx context.Context, d Delivery, open func(ImageID) ([]byte, error)) ([]Part, error)
}

// Part is one thing that a Composer hands over.
type Part struct {
	ID     string // stable, of the delivery's id and a number: the target knows it by this
	Images []ImageID
	Name   Sealed // its file name, where the target has one
	Body   []byte // exact bytes that leave
	SHA256 Digest // of Body; the Engine sets it
}

// frozenPart is what the record of a delivery to a Composer says of one part.
type frozenPart struct {
	ID     string
	Images []ImageID
	Name   string
	SHA256 Digest
	N      int // the number in its key
}

// frozenParts are a delivery's parts to one Composer. Made is how many there
// ever were: a number is never used twice.
type frozenParts struct {
	Parts []frozenPart
	Made  int
}

func partsKey(delivery, sink string) string { return delivery + "/" + sink }
func partKey(delivery, sink string, n int) string {
	return fmt.Sprintf("%s/%s/%d", delivery, sink, n)
}

// compose reads the parts frozen earlier, or makes and freezes them: the
// record that names them is written once they all are there. A part with a
// picture that has been discarded since is made anew without it.
func (h *handing) compose(ctx context.Context, composer Composer) error {
	frozen, err := h.e.frozenParts(ctx, h.s.ID, h.do.Delivery, composer.Name())
	if err != nil {
		return err
	}
	discarded := func(id ImageID) bool { return h.s.Images[id].State == ImageDiscarded }
	var again []frozenItem
	kept := frozenParts{Made: frozen.Made}
	for _, p := range frozen.Parts {
		if !slices.ContainsFunc(p.Images, discarded) {
			kept.Parts = append(kept.Parts, p)
			continue
		}
		for _, it := range h.items {
			if slices.Contains(p.Images, it.Image) && !discarded(it.Image) {
				again = append(again, it)
			}
		}
	}
	if frozen.Made == 0 {
		again = h.asked()
	}
	if len(kept.Parts) != len(frozen.Parts) || frozen.Made == 0 {
		if kept, err = h.composeNew(ctx, composer, kept, again); err != nil {
			return err
		}
	}
	h.parts = kept.Parts
	return nil
}

// asked are the delivery's items that are to go to the sink.
func (h *handing) asked() (out []frozenItem) {
	for _, it := range h.items {
		im := h.s.Images[it.Image]
		if to := im.handed(h.do.Sink, h.do.Delivery); to != nil && im.State != ImageDiscarded {
			out = append(out, it)
		}
	}
	return out
}

func (e *Engine) frozenParts(ctx context.Context, sid SessionID, delivery, sink string) (frozenParts, error) {
	records, err := e.ports.Spool.Load(ctx, func(of SessionID, kind, key string) bool {
		return of == sid && kind == RecordDelivery && key == partsKey(delivery, sink)
	})
	var frozen frozenParts
	if err == nil && len(records) > 0 {
		if bad := json.Unmarshal(records[0].Body, &frozen); bad != nil {
			return frozen, E("read frozen delivery", KindCorrupt, bad)
		}
	}
	return frozen, err
}

// composeNew adds the parts of items to those that are kept.
func (h *handing) composeNew(ctx context.Context, composer Composer, kept frozenParts, items []frozenItem) (frozenParts, error) {
	const op = "freeze delivery"
	d := h.delivery()
	d.Made = kept.Made
	for _, it := range items {
		d.Items = append(d.Items, h.item(it))
	}
	parts, err := composer.Compose(ctx, d, func(id ImageID) ([]byte, error) {
		return h.e.frozenBytes(ctx, h.s.ID, RecordItem, itemKey(h.do.Delivery, id))
	})
	if err != nil {
		return kept, err
	}
	for _, p := range parts {
		sum := sha256.Sum256(p.Body)
		key := partKey(h.do.Delivery, composer.Name(), kept.Made)
		if err := h.e.ports.Spool.Save(ctx, Record{SID: h.s.ID, Kind: RecordPart, Key: key, Body: p.Body}); err != nil {
			return kept, err
		}
		kept.Parts = append(kept.Parts, frozenPart{p.ID, p.Images, p.Name.Reveal(), Digest(hex.EncodeToString(sum[:])), kept.Made})
		kept.Made++
	}
	body, err := json.Marshal(kept)
	if err != nil {
		return kept, E(op, KindBug, err)
	}
	named := partsKey(h.do.Delivery, composer.Name())
	return kept, h.e.ports.Spool.Save(ctx, Record{SID: h.s.ID, Kind: RecordDelivery, Key: named, Body: body})
}
