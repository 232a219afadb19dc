package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"github.com/clinicpro-nz/images/ui/link"
)

// bridge is the only way from another goroutine to a widget. It never waits:
// waiting for the window's thread from the thread that feeds it is a deadlock.
type bridge struct{}

func (bridge) do(f func()) { fyne.Do(f) }

// Hear returns the functions that the pipe's goroutine calls.
func (w *Window) Hear() link.Hear {
	return link.Hear{
		Show:   func(s link.Snapshot) { w.bridge.do(func() { w.Show(s) }) },
		Pixels: func(p link.Pixels) { w.bridge.do(func() { w.Pixels(p) }) },
		Raise:  func() { w.bridge.do(w.win.RequestFocus) },
		Help:   func() { w.bridge.do(w.help) },
	}
}

// Tick moves the countdown each second until ctx ends.
func (w *Window) Tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.bridge.do(w.tick)
		}
	}
}

// Quit closes the window from another goroutine.
func (w *Window) Quit() { w.bridge.do(w.app.Quit) }
