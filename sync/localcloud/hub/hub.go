// Package hub speaks enough of Ably's protocol for one machine to be its own
// realtime service: websocket connections in JSON and msgpack (protocol 2 and
// later), publishing over REST, keys with capabilities.
//
// It keeps a short ring of messages per channel in memory and nothing else. A
// client that was away resumes by channelSerial; the serial carries the
// channel's epoch, so that one given before a restart, or before an idle
// channel was dropped, is never taken for a continued one. Presence, history,
// push, tokens and message edits are not there.
package hub

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is what a Hub starts with. Zero values take the defaults named.
type Config struct {
	Keys        []Key
	RingSize    int           // messages kept per channel; 100
	MaxChannels int           // 10,000
	MaxConns    int           // 1,000
	ChannelIdle time.Duration // an unattached channel is dropped after this; 10 min
	ConnState   time.Duration // how long a dropped connection can be resumed; 2 min
	Heartbeat   time.Duration // promised longest silence towards a client; 15 s
	Log         *slog.Logger  // nil: discard
}

// Hub is an http.Handler. Safe for concurrent use.
type Hub struct {
	cfg  Config
	keys map[string]Key
	log  *slog.Logger

	mu       sync.Mutex
	closed   bool
	channels map[string]*channel
	conns    map[*conn]struct{}
	resumes  map[string]resume // by connection key
	swept    time.Time
	counts   Counts
}

// Counts are what a Hub has done since New.
type Counts struct {
	// Published and Delivered are messages as Ably bills them: each message
	// published counts once, and once more for each subscriber it is sent to.
	// Heartbeats, attachments and acknowledgements are no messages.
	Published int64 `json:"published"`
	Delivered int64 `json:"delivered"`
	// Repeated are publications that were known by their id and sent to nobody.
	Repeated int64 `json:"repeated"`
	// Connections are handshakes that were accepted, resumed ones included.
	Connections int64 `json:"connections"`
}

// Billed is the sum that a plan's price is about.
func (c Counts) Billed() int64 { return c.Published + c.Delivered }

// Counts returns what the hub has done so far.
func (h *Hub) Counts() Counts {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts
}

// resume is what is left of a dropped connection.
type resume struct {
	id      string
	keyName string
	until   time.Time // zero: still connected
	conn    *conn     // nil once dropped
}

// New returns a Hub that serves until Close.
func New(cfg Config) *Hub {
	if cfg.RingSize <= 0 {
		cfg.RingSize = 100
	}
	if cfg.MaxChannels <= 0 {
		cfg.MaxChannels = 10_000
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 1_000
	}
	if cfg.ChannelIdle <= 0 {
		cfg.ChannelIdle = 10 * time.Minute
	}
	if cfg.ConnState <= 0 {
		cfg.ConnState = 2 * time.Minute
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 15 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{
		cfg: cfg, log: cfg.Log,
		keys:     map[string]Key{},
		channels: map[string]*channel{},
		conns:    map[*conn]struct{}{},
		resumes:  map[string]resume{},
	}
	for _, k := range cfg.Keys {
		h.keys[k.Name] = k
	}
	return h
}

// Handles reports whether r is the hub's: a server that shares its port with
// others asks this first.
func Handles(r *http.Request) bool {
	p := r.URL.Path
	return p == "/" && isUpgrade(r) || p == "/time" ||
		strings.HasPrefix(p, "/channels/") || strings.HasPrefix(p, "/keys/")
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && isUpgrade(r) {
		h.serveRealtime(w, r)
		return
	}
	h.serveREST(w, r)
}

// Close drops every connection and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.DropAll()
}

// DropAll cuts every connection without a word, as a lost network would. The
// clients may resume.
func (h *Hub) DropAll() {
	h.mu.Lock()
	conns := slices.Collect(maps.Keys(h.conns))
	h.mu.Unlock()
	for _, c := range conns {
		c.drop()
	}
}

// Connections counts the open websocket connections.
func (h *Hub) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// register takes c in and gives it its identity: the earlier one when
// resumeKey is known, else a new one. ok is false when the hub is full or
// closed.
func (h *Hub) register(c *conn, resumeKey string) (resumed, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sweep(time.Now())
	if h.closed || len(h.conns) >= h.cfg.MaxConns {
		return false, false
	}
	h.conns[c] = struct{}{}
	h.counts.Connections++
	if was, known := h.resumes[resumeKey]; known && resumeKey != "" && was.keyName == c.key.Name {
		if was.conn != nil { // the old transport is dead, it just does not know
			was.conn.superseded = true
			go was.conn.drop()
		}
		c.id, c.connKey, resumed = was.id, resumeKey, true
	} else {
		c.id, c.connKey = random(8), random(18)
	}
	h.resumes[c.connKey] = resume{id: c.id, keyName: c.key.Name, conn: c}
	return resumed, true
}

// unregister takes c out. forget ends its resumability: the client said CLOSE.
func (h *Hub) unregister(c *conn, forget bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	for name := range c.attached {
		if ch := h.channels[name]; ch != nil {
			delete(ch.subs, c)
			ch.used = time.Now()
		}
	}
	if c.superseded {
		return
	}
	if forget {
		delete(h.resumes, c.connKey)
		return
	}
	h.resumes[c.connKey] = resume{id: c.id, keyName: c.key.Name, until: time.Now().Add(h.cfg.ConnState)}
}

// sweep drops idle channels and connections nobody resumed; h.mu is held.
func (h *Hub) sweep(now time.Time) {
	if now.Sub(h.swept) < min(30*time.Second, h.cfg.ChannelIdle) {
		return
	}
	h.swept = now
	for name, ch := range h.channels {
		if len(ch.subs) == 0 && now.Sub(ch.used) > h.cfg.ChannelIdle {
			delete(h.channels, name)
		}
	}
	for key, r := range h.resumes {
		if !r.until.IsZero() && now.After(r.until) {
			delete(h.resumes, key)
		}
	}
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}
