package main

import (
	"context"
	"net/http"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/versions"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/updates"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// askForNewer is how often the checker is asked, which asks the server once a
// day: an agent that sleeps with its computer is not late by a day.
const askForNewer = time.Hour

// tellNewer says when a newer version is out. It installs nothing. IT switches
// it off with the policy update_check. It asks by the settings' way out, which
// local mode does not make everybody's: its cloud is on this computer.
func (a *agent) tellNewer(ctx context.Context) error {
	way, err := egress.New(a.cfg.Proxy, a.cfg.CAFile)
	if err != nil {
		a.log.Warn("no word of a newer version", "kind", string(app.KindOf(err)))
		return nil
	}
	checker, built := updates.Built(a.o.dir, &http.Client{Transport: way.Transport()})
	return a.tellNewerBy(ctx, checker, built)
}

func (a *agent) tellNewerBy(ctx context.Context, checker updates.Checker, built bool) error {
	if !built || !a.cfg.UpdateCheck {
		return nil
	}
	ask := time.NewTicker(askForNewer)
	defer ask.Stop()
	for {
		release, err := checker.Newest(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			a.log.Info("no word of a newer version", "kind", string(app.KindOf(err)))
		}
		a.mu.Lock()
		a.advice = advice(release, link.Version)
		a.mu.Unlock()
		a.refresh()
		select {
		case <-ctx.Done():
			return nil
		case <-ask.C:
		}
	}
}

// advice is the sentence about a release newer than version own; none about
// any other.
func advice(r updates.Release, own string) []link.Problem {
	if !versions.Newer(r.Version, own) {
		return nil
	}
	s := text.NewerVersion(r.Version)
	return []link.Problem{{What: s.What, Safe: s.Safe, Do: s.Do}}
}
