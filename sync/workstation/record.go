package workstation

import (
	"cmp"
	"context"
	"errors"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/alex"
)

// Record is a practice's record system as a workstation has it.
type Record struct {
	Sinks    []app.Sink
	Launcher app.Launcher
}

// ConnectRecord is the record system that the settings name; the zero Record
// where they name none. gateway is the origin whose relay is asked where no
// other is set. Nothing is asked yet. The error is the keyring's when it has
// no secret, and KindBug for an address that is none.
func ConnectRecord(ctx context.Context, cfg config.Config, gateway string, vault app.Vault) (Record, error) {
	remote, direct, err := reach(ctx, cfg.Record, gateway, vault)
	var to alex.Record = remote
	switch {
	case err != nil:
		return Record{}, err
	case direct != nil:
		to = direct
	case remote == nil:
		return Record{}, nil
	}
	opt := alex.Options{Practice: cfg.PracticeName, TIFF: cfg.Record.Format == "tiff", Each: cfg.Record.Document == "image", Zone: cfg.Zone()}
	return Record{Sinks: []app.Sink{alex.NewScan(to, opt), alex.NewMedia(to, opt)}, Launcher: alex.NewLauncher(to)}, nil
}

// reach is the one way to a record system that the settings name; none of both
// where they name none.
func reach(ctx context.Context, r config.Record, gateway string, vault app.Vault) (*alex.Remote, *alex.Client, error) {
	switch r.System {
	case config.SystemRelay:
		key, err := vault.Get(ctx, config.SecretRelay)
		if err != nil {
			return nil, nil, err
		}
		remote, err := alex.NewRemote(cmp.Or(r.Relay, gateway), key)
		return remote, nil, err
	case config.SystemDirect:
		secret, err := vault.Get(ctx, config.SecretALEX)
		if err != nil {
			return nil, nil, err
		}
		client, err := alex.New(alex.Config{Base: r.Base, TokenURL: r.TokenURL, ClientID: r.ClientID, ClientSecret: secret, Scope: r.Scope})
		return nil, client, err
	}
	return nil, nil, nil
}

// CheckRecord asks the record system that the settings name whether it takes
// this workstation; nothing of a patient is asked. It returns the facilities
// that a relay lets it reach. Errors are ConnectRecord's and package alex's;
// KindConflict without a word of theirs: the key is another practice's.
func CheckRecord(ctx context.Context, cfg config.Config, gateway string, vault app.Vault) ([]string, error) {
	remote, direct, err := reach(ctx, cfg.Record, gateway, vault)
	if err != nil {
		return nil, err
	}
	if direct != nil {
		return nil, direct.Warm(ctx)
	}
	if remote == nil {
		return nil, app.E("check the record system", app.KindBug, errors.New("the settings name none"))
	}
	got, err := remote.Check(ctx)
	if err == nil && got.Practice != cfg.Practice {
		err = app.E("check the record system", app.KindConflict, errors.New("another practice's key"))
	}
	return got.Facilities, err
}
