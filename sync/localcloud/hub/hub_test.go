package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
)

const (
	fullKey   = "local.all:s3cret-all"
	listenKey = "local.listen:s3cret-listen"
	sayKey    = "local.say:s3cret-say"
)

func newHub(t *testing.T, cfg hub.Config) *hub.Hub {
	t.Helper()
	for key, capability := range map[string]string{
		fullKey:   "",
		listenKey: `{"cp:demo:*":["subscribe"]}`,
		sayKey:    `{"cp:demo:*":["publish"]}`,
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

// serve returns host and port of h behind a real server.
func serve(t *testing.T, h http.Handler) (host string, port int) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	host, p, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err = strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func options(host string, port int, key string, binary bool) []ably.ClientOption {
	return []ably.ClientOption{
		ably.WithKey(key), ably.WithEndpoint(host), ably.WithPort(port), ably.WithTLS(false),
		ably.WithInsecureAllowBasicAuthWithoutTLS(), ably.WithUseBinaryProtocol(binary),
		ably.WithLogLevel(ably.LogNone), ably.WithDisconnectedRetryTimeout(50 * time.Millisecond),
	}
}

func realtime(t *testing.T, host string, port int, key string, binary bool) *ably.Realtime {
	t.Helper()
	rt, err := ably.NewRealtime(options(host, port, key, binary)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rt.Close)
	return rt
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func next[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// Unmodified ably-go, both formats: publish over realtime and REST, hear it.
func TestAblyGo(t *testing.T) {
	for _, binary := range []bool{false, true} {
		t.Run(fmt.Sprintf("binary=%v", binary), func(t *testing.T) {
			h := newHub(t, hub.Config{})
			host, port := serve(t, h)
			rt := realtime(t, host, port, fullKey, binary)
			heard := make(chan *ably.Message, 10)
			ch := rt.Channels.Get("cp:demo:A")
			if _, err := ch.SubscribeAll(within(t), func(m *ably.Message) { heard <- m }); err != nil {
				t.Fatal(err)
			}
			if err := ch.Publish(within(t), "one", "text"); err != nil {
				t.Fatal(err)
			}
			if m := next(t, "message", heard); m.Name != "one" || m.Data != "text" {
				t.Errorf("heard %v", m)
			}
			rest, err := ably.NewREST(options(host, port, fullKey, binary)...)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a retry with the same id is one message
				err = rest.Channels.Get("cp:demo:A").PublishMultiple(within(t), []*ably.Message{
					{ID: "S:1", Name: "two", Data: map[string]any{"v": 1}},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if m := next(t, "message", heard); m.ID != "S:1" || m.Data != `{"v":1}` || m.Encoding != "json" {
				t.Errorf("heard %v with id %q, encoding %q", m, m.ID, m.Encoding)
			}
			if err := ch.Publish(within(t), "three", []byte{0, 1, 255}); err != nil {
				t.Fatal(err)
			}
			if m := next(t, "message", heard); m.Name != "three" {
				t.Errorf("heard %q after the repeated id, want three", m.Name)
			}
			now, err := rest.Time(within(t))
			if err != nil || time.Since(now).Abs() > time.Minute {
				t.Errorf("time %v, %v", now, err)
			}
			if c := h.Counts(); c != (hub.Counts{Published: 3, Delivered: 3, Repeated: 1, Connections: 1}) || c.Billed() != 6 {
				t.Errorf("counted %+v", c)
			}
		})
	}
}

// A cut connection resumes, and hears what was said meanwhile.
func TestResume(t *testing.T) {
	h := newHub(t, hub.Config{})
	host, port := serve(t, h)
	rt := realtime(t, host, port, fullKey, true)
	heard := make(chan *ably.Message, 10)
	ch := rt.Channels.Get("cp:demo:A")
	if _, err := ch.SubscribeAll(within(t), func(m *ably.Message) { heard <- m }); err != nil {
		t.Fatal(err)
	}
	id := rt.Connection.ID()
	away, back := make(chan struct{}, 1), make(chan ably.ChannelStateChange, 1)
	rt.Connection.Once(ably.ConnectionEventDisconnected, func(ably.ConnectionStateChange) { away <- struct{}{} })
	ch.Once(ably.ChannelEventAttached, func(c ably.ChannelStateChange) { back <- c })
	rest, err := ably.NewREST(options(host, port, sayKey, true)...)
	if err != nil {
		t.Fatal(err)
	}
	h.DropAll()
	next(t, "disconnection", away)
	if err := rest.Channels.Get("cp:demo:A").Publish(within(t), "meanwhile", "x"); err != nil {
		t.Fatal(err)
	}
	if c := next(t, "attachment", back); !c.Resumed {
		t.Error("attached again without RESUMED")
	}
	if m := next(t, "message", heard); m.Name != "meanwhile" {
		t.Errorf("heard %q", m.Name)
	}
	if rt.Connection.ID() != id {
		t.Error("the connection changed its id")
	}
}

// Serials of a hub that lost its memory are not taken for continued ones.
func TestRestartLosesContinuity(t *testing.T) {
	first := newHub(t, hub.Config{})
	var now atomic.Pointer[hub.Hub]
	now.Store(first)
	host, port := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now.Load().ServeHTTP(w, r)
	}))
	rt := realtime(t, host, port, fullKey, false)
	ch := rt.Channels.Get("cp:demo:A")
	heard := make(chan *ably.Message, 10)
	if _, err := ch.SubscribeAll(within(t), func(m *ably.Message) { heard <- m }); err != nil {
		t.Fatal(err)
	}
	back := make(chan ably.ChannelStateChange, 1)
	ch.Once(ably.ChannelEventAttached, func(c ably.ChannelStateChange) { back <- c })
	now.Store(newHub(t, hub.Config{}))
	first.Close()
	if c := next(t, "attachment", back); c.Resumed {
		t.Error("RESUMED claimed by a hub that knows nothing")
	}
	if err := ch.Publish(within(t), "after", "x"); err != nil {
		t.Fatal(err)
	}
	if m := next(t, "message", heard); m.Name != "after" {
		t.Errorf("heard %q", m.Name)
	}
}

// More was said than the ring holds: continuity is lost, and said to be lost.
func TestRingOverrun(t *testing.T) {
	h := newHub(t, hub.Config{RingSize: 3})
	var cut atomic.Bool // no realtime while set
	host, port := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cut.Load() && r.URL.Path == "/" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	}))
	rt := realtime(t, host, port, fullKey, false)
	ch := rt.Channels.Get("cp:demo:A")
	if _, err := ch.SubscribeAll(within(t), func(*ably.Message) {}); err != nil {
		t.Fatal(err)
	}
	rest, err := ably.NewREST(options(host, port, fullKey, false)...)
	if err != nil {
		t.Fatal(err)
	}
	away, back := make(chan struct{}, 1), make(chan ably.ChannelStateChange, 1)
	rt.Connection.Once(ably.ConnectionEventDisconnected, func(ably.ConnectionStateChange) { away <- struct{}{} })
	ch.Once(ably.ChannelEventAttached, func(c ably.ChannelStateChange) { back <- c })
	cut.Store(true)
	h.DropAll()
	next(t, "disconnection", away)
	for range 5 {
		if err := rest.Channels.Get("cp:demo:A").Publish(within(t), "x", "y"); err != nil {
			t.Fatal(err)
		}
	}
	cut.Store(false)
	if c := next(t, "attachment", back); c.Resumed {
		t.Error("RESUMED although two messages are gone")
	}
}

