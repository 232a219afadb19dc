package ui

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"github.com/clinicpro-nz/images/ui/link"
)

// bridge is the only way from another goroutine to a widget. It never waits:
// waiting for the window's thread from the thread that feeds it is a deadlock.
//
// Fyne takes one function at a time, and may draw before each: where a frame
// takes a tenth of a second (software OpenGL, as in Remote Desktop) a burst of
// snapshots would keep the window seconds behind the truth, and behind its own
// end. So everything that waits is done in one go, and of the snapshots only
// the newest.
//
// Once Fyne's loop has ended, fyne.Do does what it is given at once, on
// whichever goroutine gave it (2.8.1, runOnMainWithWait in glfw's loop.go): two
// of them would be at the widgets together. So end must come before that.
type bridge struct {
	post func(func()) // fyne.Do, or a test's

	mu      sync.Mutex
	waiting []errand
	posted  bool // a call of run is on its way
	over    bool // the window is closing: nothing is done any more
}

type errand struct {
	do   func()
	show bool // a later one makes it needless
}

func newBridge() *bridge { return &bridge{post: fyne.Do} }

// do does f on the window's thread, after what was given before.
func (b *bridge) do(f func()) { b.add(errand{do: f}) }

// show is do for what the next show replaces, if this one has not been done yet.
func (b *bridge) show(f func()) { b.add(errand{do: f, show: true}) }

func (b *bridge) add(e errand) {
	b.mu.Lock()
	if b.over {
		b.mu.Unlock()
		return
	}
	if e.show {
		b.waiting = slices.DeleteFunc(b.waiting, func(w errand) bool { return w.show })
	}
	b.waiting = append(b.waiting, e)
	posted := b.posted
	b.posted = true
	b.mu.Unlock()
	if !posted {
		b.post(b.run)
	}
}

// run does what waits, on the window's thread.
func (b *bridge) run() {
	b.mu.Lock()
	due := b.waiting
	b.waiting, b.posted = nil, false
	b.mu.Unlock()
	for _, e := range due {
		if b.ended() {
			return
		}
		e.do()
	}
}

// end is for the window's thread: from now on nothing is done.
func (b *bridge) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}

func (b *bridge) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

// Hear returns the functions that the pipe's goroutine calls.
func (w *Window) Hear() link.Hear {
	return link.Hear{
		Show:   func(s link.Snapshot) { w.bridge.show(func() { w.Show(s) }) },
		Pixels: func(p link.Pixels) { w.bridge.do(func() { w.Pixels(p) }) },
		Raise:  func() { w.bridge.do(w.win.RequestFocus) },
		Help:   func() { w.bridge.do(w.help) },
	}
}

// restAfter is how many seconds no picture has come before the memory that
// pictures took is given back.
const restAfter = 5

// Tick moves the countdown each second until ctx ends.
func (w *Window) Tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	quiet := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.bridge.do(w.tick)
			if quiet++; w.worked.Swap(false) {
				quiet = 0
			}
			if quiet == restAfter {
				debug.FreeOSMemory()
			}
		}
	}
}

// Quit closes the window from another goroutine.
func (w *Window) Quit() {
	w.bridge.do(func() {
		w.Closed()
		w.app.Quit()
	})
}

// Closed is told by the window's thread that the window is closing.
func (w *Window) Closed() { w.bridge.end() }
