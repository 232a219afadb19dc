package app_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// TestEngineAtRest looks at the clock a few times a minute while nothing is
// open, and every second from the moment that something is.
func TestEngineAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var looks atomic.Int64
		e := app.NewEngine(app.Ports{Registry: &apptest.FakeRegistry{}, Objects: (&apptest.FakeBucket{}).For(practice), Feed: &apptest.FakeFeed{}, Spool: &apptest.FakeSpool{}, Sinks: []app.Sink{&apptest.FakeSink{}},
			Darkroom: room{}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { looks.Add(1); return time.Now() }})
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		time.Sleep(time.Minute)
		looks.Store(0)
		time.Sleep(10 * time.Minute)
		if n := looks.Load(); n > 60 {
			t.Errorf("at rest it looked %d times in ten minutes", n)
		}
		// A session that can never open stays something to do.
		e.Send(app.Input{SID: app.NewSessionID(), What: app.Start{Patient: app.Patient{Name: app.Seal("Aroha Testperson")}}})
		synctest.Wait()
		looks.Store(0)
		time.Sleep(10 * time.Second)
		if n := looks.Load(); n < 10 {
			t.Errorf("with a session it looked %d times in ten seconds", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
