package workstation_test

import (
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/workstation"
)

func TestTheRecordThatTheSettingsName(t *testing.T) {
	all := keyring{config.SecretRelay: app.Seal("cpr_x"), config.SecretALEX: app.Seal("secret")}
	relay := config.Record{System: config.SystemRelay}
	direct := config.Record{System: config.SystemDirect, Base: "https://alex.example/FHIR", TokenURL: "https://login.example/token", ClientID: "id"}
	for name, c := range map[string]struct {
		record config.Record
		vault  keyring
		kind   app.Kind
		sinks  int
	}{
		"none":           {config.Record{}, all, "", 0},
		"relay":          {relay, all, "", 2},
		"direct":         {direct, all, "", 2},
		"relay, no key":  {relay, keyring{}, app.KindNotFound, 0},
		"direct, no key": {direct, keyring{}, app.KindNotFound, 0},
		"not an address": {config.Record{System: config.SystemRelay, Relay: "images"}, all, app.KindBug, 0},
		"nor of ALEX's":  {config.Record{System: config.SystemDirect, Base: "x", TokenURL: "y"}, all, app.KindBug, 0},
	} {
		cfg := config.Default()
		cfg.Record = c.record
		got, err := workstation.ConnectRecord(t.Context(), cfg, "https://images.example.nz", c.vault)
		if app.KindOf(err) != c.kind || len(got.Sinks) != c.sinks || (got.Launcher != nil) != (c.sinks > 0) {
			t.Errorf("%s: %d sinks, %v", name, len(got.Sinks), err)
		}
	}
}
