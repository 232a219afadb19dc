// Package redisregistry is the session registry on Redis (design section 5):
// app.Registry for the workstation, and the phone's side for the gateway.
//
// Every transition is one call of one script that reads the server's clock,
// checks the limits and writes: it happens whole or not at all, and repeating
// it changes nothing. All keys of a practice share one hash slot.
package redisregistry

import (
	"context"
	"crypto/tls"
	"embed"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

// callTimeout bounds one call, retries included, whatever the caller's own
// deadline.
const callTimeout = 5 * time.Second

// Config says which Redis, and for whom.
type Config struct {
	URL      app.Sealed   // redis:// or rediss://, with user and password
	Practice app.Practice // empty for a gateway, which uses ForPractice
	PoolSize int          // connections at most; 0 means 4
	Way      *egress.Way  // how its connections leave this machine; nil is the system's own
}

// Registry talks to one Redis for one practice. It may be used concurrently.
type Registry struct {
	client  *redis.Client
	scripts *scripts
	prefix  string // "cp:{<practice>}:"
}

var _ app.Registry = (*Registry)(nil)

// The library's own lines say addresses, and are nobody's to read.
func init() { redis.SetLogger(silent{}) }

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

type scripts struct {
	open, read, mark, renew, close                *redis.Script
	claim, status, reserve, stored, retract, done *redis.Script
	amend, leave                                  *redis.Script
	keep, rekeep, next, asknext, forget           *redis.Script
}

//go:embed lua/*.lua
var lua embed.FS

// New prepares the client; it does not connect. Shut ends it.
func New(c Config) (*Registry, error) {
	opt, err := options(c.URL, c.Way)
	if err != nil {
		return nil, err
	}
	opt.PoolSize = c.PoolSize
	if opt.PoolSize == 0 {
		opt.PoolSize = 4
	}
	s, err := loadScripts()
	if err != nil {
		return nil, app.E("load registry scripts", app.KindBug, err)
	}
	r := &Registry{client: redis.NewClient(opt), scripts: s}
	return r.ForPractice(c.Practice), nil
}

// options are the client's for an address, its connections going their way.
func options(url app.Sealed, way *egress.Way) (*redis.Options, error) {
	opt, err := redis.ParseURL(url.Reveal())
	if err != nil {
		// The library's error repeats the address with its password.
		return nil, app.E("read Redis address", app.KindBug, fmt.Errorf("want redis:// or rediss://"))
	}
	opt.ContextTimeoutEnabled = true // else a short deadline waits for the socket's own
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.DialTimeout, opt.DialerRetries = 3*time.Second, 1 // commands are retried, dials need not be
	opt.MinRetryBackoff, opt.MaxRetryBackoff = 20*time.Millisecond, 250*time.Millisecond
	secure := opt.TLSConfig
	if secure != nil {
		secure.RootCAs = way.TLS().RootCAs
	}
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, opt.DialTimeout)
		defer cancel()
		conn, err := way.Dial(ctx, network, addr)
		if err != nil || secure == nil {
			return conn, err
		}
		out := tls.Client(conn, secure)
		if err := out.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return out, nil
	}
	return opt, nil
}

// ForPractice returns the registry of another practice on the same client.
func (r *Registry) ForPractice(p app.Practice) *Registry {
	return &Registry{client: r.client, scripts: r.scripts, prefix: "cp:{" + string(p) + "}:"}
}

// Shut closes the connections, of every practice's Registry on this client.
func (r *Registry) Shut() error { return r.client.Close() }

// Ready asks the server for a sign of life.
func (r *Registry) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := r.client.Ping(ctx).Err(); err != nil {
		return classify("ping registry", err)
	}
	return nil
}

// UpstashURL turns the REST address and token, as Upstash's console shows
// them, into the address of the same database over the Redis protocol.
func UpstashURL(restURL string, token app.Sealed) (app.Sealed, error) {
	u, err := url.Parse(strings.TrimSpace(restURL))
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || token.IsZero() {
		return app.Sealed{}, app.E("read Upstash address", app.KindBug,
			fmt.Errorf("want UPSTASH_REDIS_REST_URL as https://… and UPSTASH_REDIS_REST_TOKEN"))
	}
	out := url.URL{Scheme: "rediss", Host: u.Hostname() + ":6379", User: url.UserPassword("default", token.Reveal())}
	return app.Seal(out.String()), nil
}

func loadScripts() (*scripts, error) {
	common, err := lua.ReadFile("lua/common.lua")
	if err != nil {
		return nil, err
	}
	s := &scripts{}
	for name, to := range map[string]**redis.Script{
		"open": &s.open, "read": &s.read, "mark": &s.mark, "renew": &s.renew, "close": &s.close,
		"claim": &s.claim, "status": &s.status, "reserve": &s.reserve, "stored": &s.stored,
		"retract": &s.retract, "done": &s.done, "amend": &s.amend, "leave": &s.leave,
		"keep": &s.keep, "rekeep": &s.rekeep, "next": &s.next, "asknext": &s.asknext, "forget": &s.forget,
	} {
		body, err := lua.ReadFile("lua/" + name + ".lua")
		if err != nil {
			return nil, err
		}
		*to = redis.NewScript(string(common) + string(body))
	}
	return s, nil
}

func (r *Registry) sessionKey(sid app.SessionID) string { return r.prefix + "s:" + string(sid) }

// run calls one script and reads the session that it answers with.
func (r *Registry) run(ctx context.Context, op string, s *redis.Script, key string, args ...any) (app.Row, error) {
	out, err := r.call(ctx, op, s, key, args...)
	if err != nil {
		return app.Row{}, err
	}
	return decode(op, out)
}

// call calls one script: EVALSHA, and EVAL only when the server has lost it.
func (r *Registry) call(ctx context.Context, op string, s *redis.Script, key string, args ...any) ([]any, error) {
	for i, arg := range args {
		w, is := arg.(word)
		if is && !w.plain() {
			return nil, app.E(op, app.KindBug, ErrMalformed)
		}
		if is {
			args[i] = string(w)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.Run(ctx, r.client, []string{key}, args...).Slice()
	if err != nil {
		return nil, classify(op, err)
	}
	return out, nil
}

// classify gives a failure of the client or the server its kind, by type and
// by Redis' own error codes.
func classify(op string, err error) error {
	switch {
	case redis.IsAuthError(err), redis.IsPermissionError(err), scriptRefused(err):
		return app.E(op, app.KindAuth, err)
	case redis.IsLoadingError(err), redis.IsReadOnlyError(err), redis.IsClusterDownError(err),
		redis.IsTryAgainError(err), redis.IsMasterDownError(err), redis.IsMaxClientsError(err),
		redis.IsOOMError(err), redis.HasErrorPrefix(err, "BUSY"):
		return app.E(op, app.KindOffline, err)
	case isServerError(err):
		return app.E(op, app.KindBug, err)
	}
	return app.E(op, app.KindOffline, err) // no answer: socket, DNS, TLS, deadline, pool
}
