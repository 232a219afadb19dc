package alex_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	_ "github.com/clinicpro-nz/images/app/config" // the programs' zones
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
)

// rig is a client and the stand-in it speaks to.
type rig struct {
	t      *testing.T
	alex   *alextest.ALEX
	dir    string
	base   string
	client *alex.Client
}

func start(t *testing.T, change ...func(*alex.Config)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir()}
	var err error
	if r.alex, err = alextest.New(alextest.Options{Dir: r.dir}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.alex)
	t.Cleanup(server.Close)
	r.base = server.URL
	cfg := alex.Config{Base: server.URL + "/FHIR", TokenURL: server.URL + "/token", ClientID: alextest.ClientID,
		ClientSecret: app.Seal(alextest.ClientSecret), Settle: time.Minute, Patience: 10 * time.Minute, Timeout: 2 * time.Minute}
	for _, f := range change {
		f(&cfg)
	}
	if r.client, err = alex.New(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) launch(facility, patient string, at time.Time) app.Launch {
	r.t.Helper()
	l, err := app.NewLaunch(alextest.Click(facility, patient, at))
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

func (r *rig) kept() []alextest.Kept {
	r.t.Helper()
	kept, err := alextest.Read(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return kept
}

// handoff is a PDF for the first facility's patient.
func (r *rig) handoff(id string) alex.Handoff {
	r.t.Helper()
	return alex.Handoff{Facility: alextest.FacilityA, Resource: alex.Media, ID: id, Body: []byte(`{"resourceType":"Media",
		"identifier":[{"system":"` + alex.System + `","value":"` + id + `"}],"status":"completed",
		"subject":{"reference":"` + r.base + `/FHIR/Patient/` + alextest.PatientA + `"},"content":{"contentType":"image/jpeg","data":"/9j/"}}`)}
}

func TestALaunchNamesItsPatient(t *testing.T) {
	r := start(t)
	launcher := alex.NewLauncher(r.client)
	got, err := launcher.Decode(t.Context(), r.launch(alextest.FacilityA, alextest.PatientA, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	p := got.Patient
	if p.Name.Reveal() != "Aroha Testperson" || p.NHI.Reveal() != "ZZZ0016" || p.BirthDate.Reveal() != "1979-05-17" ||
		p.Sex.Reveal() != "female" || p.Source != app.SourceMedtech {
		t.Errorf("another patient")
	}
	if got.Record.Facility != alextest.FacilityA || got.Record.Provider != alextest.Provider ||
		got.Record.Patient.Reveal() != r.base+"/FHIR/Patient/"+alextest.PatientA {
		t.Errorf("record %+v", got.Record)
	}
	if n := r.alex.Tokens(); n != 1 {
		t.Errorf("%d tokens", n)
	}
	nobody, err := launcher.Decode(t.Context(), r.launch(alextest.FacilityA, "", time.Now()))
	if err != nil || !nobody.Patient.IsZero() || !nobody.Record.IsZero() {
		t.Errorf("no patient open: %v", err)
	}
	official, err := launcher.Decode(t.Context(), r.launch(alextest.FacilityB, alextest.PatientB, time.Now()))
	if err != nil || official.Patient.Name.Reveal() != "Wiremu Tane Testperson" {
		t.Errorf("of two names: %v", err)
	}
}

func TestLaunchesThatAreRefused(t *testing.T) {
	r := start(t)
	launcher := alex.NewLauncher(r.client)
	used := r.launch(alextest.FacilityA, alextest.PatientA, time.Now())
	if _, err := launcher.Decode(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	forged := r.launch(alextest.FacilityA, alextest.PatientA, time.Now())
	forged.Signature = r.launch(alextest.FacilityA, alextest.PatientA, time.Now()).Signature
	for name, c := range map[string]struct {
		launch app.Launch
		code   string
		kind   app.Kind
	}{
		"replayed":           {used, alex.CodeReplayed, app.KindConflict},
		"stale":              {r.launch(alextest.FacilityA, alextest.PatientA, time.Now().Add(-app.MaxLaunchAge-time.Second)), alex.CodeExpired, app.KindExpired},
		"of tomorrow":        {r.launch(alextest.FacilityA, alextest.PatientA, time.Now().Add(24*time.Hour)), alex.CodeExpired, app.KindExpired},
		"forged":             {forged, alex.CodeMalformed, app.KindCorrupt},
		"of another patient": {r.launch(alextest.FacilityA, alextest.PatientB, time.Now()), alex.CodeRule, app.KindConflict},
	} {
		if got, err := launcher.Decode(t.Context(), c.launch); app.CodeOf(err) != c.code || app.KindOf(err) != c.kind || !got.Patient.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The client itself refuses a replay too: it may serve many workstations.
	if _, err := r.client.Open(t.Context(), used, "another attempt"); app.CodeOf(err) != alex.CodeReplayed {
		t.Errorf("replayed through another workstation: %v", err)
	}
	if _, err := r.client.OpenFor(t.Context(), r.launch(alextest.FacilityB, alextest.PatientB, time.Now()), "a", []string{alextest.FacilityA}); app.CodeOf(err) != alex.CodeFacility {
		t.Errorf("of another practice: %v", err)
	}
	if n := r.alex.Asked("GET /Patient/" + alextest.PatientB); n != 1 { // "of another patient", who is not of that facility
		t.Errorf("a foreign patient was asked for %d times", n)
	}
}

// Every status is one word, and says whether the resource may be there.
func TestEveryStatusIsAWord(t *testing.T) {
	for status, c := range map[int]struct {
		code    string
		kind    app.Kind
		unknown bool
	}{
		400: {alex.CodeRule, app.KindConflict, false},
		403: {alex.CodeForbidden, app.KindAuth, false},
		404: {alex.CodeRule, app.KindConflict, false},
		409: {alex.CodeRule, app.KindConflict, false},
		413: {alex.CodeTooLarge, app.KindTooLarge, false},
		422: {alex.CodeRule, app.KindConflict, false},
		429: {alex.CodeBusy, app.KindOffline, false},
		500: {alex.CodeUnknown, app.KindOffline, true},
		502: {alex.CodeUnknown, app.KindOffline, true},
		503: {alex.CodeAsleep, app.KindOffline, false},
		504: {alex.CodeUnknown, app.KindOffline, true},
		302: {alex.CodeUnknown, app.KindOffline, true},
	} {
		r := start(t)
		r.alex.Answer(alextest.FacilityA, status)
		_, err := r.client.Deliver(t.Context(), r.handoff("id-1"))
		if app.CodeOf(err) != c.code || app.KindOf(err) != c.kind || alex.IsUnknown(err) != c.unknown {
			t.Errorf("%d: %v, unknown %v", status, err, alex.IsUnknown(err))
		}
		if n := len(r.kept()); n != 0 {
			t.Errorf("%d: %d kept", status, n)
		}
		r.alex.Answer(alextest.FacilityA, 0)
		if got, err := r.client.Deliver(t.Context(), r.handoff("id-1")); err != nil || got.Place == alex.Media {
			t.Errorf("mended after %d: %+v, %v", status, got, err)
		}
	}
}

func TestATokenIsRenewedOnce(t *testing.T) {
	r := start(t)
	for range 3 {
		if _, err := r.client.Deliver(t.Context(), r.handoff("id-1")); err != nil {
			t.Fatal(err)
		}
		r.alex.DropTokens()
	}
	if n := r.alex.Tokens(); n != 3 {
		t.Errorf("%d tokens for two that ran out", n)
	}
	refused := start(t, func(c *alex.Config) { c.ClientSecret = app.Seal("wrong") })
	if _, err := refused.client.Deliver(t.Context(), refused.handoff("id-1")); app.CodeOf(err) != alex.CodeToken || app.KindOf(err) != app.KindAuth {
		t.Errorf("refused: %v", err)
	}
	if n := refused.alex.Asked("POST /token"); n > 2 { // the library probes nothing; a second try is one
		t.Errorf("asked %d times with a wrong secret", n)
	}
}

func TestAnAddressThatIsNotAdmitted(t *testing.T) {
	// Nothing listens: no connection, so certainly nothing was sent.
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	r := start(t, func(c *alex.Config) { c.Base = closed.URL + "/FHIR" })
	if _, err := r.client.Deliver(t.Context(), r.handoff("id-1")); app.CodeOf(err) != alex.CodeUnreachable || alex.IsUnknown(err) {
		t.Errorf("no connection: %v", err)
	}
	// A connection and no answer: for a POST nobody can tell.
	r = start(t, func(c *alex.Config) { c.Timeout = 200 * time.Millisecond })
	if err := r.client.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.alex.Hang(true)
	if _, err := r.client.Deliver(t.Context(), r.handoff("id-1")); app.CodeOf(err) != alex.CodeUnknown || !alex.IsUnknown(err) {
		t.Errorf("no answer: %v", err)
	}
	if _, err := r.client.Open(t.Context(), r.launch(alextest.FacilityA, alextest.PatientA, time.Now()), "a"); app.CodeOf(err) != alex.CodeUnreachable || alex.IsUnknown(err) {
		t.Errorf("a launch: %v", err)
	}
}

// What came to no known end is looked for, and sent again only when it is
// certain that it is not there and will not come.
func TestAnUnknownOutcome(t *testing.T) {
	r := start(t)
	again := func(id string, quiet, unknown time.Duration) alex.Handoff {
		h := r.handoff(id)
		h.Again, h.Unsure, h.Quiet, h.Unknown = true, true, quiet, unknown
		return h
	}
	r.alex.Misbehave(alextest.Faults{DropAfter: 1})
	if _, err := r.client.Deliver(t.Context(), r.handoff("kept")); !alex.IsUnknown(err) {
		t.Fatalf("an answer that was lost: %v", err)
	}
	r.alex.Misbehave(alextest.Faults{DropBefore: 1})
	if _, err := r.client.Deliver(t.Context(), r.handoff("dropped")); !alex.IsUnknown(err) {
		t.Fatalf("a connection that ended: %v", err)
	}
	r.alex.Misbehave(alextest.Faults{})
	if got, err := r.client.Deliver(t.Context(), again("kept", 0, 0)); err != nil || got.Unconfirmed || got.Place == alex.Media {
		t.Errorf("kept: %+v, %v", got, err)
	}
	if _, err := r.client.Deliver(t.Context(), again("dropped", 59*time.Second, time.Minute)); !alex.IsUnknown(err) {
		t.Errorf("dropped, too soon: %v", err)
	}
	if got, err := r.client.Deliver(t.Context(), again("dropped", time.Minute, time.Minute)); err != nil || got.Place == "" {
		t.Errorf("dropped: %+v, %v", got, err)
	}
	if n := len(r.kept()); n != 2 {
		t.Errorf("%d kept", n)
	}

	// A search that is refused settles nothing; one without an answer may, later.
	r.alex.RefuseSearches(true)
	if got, err := r.client.Deliver(t.Context(), again("kept", time.Hour, time.Second)); err != nil || !got.Unconfirmed {
		t.Errorf("searches refused: %+v, %v", got, err)
	}
	r.alex.RefuseSearches(false)
	r.alex.Answer(alextest.FacilityA, 503)
	if _, err := r.client.Deliver(t.Context(), again("kept", time.Hour, 9*time.Minute)); !alex.IsUnknown(err) {
		t.Errorf("asleep: %v", err)
	}
	if got, err := r.client.Deliver(t.Context(), again("kept", time.Hour, 10*time.Minute)); err != nil || !got.Unconfirmed {
		t.Errorf("asleep for too long: %+v, %v", got, err)
	}
	if n := len(r.kept()); n != 2 {
		t.Errorf("%d kept after all", n)
	}
}

func TestAFacilityThatSleepsIsLeftAlone(t *testing.T) {
	now := time.Now()
	r := start(t, func(c *alex.Config) { c.Now = func() time.Time { return now } })
	r.alex.Answer(alextest.FacilityA, 503)
	for range 10 {
		if _, err := r.client.Deliver(t.Context(), r.handoff("id-1")); app.CodeOf(err) != alex.CodeAsleep {
			t.Fatal(err)
		}
	}
	if n := r.alex.Asked("POST /Media"); n != 3 {
		t.Errorf("asked %d times", n)
	}
	other := r.handoff("id-2")
	other.Facility = alextest.FacilityB // another patient's: refused by rule, but asked
	if _, err := r.client.Deliver(t.Context(), other); app.CodeOf(err) != alex.CodeRule {
		t.Errorf("another facility: %v", err)
	}
	now = now.Add(alex.DefaultRest)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.client.Deliver(canceled, r.handoff("id-1")); app.KindOf(err) != app.KindCanceled {
		t.Errorf("our own stop: %v", err)
	}
	r.alex.Answer(alextest.FacilityA, 0)
	if _, err := r.client.Deliver(t.Context(), r.handoff("id-1")); err != nil {
		t.Errorf("awake again: %v", err)
	}
}

// Nothing that an error says names a patient, a facility's launch or a secret.
func TestErrorsSayNothingOfAPatient(t *testing.T) {
	r := start(t)
	l := r.launch(alextest.FacilityA, alextest.PatientB, time.Now())
	_, err := r.client.Open(t.Context(), l, "a")
	var e *app.Error
	if err == nil || !errors.As(err, &e) {
		t.Fatal(err)
	}
	for _, secret := range []string{alextest.PatientB, l.Context.Reveal(), alextest.ClientSecret, "127.0.0.1"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q is in %q", secret, err)
		}
	}
}
