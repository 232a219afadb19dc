package app

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// HandState is where one image stands with one sink.
type HandState string

const (
	HandAsked   HandState = "asked"       // to be handed over, or on its way
	HandWaiting HandState = "waiting"     // did not come through; tried again by itself
	HandFailed  HandState = "failed"      // did not come through; the GP decides
	HandUnsure  HandState = "unconfirmed" // may be there: never again without the GP's word
	HandDone    HandState = "done"        // the sink has confirmed it, or the GP has
)

// Handover is one image's way into one sink. An image is filed when all of its
// hand-overs are done.
type Handover struct {
	Sink     string // the sink's Name; "" the practice's first
	Delivery string
	State    HandState
	Tried    bool // Delivery may have been tried before
	Unknown  bool // a try came to no known end; the sink has to find out
	Kind     Kind // why it did not come through; "" none
	Area     Area
	Code     string // the sink's own word for it (CodeOf); may be ""
	Place    Sealed // where it went
	Ref      string // the same without a patient value
	SHA256   Digest // of what was handed over
	Attested bool   // done by the GP's word, after it was unconfirmed
	Ready    bool   // of the try under way: the bytes that leave are fixed
	Passed   bool   // and have reached the sink, which has still to answer

	handing bool      // Deliver is running
	tries   int       // in a row that did not come through
	due     time.Time // not before, while it waits
	ended   time.Time // when the last try that may have sent anything was over; zero: not known
	since   time.Time // when the outcome was first unknown
}

func (h Handover) open() bool { return h.State != HandDone }

// IsRecord reports whether a sink is a record system: only its own receipt is
// "in the record" (design section 5).
func IsRecord(sink string) bool { return strings.HasPrefix(sink, "alex") }

func areaOf(sink string) Area {
	if IsRecord(sink) {
		return AreaRecord
	}
	return AreaSink
}

// Coded is an error with the sink's own fixed word for what happened, where
// the Kind does not say enough to the GP.
type Coded struct {
	Code string
	Err  error
}

func (c *Coded) Error() string { return c.Code + ": " + c.Err.Error() }
func (c *Coded) Unwrap() error { return c.Err }

// CodeOf returns the word of the outermost Coded in err's chain, "" for none.
func CodeOf(err error) string {
	var c *Coded
	if errors.As(err, &c) {
		return c.Code
	}
	return ""
}

// handed is the hand-over to a sink ("" the first there is), of one delivery
// or ("") of any; nil when there is none.
func (im *Image) handed(sink, delivery string) *Handover {
	i := slices.IndexFunc(im.Handovers, func(h Handover) bool {
		return (sink == "" || h.Sink == sink) && (delivery == "" || h.Delivery == delivery)
	})
	if i < 0 {
		return nil
	}
	return &im.Handovers[i]
}

// ask gives the image a hand-over to each of sinks. What is done stays done;
// what failed goes on with the delivery that was frozen for it then; what is
// unconfirmed begins anew only where unsure says that the GP has decided it.
// A sink that is no longer asked for is forgotten, unless it may have the
// image.
func (im *Image) ask(sinks []string, delivery string, unsure bool) {
	im.Handovers = slices.Clone(im.Handovers)
	if unsure {
		for i, h := range im.Handovers {
			if h.State == HandUnsure {
				im.Handovers[i] = Handover{Sink: h.Sink, Delivery: delivery, State: HandAsked}
				im.Delivery = delivery
			}
		}
		return
	}
	im.Handovers = slices.DeleteFunc(im.Handovers, func(h Handover) bool {
		return h.open() && h.State != HandUnsure && !h.Unknown && !slices.Contains(sinks, h.Sink) && !slices.Contains(sinks, "")
	})
	for _, sink := range sinks {
		switch h := im.handed(sink, ""); {
		case h == nil:
			im.Handovers = append(im.Handovers, Handover{Sink: sink, Delivery: delivery, State: HandAsked})
			im.Delivery = delivery
		case h.State == HandFailed || h.State == HandWaiting:
			h.State, h.tries = HandAsked, 0
		}
	}
}

