package gateway_test

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// The phone is told what the practice asks, and nothing where it asks nothing.
func TestStatusSaysWhatIsAsked(t *testing.T) {
	c := newCloud(t)
	g := c.gateway()
	for want, asks := range map[string]app.Asks{
		"": {},
		`"asks":{"consent":true,"require":[],"target":1000000}`:               {Consent: true},
		`"asks":{"consent":false,"require":[],"target":480000}`:               {Target: 480_000},
		`"asks":{"consent":false,"require":["site","side"],"target":1000000}`: {Require: []app.Detail{app.DetailSite, app.DetailSide}, Target: app.DefaultTarget},
	} {
		sid, token := app.NewSessionID(), app.NewToken()
		if _, err := c.registry.Open(t.Context(), app.Opening{SID: sid, Asks: asks, TokenHash: token.Hash(), Limits: app.DefaultLimits}); err != nil {
			t.Fatal(err)
		}
		body := newPhone(t, g).claim(token).want(t, 200, "").Body
		if !strings.Contains(body, want) || strings.Contains(body, `"asks"`) != (want != "") {
			t.Errorf("%+v: %s", asks, body)
		}
	}
}
