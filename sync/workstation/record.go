package workstation

import (
	"cmp"
	"context"

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
	var to alex.Record
	switch r := cfg.Record; r.System {
	case config.SystemRelay:
		key, err := vault.Get(ctx, config.SecretRelay)
		if err != nil {
			return Record{}, err
		}
		remote, err := alex.NewRemote(cmp.Or(r.Relay, gateway), key)
		if err != nil {
			return Record{}, err
		}
		to = remote
	case config.SystemDirect:
		secret, err := vault.Get(ctx, config.SecretALEX)
		if err != nil {
			return Record{}, err
		}
		client, err := alex.New(alex.Config{Base: r.Base, TokenURL: r.TokenURL, ClientID: r.ClientID, ClientSecret: secret, Scope: r.Scope})
		if err != nil {
			return Record{}, err
		}
		to = client
	default:
		return Record{}, nil
	}
	opt := alex.Options{Practice: cfg.PracticeName, TIFF: cfg.Record.Format == "tiff", Each: cfg.Record.Document == "image", Zone: cfg.Zone()}
	return Record{Sinks: []app.Sink{alex.NewScan(to, opt), alex.NewMedia(to, opt)}, Launcher: alex.NewLauncher(to)}, nil
}
