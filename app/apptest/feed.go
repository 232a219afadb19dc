package apptest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Publish says one hint on a session's channel, as the gateway does. The same
// sid and seq twice is one message.
type Publish func(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error

// feedWait is generous: a wait ends when what it waits for is there.
const feedWait = time.Minute

// Feed is the conformance suite of app.Feed. start is called for every case
// and cleans up by t.Cleanup.
func Feed(t *testing.T, start func(t *testing.T) (app.Feed, Publish)) {
	image := app.ImageID("01932d5e-7c1a-7abc-8def-0123456789ab")

	t.Run("hears every event in order", func(t *testing.T) {
		feed, publish := start(t)
		sid := app.NewSessionID()
		l := Listen(t, feed, sid)
		l.Healthy(t)
		want := []app.Signal{
			{Healthy: true, Event: app.EventPhonePaired},
			{Healthy: true, Event: app.EventImageStored, Image: image},
			{Healthy: true, Event: app.EventImageRetracted, Image: image},
			{Healthy: true, Event: app.EventPhoneDone},
			{Healthy: true, Event: app.EventSessionClosed},
		}
		for i, s := range want {
			say(t, publish, sid, s.Event, s.Image, int64(i+1))
		}
		l.Until(t, "five events", func(s []app.Signal) bool { return len(events(s)) >= len(want) })
		if got := events(l.Signals()); !slices.Equal(got, want) {
			t.Errorf("heard %v\nwant %v", got, want)
		}
	})

	t.Run("a retried message is one", func(t *testing.T) {
		feed, publish := start(t)
		sid := app.NewSessionID()
		l := Listen(t, feed, sid)
		l.Healthy(t)
		for range 3 {
			say(t, publish, sid, app.EventImageStored, image, 7)
		}
		say(t, publish, sid, app.EventPhoneDone, "", 8)
		l.Until(t, "phone-done", func(s []app.Signal) bool { return heard(s, app.EventPhoneDone) })
		if got := events(l.Signals()); len(got) != 2 {
			t.Errorf("heard %d events, want 2: %v", len(got), got)
		}
	})

	t.Run("another session stays unheard", func(t *testing.T) {
		feed, publish := start(t)
		a, b := app.NewSessionID(), app.NewSessionID()
		la, lb := Listen(t, feed, a), Listen(t, feed, b)
		la.Healthy(t)
		lb.Healthy(t)
		say(t, publish, b, app.EventImageStored, image, 1)
		say(t, publish, a, app.EventPhoneDone, "", 1)
		la.Until(t, "a's event", func(s []app.Signal) bool { return heard(s, app.EventPhoneDone) })
		lb.Until(t, "b's event", func(s []app.Signal) bool { return heard(s, app.EventImageStored) })
		if heard(la.Signals(), app.EventImageStored) || heard(lb.Signals(), app.EventPhoneDone) {
			t.Error("a session heard the other's event")
		}
	})

	t.Run("ends with its context, says nothing afterwards, listens again", func(t *testing.T) {
		feed, publish := start(t)
		sid := app.NewSessionID()
		l := Listen(t, feed, sid)
		l.Healthy(t)
		if err := l.Stop(t); err != nil {
			t.Errorf("Listen returned %v, want nil", err)
		}
		before := len(l.Signals())
		say(t, publish, sid, app.EventPhonePaired, "", 1)
		again := Listen(t, feed, sid)
		again.Healthy(t)
		say(t, publish, sid, app.EventPhoneDone, "", 2)
		again.Until(t, "phone-done", func(s []app.Signal) bool { return heard(s, app.EventPhoneDone) })
		if after := len(l.Signals()); after != before {
			t.Errorf("%d signals after Listen had returned", after-before)
		}
	})

	t.Run("a context already over", func(t *testing.T) {
		feed, _ := start(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := feed.Listen(ctx, app.NewSessionID(), func(app.Signal) {}); err != nil {
			t.Errorf("Listen returned %v, want nil", err)
		}
	})
}

func say(t *testing.T, publish Publish, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), feedWait)
	defer cancel()
	if err := publish(ctx, sid, ev, image, seq); err != nil {
		t.Fatalf("publish %s: %v", ev, err)
	}
}

func events(s []app.Signal) []app.Signal {
	return slices.DeleteFunc(slices.Clone(s), func(x app.Signal) bool { return x.Event == "" })
}

func heard(s []app.Signal, ev app.Event) bool {
	return slices.ContainsFunc(s, func(x app.Signal) bool { return x.Event == ev })
}

// Listener collects what a Feed says about one session.
type Listener struct {
	mu      sync.Mutex
	signals []app.Signal
	inside  atomic.Int32
	overlap atomic.Bool
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
}

// Listen runs feed.Listen until the test ends or Stop. It fails the test when
// two notifications overlap.
func Listen(t *testing.T, feed app.Feed, sid app.SessionID) *Listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &Listener{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = feed.Listen(ctx, sid, l.notify)
	}()
	t.Cleanup(func() {
		l.Stop(t)
		if l.overlap.Load() {
			t.Error("notify was called from two goroutines at a time")
		}
	})
	return l
}

func (l *Listener) notify(s app.Signal) {
	if l.inside.Add(1) > 1 {
		l.overlap.Store(true)
	}
	defer l.inside.Add(-1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signals = append(l.signals, s)
}

// Signals returns what was heard so far.
func (l *Listener) Signals() []app.Signal {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.signals)
}

// Until waits for ok to hold of the signals so far.
func (l *Listener) Until(t *testing.T, what string, ok func([]app.Signal) bool) {
	t.Helper()
	deadline := time.Now().Add(feedWait)
	for !ok(l.Signals()) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s; heard %v", feedWait, what, fmt.Sprint(l.Signals()))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Healthy waits until the last change of health said healthy.
func (l *Listener) Healthy(t *testing.T) {
	t.Helper()
	l.Until(t, "healthy", func(s []app.Signal) bool { return len(s) > 0 && s[len(s)-1].Healthy })
}

// Stop ends Listen and returns what it returned.
func (l *Listener) Stop(t *testing.T) error {
	t.Helper()
	l.cancel()
	return l.Wait(t)
}

// Wait returns what Listen returned, once it has.
func (l *Listener) Wait(t *testing.T) error {
	t.Helper()
	select {
	case <-l.done:
		return l.err
	case <-time.After(feedWait):
		t.Fatal("Listen did not return")
		return nil
	}
}
