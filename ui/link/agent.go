package link

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
)

// maxPixels bounds how many pictures the agent's end remembers: two whole
// sessions of the largest size.
const maxPixels = 100

// Agent is the agent's end of the pipe. It outlives the window: it remembers
// the newest Snapshot and the pictures it names, and shows them to the next
// window that is served. Show, Send, Raise, Help and Quit never block and may be
// called from any goroutine.
type Agent struct {
	build string

	mu      sync.Mutex
	snap    *Snapshot
	pixels  map[string]kept
	sent    map[string]bool // of the window being served
	snapNew bool
	seen    []Pixels // answers to the window being served
	raise   bool
	help    bool
	quit    bool
	wake    chan struct{}
}

// NewAgent returns an end without a window. build must be the same in both
// programs.
func NewAgent(build string) *Agent {
	return &Agent{build: build, pixels: map[string]kept{}, sent: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// Show replaces what the window shows. A slow window skips snapshots, never
// the newest. Pictures that the snapshot before named and this one does not
// are forgotten.
func (a *Agent) Show(s Snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	named := map[string]bool{}
	for _, im := range s.Images {
		named[im.Thumb] = true
	}
	if a.snap != nil {
		for _, im := range a.snap.Images {
			if !named[im.Thumb] {
				delete(a.pixels, im.Thumb)
				delete(a.sent, im.Thumb)
			}
		}
	}
	a.snap, a.snapNew = &s, true
	a.poke()
}

// Send gives the window a picture, once per key; a key's pixels never change.
// Over the bound a picture is left out and its tile stays grey.
func (a *Agent) Send(p Pixels) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, have := a.pixels[p.Key]; have || len(a.pixels) >= maxPixels {
		return
	}
	a.pixels[p.Key] = kept{Pixels: p}
	a.poke()
}

// Raise asks the window to come forward: only after an act of the GP.
func (a *Agent) Raise() { a.set(&a.raise) }

// Help asks the window to say how it is used.
func (a *Agent) Help() { a.set(&a.help) }

// Quit asks the window to leave.
func (a *Agent) Quit() { a.set(&a.quit) }

func (a *Agent) set(flag *bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*flag = true
	a.poke()
}

func (a *Agent) poke() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Serve speaks with one window until it leaves (nil), ctx ends, or the pipe
// breaks; one call at a time. receive is called from one goroutine and must
// return at once. When Serve ends it closes r and w, which ends the window.
// A window of another build is a *BuildMismatch inside a KindConflict error.
func (a *Agent) Serve(ctx context.Context, r io.ReadCloser, w io.WriteCloser, receive func(Input)) error {
	defer r.Close()
	defer w.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = r.Close(), w.Close() })
	defer stop()
	if err := greet(r, w, a.build); err != nil {
		return err
	}
	a.mu.Lock()
	a.sent = map[string]bool{}
	a.snapNew, a.quit, a.seen = a.snap != nil, false, nil
	a.mu.Unlock()

	gone := errors.New("window gone")
	g, gctx := errgroup.WithContext(ctx)
	unblock := context.AfterFunc(gctx, func() { _, _ = r.Close(), w.Close() })
	defer unblock()
	g.Go(func() error { return a.write(gctx, w) })
	g.Go(func() error {
		for {
			kind, body, err := readFrame(r)
			switch {
			case errors.Is(err, io.EOF):
				return gone
			case err != nil:
				return err
			case kind != frameInput:
				return app.E("hear the window", app.KindCorrupt, errFrame)
			}
			in, err := decodeInput(body)
			if err != nil {
				return err
			}
			receive(in)
		}
	})
	err := g.Wait()
	switch {
	case ctx.Err() != nil:
		return app.E("serve the window", app.KindCanceled, context.Cause(ctx))
	case errors.Is(err, gone):
		return nil
	}
	return err
}

// write sends what is new, until ctx ends. Pictures go before the snapshot
// that names them, so that a tile never appears without its picture.
func (a *Agent) write(ctx context.Context, w io.Writer) error {
	for {
		kind, body, err := a.next()
		if err != nil {
			return err
		}
		if kind != 0 {
			if err := writeFrame(w, kind, body); err != nil {
				return err
			}
			continue
		}
		if a.packOne() {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
		}
	}
}

// next takes the next frame due, kind 0 for none.
func (a *Agent) next() (frameKind, []byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.quit {
		a.quit = false
		return frameQuit, nil, nil
	}
	for key, p := range a.pixels {
		if !a.sent[key] {
			a.sent[key] = true
			body, err := encodePixels(p.pixels())
			return framePixels, body, err
		}
	}
	if len(a.seen) > 0 {
		p := a.seen[0]
		a.seen = a.seen[1:]
		body, err := encodePixels(p)
		return framePixels, body, err
	}
	if a.snapNew {
		a.snapNew = false
		body, err := json.Marshal(a.snap)
		if err != nil {
			return 0, nil, app.E("show a snapshot", app.KindBug, err)
		}
		return frameSnapshot, body, nil
	}
	if a.raise {
		a.raise = false
		return frameRaise, nil, nil
	}
	if a.help {
		a.help = false
		return frameHelp, nil, nil
	}
	return 0, nil, nil
}
