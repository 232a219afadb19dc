package main

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/text"
)

// quietFor is how long no second chime and no second notification follows one:
// five photos sent together are one happening.
const quietFor = 1500 * time.Millisecond

// hearing is what was last heard and seen of landings; agent.mu guards it.
type hearing struct {
	begun   bool // a State has been seen: what it held is no landing
	landed  map[app.ImageID]bool
	chimed  time.Time
	said    int       // photos to file that a notification has told of; 0: none stands
	saidAt  time.Time // when
	trouble bool      // a notification about trouble stands
}

// landings chimes and notifies when photos have landed, and takes back what
// it said once it no longer holds. a.mu is held; what takes time is done in
// the background.
func (a *agent) landings(st app.State, grave bool) {
	if a.notes == nil { // a terminal alone, which says it itself
		return
	}
	h := &a.heard
	fresh, toFile := 0, 0
	here := map[app.ImageID]bool{}
	for _, s := range st.Sessions {
		n, _ := s.Outstanding()
		toFile += n
		for id, im := range s.Images {
			if im.Arrived.IsZero() {
				continue
			}
			here[id] = true
			if h.begun && !h.landed[id] && im.State == app.ImageLanded {
				fresh++
			}
		}
	}
	h.begun, h.landed = true, here
	now := time.Now()
	if fresh > 0 && a.cfg.Desktop.Sound && now.Sub(h.chimed) > quietFor {
		h.chimed = now
		a.background(chime)
	}
	seen := a.screens.visible()
	switch {
	case h.said > 0 && (seen || toFile == 0):
		h.said = 0
		a.background(func(ctx context.Context) { a.notes.Withdraw(ctx) })
	case fresh > 0 && !seen && (toFile != h.said && now.Sub(h.saidAt) > quietFor || h.said == 0):
		h.said, h.saidAt = toFile, now
		a.background(func(ctx context.Context) { _ = a.notes.Say(ctx, text.Product, text.NoticeLanded(toFile)) })
	}
	switch {
	case h.trouble && !grave:
		h.trouble = false
		if h.said == 0 {
			a.background(func(ctx context.Context) { a.notes.Withdraw(ctx) })
		}
	case grave && !h.trouble && !seen:
		h.trouble = true
		a.background(func(ctx context.Context) { _ = a.notes.Say(ctx, text.Product, text.NoticeTrouble) })
	}
}
