// Package alextest is a stand-in for Medtech's ALEX, for tests only: it
// answers as docs/medtech.md says that ALEX does, keeps what it is sent in a
// folder, and can be told to misbehave in every way that is known. It proves
// nothing about ALEX itself.
package alextest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The one admission there is, and the facilities and patients behind it.
const (
	ClientID     = "clinicpro-vendor"
	ClientSecret = "vendor-secret-that-stays-here"
	FacilityA    = "F2N060-E"
	FacilityB    = "F99669-C"
	PatientA     = "14e52e16edb7a435bfa05e307afd008b" // of FacilityA: NHI ZZZ0016
	PatientB     = "b7a435bfa05e307afd008b14e52e16ed" // of FacilityB: NHI ZZZ0024
	Provider     = "provider-1"
)

// Limits of a body, as domain knowledge has them.
const (
	scanLimit  = 8_000_000 // of the attachments of a DocumentReference
	mediaLimit = 1_000_000 // of a Media's picture
	bodyLimit  = 12_000_000
)

// Faults are how often, of 1, an answer goes wrong; the draw is seeded.
type Faults struct {
	Seed       uint64
	Asleep     float64 // 503, the facility cannot be reached: nothing is kept
	DropBefore float64 // the connection ends before anything is kept
	DropAfter  float64 // it is kept, and the connection ends without an answer
	ErrorAfter float64 // it is kept, and the answer is 500
	Late       float64 // no answer, and it is kept only LateBy later
	LateBy     time.Duration
	Refuse     float64 // a search is refused with 403
	Blind      float64 // a search is answered 503, the facility cannot be reached
	Busy       float64 // 429
}

// Options are how a stand-in behaves from the start.
type Options struct {
	Dir       string        // what it is sent is kept here, and read again by the next
	Delay     time.Duration // of every answer: a round trip
	TokenLife time.Duration // 0: an hour
	Faults    Faults
	// RefuseOneIn: a search for one in so many identifiers is refused, always
	// the same ones; 0: none.
	RefuseOneIn uint32
}

// ALEX is the stand-in: an http.Handler. Its methods may be called while it
// serves.
type ALEX struct {
	opt Options
	mux *http.ServeMux

	mu      sync.Mutex
	draw    *mathrand.Rand
	tokens  map[string]time.Time
	answer  map[string]int // facility: the status of every answer; 0 as it should
	hang    bool           // our address is not admitted: nothing is answered
	refuse  bool           // searches are refused
	issued  int
	asked   map[string]int // method and resource: how often
	maxOpen int
	open    int
}

// New returns a stand-in that keeps what it is sent in opt.Dir.
func New(opt Options) (*ALEX, error) {
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, err
	}
	if opt.TokenLife == 0 {
		opt.TokenLife = time.Hour
	}
	a := &ALEX{opt: opt, mux: http.NewServeMux(), draw: mathrand.New(mathrand.NewPCG(opt.Faults.Seed, 7)),
		tokens: map[string]time.Time{}, answer: map[string]int{}, asked: map[string]int{}}
	a.mux.HandleFunc("POST /token", a.token)
	a.mux.HandleFunc("GET /vendorforms/api/getlaunchcontextstring/{context}/{signature}", a.admitted(a.launch))
	a.mux.HandleFunc("GET /FHIR/Patient/{id}", a.admitted(a.facility(a.patient)))
	for _, resource := range []string{"DocumentReference", "Media"} {
		a.mux.HandleFunc("POST /FHIR/"+resource, a.admitted(a.facility(a.create)))
		a.mux.HandleFunc("GET /FHIR/"+resource, a.admitted(a.facility(a.search)))
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *ALEX) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/FHIR")]++
	a.open++
	a.maxOpen = max(a.maxOpen, a.open)
	hang, delay := a.hang, a.opt.Delay
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.open--
		a.mu.Unlock()
	}()
	if hang {
		_, _ = io.Copy(io.Discard, r.Body) // the server sees that the caller has left only after that
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	time.Sleep(delay)
	a.mux.ServeHTTP(w, r)
}

// Answer makes every FHIR answer about a facility the status given; 0 mends it.
func (a *ALEX) Answer(facility string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer[facility] = status
}

// Hang makes it answer nothing, as for an address that is not admitted.
func (a *ALEX) Hang(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hang = on
}

// RefuseSearches makes every search a 403.
func (a *ALEX) RefuseSearches(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = on
}

// Misbehave replaces the faults.
func (a *ALEX) Misbehave(f Faults) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opt.Faults = f
}

// DropTokens makes every token that was issued a 401.
func (a *ALEX) DropTokens() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.tokens)
}

// Asked is how often something was asked: "POST /Media", "POST /token".
func (a *ALEX) Asked(what string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[what]
}

// Tokens is how many tokens were issued; MostAtOnce how many requests ran together.
func (a *ALEX) Tokens() int     { a.mu.Lock(); defer a.mu.Unlock(); return a.issued }
func (a *ALEX) MostAtOnce() int { a.mu.Lock(); defer a.mu.Unlock(); return a.maxOpen }

