package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// askFor bounds how long one part may take to answer.
const askFor = 8 * time.Second

// lights asks every part that photos need, all at once, and says how each
// answered. A part that has not been reached yet, because what stands before
// it is missing, is bad for that reason.
func (a *agent) lights(ctx context.Context) []link.Light {
	a.mu.Lock()
	ports, cfg := a.ports, a.cfg
	a.mu.Unlock()
	nobody := app.NewSessionID() // a session that nobody has, so that nothing is touched
	absent := app.E("ask a part", app.KindOffline, errors.New("not connected yet"))
	through := func(ask func(context.Context, app.Ports) error) func(context.Context) error {
		return func(ctx context.Context) error {
			if ports == nil {
				return absent
			}
			return ask(ctx, *ports)
		}
	}
	parts := []struct {
		part  link.Part
		place text.Place
		ask   func(context.Context) error
	}{
		{link.PartVault, text.PlaceVault, func(ctx context.Context) error {
			_, err := a.vault.Get(ctx, config.SecretIdentity)
			return err
		}},
		{link.PartSpool, text.PlaceSpool, through(func(ctx context.Context, p app.Ports) error {
			_, err := p.Spool.Load(ctx, func(app.SessionID, string, string) bool { return false })
			return err
		})},
		{link.PartRegistry, text.PlaceRegistry, through(func(ctx context.Context, p app.Ports) error {
			_, err := p.Registry.Read(ctx, nobody)
			if app.KindOf(err) == app.KindNotFound { // which is an answer
				return nil
			}
			return err
		})},
		{link.PartObjects, text.PlaceObjects, through(func(ctx context.Context, p app.Ports) error {
			_, err := p.Objects.List(ctx, nobody)
			return err
		})},
		{link.PartFeed, text.PlaceFeed, through(func(ctx context.Context, p app.Ports) error { return listens(ctx, p.Feed, nobody) })},
		{link.PartFolder, text.PlaceFolder, func(context.Context) error {
			if err := tryFolder(cfg.Folder); err != nil {
				return app.E("try a folder", app.KindNotFound, err)
			}
			return nil
		}},
	}
	out := make([]link.Light, len(parts))
	var asking sync.WaitGroup
	for i, p := range parts {
		asking.Go(func() {
			asked, cancel := context.WithTimeout(ctx, askFor)
			defer cancel()
			err := p.ask(asked)
			out[i] = link.Light{Part: p.part, State: link.LitGood, At: time.Now().UnixMilli()}
			if err == nil {
				return
			}
			out[i].State, out[i].Reason = link.LitBad, problem(p.place, app.KindOf(err))
			if p.place == text.PlaceFeed { // without it photos are asked for every few seconds
				out[i].State = link.LitSlow
			}
			a.log.Info("a part does not answer", "area", string(p.part), "kind", string(app.KindOf(err)))
		})
	}
	asking.Wait()
	return out
}

// listens reports whether realtime comes up within ctx.
func listens(ctx context.Context, feed app.Feed, sid app.SessionID) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var healthy bool
	err := feed.Listen(ctx, sid, func(s app.Signal) {
		if s.Healthy {
			healthy = true
			stop()
		}
	})
	switch {
	case healthy:
		return nil
	case err != nil:
		return err
	}
	return app.E("listen", app.KindOffline, errors.New("realtime does not come up"))
}
