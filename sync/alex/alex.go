// Package alex hands images over to Medtech Evolution through Medtech's ALEX,
// a FHIR R4 interface, and reads from it who a launch is about.
//
// A Client speaks to ALEX itself and holds the vendor's credential: it runs in
// the relay (sync/relay), or on a workstation of a practice that has an
// admission of its own. A Remote asks a relay instead, with a key that reaches
// one practice's facilities only. Both are a Record; a Sink files into either.
//
// What is filed there cannot be changed or deleted, so nothing may arrive
// twice. Each resource carries an identifier that stays the same however often
// it is tried. A first try is a POST. When that came to no known end (no
// answer, a server's error, a kill) the next try looks the identifier up
// first: found, it is filed; not found, it is sent again only after Settle has
// passed since the last try was over, because ALEX may still be at work on it;
// where the look-up is refused, or gives no answer for Patience, nothing is
// sent and the outcome is unconfirmed. Docs: decision 28.
package alex

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Record is a record system as sinks and launches use it. Calls may be
// concurrent and are bounded in time.
type Record interface {
	// Open decodes a launch and reads its patient. attempt is the same for
	// every try of one call: a lost answer is no replay.
	Open(ctx context.Context, l app.Launch, attempt string) (app.Launched, error)
	// Deliver hands one resource over; see the package comment. Errors are
	// *app.Coded with one of the Code constants; IsUnknown says of one whether
	// the resource may be there all the same.
	Deliver(ctx context.Context, h Handoff) (Outcome, error)
	// Lookup finds a resource by its identifier: KindNotFound when it is
	// certainly not there now.
	Lookup(ctx context.Context, facility, resource, id string) (Outcome, error)
}

// Handoff is one resource on its way.
type Handoff struct {
	Facility string        `json:"facility"`
	Resource string        `json:"resource"` // DocumentReference or Media
	ID       string        `json:"id"`       // its identifier's value
	Again    bool          `json:"again"`
	Unsure   bool          `json:"unsure"`
	Quiet    time.Duration `json:"quiet"` // as app.Delivery's
	Unknown  time.Duration `json:"unknown"`
	Body     []byte        `json:"-"` // the resource itself, FHIR JSON
}

// Outcome is what became of it.
type Outcome struct {
	Place       string `json:"place"` // "DocumentReference/123"
	Unconfirmed bool   `json:"unconfirmed"`
}

// The resources that images go into.
const (
	DocumentReference = "DocumentReference" // Inbox Scan: PDF or TIFF
	Media             = "Media"             // JPEG
)

// System is the namespace of our identifiers.
const System = "https://clinicpro.co.nz/fhir/delivery"

// Config is how ALEX is reached. Base, TokenURL, ClientID and ClientSecret are
// required.
type Config struct {
	Base         string // https://alexapi.medtechglobal.com/FHIR
	LaunchBase   string // "": Base's origin and /vendorforms/api/getlaunchcontextstring
	TokenURL     string // the tenant's OAuth 2 v2.0 token endpoint
	ClientID     string
	ClientSecret app.Sealed
	Scope        string
	// Settle is how long a POST without a known end may still be at work in
	// ALEX; 0 means DefaultSettle.
	Settle time.Duration
	// Patience is how long an unknown outcome is looked for before it is
	// unconfirmed; 0 means DefaultPatience.
	Patience time.Duration
	Timeout  time.Duration // of one call; 0 means DefaultTimeout
	Rest     time.Duration // of the breaker; 0 means DefaultRest
	HTTP     *http.Client  // nil: one of our own
	Now      func() time.Time
}

const (
	DefaultSettle   = 2 * time.Minute
	DefaultPatience = 15 * time.Minute
	DefaultTimeout  = time.Minute
	DefaultRest     = 30 * time.Second
)

// Client is ALEX itself. It implements Record.
type Client struct {
	cfg     Config
	tokens  *tokens
	breaker *breaker
	seen    *seen
}

// New returns a client; nothing is asked yet. Addresses that are none are
// KindBug.
func New(cfg Config) (*Client, error) {
	cfg.Base = strings.TrimRight(cfg.Base, "/")
	for _, address := range []string{cfg.Base, cfg.TokenURL} {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	if cfg.LaunchBase == "" {
		cfg.LaunchBase = origin(cfg.Base) + "/vendorforms/api/getlaunchcontextstring"
	}
	cfg.Settle, cfg.Patience = or(cfg.Settle, DefaultSettle), or(cfg.Patience, DefaultPatience)
	cfg.Timeout, cfg.Rest = or(cfg.Timeout, DefaultTimeout), or(cfg.Rest, DefaultRest)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HTTP == nil {
		cfg.HTTP = NewHTTP()
	}
	return &Client{cfg: cfg, tokens: newTokens(cfg), breaker: newBreaker(cfg.Rest, cfg.Now), seen: newSeen(cfg.Now)}, nil
}

// NewHTTP is the HTTP client that ALEX and relays are asked through: it
// follows no redirect, which could lead a credential elsewhere.
func NewHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8 // as many as are asked at once
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