// signingKey signs launches, as only the record system can.
var signingKey = []byte("what only the record system knows")

// Click is a click on the toolbar icon in Evolution: the context and signature
// that the browser is opened with. patient "" is no patient open.
func Click(facility, patient string, created time.Time) (context, signature string) {
	said := map[string]any{"patientId": nil, "facilityCode": facility, "providerId": Provider,
		"createdTime": created.Format(time.RFC3339Nano), "nonce": rand.Text()}
	if patient != "" {
		said["patientId"] = patient
	}
	text, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	context = base64.RawURLEncoding.EncodeToString(text)
	return context, sign(context)
}

func sign(context string) string {
	mac := hmac.New(sha256.New, signingKey)
	mac.Write([]byte(context))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (a *ALEX) token(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials" ||
		r.PostForm.Get("client_id") != ClientID || r.PostForm.Get("client_secret") != ClientSecret {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"invalid_client"}`)
		return
	}
	token := rand.Text()
	a.mu.Lock()
	a.tokens[token] = time.Now().Add(a.opt.TokenLife)
	a.issued++
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%d,"access_token":%q}`, int(a.opt.TokenLife.Seconds()), token)
}

func (a *ALEX) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a.mu.Lock()
		until, known := a.tokens[token]
		a.mu.Unlock()
		switch {
		case !bearer || !known || time.Now().After(until):
			outcome(w, http.StatusUnauthorized, "login", "unauthorised")
		case r.Header.Get("Content-Type") != "application/fhir+json":
			outcome(w, http.StatusBadRequest, "invalid", "Content-Type must be application/fhir+json")
		default:
			next(w, r)
		}
	}
}

func (a *ALEX) launch(w http.ResponseWriter, r *http.Request) {
	context := r.PathValue("context")
	text, err := base64.RawURLEncoding.DecodeString(context)
	if err != nil || !hmac.Equal([]byte(sign(context)), []byte(r.PathValue("signature"))) {
		outcome(w, http.StatusBadRequest, "invalid", "the launch context cannot be read")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// facility checks whose practice is asked, and what it is to answer.
func (a *ALEX) facility(next func(w http.ResponseWriter, r *http.Request, facility string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		facility := r.Header.Get("mt-facilityid")
		a.mu.Lock()
		status := a.answer[facility]
		a.mu.Unlock()
		switch {
		case facility == "":
			outcome(w, http.StatusBadRequest, "required", "mt-facilityid is missing")
		case facility != FacilityA && facility != FacilityB:
			outcome(w, http.StatusForbidden, "forbidden", "no such facility for this vendor")
		case status == http.StatusServiceUnavailable || a.chance(func(f Faults) float64 { return f.Asleep }):
			outcome(w, http.StatusServiceUnavailable, "transient", "Cannot establish connection to the facility")
		case status != 0:
			outcome(w, status, "exception", "as told")
		default:
			next(w, r, facility)
		}
	}
}

func (a *ALEX) chance(of func(Faults) float64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := of(a.opt.Faults)
	return p > 0 && a.draw.Float64() < p
}

var patients = map[string]map[string]string{
	FacilityA: {PatientA: `{"resourceType":"Patient","id":"` + PatientA + `","active":true,
		"identifier":[{"system":"https://standards.digital.health.nz/ns/nhi-id","use":"official","value":"ZZZ0016"}],
		"name":[{"use":"official","family":"Testperson","given":["Aroha"]}],"gender":"female","birthDate":"1979-05-17"}`},
	FacilityB: {PatientB: `{"resourceType":"Patient","id":"` + PatientB + `","active":true,
		"identifier":[{"system":"https://standards.digital.health.nz/ns/nhi-id","use":"official","value":"ZZZ0024"}],
		"name":[{"use":"old","family":"Former"},{"use":"official","family":"Testperson","given":["Wiremu","Tane"]}],"gender":"male","birthDate":"1951-02-03"}`},
}

func (a *ALEX) patient(w http.ResponseWriter, r *http.Request, facility string) {
	p, ok := patients[facility][r.PathValue("id")]
	if !ok {
		outcome(w, http.StatusNotFound, "not-found", "no such patient here")
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	fmt.Fprint(w, p)
}

func outcome(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "application/fhir+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"resourceType": "OperationOutcome",
		"issue": []any{map[string]any{"severity": "error", "code": code, "diagnostics": words}}})
}

// Kept is one resource that arrived.
type Kept struct {
	Resource, ID, Facility, Identifier string
	Body                               json.RawMessage
}

// Read returns everything that is kept in a stand-in's folder, in no order.
func Read(dir string) ([]Kept, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var out []Kept
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var k Kept
		if err := json.Unmarshal(text, &k); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		out = append(out, k)
	}
	return out, nil
}

func (a *ALEX) keep(k Kept) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	name := filepath.Join(a.opt.Dir, k.ID+".json")
	if err := os.WriteFile(name+".tmp", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}
