package ablyfeed_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
)

const (
	listenKey = "local.listen:s3cret-listen"
	sayKey    = "local.say:s3cret-say"
)

func newHub(t *testing.T) *hub.Hub {
	t.Helper()
	var cfg hub.Config
	for key, capability := range map[string]string{
		listenKey: `{"cp:demo:*":["subscribe"]}`, sayKey: `{"cp:demo:*":["publish"]}`,
	} {
		k, err := hub.ParseKey(app.Seal(key), capability)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Keys = append(cfg.Keys, k)
	}
	h := hub.New(cfg)
	t.Cleanup(h.Close)
	return h
}

// place is a server whose handler can be changed while it runs.
type place struct {
	now  atomic.Pointer[hub.Hub]
	host string
	port int
}

func (p *place) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := p.now.Load(); h != nil {
		h.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func serve(t *testing.T, h *hub.Hub) *place {
	t.Helper()
	p := &place{}
	p.now.Store(h)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.host, p.port = address(t, s.Listener.Addr())
	return p
}

func address(t *testing.T, a net.Addr) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return host, n
}

func (p *place) config(key string) ablyfeed.Config {
	return ablyfeed.Config{Key: app.Seal(key), Practice: "demo", Host: p.host, Port: p.port, PlainText: true}
}

func (p *place) publisher(t *testing.T, key string) *ablyfeed.Publisher {
	t.Helper()
	pub, err := ablyfeed.NewPublisher(p.config(key))
	if err != nil {
		t.Fatal(err)
	}
	return pub
}

func TestFeed(t *testing.T) {
	apptest.Feed(t, func(t *testing.T) (app.Feed, apptest.Publish) {
		p := serve(t, newHub(t))
		return ablyfeed.New(p.config(listenKey)), p.publisher(t, sayKey).Publish
	})
}

// A cut is told, and what was said meanwhile is heard afterwards.
func TestDroppedConnectionResumes(t *testing.T) {
	h := newHub(t)
	p := serve(t, h)
	pub := p.publisher(t, sayKey)
	sid := app.NewSessionID()
	l := apptest.Listen(t, ablyfeed.New(p.config(listenKey)), sid)
	l.Healthy(t)
	before := len(l.Signals())
	h.DropAll()
	if err := pub.Publish(t.Context(), sid, app.EventPhoneDone, "", 1); err != nil {
		t.Fatal(err)
	}
	l.Until(t, "unhealthy, healthy, phone-done", func(s []app.Signal) bool {
		return len(s) > before+1 && !s[before].Healthy && s[len(s)-1].Healthy && hears(s, app.EventPhoneDone)
	})
}

// A hub that lost its memory: Healthy goes false and true again, and hints
// come. The engine looks at the registry in between.
func TestRestartedHubLosesContinuity(t *testing.T) {
	h := newHub(t)
	p := serve(t, h)
	sid := app.NewSessionID()
	l := apptest.Listen(t, ablyfeed.New(p.config(listenKey)), sid)
	l.Healthy(t)
	before := len(l.Signals())
	p.now.Store(newHub(t))
	h.Close()
	l.Until(t, "unhealthy", func(s []app.Signal) bool { return len(s) > before && !s[before].Healthy })
	l.Healthy(t)
	if err := p.publisher(t, sayKey).Publish(t.Context(), sid, app.EventPhoneDone, "", 1); err != nil {
		t.Fatal(err)
	}
	l.Until(t, "phone-done", func(s []app.Signal) bool { return hears(s, app.EventPhoneDone) })
}

// The hub is away at first: Listen stays, and finds it later.
func TestHubStartsLate(t *testing.T) {
	p := serve(t, nil)
	cfg := p.config(listenKey)
	cfg.ConnectWithin = time.Second
	l := apptest.Listen(t, ablyfeed.New(cfg), app.NewSessionID())
	l.Until(t, "unhealthy", func(s []app.Signal) bool { return len(s) > 0 && !s[0].Healthy })
	p.now.Store(newHub(t))
	l.Healthy(t)
}

// A peer that takes the connection and says nothing: the watchdog gives that
// client up and makes another.
func TestWatchdog(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var dials atomic.Int32
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			dials.Add(1)
			go func() { _, _ = io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	host, port := address(t, ln.Addr())
	f := ablyfeed.New(ablyfeed.Config{Key: app.Seal(listenKey), Practice: "demo", Host: host, Port: port,
		PlainText: true, ConnectWithin: 300 * time.Millisecond})
	l := apptest.Listen(t, f, app.NewSessionID())
	for deadline := time.Now().Add(time.Minute); dials.Load() < 2; {
		if time.Now().After(deadline) {
			t.Fatal("no second client")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := l.Stop(t); err != nil {
		t.Errorf("Listen returned %v", err)
	}
}

// Connected only while Listen runs.
func TestNothingConnectedAfterwards(t *testing.T) {
	h := newHub(t)
	p := serve(t, h)
	l := apptest.Listen(t, ablyfeed.New(p.config(listenKey)), app.NewSessionID())
	l.Healthy(t)
	if h.Connections() != 1 {
		t.Fatalf("%d connections while listening", h.Connections())
	}
	if err := l.Stop(t); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); h.Connections() != 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections after Listen", h.Connections())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestUnauthorisedKeys(t *testing.T) {
	p := serve(t, newHub(t))
	for what, key := range map[string]string{
		"wrong secret": "local.listen:wrong", "unknown key": "local.none:x", "unknown application": "no.listen:x",
		"may not subscribe": sayKey, "not a key": "nonsense", "empty": "",
	} {
		err := apptest.Listen(t, ablyfeed.New(p.config(key)), app.NewSessionID()).Wait(t)
		if app.KindOf(err) != app.KindAuth {
			t.Errorf("listen, %s: %v, want auth", what, err)
		}
		if key != "" && err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("listen, %s: the error holds the key", what)
		}
	}
	sid := app.NewSessionID()
	err := p.publisher(t, listenKey).Publish(t.Context(), sid, app.EventPhoneDone, "", 1)
	if app.KindOf(err) != app.KindAuth {
		t.Errorf("publish without the right: %v, want auth", err)
	}
	if _, err := ablyfeed.NewPublisher(p.config("nonsense")); app.KindOf(err) != app.KindAuth {
		t.Errorf("publisher with no key's form: %v, want auth", err)
	}
}

func TestPublishErrors(t *testing.T) {
	p := serve(t, nil)
	pub := p.publisher(t, sayKey)
	sid := app.NewSessionID()
	if err := pub.Publish(t.Context(), sid, app.EventPhoneDone, "", 1); app.KindOf(err) != app.KindOffline {
		t.Errorf("service away: %v, want offline", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pub.Publish(ctx, sid, app.EventPhoneDone, "", 1); app.KindOf(err) != app.KindCanceled {
		t.Errorf("cancelled: %v, want canceled", err)
	}
}

func hears(s []app.Signal, ev app.Event) bool {
	for _, x := range s {
		if x.Event == ev {
			return true
		}
	}
	return false
}
