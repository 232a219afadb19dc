package ui

import (
	"sync"
	"time"

	"github.com/clinicpro-nz/images/ui/link"
)

// Early keeps what the agent says while the window is still being made, so
// that the pipe, the session's creation and the making of the window take
// their time at once, and the first thing painted is the patient.
type Early struct {
	mu     sync.Mutex
	live   *link.Hear
	snap   *link.Snapshot
	pixels []link.Pixels
	after  []func(link.Hear) // what is no state: raise, help
	first  chan struct{}     // closed by the first snapshot
	once   sync.Once
}

// NewEarly returns an Early that has heard nothing.
func NewEarly() *Early { return &Early{first: make(chan struct{})} }

// Hear returns the functions for the pipe, for its whole life.
func (e *Early) Hear() link.Hear {
	return link.Hear{
		Show: func(s link.Snapshot) {
			e.pass(func(h link.Hear) { h.Show(s) }, func() {
				e.snap = &s
				e.once.Do(func() { close(e.first) })
			})
		},
		Pixels: func(p link.Pixels) {
			e.pass(func(h link.Hear) { h.Pixels(p) }, func() { e.pixels = append(e.pixels, p) })
		},
		Raise: func() { e.later(func(h link.Hear) { h.Raise() }) },
		Help:  func() { e.later(func(h link.Hear) { h.Help() }) },
	}
}

func (e *Early) later(do func(link.Hear)) {
	e.pass(do, func() { e.after = append(e.after, do) })
}

// pass gives something to the window that runs, or keeps it. The lock is held
// all the while: what came first arrives first.
func (e *Early) pass(now func(link.Hear), keep func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.live != nil {
		now(*e.live)
		return
	}
	keep()
}

// Dress shows in w, which does not run yet, what has been heard, waiting for
// the first snapshot at most that long. It is for the thread that made w.
func (e *Early) Dress(w *Window, within time.Duration) {
	select {
	case <-e.first:
	case <-time.After(within):
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.pixels {
		w.Pixels(p)
	}
	w.Show(*e.snap)
	e.pixels, e.snap = nil, nil
}

// Live passes everything on from now on, beginning with what is still kept.
func (e *Early) Live(h link.Hear) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.pixels {
		h.Pixels(p)
	}
	if e.snap != nil {
		h.Show(*e.snap)
	}
	for _, do := range e.after {
		do(h)
	}
	e.live, e.pixels, e.snap, e.after = &h, nil, nil, nil
}
