// Package gateway serves the phone: the page and the session calls of
// docs/contracts.md. It keeps no session of its own, so any number of copies
// may stand behind a balancer. It sees hashes, sizes and ciphertext names, and
// never a key, an image or a patient.
package gateway

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Sessions is the registry as the gateway uses it, for one practice. Every
// call is idempotent. A refusal is an error that answers RefusalCode() with a
// code of docs/contracts.md (or "not-reserved").
type Sessions interface {
	// Claim binds a phone; the zero offer is of one that cannot be kept.
	Claim(ctx context.Context, tokenHash, phoneHash app.Digest, offer app.KeepOffer) (app.Row, error)
	Status(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error)
	Reserve(ctx context.Context, sid app.SessionID, phoneHash app.Digest, want []app.RowImage) (app.Row, error)
	// Stored compares found, what the object store holds (Bytes -1: nothing),
	// with what was reserved, and reserves next where it may.
	Stored(ctx context.Context, sid app.SessionID, phoneHash app.Digest, found, next []app.RowImage) (app.Row, error)
	Retract(ctx context.Context, sid app.SessionID, phoneHash app.Digest, ids []app.ImageID) (app.Row, error)
	Done(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error)
	Amend(ctx context.Context, sid app.SessionID, phoneHash app.Digest, a app.Amendment) (app.Row, error)
	// Leave drains the session; without keep what is not filed is wanted back.
	Leave(ctx context.Context, sid app.SessionID, phoneHash app.Digest, l app.Leaving) (app.Row, error)
	// AskNext answers a kept phone; a zero SID says that nothing is on offer.
	AskNext(ctx context.Context, key app.Digest) (now, until time.Time, next app.NextLink, err error)
}

// Objects is the temp bucket as the gateway uses it, for one practice.
type Objects interface {
	PresignPut(ctx context.Context, sid app.SessionID, id app.ImageID, bytes int64, sum app.Digest) (Upload, error)
	// Head returns length and SHA-256 of a stored object. KindNotFound, and
	// KindAuth from a store that hides what a key may not list: not there.
	// KindCorrupt: there, without a checksum.
	Head(ctx context.Context, sid app.SessionID, id app.ImageID) (int64, app.Digest, error)
}

// Upload is one presigned PUT.
type Upload struct {
	URL     string
	Headers map[string]string // to be sent exactly
	Expires time.Time
}

// Publisher sends realtime hints for one practice. A repeated sequence number
// is one message.
type Publisher interface {
	Publish(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error
}

// Backend is what one practice's calls go to.
type Backend struct {
	Sessions Sessions
	Objects  Objects
	Hints    Publisher
}

// Config is what a gateway is made of. For, Page and Log are required.
type Config struct {
	For      func(app.Practice) Backend // called once a request: cheap, concurrent
	Ready    []func(context.Context) error
	Page     fs.FS // index.html, and assets/ with hashed names
	Log      *slog.Logger
	S3Origin string // "https://bucket.s3.ap-southeast-2.amazonaws.com"; "" when it is the gateway's own
	// ProxyHops is how many proxies in front add to X-Forwarded-For; with 0
	// the header is not believed.
	ProxyHops int
	Limits    Limits
	// Record serves everything below RecordPath, for workstations; nil: this
	// gateway relays nothing to a record system.
	Record http.Handler
}

// Limits bound what one caller may ask.
type Limits struct {
	AddressPerSecond, AddressBurst int // a practice's phones share one address
	TokenPerSecond, TokenBurst     int // per phone key, or pairing token
	Callers                        int // remembered at once
}

// DefaultLimits let twenty phones of one practice work behind one address.
var DefaultLimits = Limits{AddressPerSecond: 40, AddressBurst: 200, TokenPerSecond: 5, TokenBurst: 40, Callers: 20000}

// Gateway is the http.Handler.
type Gateway struct {
	cfg     Config
	handler http.Handler
	hints   *hints
	metrics *metrics
	address *limiter
	token   *limiter
	index   []byte
	csp     string
}

// New builds the handler.
func New(c Config) (*Gateway, error) {
	if c.For == nil || c.Page == nil || c.Log == nil {
		return nil, app.E("build gateway", app.KindBug, errors.New("For, Page and Log are required"))
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits
	}
	index, err := fs.ReadFile(c.Page, "index.html")
	if err != nil {
		return nil, app.E("read phone page", app.KindBug, err)
	}
	csp, err := policy(c.S3Origin)
	if err != nil {
		return nil, app.E("read S3 origin", app.KindBug, err)
	}
	m := newMetrics()
	g := &Gateway{
		cfg: c, index: index, csp: csp, metrics: m,
		hints:   newHints(c.Log, m),
		address: newLimiter(c.Limits.AddressPerSecond, c.Limits.AddressBurst, c.Limits.Callers),
		token:   newLimiter(c.Limits.TokenPerSecond, c.Limits.TokenBurst, c.Limits.Callers),
	}
	g.handler = g.routes()
	return g, nil
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// Drain waits until the hints under way are sent or given up, after the
// server has stopped.
func (g *Gateway) Drain() { g.hints.wait() }

func (g *Gateway) routes() http.Handler {
	mux := http.NewServeMux()
	const api = "/api/medtech/session/"
	for pattern, call := range map[string]apiCall{
		"POST " + api + "claim":              g.claim,
		"GET " + api + "status":              g.status,
		"POST " + api + "uploads":            g.uploads,
		"POST " + api + "images":             g.stored,
		"PUT " + api + "images/{id}/details": g.details,
		"DELETE " + api + "images/{id}":      g.retract,
		"POST " + api + "leave":              g.leave,
		"POST " + api + "done":               g.done,
		"GET " + api + "next":                g.next,
		"/api/":                              notACall,
	} {
		mux.Handle(pattern, g.limited(call))
	}
	if g.cfg.Record != nil {
		mux.Handle(RecordPath, g.polite(g.cfg.Record))
	}
	mux.HandleFunc("GET /launch", g.launch)
	mux.Handle("GET /launch/", http.StripPrefix("/launch/", launchFiles()))
	mux.HandleFunc("GET /p/{practice}/{token}", g.page)
	mux.Handle("GET /assets/", g.assets())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", g.ready)
	mux.Handle("GET /metrics", g.metrics.handler())
	mux.HandleFunc("/", http.NotFound)
	return g.observed(mux)
}

// readyTimeout bounds one readiness answer.
const readyTimeout = 3 * time.Second

func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	for _, check := range g.cfg.Ready {
		if err := check(ctx); err != nil {
			g.logFailure(ctx, err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}
