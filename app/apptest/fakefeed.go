package apptest

import (
	"context"
	"fmt"
	"sync"

	"github.com/clinicpro-nz/images/app"
)

// FakeFeed is an app.Feed in memory. The zero value works; safe for
// concurrent use.
type FakeFeed struct {
	mu        sync.Mutex
	unhealthy bool
	refuse    error
	listeners map[app.SessionID]map[*fakeListener]struct{}
	said      map[string]bool
}

type fakeListener struct {
	mu   sync.Mutex
	todo []app.Signal
	wake chan struct{}
}

func (l *fakeListener) put(s app.Signal) {
	l.mu.Lock()
	l.todo = append(l.todo, s)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *fakeListener) take() []app.Signal {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.todo
	l.todo = nil
	return out
}

// Listen implements app.Feed.
func (f *FakeFeed) Listen(ctx context.Context, sid app.SessionID, notify func(app.Signal)) error {
	l := &fakeListener{wake: make(chan struct{}, 1)}
	f.mu.Lock()
	if err := f.refuse; err != nil {
		f.mu.Unlock()
		return err
	}
	if f.listeners == nil {
		f.listeners = map[app.SessionID]map[*fakeListener]struct{}{}
	}
	if f.listeners[sid] == nil {
		f.listeners[sid] = map[*fakeListener]struct{}{}
	}
	f.listeners[sid][l] = struct{}{}
	l.put(app.Signal{Healthy: !f.unhealthy})
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners[sid], l)
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
			for _, s := range l.take() {
				if ctx.Err() == nil {
					notify(s)
				}
			}
		}
	}
}

// Publish says a hint to who listens; while unhealthy it is lost, as with a
// cut connection.
func (f *FakeFeed) Publish(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error {
	if err := ctx.Err(); err != nil {
		return app.E("publish hint", app.KindOffline, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	id := fmt.Sprintf("%s:%d", sid, seq)
	if f.said[id] {
		return nil
	}
	if f.said == nil {
		f.said = map[string]bool{}
	}
	f.said[id] = true
	if f.unhealthy {
		return nil
	}
	for l := range f.listeners[sid] {
		l.put(app.Signal{Healthy: true, Event: ev, Image: image})
	}
	return nil
}

// SetHealthy cuts or mends realtime for every listener.
func (f *FakeFeed) SetHealthy(healthy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unhealthy = !healthy
	for _, set := range f.listeners {
		for l := range set {
			l.put(app.Signal{Healthy: healthy})
		}
	}
}

// Refuse makes every later Listen return err at once; nil ends that.
func (f *FakeFeed) Refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = err
}
