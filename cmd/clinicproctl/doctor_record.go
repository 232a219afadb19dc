package main

import (
	"context"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/text"
)

// recordWithin is how long Medtech's token service may take, through a relay.
const recordWithin = 20 * time.Second

// record tries the record system as far as it can be tried without a patient:
// whether the key is taken and whose it is, and whether there is a token.
func (d *doctor) record(ctx context.Context) bool {
	return d.step("Medtech: admitted", func() (string, text.FaultCode) {
		ctx, cancel := context.WithTimeout(ctx, recordWithin)
		defer cancel()
		facilities, err := workstation.CheckRecord(ctx, d.cfg, d.cfg.Gateway, d.vault)
		if err != nil {
			return app.CodeOf(err), recordFault(err)
		}
		if d.cfg.Record.System == config.SystemDirect {
			return "a token, with the practice's own admission", ""
		}
		return "by the relay, for " + strings.Join(facilities, ", "), ""
	})
}

func recordFault(err error) text.FaultCode {
	switch app.CodeOf(err) {
	case alex.CodeKey:
		return text.FaultRelayKey
	case alex.CodeToken:
		return text.FaultRecordToken
	case alex.CodeUnknown:
		return text.FaultNoRelay
	case alex.CodeUnreachable, alex.CodeBusy:
		return text.FaultRecordAway
	}
	switch app.KindOf(err) {
	case app.KindNotFound:
		return text.FaultNoRecordKey
	case app.KindConflict:
		return text.FaultRelayOther
	case app.KindBug: // an address that is none
		return text.FaultSettings
	}
	return faultOf(err)
}