func TestRefusals(t *testing.T) {
	host, port := serve(t, newHub(t, hub.Config{}))
	publish := func(key, channel string) error {
		rest, err := ably.NewREST(options(host, port, key, false)...)
		if err != nil {
			t.Fatal(err)
		}
		return rest.Channels.Get(channel).Publish(within(t), "x", "y")
	}
	for _, c := range []struct {
		what, key, channel string
		code               ably.ErrorCode
	}{
		{"another practice", sayKey, "cp:other:A", 40160},
		{"subscribe only", listenKey, "cp:demo:A", 40160},
		{"prefix is not a segment", sayKey, "cp:demo2:A", 40160},
		{"wrong secret", "local.all:wrong", "cp:demo:A", 40101},
		{"unknown key", "local.nobody:x", "cp:demo:A", 40101},
		{"unknown application", "else.all:s3cret-all", "cp:demo:A", 40400},
	} {
		var info *ably.ErrorInfo
		if err := publish(c.key, c.channel); !asInfo(err, &info) || info.Code != c.code {
			t.Errorf("publish, %s: %v, want code %d", c.what, err, c.code)
		}
	}
	if err := publish(sayKey, "cp:demo:A"); err != nil {
		t.Errorf("publish with the right: %v", err)
	}
	// Attaching beyond the capability fails the channel; a wrong key the connection.
	rt := realtime(t, host, port, listenKey, true)
	var info *ably.ErrorInfo
	if err := rt.Channels.Get("cp:other:A").Attach(within(t)); !asInfo(err, &info) || info.Code != 40160 {
		t.Errorf("attach elsewhere: %v", err)
	}
	if err := rt.Channels.Get("cp:demo:A").Publish(within(t), "x", "y"); !asInfo(err, &info) || info.Code != 40160 {
		t.Errorf("publish over realtime: %v", err)
	}
	if err := rt.Channels.Get("cp:demo:A").Attach(within(t)); err != nil {
		t.Errorf("attach: %v", err)
	}
	failed := make(chan ably.ConnectionStateChange, 1)
	bad, err := ably.NewRealtime(append(options(host, port, "local.all:wrong", true), ably.WithAutoConnect(false))...)
	if err != nil {
		t.Fatal(err)
	}
	bad.Connection.Once(ably.ConnectionEventFailed, func(c ably.ConnectionStateChange) { failed <- c })
	bad.Connect()
	if c := next(t, "failure", failed); c.Reason == nil || c.Reason.Code != 40101 {
		t.Errorf("connect with a wrong key: %v", c.Reason)
	}
}

func TestHandles(t *testing.T) {
	for target, want := range map[string]bool{
		"/time": true, "/channels/a/messages": true, "/keys/a.b/requestToken": true,
		"/": false, "/clinicpro-images-temp/x": false, "/p/demo/T": false, "/api/medtech/session/claim": false,
	} {
		if got := hub.Handles(httptest.NewRequest("GET", target, nil)); got != want {
			t.Errorf("Handles(%s) = %v", target, got)
		}
	}
	r := httptest.NewRequest("GET", "/?key=x", nil)
	r.Header.Set("Upgrade", "websocket")
	if !hub.Handles(r) {
		t.Error("a websocket upgrade at / is not handled")
	}
}

func asInfo(err error, to **ably.ErrorInfo) bool { return errors.As(err, to) }
