package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// badLine is a phone's poor network: answers are lost after the server has
// acted, and requests wait. Safe for concurrent use.
type badLine struct {
	next       http.RoundTripper
	lose, slow bool

	mu  sync.Mutex
	rng *rand.Rand
}

var errLineLost = errors.New("the line was lost")

// draw returns what is to go wrong with one request.
func (b *badLine) draw() (lost bool, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lose {
		lost = b.rng.IntN(5) == 0
	}
	if b.slow {
		wait = time.Duration(b.rng.Int64N(int64(time.Second)))
	}
	return lost, wait
}

// RoundTrip implements http.RoundTripper.
func (b *badLine) RoundTrip(req *http.Request) (*http.Response, error) {
	lost, wait := b.draw()
	if err := pause(req.Context(), wait); err != nil {
		return nil, err
	}
	resp, err := b.next.RoundTrip(req)
	if err == nil && lost {
		_ = resp.Body.Close()
		return nil, errLineLost
	}
	return resp, err
}

// unhurriedPuts holds each upload back until the next picture has been taken.
type unhurriedPuts struct {
	http.RoundTripper
	taken <-chan struct{}
}

// RoundTrip implements http.RoundTripper.
func (u *unhurriedPuts) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut {
		select {
		case <-u.taken:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return u.RoundTripper.RoundTrip(req)
}

// deafFeed drops every second hint, while realtime seems healthy.
type deafFeed struct{ app.Feed }

// Listen implements app.Feed.
func (f *deafFeed) Listen(ctx context.Context, sid app.SessionID, notify func(app.Signal)) error {
	n := 0
	return f.Feed.Listen(ctx, sid, func(s app.Signal) {
		if s.Event != "" {
			if n++; n%2 == 0 {
				return
			}
		}
		notify(s)
	})
}

// landingSpool tells the ledger of each landing the moment it is durable.
type landingSpool struct {
	app.Spool
	ledger *ledger
}

// Land implements app.Spool.
func (s landingSpool) Land(ctx context.Context, sid app.SessionID, id app.ImageID, sealed []byte) error {
	err := s.Spool.Land(ctx, sid, id, sealed)
	if err == nil {
		s.ledger.landed(id)
	}
	return err
}
