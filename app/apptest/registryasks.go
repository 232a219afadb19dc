package apptest

import (
	"reflect"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// testAsks: the phone's calls and a restored session know what the practice
// asks, as it was when the session was opened.
func testAsks(t *testing.T, r *registryRun) {
	for _, asks := range []app.Asks{
		{},
		{Consent: true},
		{Target: 480_000},
		{Consent: true, Require: []app.Detail{app.DetailSite, app.DetailSide, app.DetailView, app.DetailType}, Target: 2_000_000},
	} {
		sid := app.NewSessionID()
		token, phone := hash("token "+string(sid)), hash("phone "+string(sid))
		opened := r.must(r.Open(r.ctx, app.Opening{SID: sid, Asks: asks, TokenHash: token, Limits: app.DefaultLimits}))
		r.must(r.Open(r.ctx, app.Opening{SID: sid, Asks: app.Asks{Target: 1}, TokenHash: token, Limits: app.DefaultLimits}))
		claimed := r.must(r.Claim(r.ctx, token, phone, app.KeepOffer{}))
		status := r.must(r.Status(r.ctx, sid, phone))
		copied := status
		copied.SID, copied.TokenHash = app.NewSessionID(), hash("restored "+string(sid))
		restored := r.must(r.Open(r.ctx, app.Opening{SID: copied.SID, Restore: &copied}))
		for when, row := range map[string]app.Row{"opened": opened, "claimed": claimed, "status": status, "restored": restored} {
			if !reflect.DeepEqual(row.Asks, asks) {
				t.Errorf("%s: asks %+v, want %+v", when, row.Asks, asks)
			}
		}
	}
}
