package main

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/clipboard"
)

// lookForLock is how long it takes until the desktop's lock is listened for
// again, after what tells of it went away.
const lookForLock = 10 * time.Second

// watchLock ends the keeping of a phone whenever the desktop session is
// locked, until ctx ends. Where nothing tells of a lock, the keeping ends at
// its time.
func (a *agent) watchLock(ctx context.Context) error {
	for said := false; ; said = true {
		err := hearLocks(ctx, a.desktopLocked)
		if err != nil && !said {
			a.log.Info("nothing tells of the desktop's lock", "kind", string(app.KindOf(err)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookForLock):
		}
	}
}

// desktopLocked tells the engine, or the next one where none runs. A picture
// on the clipboard is not for whoever unlocks.
func (a *agent) desktopLocked() {
	clipboard.Forget()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.engine == nil {
		a.locked = true
		return
	}
	a.engine.Send(app.Input{What: app.WorkstationLocked{}})
}
