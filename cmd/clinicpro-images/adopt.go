package main

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
)

// adoptEvery is how often the agent looks for spools that were left.
const adoptEvery = time.Minute

// adopt takes over, now and then once a minute, the sessions of the user's
// other Windows sessions whose agents are gone.
func (a *agent) adopt(ctx context.Context, spool *diskspool.Spool) {
	look := time.NewTicker(adoptEvery)
	defer look.Stop()
	for {
		a.adoptLeft(ctx, spool)
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// adoptLeft adopts what lies there now and has the engine take it up; one that
// does not run yet finds it in the spool.
func (a *agent) adoptLeft(ctx context.Context, spool *diskspool.Spool) {
	taken := 0
	for _, dir := range spool.Left() {
		sessions, err := spool.Adopt(ctx, dir)
		taken += len(sessions)
		switch app.KindOf(err) {
		case "", app.KindConflict, app.KindNotFound, app.KindCanceled: // its owner lives, or another was quicker
		default:
			a.log.Error("spool not adopted", "kind", string(app.KindOf(err)))
		}
	}
	if taken == 0 {
		return
	}
	a.log.Info("sessions adopted", "count", taken)
	a.mu.Lock()
	engine := a.engine
	a.mu.Unlock()
	if engine == nil {
		return
	}
	if err := engine.Reload(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("adopted sessions not taken up", "kind", string(app.KindOf(err)))
	}
}
