package link

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
)

// Window is the window's end of the pipe.
type Window struct {
	build string

	mu     sync.Mutex
	queue  []Input
	unsent int           // in the queue, or being written
	empty  chan struct{} // closed once nothing is unsent; nil: nobody waits
	wake   chan struct{}
}

// NewWindow returns the window's end; build must be the agent's.
func NewWindow(build string) *Window {
	return &Window{build: build, wake: make(chan struct{}, 1)}
}

// Hear is what the agent's frames become. The functions are called from one
// goroutine, in the order of the frames.
type Hear struct {
	Show   func(Snapshot)
	Pixels func(Pixels)
	Raise  func()
	Help   func() // nil where there is no help to show
}

// Send queues an act of the GP and returns at once; acts arrive in order. A
// draft replaces a draft that has not left yet, and so does a caption.
func (c *Window) Send(in Input) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.queue); n > 0 && replaces(in, c.queue[n-1]) {
		c.queue[n-1] = in
	} else {
		c.queue = append(c.queue, in)
		c.unsent++
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// replaces reports whether only the later of two acts matters.
func replaces(in, before Input) bool {
	if in.Kind == InputDescribe {
		in.Value = before.Value
		return in == before
	}
	return in.Kind == InputDraft && before.Kind == InputDraft
}

// Flush waits, for within at most, until everything sent has left: what the GP
// did last must not end with the process.
func (c *Window) Flush(within time.Duration) {
	c.mu.Lock()
	if c.unsent == 0 {
		c.mu.Unlock()
		return
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	empty := c.empty
	c.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(within):
	}
}

// Run speaks with the agent until the agent says quit or leaves (nil), ctx
// ends, or the pipe breaks. Run closes r and w.
func (c *Window) Run(ctx context.Context, r io.ReadCloser, w io.WriteCloser, hear Hear) error {
	defer r.Close()
	defer w.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = r.Close(), w.Close() })
	defer stop()
	if err := greet(r, w, c.build); err != nil {
		return err
	}
	over := errors.New("agent gone")
	g, gctx := errgroup.WithContext(ctx)
	unblock := context.AfterFunc(gctx, func() { _, _ = r.Close(), w.Close() })
	defer unblock()
	g.Go(func() error { return c.write(gctx, w) })
	g.Go(func() error {
		for {
			if err := c.read(r, hear); err != nil {
				if errors.Is(err, io.EOF) {
					return over
				}
				return err
			}
		}
	})
	err := g.Wait()
	switch {
	case ctx.Err() != nil:
		return app.E("speak with the agent", app.KindCanceled, context.Cause(ctx))
	case errors.Is(err, over):
		return nil
	}
	return err
}

// read handles one frame; io.EOF is the end, said or seen.
func (c *Window) read(r io.Reader, hear Hear) error {
	kind, body, err := readFrame(r)
	if err != nil {
		return err
	}
	switch kind {
	case frameSnapshot:
		var s Snapshot
		if err := decodeStrict(body, &s); err != nil {
			return err
		}
		hear.Show(s)
	case framePixels:
		p, err := decodePixels(body)
		if err != nil {
			return err
		}
		hear.Pixels(p)
	case frameRaise:
		hear.Raise()
	case frameHelp:
		if hear.Help != nil {
			hear.Help()
		}
	case frameQuit:
		return io.EOF
	default:
		return app.E("hear the agent", app.KindCorrupt, errFrame)
	}
	return nil
}

func (c *Window) write(ctx context.Context, w io.Writer) error {
	for {
		for {
			in, ok := c.take()
			if !ok {
				break
			}
			body, err := json.Marshal(in)
			if err != nil {
				return app.E("send an input", app.KindBug, err)
			}
			if err := writeFrame(w, frameInput, body); err != nil {
				return err
			}
			c.left()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		}
	}
}

// left notes that one input has been written.
func (c *Window) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent--
	if c.unsent == 0 && c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

func (c *Window) take() (Input, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return Input{}, false
	}
	in := c.queue[0]
	c.queue = c.queue[1:]
	return in, true
}