// attest is the GP's word that what is unconfirmed is where it belongs.
func (im *Image) attest() {
	im.Handovers = slices.Clone(im.Handovers)
	for i := range im.Handovers {
		if h := &im.Handovers[i]; h.State == HandUnsure {
			h.State, h.Attested, h.Unknown = HandDone, true, false
		}
	}
	im.tally()
	im.dirty = true
}

// hurry ends the waits between tries.
func (im *Image) hurry() {
	im.Handovers = slices.Clone(im.Handovers)
	for i := range im.Handovers {
		im.Handovers[i].due = time.Time{}
	}
}

// tally derives what the image shows from its hand-overs.
func (im *Image) tally() {
	im.Filing, im.Sinks, im.Place, im.FileKind, im.FileArea = false, nil, Sealed{}, "", ""
	if len(im.Handovers) == 0 {
		return
	}
	open, unsure := false, false
	for _, h := range im.Handovers {
		open, unsure = open || h.open(), unsure || h.State == HandUnsure
		im.Filing = im.Filing || h.State == HandAsked
		if h.State == HandDone && !h.Attested {
			im.Sinks = append(im.Sinks, h.Sink)
		}
		if h.State == HandDone && im.Place.IsZero() {
			im.Place = h.Place
		}
		if (h.State == HandFailed || h.State == HandWaiting) && im.FileKind == "" {
			im.FileKind, im.FileArea = h.Kind, h.Area
		}
	}
	switch {
	case im.State == ImageDiscarded || im.State == ImageRetracted:
	case !open:
		im.State = ImageFiled
	case unsure && !im.Filing:
		im.State = ImageUnconfirmed
	default:
		im.State = ImageLanded
	}
}

// asked names the hand-overs that are to be made, so that the index can be
// compared with it.
func (im Image) asked() string {
	var out []string
	for _, h := range im.Handovers {
		if h.State == HandAsked {
			out = append(out, h.Sink+"@"+h.Delivery)
		}
	}
	return strings.Join(out, " ")
}

// tried says of a restored image that every hand-over under way may have been
// tried: its sink must look before it writes.
func (im *Image) tried() {
	for i := range im.Handovers {
		if h := &im.Handovers[i]; h.State == HandAsked {
			h.Tried, h.Unknown = true, true
		}
	}
}

// retryEvery is the wait after the n-th try in a row that did not come
// through: backoff's at first, a minute once nobody stands waiting.
func retryEvery(n int) time.Duration {
	if n > 20 {
		return time.Minute
	}
	return backoff(n)
}

// retry asks again for what has waited long enough.
func (w *work) retry(im *Image) {
	for i := range im.Handovers {
		h := im.Handovers[i]
		if h.State != HandWaiting || w.at.Before(h.due) || im.State != ImageLanded && im.State != ImageUnconfirmed {
			continue
		}
		im.Handovers = slices.Clone(im.Handovers)
		im.Handovers[i].State, im.dirty = HandAsked, true
		im.tally()
	}
}

// waiting reports whether a hand-over is tried again by itself.
func (im Image) waiting() bool {
	return slices.ContainsFunc(im.Handovers, func(h Handover) bool { return h.State == HandWaiting })
}

// handOver begins every hand-over whose intent the index holds: one effect for
// each delivery and sink, in the images' order.
func (w *work) handOver() {
	type way struct{ delivery, sink string }
	held := map[way]*Deliver{}
	wait := map[way]bool{} // with an image whose intent is not durable yet
	var order []way
	for _, id := range w.s.Order {
		im := w.s.Images[id]
		durable := im.durable.Filing && im.durable.Asked == im.asked() &&
			!((w.s.Assigned || w.s.Referred) && (w.s.dirty || w.s.saving)) // whose the photos are is durable before they leave
		for _, h := range im.Handovers {
			to := way{h.Delivery, h.Sink}
			if h.State != HandAsked || h.handing {
				continue
			}
			if !durable {
				wait[to] = true
				continue
			}
			d := held[to]
			if d == nil {
				d = &Deliver{Delivery: h.Delivery, Sink: h.Sink}
				held[to], order = d, append(order, to)
			}
			d.Images = append(d.Images, id)
			d.Again, d.Unsure = d.Again || h.Tried, d.Unsure || h.Unknown
			if !h.ended.IsZero() {
				d.Quiet = max(0, w.at.Sub(h.ended))
			}
			if !h.since.IsZero() {
				d.Unknown = max(0, w.at.Sub(h.since))
			}
		}
	}
	for _, to := range order {
		if wait[to] {
			continue
		}
		for _, id := range held[to].Images {
			im := w.s.Images[id]
			im.Handovers = slices.Clone(im.Handovers)
			h := im.handed(to.sink, to.delivery)
			h.handing, h.Ready, h.Passed = true, false, false
			w.s.Images[id] = im
		}
		w.do(*held[to])
	}
}

