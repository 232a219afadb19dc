package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/audit"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// patiently tries until it works or ctx ends; meanwhile the window says what
// is wrong.
func (a *agent) patiently(ctx context.Context, try func() (text.Place, error)) error {
	return a.patientlySaying(ctx, func() (text.Sentence, error) {
		place, err := try()
		return text.Problem(place, app.KindOf(err)), err
	})
}

// patientlySaying is patiently with sentences of the caller's.
func (a *agent) patientlySaying(ctx context.Context, try func() (text.Sentence, error)) error {
	for {
		s, err := try()
		if err == nil {
			a.starting()
			return nil
		}
		a.starting(link.Problem{What: s.What, Safe: s.Safe, Do: s.Do, Retry: true, Grave: true})
		a.log.Error("start waits", "kind", string(app.KindOf(err)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.kick:
		case <-time.After(retryStart):
		}
	}
}

// openSpool waits for the keyring to give the workstation's identity and for
// the spool to open.
func (a *agent) openSpool(ctx context.Context) (spool *diskspool.Spool, err error) {
	err = a.patiently(ctx, func() (text.Place, error) {
		identity, err := keyringvault.Identity(ctx, a.vault, config.SecretIdentity)
		if err != nil {
			return text.PlaceVault, err
		}
		keys := diskspool.Keys{Identity: identity, Recovery: a.settings().Recovery.Age()}
		spool, err = diskspool.OpenFree(filepath.Join(a.o.dir, "spool"), keys, a.log)
		return text.PlaceSpool, err
	})
	return spool, err
}

// openTrail opens the audit trail that belongs to the spool: each Windows
// session of one user writes its own. One that somebody has changed is said,
// and gone on with: photos must not wait for whoever looks into it.
func (a *agent) openTrail(ctx context.Context, spool string) (trail *audit.Trail, err error) {
	dir := a.o.dir
	if spool != "spool" {
		dir = filepath.Join(dir, spool+"-trail")
	}
	err = a.patiently(ctx, func() (text.Place, error) {
		var report audit.Report
		trail, report, err = audit.Open(ctx, audit.Options{Dir: dir, Vault: a.vault, Key: config.SecretAuditHMAC, Head: config.SecretAuditHead, Log: a.log})
		if _, broken := report.Fresh(); err == nil && broken {
			a.log.Error("audit trail does not verify")
			s := text.Problem(text.PlaceAudit, app.KindCorrupt)
			a.mu.Lock()
			a.standing = append(a.standing, link.Problem{What: s.What, Safe: s.Safe, Do: s.Do})
			a.mu.Unlock()
		}
		if app.KindOf(err) == app.KindAuth {
			return text.PlaceVault, err
		}
		return text.PlaceAudit, err
	})
	return trail, err
}
