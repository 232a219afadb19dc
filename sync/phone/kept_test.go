package phone_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/phone"
)

// keep pairs a phone that can be kept, and keeps it for an hour.
func (r *rig) keep(client *http.Client) (*phone.Kept, app.KeepOffer) {
	r.t.Helper()
	p, err := phone.New(r.link, client)
	if err != nil {
		r.t.Fatal(err)
	}
	k, err := p.Offer()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := p.Claim(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	offer := r.row().Keep
	if err := envelope.CheckOffer(r.drawn.Secret, r.drawn.Token, offer); err != nil {
		r.t.Fatalf("the phone's own offer: %v", err)
	}
	if _, err := r.registry.Keep(r.t.Context(), r.drawn.SID, offer.Key, time.Now().Add(time.Hour)); err != nil {
		r.t.Fatal(err)
	}
	a, err := p.Status(r.t.Context())
	if err != nil || a.Session.Kept <= a.Session.Now {
		r.t.Fatalf("kept until %d, %v", a.Session.Kept, err)
	}
	return k, offer
}

// opens starts another session, and returns it and its link.
func (r *rig) opens() (pairing.Secrets, app.Sealed) {
	r.t.Helper()
	drawn, err := pairing.NewSecrets()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.registry.Open(r.t.Context(), app.Opening{SID: drawn.SID, TokenHash: drawn.Token.Hash(), Limits: app.DefaultLimits}); err != nil {
		r.t.Fatal(err)
	}
	first, err := pairing.Parse(r.link)
	if err != nil {
		r.t.Fatal(err)
	}
	return drawn, pairing.Link{Base: first.Base, Practice: practice, Token: drawn.Token, Recipient: drawn.Identity.Recipient(),
		Secret: drawn.Secret, Hint: pairing.Hint{Name: app.Seal("W. T.")}}.Build()
}

func (r *rig) publishes(offer app.KeepOffer, secret envelope.Secret, recipient string, sid app.SessionID, n int64, link app.Sealed) app.NextLink {
	r.t.Helper()
	next, err := envelope.SealNext(secret, recipient, sid, n, link)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.registry.Next(r.t.Context(), offer.Key, next); err != nil {
		r.t.Fatal(err)
	}
	return next
}

func TestAKeptPhoneIsGivenTheNextSession(t *testing.T) {
	r := newRig(t)
	k, offer := r.keep(http.DefaultClient)
	if p, err := k.Next(t.Context()); p != nil || err != nil {
		t.Fatalf("before there is one: %v", err)
	}
	drawn, link := r.opens()
	r.publishes(offer, r.drawn.Secret, offer.Recipient, drawn.SID, 1, link)
	p, err := k.Next(t.Context())
	if err != nil || p == nil || p.Hint().Name.Reveal() != "W. T." {
		t.Fatalf("%v", err)
	}
	if row, err := r.registry.Read(t.Context(), drawn.SID); err != nil || row.State != app.SessionWaiting {
		t.Fatalf("claimed without a tap: %s, %v", row.State, err)
	}
	a, err := p.Claim(t.Context())
	if err != nil || p.SID() != drawn.SID || a.Session.Kept <= a.Session.Now {
		t.Fatalf("claimed %s, kept until %d, %v", p.SID(), a.Session.Kept, err)
	}
	if p, err := k.Next(t.Context()); p != nil || err != nil {
		t.Fatalf("the same link again: %v", err)
	}
	if err := r.registry.Forget(t.Context(), offer.Key, drawn.SID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Next(t.Context()); code(err) != "phone-forgotten" || app.KindOf(err) != app.KindAuth {
		t.Fatalf("forgotten: %v", err)
	}
}

// Whoever holds the registry and the gateway, and saw no code, gets nothing
// accepted: not as the phone's recipient, not as the workstation's link.
func TestAHostileGatewayGetsNothingAccepted(t *testing.T) {
	r := newRig(t)
	client := &http.Client{}
	k, offer := r.keep(client)
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	swapped := offer
	swapped.Recipient = stranger.Recipient().String()
	if err := envelope.CheckOffer(r.drawn.Secret, r.drawn.Token, swapped); app.KindOf(err) != app.KindCorrupt {
		t.Fatalf("a swapped recipient: %v", err)
	}

	drawn, link := r.opens()
	refused := func(name string) {
		t.Helper()
		if p, err := k.Next(t.Context()); p != nil || app.KindOf(err) != app.KindCorrupt {
			t.Fatalf("%s: taken, or %v", name, err)
		}
	}
	r.publishes(offer, envelope.NewSecret(), offer.Recipient, drawn.SID, 1, link)
	refused("a forged link")
	r.publishes(offer, r.drawn.Secret, swapped.Recipient, drawn.SID, 2, link)
	refused("a link sealed to another")
	elsewhere, err := pairing.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Base = "https://elsewhere.example.nz"
	r.publishes(offer, r.drawn.Secret, offer.Recipient, drawn.SID, 3, elsewhere.Build())
	refused("a link that leads elsewhere")

	good := r.publishes(offer, r.drawn.Secret, offer.Recipient, drawn.SID, 4, link)
	if p, err := k.Next(t.Context()); p == nil || err != nil {
		t.Fatalf("refusals spoilt the good one: %v", err)
	}
	later, laterLink := r.opens()
	r.publishes(offer, r.drawn.Secret, offer.Recipient, later.SID, 5, laterLink)
	p, err := k.Next(t.Context())
	if p == nil || err != nil {
		t.Fatal(err)
	}
	replayed, bumped, moved := good, good, good
	bumped.N, moved.N, moved.SID = 6, 7, later.SID
	for name, c := range map[string]struct {
		next app.NextLink
		err  app.Kind // "" for what is not even looked at
	}{"replayed": {replayed, ""}, "replayed under a higher number": {bumped, app.KindCorrupt}, "for another session": {moved, app.KindCorrupt}} {
		client.Transport = r.answering(c.next)
		got, err := k.Next(t.Context())
		client.Transport = nil
		if got != nil || app.KindOf(err) != c.err {
			t.Errorf("%s: taken, or %v", name, err)
		}
	}
	// A token that the gateway lets lead to another session is not claimed.
	_, thirdLink := r.opens()
	r.publishes(offer, r.drawn.Secret, offer.Recipient, later.SID, 8, thirdLink)
	p, err = k.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Claim(t.Context()); app.KindOf(err) != app.KindCorrupt || p.SID() != "" {
		t.Errorf("another session than was promised: %v", err)
	}
}

// answering has this link on offer wherever it is asked.
func (r *rig) answering(next app.NextLink) http.RoundTripper {
	r.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"now": 1, "until": 2,
			"next": map[string]any{"sid": next.SID, "n": next.N, "sealed": next.Sealed, "mac": next.MAC}})
	}))
	r.t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	return redirected{at.Host}
}

type redirected struct{ host string }

func (d redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Host = d.host
	return http.DefaultTransport.RoundTrip(req)
}
