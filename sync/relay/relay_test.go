package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	_ "github.com/clinicpro-nz/images/app/config" // the programs' zones
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
	"github.com/clinicpro-nz/images/sync/relay"
)

// memory is a Cache that can be emptied, or down.
type memory struct {
	mu   sync.Mutex
	kept map[string]string
	down bool
}

func (m *memory) of(p app.Practice) relay.Cache { return practiceMemory{m, string(p) + "|"} }

type practiceMemory struct {
	m      *memory
	prefix string
}

func (p practiceMemory) Claim(_ context.Context, name, value string, _ time.Duration) (string, error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.down {
		return "", app.E("claim", app.KindOffline, nil)
	}
	if was, ok := p.m.kept[p.prefix+name]; ok {
		return was, nil
	}
	p.m.kept[p.prefix+name] = value
	return value, nil
}

func (p practiceMemory) Recall(_ context.Context, name string) (string, error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.down {
		return "", app.E("recall", app.KindOffline, nil)
	}
	return p.m.kept[p.prefix+name], nil
}

const (
	practiceA = app.Practice("practice-a")
	practiceB = app.Practice("practice-b")
)

// rig is a relay before a stand-in, with a workstation of each practice.
type rig struct {
	t      *testing.T
	alex   *alextest.ALEX
	dir    string
	base   string // ALEX's
	relay  string // origin
	file   string
	memory *memory
	log    *bytes.Buffer
	a, b   *alex.Remote
	keyA   relay.Key
	secret app.Sealed
	now    func() time.Time
}

