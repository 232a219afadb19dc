package app

import "context"

// Placed is a Sink that files into a place which the practice's settings
// name. A delivery goes to the place that was theirs when it was frozen,
// whatever they say at a later try: only there can the sink see what it did.
type Placed interface {
	Sink
	// Target is where deliveries frozen now go.
	Target() string
}

func targetKey(delivery, sink string) string { return delivery + "/" + sink + "/target" }

// target is where a delivery goes, frozen now if it was not before; "" for a
// sink that is not Placed.
func (h *handing) target(ctx context.Context) (Sealed, error) {
	placed, ok := h.to.(Placed)
	if !ok {
		return Sealed{}, nil
	}
	key := targetKey(h.do.Delivery, h.to.Name())
	records, err := h.e.ports.Spool.Load(ctx, func(of SessionID, kind, named string) bool {
		return of == h.s.ID && kind == RecordDelivery && named == key
	})
	if err != nil {
		return Sealed{}, err
	}
	if len(records) > 0 {
		return Seal(string(records[0].Body)), nil
	}
	to := placed.Target()
	return Seal(to), h.e.ports.Spool.Save(ctx, Record{SID: h.s.ID, Kind: RecordDelivery, Key: key, Body: []byte(to)})
}