// passed takes in how far a hand-over under way is.
func (w *work) passed(in Passed) {
	for _, id := range in.Images {
		im, ok := w.s.Images[id]
		if !ok {
			continue
		}
		im.Handovers = slices.Clone(im.Handovers)
		for i := range im.Handovers {
			h := &im.Handovers[i]
			if !h.handing || h.Delivery != in.Delivery || in.Sink != "" && h.Sink != in.Sink {
				continue // of a try that is over
			}
			h.Ready, h.Passed = true, h.Passed || in.Sink != ""
		}
		w.s.Images[id] = im
	}
}

// delivered takes in what a sink answered.
func (w *work) delivered(in Delivered) {
	w.health(in.Area, in.Err)
	receipts := map[ImageID]Receipt{}
	for _, r := range in.Receipts {
		receipts[r.Image] = r
	}
	for id, im := range w.s.Images {
		if h := im.handed(in.Sink, in.Delivery); h == nil || !h.handing {
			continue
		}
		im.Handovers = slices.Clone(im.Handovers)
		h := im.handed(in.Sink, in.Delivery)
		r, answered := receipts[id]
		h.handing, h.Tried, im.dirty = false, true, true
		h.Ready, h.Passed = false, false
		if h.ended.IsZero() || !r.Looked {
			h.ended = w.at
		}
		h.Kind, h.Area, h.Code = "", "", ""
		if r.Sink != "" {
			h.Sink, h.Ref, h.SHA256 = r.Sink, r.Ref, r.SHA256
		}
		switch {
		case !answered:
			h.Kind, h.Area, h.Code = KindOf(in.Err), in.Area, CodeOf(in.Err)
			if h.Kind == "" {
				h.Kind = KindBug
			}
			w.failed(h, h.Unknown)
		case r.Err != nil:
			h.Kind, h.Area, h.Code = KindOf(r.Err), areaOf(h.Sink), CodeOf(r.Err)
			w.health(h.Area, r.Err)
			w.failed(h, r.Unknown)
		case r.Unconfirmed:
			h.State, h.Unknown = HandUnsure, false
		default:
			h.State, h.Place, h.Unknown, h.tries = HandDone, r.Place, false, 0
			w.health(areaOf(h.Sink), nil)
		}
		im.tally()
		w.s.Images[id] = im
	}
}

// failed decides what follows a try that did not come through: what only
// time can mend is tried again by itself.
func (w *work) failed(h *Handover, unknown bool) {
	h.tries++
	h.State = HandFailed
	if h.Kind == KindOffline || unknown || h.Unknown && IsRecord(h.Sink) && h.Kind == KindCanceled {
		h.State, h.due = HandWaiting, w.at.Add(retryEvery(h.tries))
	}
	switch {
	case unknown && h.since.IsZero():
		h.since = w.at
	case !unknown:
		h.since = time.Time{}
	}
	h.Unknown = unknown
}

// mended drops the trouble of a record system once nothing waits for it: the
// images may have been discarded, or sent elsewhere.
func mended(st State) State {
	if st.Trouble[AreaRecord] == "" {
		return st
	}
	for _, s := range st.Sessions {
		for _, im := range s.Images {
			for _, h := range im.Handovers {
				if im.State == ImageLanded && IsRecord(h.Sink) && (h.State == HandWaiting || h.State == HandFailed || h.State == HandAsked) {
					return st
				}
			}
		}
	}
	st.Trouble = withTrouble(st.Trouble, AreaRecord, "")
	return st
}
