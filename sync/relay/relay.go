// Package relay lets workstations reach Medtech's ALEX without the vendor's
// credential, which stays here. Each workstation's key is bound to one
// practice and its facilities and can decode, read and deliver for nothing
// else. Correct without any memory of its own: what was handed over is looked
// up at ALEX, and what is kept in Redis only saves look-ups. So any number of
// copies may run, and each may be killed at any moment.
package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/alex"
)

// Record is ALEX as a relay uses it.
type Record interface {
	OpenFor(ctx context.Context, l app.Launch, attempt string, facilities []string) (app.Launched, error)
	Patient(ctx context.Context, facility, id, provider string) (app.Launched, error)
	Deliver(ctx context.Context, h alex.Handoff) (alex.Outcome, error)
	Lookup(ctx context.Context, facility, resource, id string) (alex.Outcome, error)
	Warm(ctx context.Context) error // a token is there, or was to be had
}

// Cache is what a relay remembers for one practice, in Redis. Errors cost a
// look-up.
type Cache interface {
	// Claim keeps value under a free name and returns what is kept.
	Claim(ctx context.Context, name, value string, life time.Duration) (string, error)
	Recall(ctx context.Context, name string) (string, error)
}

// Config is what a relay is made of; every field but Now and ReadAgain is
// required.
type Config struct {
	Record   Record
	Base     string // ALEX's, that references must begin with
	KeysFile string // of a Book
	Cache    func(app.Practice) Cache
	Log      *slog.Logger
	Now      func() time.Time
}

const (
	maxAsk      = 64 << 10
	maxResource = 11 << 20 // base64 of 8 MB, and what is around it
	maxHandoff  = 4 << 10

	atOnce      = 64        // deliveries at once
	bytesAtOnce = 256 << 20 // that they hold together
	callFor     = 65 * time.Second
	outcomeLife = 24 * time.Hour

	perSecond, burst = 20, 100 // calls of one key
)

// Relay is the http.Handler of everything below alex.RelayPath.
type Relay struct {
	cfg   Config
	mux   *http.ServeMux
	keys  *keys
	calls *semaphore.Weighted
	bytes *semaphore.Weighted
	rates rates
}

// New builds the handler. A file of keys that cannot be read is an error now;
// later it lets nobody in until it can.
func New(c Config) (*Relay, error) {
	if c.Record == nil || c.Cache == nil || c.Log == nil || c.Base == "" || c.KeysFile == "" {
		return nil, app.E("build relay", app.KindBug, errors.New("Record, Base, KeysFile, Cache and Log are required"))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if _, err := ReadBook(c.KeysFile); err != nil {
		return nil, err
	}
	r := &Relay{cfg: c, mux: http.NewServeMux(), keys: &keys{path: c.KeysFile, now: c.Now},
		calls: semaphore.NewWeighted(atOnce), bytes: semaphore.NewWeighted(bytesAtOnce),
		rates: rates{by: map[string]*rate.Limiter{}}}
	for name, call := range map[string]call{"launch": r.launch, "patient": r.patient, "deliver": r.deliver, "status": r.status, "check": r.check} {
		r.mux.Handle("POST "+alex.RelayPath+name, r.bound(name, call))
	}
	return r, nil
}

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

// call is one call of a workstation that is known: an answer, or an error of
// package alex. note is the audit line to be.
type call func(ctx context.Context, b Binding, q *http.Request, note *note) (any, error)

// note is what the audit line says; nothing of a patient.
type note struct {
	facility, resource, delivery string
	bytes                        int
	asked                        bool // ALEX was asked to take it
	outcome                      string
}

// bound admits a workstation's call and writes its answer and its audit line.
func (r *Relay) bound(name string, do call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		began := r.cfg.Now()
		out := http.NewResponseController(w)
		_ = out.SetReadDeadline(time.Now().Add(callFor)) // the server's own are for phones
		_ = out.SetWriteDeadline(time.Now().Add(callFor + 10*time.Second))
		var n note
		var b Binding
		body, err := func() (any, error) {
			key, bearer := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
			var known bool
			var err error
			b, known, err = r.keys.binding(key)
			switch {
			case err != nil:
				r.cfg.Log.Error("the relay's keys cannot be read", "kind", string(app.KindOf(err)))
				return nil, alex.Fault("admit", alex.CodeBusy, nil)
			case !bearer || !known:
				return nil, alex.Fault("admit", alex.CodeKey, nil)
			case !r.rates.allow(b.Key):
				return nil, alex.Fault("admit", alex.CodeBusy, nil)
			}
			// What was begun at ALEX is brought to its end although the
			// workstation has left: the next look at it is cheaper.
			ctx, cancel := context.WithTimeout(alex.WithCorrelation(context.WithoutCancel(q.Context()), correlationOf(q)), callFor)
			defer cancel()
			return do(ctx, b, q, &n)
		}()
		status := http.StatusOK
		if err != nil {
			n.outcome = app.CodeOf(err)
			status, body = alex.StatusOf(n.outcome), alex.Refusal{Code: n.outcome, Unknown: alex.IsUnknown(err), Looked: alex.IsLooked(err),
				Absent: n.asked && !alex.IsUnknown(err)}
		}
		r.cfg.Log.Info("record", "call", name, "practice", string(b.Practice), "key", b.Key, "facility", n.facility, "resource", n.resource,
			"delivery", n.delivery, "bytes", n.bytes, "outcome", n.outcome, "correlation", correlationOf(q), "ms", r.cfg.Now().Sub(began).Milliseconds())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	})
}

var correlationForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func correlationOf(q *http.Request) string {
	if id := q.Header.Get(alex.CorrelationID); correlationForm.MatchString(id) {
		return id
	}
	return ""
}

// read reads a small JSON body.
func read(q *http.Request, into any) error {
	text, err := io.ReadAll(io.LimitReader(q.Body, maxAsk+1))
	if err != nil || len(text) > maxAsk || json.Unmarshal(text, into) != nil {
		return alex.Fault("read a call", alex.CodeMalformed, nil)
	}
	return nil
}

func (r *Relay) launch(ctx context.Context, b Binding, q *http.Request, n *note) (any, error) {
	var ask alex.LaunchAsk
	if err := read(q, &ask); err != nil {
		return nil, err
	}
	l, err := app.NewLaunch(ask.Context, ask.Signature)
	if err != nil || !correlationForm.MatchString(ask.Attempt) {
		return nil, alex.Fault("read a launch", alex.CodeMalformed, nil)
	}
	// Another copy of the relay may have decoded it. Without Redis this copy's
	// own memory, and the five minutes, are what is left.
	sum := sha256.Sum256([]byte(ask.Context + "\x00" + ask.Signature))
	claimed, err := r.cfg.Cache(b.Practice).Claim(ctx, "launch:"+hex.EncodeToString(sum[:]), ask.Attempt, 2*app.MaxLaunchAge)
	if err == nil && claimed != ask.Attempt {
		return nil, alex.Fault("decode a launch", alex.CodeReplayed, nil)
	}
	got, err := r.cfg.Record.OpenFor(ctx, l, ask.Attempt, b.Facilities)
	if err != nil {
		return nil, err
	}
	n.facility, n.outcome = got.Record.Facility, "decoded"
	if got.Patient.IsZero() {
		n.outcome = "no-patient"
	}
	return alex.AnswerOf(got), nil
}

// check tells a key what it reaches, for whoever sets a workstation up.
func (r *Relay) check(ctx context.Context, b Binding, _ *http.Request, n *note) (any, error) {
	if err := r.cfg.Record.Warm(ctx); err != nil {
		return nil, err
	}
	n.outcome = "checked"
	return alex.CheckAnswer{Practice: b.Practice, Facilities: b.Facilities}, nil
}

func (r *Relay) patient(ctx context.Context, b Binding, q *http.Request, n *note) (any, error) {
	var ask alex.PatientAsk
	if err := read(q, &ask); err != nil {
		return nil, err
	}
	if err := reaches(b, ask.Facility, n); err != nil {
		return nil, err
	}
	if !facilityForm.MatchString(ask.Patient) {
		return nil, alex.Fault("read a patient", alex.CodeMalformed, nil)
	}
	got, err := r.cfg.Record.Patient(ctx, ask.Facility, ask.Patient, "")
	if err != nil {
		return nil, err
	}
	n.outcome = "read"
	return alex.AnswerOf(got), nil
}

// reaches refuses a facility that the key is not bound to, before anything is
// asked about it.
func reaches(b Binding, facility string, n *note) error {
	if !slices.Contains(b.Facilities, facility) {
		return alex.Fault("admit", alex.CodeFacility, nil)
	}
	n.facility = facility
	return nil
}

