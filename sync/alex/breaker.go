package alex

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// breakAfter is how many calls in a row a facility may leave unanswered before
// it is left alone for a while.
const breakAfter = 3

// breaker keeps calls from a facility that is asleep: each would hold a
// connection for as long as ALEX waits for it. After the rest one call goes
// through to see.
type breaker struct {
	rest time.Duration
	now  func() time.Time

	mu    sync.Mutex
	state map[string]*broken
}

type broken struct {
	missed  int
	until   time.Time
	probing bool
}

const breakerFacilities = 10_000 // remembered at once

func newBreaker(rest time.Duration, now func() time.Time) *breaker {
	return &breaker{rest: rest, now: now, state: map[string]*broken{}}
}

// allow reports whether a facility may be asked now.
func (b *breaker) allow(facility string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state[facility]
	if s == nil || s.missed < breakAfter {
		return true
	}
	if s.probing || b.now().Before(s.until) {
		return false
	}
	s.probing = true
	return true
}

// gaveUp ends a call that was stopped before anything was known.
func (b *breaker) gaveUp(facility string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.state[facility]; s != nil {
		s.probing = false
	}
}

// answered notes whether the facility gave a sign of life.
func (b *breaker) answered(facility string, alive bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if alive {
		delete(b.state, facility)
		return
	}
	s := b.state[facility]
	if s == nil {
		if len(b.state) >= breakerFacilities {
			clear(b.state)
		}
		s = &broken{}
		b.state[facility] = s
	}
	s.missed++
	s.probing, s.until = false, b.now().Add(b.rest)
}

// seen remembers launches for as long as one could be accepted again.
type seen struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[[sha256.Size]byte]first
}

type first struct {
	attempt string
	at      time.Time
}

func newSeen(now func() time.Time) *seen {
	return &seen{now: now, by: map[[sha256.Size]byte]first{}}
}

// claim reports whether the launch was not decoded before by another attempt.
func (s *seen) claim(l app.Launch, attempt string) bool {
	key := launchKey(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, f := range s.by {
		if s.now().Sub(f.at) > 2*app.MaxLaunchAge {
			delete(s.by, k)
		}
	}
	f, there := s.by[key]
	if there {
		return f.attempt == attempt
	}
	s.by[key] = first{attempt, s.now()}
	return true
}

// launchKey stands for a launch without holding it.
func launchKey(l app.Launch) [sha256.Size]byte {
	return sha256.Sum256([]byte(l.Context.Reveal() + "\x00" + l.Signature.Reveal()))
}
