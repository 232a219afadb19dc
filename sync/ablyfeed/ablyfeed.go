// Package ablyfeed is the driver of app.Feed on Ably, and the publisher of
// the same hints for the gateway.
//
// ably-go 1.4.1 is used as little as possible: one client, one channel,
// subscribe mode only, key authentication, no logging (its texts hold the
// key, so do its errors: none of them leaves this package). A client that is
// not connected and attached within ConnectWithin is discarded for a new one
// and never used again. Handlers only enqueue. A panic inside the library's
// own goroutines cannot be caught here; the one known (an unexpected ACK)
// needs a publication over realtime, which this driver never makes.
package ablyfeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ably/ably-go/ably"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

// Config says where Ably is and who asks. Host empty is Ably's own service.
type Config struct {
	Key       app.Sealed // "appId.keyId:secret"
	Practice  app.Practice
	Host      string // host name or address of a local hub
	Port      int    // 0: 443, or 80 with PlainText
	PlainText bool   // no TLS: only towards a local hub
	// ConnectWithin is how long a client may take to be attached; 0: 45 s.
	ConnectWithin time.Duration
	Log           *slog.Logger // nil: discard
	// Way is how REST's connections leave this machine; nil is the system's
	// own. The websocket's go by http.DefaultTransport: see egress.Way.Install.
	Way *egress.Way
}

// At returns the configuration for a hub of one's own, given as its origin:
// https://host, or http://host:port for one without TLS; "" is Ably itself.
// KindCorrupt: it is no origin.
func (c Config) At(origin string) (Config, error) {
	if origin == "" {
		return c, nil
	}
	bad := app.E("read hub's address", app.KindCorrupt, errors.New("want an origin like https://host or http://host:port"))
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return c, bad
	}
	c.Host, c.Port, c.PlainText = u.Hostname(), 0, u.Scheme == "http"
	if u.Port() != "" {
		if c.Port, err = strconv.Atoi(u.Port()); err != nil {
			return c, bad
		}
	}
	return c, nil
}

// Feed implements app.Feed. Each Listen has a connection of its own, and only
// while it runs.
type Feed struct {
	cfg   Config
	retry time.Duration // first pause between two clients
}

// New returns a Feed; nothing is connected yet.
func New(cfg Config) *Feed {
	if cfg.ConnectWithin <= 0 {
		cfg.ConnectWithin = 45 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Feed{cfg: cfg, retry: time.Second}
}

// Listen implements app.Feed.
func (f *Feed) Listen(ctx context.Context, sid app.SessionID, notify func(app.Signal)) error {
	n := &notifier{notify: notify}
	wait := f.retry
	for {
		if ctx.Err() != nil {
			return nil
		}
		started := time.Now()
		err := f.listenOnce(ctx, sid, n)
		if ctx.Err() != nil {
			return nil
		}
		n.health(false)
		if k := app.KindOf(err); k == app.KindAuth || k == app.KindBug {
			return err
		}
		if time.Since(started) > 2*f.cfg.ConnectWithin {
			wait = f.retry
		}
		f.cfg.Log.Info("feed: new client", "kind", string(app.KindOf(err)))
		pause := wait/2 + rand.N(wait)
		wait = min(2*wait, 30*time.Second)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// notifier remembers the last health said. Only Listen's goroutine uses it.
type notifier struct {
	notify  func(app.Signal)
	said    bool
	healthy bool
}

func (n *notifier) health(now bool) {
	if n.said && n.healthy == now {
		return
	}
	n.said, n.healthy = true, now
	n.notify(app.Signal{Healthy: now})
}

func (n *notifier) event(ev app.Event, image app.ImageID) {
	n.notify(app.Signal{Healthy: n.healthy, Event: ev, Image: image})
}

func (c Config) channel(sid app.SessionID) string {
	return "cp:" + string(c.Practice) + ":" + string(sid)
}

func (c Config) options() []ably.ClientOption {
	opts := []ably.ClientOption{
		ably.WithKey(c.Key.Reveal()),
		ably.WithAutoConnect(false),
		ably.WithEchoMessages(false),
		ably.WithLogLevel(ably.LogNone),
		ably.WithLogHandler(silent{}),
		ably.WithDisconnectedRetryTimeout(2 * time.Second),
		ably.WithChannelRetryTimeout(2 * time.Second),
	}
	if c.Way != nil {
		opts = append(opts, ably.WithHTTPClient(&http.Client{Transport: c.Way.Transport(), Timeout: publishTimeout}))
	}
	if c.Host != "" {
		opts = append(opts, ably.WithEndpoint(c.Host))
	}
	if c.PlainText {
		opts = append(opts, ably.WithTLS(false), ably.WithInsecureAllowBasicAuthWithoutTLS())
	}
	if c.Port != 0 {
		opts = append(opts, ably.WithPort(c.Port), ably.WithTLSPort(c.Port))
	}
	return opts
}

// silent drops what ably-go wants to log: its lines hold addresses with the key.
type silent struct{}

func (silent) Printf(ably.LogLevel, string, ...any) {}

// codeError is what is kept of an error of ably-go: its numbers. Its text may
// hold the address with the key in it.
type codeError struct{ code, status int }

func (e codeError) Error() string { return fmt.Sprintf("ably code %d, status %d", e.code, e.status) }

// classify turns an error of ably-go into an *app.Error.
func classify(ctx context.Context, op string, err error) error {
	if cause := ctx.Err(); cause != nil {
		return app.E(op, app.KindOffline, cause)
	}
	var info *ably.ErrorInfo
	if !errors.As(err, &info) || info == nil {
		return app.E(op, app.KindOffline, errors.New("no answer"))
	}
	code, status := int(info.Code), info.StatusCode
	return app.E(op, kindOf(code, status), codeError{code, status})
}

func kindOf(code, status int) app.Kind {
	switch {
	case code >= 42900 && code < 43000 || status == 429:
		return app.KindOffline
	case code == 40009 || status == 413:
		return app.KindTooLarge
	case code == 40003 || code == 40004 || code == 40005: // a key that cannot be one
		return app.KindAuth
	case code >= 40100 && code < 40500 || status == 401 || status == 403:
		return app.KindAuth
	case code >= 40000 && code < 40100:
		return app.KindBug
	}
	return app.KindOffline
}