var deliveryForm = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{26}-[1-9][0-9]{0,3}$`)

func checkDelivery(resource, id string, n *note) error {
	if resource != alex.DocumentReference && resource != alex.Media || !deliveryForm.MatchString(id) {
		return alex.Fault("read a delivery", alex.CodeMalformed, nil)
	}
	n.resource, n.delivery = resource, id
	return nil
}

func (r *Relay) status(ctx context.Context, b Binding, q *http.Request, n *note) (any, error) {
	var ask alex.StatusAsk
	if err := read(q, &ask); err != nil {
		return nil, err
	}
	if err := errors.Join(reaches(b, ask.Facility, n), checkDelivery(ask.Resource, ask.ID, n)); err != nil {
		return nil, err
	}
	if place := r.recall(ctx, b, ask.ID); strings.HasPrefix(place, ask.Resource) {
		n.outcome = "remembered"
		return alex.Outcome{Place: place}, nil
	}
	out, err := r.cfg.Record.Lookup(ctx, ask.Facility, ask.Resource, ask.ID)
	if err == nil {
		n.outcome = "found"
	}
	return out, err
}

func (r *Relay) recall(ctx context.Context, b Binding, id string) string {
	place, err := r.cfg.Cache(b.Practice).Recall(ctx, "delivery:"+id)
	if err != nil {
		return ""
	}
	return place
}

func (r *Relay) deliver(ctx context.Context, b Binding, q *http.Request, n *note) (any, error) {
	const op = "relay a delivery"
	var h alex.Handoff
	head := q.Header.Get(alex.HandoffHeader)
	if len(head) > maxHandoff || json.Unmarshal([]byte(head), &h) != nil {
		return nil, alex.Fault(op, alex.CodeMalformed, nil)
	}
	if err := errors.Join(reaches(b, h.Facility, n), checkDelivery(h.Resource, h.ID, n)); err != nil {
		return nil, err
	}
	if q.ContentLength < 0 || q.ContentLength > maxResource {
		return nil, alex.Fault(op, alex.CodeTooLarge, nil)
	}
	// A place within the call's own time, or none: a request that waited long
	// must not arrive at ALEX after its workstation has begun to count.
	if r.calls.Acquire(ctx, 1) != nil {
		return nil, alex.Fault(op, alex.CodeBusy, nil)
	}
	defer r.calls.Release(1)
	if r.bytes.Acquire(ctx, q.ContentLength) != nil {
		return nil, alex.Fault(op, alex.CodeBusy, nil)
	}
	defer r.bytes.Release(q.ContentLength)
	var err error
	h.Body = make([]byte, q.ContentLength)
	if _, err = io.ReadFull(q.Body, h.Body); err != nil { // the workstation has left before it said everything
		return nil, alex.Fault(op, alex.CodeBusy, nil)
	}
	n.bytes = len(h.Body)
	if err := r.consistent(h); err != nil {
		return nil, err
	}
	if place := r.recall(ctx, b, h.ID); strings.HasPrefix(place, h.Resource) {
		n.outcome = "remembered"
		return alex.Outcome{Place: place}, nil
	}
	n.asked = true
	out, err := r.cfg.Record.Deliver(ctx, h)
	if err != nil {
		return nil, err
	}
	if n.outcome = "filed"; out.Unconfirmed {
		n.outcome = "unconfirmed"
		return out, nil
	}
	if _, err := r.cfg.Cache(b.Practice).Claim(ctx, "delivery:"+h.ID, out.Place, outcomeLife); err != nil {
		r.cfg.Log.Warn("an outcome was not remembered", "kind", string(app.KindOf(err)))
	}
	return out, nil
}

// consistent refuses a resource that is not what its Handoff says: its
// identifier is what a later look-up goes by.
func (r *Relay) consistent(h alex.Handoff) error {
	var head struct {
		ResourceType string
		Identifier   []struct{ System, Value string }
		Subject      struct{ Reference string }
	}
	if json.Unmarshal(h.Body, &head) != nil || head.ResourceType != h.Resource || len(head.Identifier) != 1 ||
		head.Identifier[0].System != alex.System || head.Identifier[0].Value != h.ID ||
		!strings.HasPrefix(head.Subject.Reference, strings.TrimRight(r.cfg.Base, "/")+"/Patient/") {
		return alex.Fault("relay a delivery", alex.CodeMalformed, nil)
	}
	return nil
}
