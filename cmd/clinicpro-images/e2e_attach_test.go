//go:build linux

package main_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// attachment sees what the desk's agent shows, and acts on it, as a terminal
// does.
type attachment struct {
	t      testing.TB
	window *link.Window

	close func()

	mu   sync.Mutex
	last link.Snapshot
}

// attach reaches the desk's agent, whatever it was built from. The desk's
// XDG_RUNTIME_DIR has to be this process's.
func (d *desk) attach() *attachment {
	d.t.Helper()
	try := func(build string) (*attachment, error) {
		d.t.Helper()
		at := &attachment{t: d.t, window: link.NewWindow(build)}
		eventually(d.t, 30*time.Second, func() bool {
			conn, err := instance.Dial(d.data)
			if err != nil {
				return false
			}
			_ = conn.Close()
			return true
		}, func() string { return "the agent does not answer" })
		conn, err := instance.Dial(d.data)
		if err != nil {
			d.t.Fatal(err)
		}
		if err := instance.WriteHello(conn, instance.Hello{Act: instance.ActAttach}); err != nil {
			d.t.Fatal(err)
		}
		up, ended := make(chan struct{}), make(chan error, 1)
		first := sync.OnceFunc(func() { close(up) })
		go func() {
			ended <- at.window.Run(context.WithoutCancel(d.t.Context()), conn, conn, link.Hear{Raise: func() {}, Pixels: func(link.Pixels) {}, Show: func(s link.Snapshot) {
				at.mu.Lock()
				at.last = s
				at.mu.Unlock()
				first()
			}})
		}()
		at.close = func() { _ = conn.Close() }
		d.t.Cleanup(at.close)
		select {
		case <-up:
			return at, nil
		case err := <-ended:
			return nil, err
		}
	}
	_, err := try("unknown")
	var other *link.BuildMismatch
	if !errors.As(err, &other) {
		d.t.Fatalf("the agent did not say what it was built from: %v", err)
	}
	at, err := try(other.Theirs)
	if err != nil {
		d.t.Fatal(err)
	}
	return at
}

// until waits until what is shown is as wanted, and returns it.
func (at *attachment) until(what string, ok func(link.Snapshot) bool) link.Snapshot {
	at.t.Helper()
	var s link.Snapshot
	eventually(at.t, 60*time.Second, func() bool {
		at.mu.Lock()
		s = at.last
		at.mu.Unlock()
		return ok(s)
	}, func() string { return "never shown: " + what })
	return s
}

func (at *attachment) do(in link.Input) { at.window.Send(in) }

// variable is one of the desk's environment.
func (d *desk) variable(name string) string {
	for _, e := range slices.Backward(d.env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// leave lets nobody look any more.
func (at *attachment) leave() { at.close() }
