package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// placed files into a place that the settings name.
type placed struct {
	*apptest.FakeSink
	mu    sync.Mutex
	to    string
	asked []string // where each delivery was to go
}

func (p *placed) Target() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

func (p *placed) set(to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
}

func (p *placed) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	p.mu.Lock()
	p.asked = append(p.asked, d.Target.Reveal())
	p.mu.Unlock()
	return p.FakeSink.Deliver(ctx, d)
}

// A delivery goes where it was frozen for: after the settings have changed,
// and in another run of the program. The next goes where they say then.
func TestTheTargetIsFrozenWithTheDelivery(t *testing.T) {
	w := newWorldOn(t, &placed{FakeSink: &apptest.FakeSink{}, to: "/before"})
	w.begin()
	w.store(1, "picture")
	w.until("ready to file", ready(1))
	w.sink.Fail(app.E("file", app.KindFull, nil))
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("refused", func(s app.Session) bool { return s.Images[image(1)].FileKind == app.KindFull })
	w.placed.set("/after")
	w.stop()
	w.start()
	w.until("ready to file again", ready(1))
	w.sink.Fail(nil)
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 1 })
	w.store(2, "another")
	w.until("ready to file", ready(1))
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed too", func(s app.Session) bool { return states(s, app.ImageFiled) == 2 })
	// How often a refused delivery was tried again is the clock's to say.
	if n, want := len(w.placed.asked), []string{"/before", "/after"}; n < 3 || w.placed.asked[n-2] != "/before" || !slices.Equal(slices.Compact(w.placed.asked), want) {
		t.Errorf("asked to file into %q, want /before twice or more, then /after", w.placed.asked)
	}
}
