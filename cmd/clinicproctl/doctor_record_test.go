package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
	"github.com/clinicpro-nz/images/sync/relay"
	"github.com/clinicpro-nz/images/ui/text"
)

// forgetful is a relay's cache without Redis.
type forgetful struct{}

func (forgetful) Claim(_ context.Context, _, value string, _ time.Duration) (string, error) {
	return value, nil
}
func (forgetful) Recall(context.Context, string) (string, error) { return "", nil }

// TestDoctorTriesTheRecordSystem names each fault on the way to Medtech, from
// the real answer of a relay or of ALEX's token service, and asks for no
// patient on it.
func TestDoctorTriesTheRecordSystem(t *testing.T) {
	stand, err := alextest.New(alextest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(stand)
	defer upstream.Close()
	var book relay.Book
	add := func(p app.Practice, facility string) app.Sealed {
		secret, _, err := book.Add(p, []string{facility}, "", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	key, foreign := add(ours, alextest.FacilityA), add(theirs, alextest.FacilityB)
	keys := filepath.Join(t.TempDir(), "relay.json")
	if err := book.Write(keys); err != nil {
		t.Fatal(err)
	}
	serve := func(secret, token string) string {
		client, err := alex.New(alex.Config{Base: upstream.URL + "/FHIR", TokenURL: token, ClientID: alextest.ClientID, ClientSecret: app.Seal(secret)})
		if err != nil {
			t.Fatal(err)
		}
		h, err := relay.New(relay.Config{Record: client, Base: upstream.URL + "/FHIR", KeysFile: keys, Log: slog.New(slog.DiscardHandler),
			Cache: func(app.Practice) relay.Cache { return forgetful{} }})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	token := upstream.URL + "/token"
	good := serve(alextest.ClientSecret, token)
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	byRelay := func(gateway string, key app.Sealed) *doctor {
		return &doctor{cfg: config.Config{Practice: ours, Gateway: gateway, Record: config.Record{System: config.SystemRelay}}, vault: held{config.SecretRelay: key}}
	}
	direct := func(secret string) *doctor {
		return &doctor{cfg: config.Config{Practice: ours, Record: config.Record{System: config.SystemDirect, Base: upstream.URL + "/FHIR", TokenURL: token, ClientID: alextest.ClientID}},
			vault: held{config.SecretALEX: app.Seal(secret)}}
	}
	lacking := byRelay(good, key)
	lacking.vault = held{}
	for name, c := range map[string]struct {
		d    *doctor
		want text.FaultCode
	}{
		"relay":                   {byRelay(good, key), ""},
		"no key":                  {lacking, text.FaultNoRecordKey},
		"a key that is none":      {byRelay(good, app.Seal("cpr_aaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAA")), text.FaultRelayKey},
		"another practice's key":  {byRelay(good, foreign), text.FaultRelayOther},
		"no relay there":          {byRelay(none.URL, key), text.FaultNoRelay},
		"nothing there":           {byRelay("http://127.0.0.1:1", key), text.FaultRecordAway},
		"an address that is none": {byRelay("images", key), text.FaultSettings},
		"the relay is refused":    {byRelay(serve("wrong", token), key), text.FaultRecordToken},
		"not admitted":            {byRelay(serve(alextest.ClientSecret, "http://127.0.0.1:1/token"), key), text.FaultRecordAway},
		"direct":                  {direct(alextest.ClientSecret), ""},
		"direct, refused":         {direct("wrong"), text.FaultRecordToken},
	} {
		var got finding
		c.d.show = func(f finding) { got = f }
		if ok := c.d.record(t.Context()); got.Fault != c.want || ok != (c.want == "") {
			t.Errorf("%s: %q (%s), want %q", name, got.Fault, got.Detail, c.want)
		}
		if name == "relay" && !strings.Contains(got.Detail, alextest.FacilityA) {
			t.Errorf("it does not say what it reaches: %q", got.Detail)
		}
	}
	if n := stand.Asked("GET /Patient/" + alextest.PatientA); n != 0 {
		t.Errorf("a patient was asked for %d times", n)
	}
}
