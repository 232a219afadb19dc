package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// binder is a Composer that puts every picture into one part; it can be away.
type binder struct {
	mu       sync.Mutex
	away     bool
	composed int
	got      map[string][]app.ImageID // by part
	bodies   map[string]string
}

func (*binder) Name() string { return "alex-scan" }

func (b *binder) Compose(_ context.Context, d app.Delivery, open func(app.ImageID) ([]byte, error)) ([]app.Part, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.composed++
	part := app.Part{ID: fmt.Sprintf("%s-%d", d.ID, d.Made+1)}
	var text []string
	for _, it := range d.Items {
		jpeg, err := open(it.Image)
		if err != nil {
			return nil, err
		}
		part.Images, text = append(part.Images, it.Image), append(text, string(jpeg))
	}
	part.Body = []byte(strings.Join(text, "+"))
	return []app.Part{part}, nil
}

func (b *binder) Deliver(_ context.Context, d app.Delivery) (out []app.Receipt, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range d.Parts {
		for _, id := range p.Images {
			r := app.Receipt{Image: id, Place: app.Seal("DocumentReference/" + p.ID)}
			if b.away {
				r = app.Receipt{Image: id, Err: app.E("deliver", app.KindOffline, nil)}
			}
			out = append(out, r)
		}
		if !b.away {
			b.got[p.ID], b.bodies[p.ID] = p.Images, string(p.Body)
		}
	}
	return out, nil
}

func (b *binder) set(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

// A document that has certainly not arrived does not take along a photo that
// the GP has discarded since: it may be of somebody else.
func TestADiscardedPhotoLeavesItsDocument(t *testing.T) {
	b := &binder{away: true, got: map[string][]app.ImageID{}, bodies: map[string]string{}}
	w := newWorldOn(t, nil, b)
	w.record = app.RecordRef{Facility: "F2N060-E", Patient: app.Seal("p1")}
	w.begin()
	for n := range 3 {
		w.store(n, fmt.Sprint("picture ", n))
	}
	w.until("ready to file", ready(3))
	delivery := string(app.NewSessionID())
	w.send(app.File{Delivery: delivery, Sinks: []string{w.sink.Name(), b.Name()}})
	w.until("in the folder, and waiting for the record", func(s app.Session) bool {
		for _, im := range s.Images {
			if len(im.Handovers) != 2 || im.Handovers[0].State != app.HandDone || im.Handovers[1].State != app.HandWaiting {
				return false
			}
		}
		return len(s.Images) == 3
	})
	w.send(app.Discard{Images: []app.ImageID{image(1)}})
	w.until("discarded", func(s app.Session) bool { return states(s, app.ImageDiscarded) == 1 })
	b.set(false)
	w.until("the others filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 2 })
	b.mu.Lock()
	defer b.mu.Unlock()
	id := delivery + "-2" // the first document was never there
	if len(b.got) != 1 || !slices.Equal(b.got[id], []app.ImageID{image(0), image(2)}) || b.bodies[id] != "picture 0+picture 2" || b.composed != 2 {
		t.Fatalf("composed %d times; arrived %v: %q", b.composed, b.got, b.bodies)
	}
	if n := len(w.sink.Filed()); n != 3 { // the folder had it before
		t.Errorf("%d in the folder", n)
	}
}
