package apptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// SinkRig is one sink with nothing filed yet, and its target's other side.
type SinkRig struct {
	Sink app.Sink
	// Filed returns the bytes of every picture at the target.
	Filed func(t *testing.T) [][]byte
	// Lose removes a filed picture behind the sink's back.
	Lose func(t *testing.T, place app.Sealed)
}

// Sink is the conformance suite of app.Sink. start is called once a test.
func Sink(t *testing.T, start func(t *testing.T) SinkRig) {
	t.Run("files what it is given, once", func(t *testing.T) {
		rig, d := start(t), Delivery(3)
		if rig.Sink.Name() == "" {
			t.Error("no name")
		}
		first := deliver(t, rig.Sink, d)
		wantFiled(t, rig, d, first)
		for range 2 {
			d.Again = true
			again := deliver(t, rig.Sink, d)
			wantFiled(t, rig, d, again)
			for i := range again {
				if again[i].Place.Reveal() != first[i].Place.Reveal() {
					t.Errorf("item %d is at another place now", i)
				}
			}
		}
	})
	t.Run("a first try that never came is a first try", func(t *testing.T) {
		rig, d := start(t), Delivery(2)
		d.Again = true
		wantFiled(t, rig, d, deliver(t, rig.Sink, d))
	})
	t.Run("the same name and the same picture in two deliveries", func(t *testing.T) {
		rig, a, b := start(t), Delivery(1), Delivery(1)
		ra, rb := deliver(t, rig.Sink, a), deliver(t, rig.Sink, b)
		if ra[0].Err != nil || rb[0].Err != nil || ra[0].Place.Reveal() == rb[0].Place.Reveal() {
			t.Errorf("receipts %v and %v share a place", ra, rb)
		}
		if n := len(rig.Filed(t)); n != 2 {
			t.Errorf("%d pictures filed, want 2", n)
		}
	})
	t.Run("gone after it was filed", func(t *testing.T) {
		rig, d := start(t), Delivery(2)
		first := deliver(t, rig.Sink, d)
		rig.Lose(t, first[0].Place)
		d.Again = true
		again := deliver(t, rig.Sink, d)
		if !again[0].Unconfirmed || !again[0].Place.IsZero() || again[0].Err != nil {
			t.Errorf("lost item: %+v", again[0])
		}
		if again[1].Place.Reveal() != first[1].Place.Reveal() {
			t.Errorf("the other item: %+v", again[1])
		}
		if n := len(rig.Filed(t)); n != 1 {
			t.Errorf("%d pictures filed, want 1", n)
		}
	})
	t.Run("bytes that are not the frozen ones", func(t *testing.T) {
		rig, d := start(t), Delivery(2)
		d.Items[0].JPEG = append(bytes.Clone(d.Items[0].JPEG), 0)
		r := deliver(t, rig.Sink, d)
		if app.KindOf(r[0].Err) != app.KindCorrupt || r[1].Err != nil || r[1].Place.IsZero() {
			t.Errorf("receipts %v", r)
		}
	})
	t.Run("cancelled, then again", func(t *testing.T) {
		rig, d := start(t), Delivery(2)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		receipts, err := rig.Sink.Deliver(ctx, d)
		for _, r := range receipts {
			err = errors.Join(err, r.Err)
		}
		if app.KindOf(err) != app.KindCanceled || len(rig.Filed(t)) != 0 {
			t.Errorf("%v, %d filed", err, len(rig.Filed(t)))
		}
		d.Again = true
		wantFiled(t, rig, d, deliver(t, rig.Sink, d))
	})
}

// Delivery returns a new frozen delivery of n synthetic pictures; the same n
// gives the same names and bytes.
func Delivery(n int) app.Delivery {
	d := app.Delivery{ID: string(app.NewSessionID()), SID: app.NewSessionID()}
	for i := range n {
		jpeg := append([]byte{0xff, 0xd8, 0xff}, noise(1000+i)...)
		d.Items = append(d.Items, app.DeliveryItem{
			Image: imageID(i), Name: app.Seal(fmt.Sprintf("ZZZ0016_2026-11-23_forearm_left_%d.jpg", i+1)),
			JPEG: jpeg, SHA256: digest(jpeg),
		})
	}
	return d
}

func deliver(t *testing.T, s app.Sink, d app.Delivery) []app.Receipt {
	t.Helper()
	receipts, err := s.Deliver(t.Context(), d)
	if err != nil || len(receipts) != len(d.Items) {
		t.Fatalf("%d receipts for %d items, %v", len(receipts), len(d.Items), err)
	}
	for i, r := range receipts {
		if r.Image != d.Items[i].Image {
			t.Errorf("receipt %d is of another image", i)
		}
	}
	return receipts
}

func wantFiled(t *testing.T, rig SinkRig, d app.Delivery, receipts []app.Receipt) {
	t.Helper()
	for i, r := range receipts {
		if r.Err != nil || r.Unconfirmed || r.Place.IsZero() {
			t.Errorf("receipt %d: %+v", i, r)
		}
	}
	filed := rig.Filed(t)
	if len(filed) != len(d.Items) {
		t.Errorf("%d pictures filed, want %d", len(filed), len(d.Items))
	}
	for i, item := range d.Items {
		found := false
		for _, b := range filed {
			found = found || bytes.Equal(b, item.JPEG)
		}
		if !found {
			t.Errorf("item %d is not at the target", i)
		}
	}
}

// FakeSink files into memory. The zero value is empty. It implements app.Sink.
type FakeSink struct {
	mu    sync.Mutex
	filed map[string][]byte // by place
	done  map[string]string // delivery and image → place
	next  int
	down  error
}

// Fail makes every item fail with err, nil mends it.
func (f *FakeSink) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

// Filed returns the bytes of every picture at the target.
func (f *FakeSink) Filed() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out [][]byte
	for _, b := range f.filed {
		out = append(out, bytes.Clone(b))
	}
	return out
}

// Lose removes a filed picture behind the sink's back.
func (f *FakeSink) Lose(place app.Sealed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.filed, place.Reveal())
}

func (*FakeSink) Name() string { return "fake" }

func (f *FakeSink) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	const op = "file into fake"
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filed == nil {
		f.filed, f.done = map[string][]byte{}, map[string]string{}
	}
	var out []app.Receipt
	for _, item := range d.Items {
		r := app.Receipt{Image: item.Image}
		key := d.ID + string(item.Image)
		place, before := f.done[key]
		switch _, there := f.filed[place]; {
		case ctx.Err() != nil:
			r.Err = app.E(op, app.KindOffline, ctx.Err())
		case f.down != nil:
			r.Err = f.down
		case digest(item.JPEG) != item.SHA256:
			r.Err = app.E(op, app.KindCorrupt, errors.New("not the frozen bytes"))
		case before && there:
			r.Place = app.Seal(place)
		case before:
			r.Unconfirmed = true
		default:
			f.next++
			place = fmt.Sprintf("fake/%d", f.next)
			f.filed[place], f.done[key] = bytes.Clone(item.JPEG), place
			r.Place = app.Seal(place)
		}
		out = append(out, r)
	}
	return out, nil
}
