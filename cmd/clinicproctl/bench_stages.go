package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Stages beside diskspool's.
const (
	stageHint  = "hint"  // heard by the workstation
	stageAsked = "asked" // GET begins
	stageGot   = "got"   // and its bytes are here, hashed
	stageIndex = "index" // the index holds the landed image
)

// stamps are when images passed their stages, the first time each. Safe for
// concurrent use.
type stamps struct {
	mu   sync.Mutex
	at   map[app.ImageID]map[string]time.Time
	wait map[string]*arrival
}

// arrival is over once so many images have passed a stage.
type arrival struct {
	left int // guarded by the stamps' mu
	done chan struct{}
	last time.Time // set before done is closed
}

func newStamps() *stamps {
	return &stamps{at: map[app.ImageID]map[string]time.Time{}, wait: map[string]*arrival{}}
}

func (s *stamps) mark(id app.ImageID, stage string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[id] == nil {
		s.at[id] = map[string]time.Time{}
	}
	if _, again := s.at[id][stage]; again {
		return
	}
	s.at[id][stage] = now
	if a := s.wait[stage]; a != nil {
		if a.left--; a.left == 0 {
			a.last = now
			close(a.done)
			delete(s.wait, stage)
		}
	}
}

// expect returns what waits for the next n images to pass a stage. Ask before
// they can.
func (s *stamps) expect(stage string, n int) *arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &arrival{left: n, done: make(chan struct{})}
	s.wait[stage] = a
	return a
}

// of returns when an image passed its stages.
func (s *stamps) of(id app.ImageID) map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[id]
}

func (a *arrival) within(ctx context.Context, d time.Duration) (time.Time, error) {
	select {
	case <-a.done:
		return a.last, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-time.After(d):
		return time.Time{}, sentence(fmt.Sprintf("Not everything landed within %v.", d))
	}
}

type tracedFeed struct {
	app.Feed
	marks *stamps
}

// Listen implements app.Feed.
func (f tracedFeed) Listen(ctx context.Context, sid app.SessionID, notify func(app.Signal)) error {
	return f.Feed.Listen(ctx, sid, func(s app.Signal) {
		if s.Event == app.EventImageStored {
			f.marks.mark(s.Image, stageHint)
		}
		notify(s)
	})
}

type tracedObjects struct {
	app.Objects
	marks *stamps
}

// Get implements app.Objects.
func (o tracedObjects) Get(ctx context.Context, sid app.SessionID, id app.ImageID, into []byte) ([]byte, app.Digest, error) {
	o.marks.mark(id, stageAsked)
	sealed, sum, err := o.Objects.Get(ctx, sid, id, into)
	if err == nil {
		o.marks.mark(id, stageGot)
	}
	return sealed, sum, err
}

type tracedSpool struct {
	app.Spool
	marks *stamps
}

// Save implements app.Spool.
func (s tracedSpool) Save(ctx context.Context, records ...app.Record) error {
	err := s.Spool.Save(ctx, records...)
	for _, rec := range records {
		if err == nil && rec.Kind == app.RecordImage {
			s.marks.mark(app.ImageID(rec.Key), stageIndex)
		}
	}
	return err
}
