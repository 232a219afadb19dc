package main

import (
	"context"
	"errors"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/ui/text"
)

// leave sets the way that every connection leaves this machine by. A practice
// that nothing names, neither a setting nor an enrolment file, is a start that
// cannot succeed where nobody is there to be shown the first run, which says
// what to do.
func leave(cfg config.Config, nobody bool) error {
	if !cfg.Named() && cfg.EnrolFile == "" && nobody {
		return usageError{text.Enrol(app.KindNotFound, cfg.Support).Line()}
	}
	way, err := egress.New(cfg.Proxy, cfg.CAFile)
	if err != nil {
		return usageError{text.BadSettings(app.Cause(err), cfg.Support)}
	}
	way.Install()
	return nil
}

// errEnrolled: the enrolment that was waited for is there. The agent begins
// anew with its settings.
var errEnrolled = errors.New("enrolled")

// enrolled waits until this user has an enrolment that fits the settings. A
// policy may name practice and gateway without one: that names whom to ask,
// and opens nothing, and is no reason for local mode either.
func (a *agent) enrolled(ctx context.Context) error {
	waited := false
	err := a.patientlySaying(ctx, func() (text.Sentence, error) {
		cfg, err := config.Load(a.o.dir)
		if err == nil {
			err = hasEnrolment(ctx, cfg, a.vault)
		}
		if app.KindOf(err) == app.KindAuth {
			return text.Problem(text.PlaceVault, app.KindAuth), err
		}
		waited = waited || err != nil
		return text.Enrol(app.KindOf(err), a.cfg.Support), err
	})
	if err == nil && waited {
		a.replaced.Store(true) // the keeper starts it again, with the settings as they are now
		a.quit()
		return errEnrolled
	}
	return err
}

// hasEnrolment is nil when the settings name a practice whose secrets are in
// the keyring. KindNotFound: none. KindConflict: of another practice than the
// machine's policy names. KindAuth: the keyring does not answer.
func hasEnrolment(ctx context.Context, cfg config.Config, vault app.Vault) error {
	const op = "look for an enrolment"
	if !cfg.Named() {
		return app.E(op, app.KindNotFound, errors.New("no practice"))
	}
	if cfg.Moved() {
		return app.E(op, app.KindConflict, errors.New("another practice"))
	}
	for _, name := range config.CloudSecrets() {
		if _, err := vault.Get(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