func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), file: filepath.Join(t.TempDir(), "relay.json"), memory: &memory{kept: map[string]string{}}, log: &bytes.Buffer{}}
	var err error
	if r.alex, err = alextest.New(alextest.Options{Dir: r.dir}); err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(r.alex)
	t.Cleanup(upstream.Close)
	r.base = upstream.URL + "/FHIR"
	client, err := alex.New(alex.Config{Base: r.base, TokenURL: upstream.URL + "/token", ClientID: alextest.ClientID, ClientSecret: app.Seal(alextest.ClientSecret)})
	if err != nil {
		t.Fatal(err)
	}
	var book relay.Book
	secretA, keyA, err := book.Add(practiceA, []string{alextest.FacilityA}, "front desk", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secretB, _, err := book.Add(practiceB, []string{alextest.FacilityB}, "room 2", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.keyA, r.secret = keyA, secretA
	if err := book.Write(r.file); err != nil {
		t.Fatal(err)
	}
	var clock sync.Mutex
	passed := time.Duration(0)
	r.now = func() time.Time { clock.Lock(); defer clock.Unlock(); return time.Now().Add(passed) }
	handler, err := relay.New(relay.Config{Record: client, Base: r.base, KeysFile: r.file, Cache: r.memory.of,
		Log: slog.New(slog.NewJSONHandler(r.log, nil)), Now: func() time.Time { return r.now() }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	r.relay = server.URL
	if r.a, err = alex.NewRemote(server.URL, secretA); err != nil {
		t.Fatal(err)
	}
	if r.b, err = alex.NewRemote(server.URL, secretB); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) click(facility, patient string) app.Launch {
	r.t.Helper()
	l, err := app.NewLaunch(alextest.Click(facility, patient, time.Now()))
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

func (r *rig) handoff(facility, patient, id string) alex.Handoff {
	return alex.Handoff{Facility: facility, Resource: alex.Media, ID: id, Body: []byte(`{"resourceType":"Media",
		"identifier":[{"system":"` + alex.System + `","value":"` + id + `"}],"status":"completed",
		"subject":{"reference":"` + r.base + `/Patient/` + patient + `"},"content":{"contentType":"image/jpeg","data":"/9j/"}}`)}
}

func (r *rig) kept() []alextest.Kept {
	r.t.Helper()
	kept, err := alextest.Read(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return kept
}

func newID() string { return string(app.NewSessionID()) + "-1" }

func TestAWorkstationReachesItsRecord(t *testing.T) {
	r := start(t)
	got, err := alex.NewLauncher(r.a).Decode(t.Context(), r.click(alextest.FacilityA, alextest.PatientA))
	if err != nil || got.Patient.NHI.Reveal() != "ZZZ0016" || got.Patient.Source != app.SourceMedtech || got.Record.Facility != alextest.FacilityA {
		t.Fatalf("%+v, %v", got.Record, err)
	}
	if none, err := alex.NewLauncher(r.a).Decode(t.Context(), r.click(alextest.FacilityA, "")); err != nil || !none.Patient.IsZero() {
		t.Fatalf("no patient open: %v", err)
	}
	h := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	first, err := r.a.Deliver(t.Context(), h)
	if err != nil || !strings.HasPrefix(first.Place, "Media/") {
		t.Fatalf("%+v, %v", first, err)
	}
	for range 2 { // the outcome is remembered, and where Redis was emptied it is looked up
		h.Again = true
		if again, err := r.a.Deliver(t.Context(), h); err != nil || again != first {
			t.Fatalf("%+v, %v", again, err)
		}
		if found, err := r.a.Lookup(t.Context(), h.Facility, h.Resource, h.ID); err != nil || found != first {
			t.Fatalf("looked up %+v, %v", found, err)
		}
		clear(r.memory.kept)
	}
	r.memory.down = true
	if again, err := r.a.Deliver(t.Context(), h); err != nil || again != first {
		t.Fatalf("without Redis: %+v, %v", again, err)
	}
	if n := len(r.kept()); n != 1 {
		t.Fatalf("%d kept", n)
	}
	if _, err := r.a.Lookup(t.Context(), h.Facility, h.Resource, newID()); app.CodeOf(err) != alex.CodeNotThere || app.KindOf(err) != app.KindNotFound {
		t.Errorf("what was never sent: %v", err)
	}
	// The audit line says who did what, and nothing of whom it was about.
	said := r.log.String()
	for _, want := range []string{`"practice":"practice-a"`, `"key":"` + r.keyA.ID + `"`, h.ID, `"outcome":"filed"`, `"outcome":"decoded"`, `"correlation":"`} {
		if !strings.Contains(said, want) {
			t.Errorf("no %s in the audit lines", want)
		}
	}
	for _, never := range []string{alextest.PatientA, "Testperson", "ZZZ0016", "1979", alextest.ClientSecret, r.secret.Reveal()} {
		if strings.Contains(said, never) {
			t.Errorf("%q is in the audit lines", never)
		}
	}
}

// The credential wall: what a key of one practice must not reach.
func TestTheWallBetweenPractices(t *testing.T) {
	r := start(t)
	mine := r.handoff(alextest.FacilityB, alextest.PatientB, newID())
	if _, err := r.b.Deliver(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	read := func(key, facility, patient string) int {
		text, err := json.Marshal(alex.PatientAsk{Facility: facility, Patient: patient})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.relay+alex.RelayPath+"patient", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	stolen, err := alex.NewRemote(r.relay, app.Seal("cpr_aaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAA"))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(who *alex.Remote, l app.Launch) error {
		got, err := alex.NewLauncher(who).Decode(t.Context(), l)
		if err == nil && got.Patient.IsZero() {
			t.Error("a refusal reads as no patient")
		}
		return err
	}
	deliver := func(who *alex.Remote, h alex.Handoff) error {
		_, err := who.Deliver(t.Context(), h)
		return err
	}
	lookup := func(who *alex.Remote, facility, id string) error {
		_, err := who.Lookup(t.Context(), facility, alex.Media, id)
		return err
	}
	mislabelled := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	mislabelled.ID = newID()
	elsewhere := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	elsewhere.Body = bytes.ReplaceAll(elsewhere.Body, []byte(r.base), []byte("https://alex.other.example/FHIR"))
	patient := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	patient.Resource = "Patient"
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"decode for B":                      {decode(r.a, r.click(alextest.FacilityB, alextest.PatientB)), alex.CodeFacility},
		"deliver for B":                     {deliver(r.a, r.handoff(alextest.FacilityB, alextest.PatientB, newID())), alex.CodeFacility},
		"deliver to B's patient through A":  {deliver(r.a, r.handoff(alextest.FacilityA, alextest.PatientB, newID())), alex.CodeRule},
		"look B's delivery up":              {lookup(r.a, alextest.FacilityB, mine.ID), alex.CodeFacility},
		"look B's delivery up as A's":       {lookup(r.a, alextest.FacilityA, mine.ID), alex.CodeNotThere},
		"A's launch with B's key":           {decode(r.b, r.click(alextest.FacilityA, alextest.PatientA)), alex.CodeFacility},
		"decode with a key that is none":    {decode(stolen, r.click(alextest.FacilityA, alextest.PatientA)), alex.CodeKey},
		"deliver with a key that is none":   {deliver(stolen, r.handoff(alextest.FacilityA, alextest.PatientA, newID())), alex.CodeKey},
		"look up with a key that is none":   {lookup(stolen, alextest.FacilityA, mine.ID), alex.CodeKey},
		"a resource under another name":     {deliver(r.a, mislabelled), alex.CodeMalformed},
		"a reference to another server":     {deliver(r.a, elsewhere), alex.CodeMalformed},
		"another kind of resource":          {deliver(r.a, patient), alex.CodeMalformed},
		"a facility that would split heads": {deliver(r.a, alex.Handoff{Facility: "F2N060-E\r\nx: y", Resource: alex.Media, ID: newID()}), alex.CodeFacility},
	} {
		if app.CodeOf(c.err) != c.code || alex.IsUnknown(c.err) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	for name, got := range map[string]int{
		"read B's patient":             read(r.secret.Reveal(), alextest.FacilityB, alextest.PatientB),
		"read B's patient as A's":      read(r.secret.Reveal(), alextest.FacilityA, alextest.PatientB),
		"read without a key":           read("", alextest.FacilityA, alextest.PatientA),
		"read with half a key":         read(r.secret.Reveal()[:20], alextest.FacilityA, alextest.PatientA),
		"read by the key's hash":       read(string(r.keyA.SHA256), alextest.FacilityA, alextest.PatientA),
		"read by a path for a patient": read(r.secret.Reveal(), alextest.FacilityA, "../Patient/"+alextest.PatientA),
	} {
		if got/100 != 4 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := read(r.secret.Reveal(), alextest.FacilityA, alextest.PatientA); got != 200 {
		t.Errorf("its own patient: %d", got)
	}
	if n := len(r.kept()); n != 1 {
		t.Errorf("%d kept", n)
	}
}

func TestAStolenKeyStopsWithinAMinute(t *testing.T) {
	r := start(t)
	h := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	if _, err := r.a.Deliver(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	book, err := relay.ReadBook(r.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Revoke(r.keyA.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := book.Write(r.file); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(59 * time.Second)
	r.now = func() time.Time { return later }
	if _, err := r.a.Deliver(t.Context(), h); app.CodeOf(err) != alex.CodeKey {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := alex.NewLauncher(r.a).Decode(t.Context(), r.click(alextest.FacilityA, alextest.PatientA)); app.KindOf(err) != app.KindAuth {
		t.Errorf("a revoked key: %v", err)
	}
	if err := book.Revoke("nobody", time.Now()); app.KindOf(err) != app.KindNotFound {
		t.Errorf("a key that is none: %v", err)
	}
	// A file that cannot be read lets nobody in, and says "later".
	if err := os.WriteFile(r.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	later = later.Add(time.Minute)
	if _, err := r.b.Deliver(t.Context(), h); app.CodeOf(err) != alex.CodeBusy {
		t.Errorf("no file: %v", err)
	}
}

// Every fault of ALEX comes through the relay as the same word.
func TestFaultsComeThrough(t *testing.T) {
	r := start(t)
	for status, code := range map[int]string{400: alex.CodeRule, 403: alex.CodeForbidden, 413: alex.CodeTooLarge, 429: alex.CodeBusy,
		500: alex.CodeUnknown} {
		r.alex.Answer(alextest.FacilityA, status)
		_, err := r.a.Deliver(t.Context(), r.handoff(alextest.FacilityA, alextest.PatientA, newID()))
		if app.CodeOf(err) != code || alex.IsUnknown(err) != (code == alex.CodeUnknown) {
			t.Errorf("%d: %v", status, err)
		}
		r.alex.Answer(alextest.FacilityA, 0) // a sign of life: the breaker forgets
		if _, err := r.a.Deliver(t.Context(), r.handoff(alextest.FacilityA, alextest.PatientA, newID())); err != nil {
			t.Fatal(err)
		}
	}
	r.alex.Answer(alextest.FacilityA, 503)
	if _, err := r.a.Deliver(t.Context(), r.handoff(alextest.FacilityA, alextest.PatientA, newID())); app.CodeOf(err) != alex.CodeAsleep {
		t.Errorf("asleep: %v", err)
	}
	r.alex.Answer(alextest.FacilityA, 0)
	r.alex.RefuseSearches(true)
	h := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	h.Again, h.Unsure = true, true
	if got, err := r.a.Deliver(t.Context(), h); err != nil || !got.Unconfirmed {
		t.Errorf("not provable: %+v, %v", got, err)
	}
	// What only the relay says, or nobody, proves nothing of a try before.
	h.ID = "not a delivery"
	if _, err := r.a.Deliver(t.Context(), h); !alex.IsLooked(err) {
		t.Errorf("refused by the relay itself: %v", err)
	}
	gone, err := alex.NewRemote("http://"+apptest.FreeAddr(t), r.secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Deliver(t.Context(), h); !alex.IsLooked(err) || app.CodeOf(err) != alex.CodeUnreachable {
		t.Errorf("no relay: %v", err)
	}
	h.Unsure = false
	if _, err := gone.Deliver(t.Context(), h); alex.IsUnknown(err) {
		t.Errorf("no relay, and no try before: %v", err)
	}
	r.alex.RefuseSearches(false)
	r.alex.Answer(alextest.FacilityA, 0)
	refused := r.handoff(alextest.FacilityA, alextest.PatientB, newID()) // looked up, not there, and refused by rule
	refused.Again, refused.Unsure, refused.Quiet = true, true, time.Hour
	if _, err := r.a.Deliver(t.Context(), refused); alex.IsUnknown(err) || app.CodeOf(err) != alex.CodeRule {
		t.Errorf("proven absent, then refused: %v", err)
	}
	big := r.handoff(alextest.FacilityA, alextest.PatientA, newID())
	big.Body = make([]byte, 12<<20)
	if _, err := r.a.Deliver(t.Context(), big); app.CodeOf(err) != alex.CodeTooLarge {
		t.Errorf("12 MiB: %v", err)
	}
	// A page of somebody in between is no answer.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer other.Close()
	lost, err := alex.NewRemote(other.URL, r.secret) // what answers is no relay
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lost.Deliver(t.Context(), h); !alex.IsUnknown(err) {
		t.Errorf("a page: %v", err)
	}
	if _, err := lost.Open(t.Context(), r.click(alextest.FacilityA, alextest.PatientA), "a"); app.CodeOf(err) != alex.CodeUnreachable {
		t.Errorf("a page: %v", err)
	}
}

func TestALaunchIsDecodedOnceByAllCopies(t *testing.T) {
	r := start(t)
	l := r.click(alextest.FacilityA, alextest.PatientA)
	if _, err := r.a.Open(t.Context(), l, "first"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.a.Open(t.Context(), l, "first"); err != nil {
		t.Errorf("a lost answer, asked again: %v", err)
	}
	if _, err := r.a.Open(t.Context(), l, "second"); app.CodeOf(err) != alex.CodeReplayed {
		t.Errorf("a replay: %v", err)
	}
	// Another copy knows of it through Redis alone; without Redis this copy
	// still knows.
	other := r.click(alextest.FacilityA, alextest.PatientA)
	for name := range r.memory.kept {
		if strings.Contains(name, "launch:") && strings.Contains(name, other.Context.Reveal()) {
			t.Error("Redis holds a launch")
		}
	}
	clear(r.memory.kept)
	if _, err := r.a.Open(t.Context(), l, "third"); app.CodeOf(err) != alex.CodeReplayed {
		t.Errorf("a replay after Redis was emptied: %v", err)
	}
}
