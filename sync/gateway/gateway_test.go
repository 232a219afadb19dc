package gateway_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

const practice = app.Practice("test-practice")

// cloud is a real redis-server with a bucket and a hub in memory.
type cloud struct {
	t         *testing.T
	registry  *redisregistry.Registry
	stopRedis func()
	bucket    *bucket
	hub       *hub
	log       *safeBuffer
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	addr, stop := apptest.StoppableRedis(t)
	r, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://" + addr), Practice: practice})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Shut() })
	return &cloud{t, r, stop, &bucket{held: map[app.ImageID]app.RowImage{}}, &hub{}, &safeBuffer{}}
}

// gateway starts one more copy; change may alter its configuration.
func (c *cloud) gateway(change ...func(*gateway.Config)) *httptest.Server {
	c.t.Helper()
	cfg := gateway.Config{
		For: func(p app.Practice) gateway.Backend {
			return gateway.Backend{Sessions: c.registry.ForPractice(p), Objects: c.bucket, Hints: c.hub}
		},
		Ready: []func(context.Context) error{c.registry.Ready},
		Page: fstest.MapFS{
			"index.html":            {Data: []byte("<!doctype html><title>phone</title>")},
			"assets/page.ABCD.js":   {Data: []byte("export {}")},
			"secret.txt":            {Data: []byte("not served")},
			"assets/style.ABCD.css": {Data: []byte("body{}")},
		},
		Log:      slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		S3Origin: "https://bucket.example.nz",
		Limits:   gateway.Limits{AddressPerSecond: 10000, AddressBurst: 10000, TokenPerSecond: 10000, TokenBurst: 10000, Callers: 100},
	}
	for _, f := range change {
		f(&cfg)
	}
	g, err := gateway.New(cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	s := httptest.NewServer(g)
	c.t.Cleanup(func() { s.Close(); g.Drain() })
	return s
}

// open starts a session and returns its id and token.
func (c *cloud) open(l app.Limits) (app.SessionID, app.Token) {
	c.t.Helper()
	sid, token := app.NewSessionID(), app.NewToken()
	_, err := c.registry.Open(c.t.Context(), app.Opening{SID: sid, PracticeName: "Test Practice",
		TokenHash: sum([]byte(token.Reveal())), Limits: l})
	if err != nil {
		c.t.Fatal(err)
	}
	return sid, token
}

func sum(b []byte) app.Digest {
	s := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(s[:]))
}

// bucket is the object store's part that the gateway uses.
type bucket struct {
	mu   sync.Mutex
	held map[app.ImageID]app.RowImage
	fail error
}

func (b *bucket) PresignPut(_ context.Context, sid app.SessionID, id app.ImageID, _ int64, _ app.Digest) (gateway.Upload, error) {
	return gateway.Upload{URL: "https://bucket.example.nz/" + string(sid) + "/" + string(id),
		Headers: map[string]string{"If-None-Match": "*"}, Expires: time.Now().Add(5 * time.Minute)}, nil
}

func (b *bucket) Head(_ context.Context, _ app.SessionID, id app.ImageID) (int64, app.Digest, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return 0, "", b.fail
	}
	m, ok := b.held[id]
	switch {
	case !ok:
		return 0, "", app.E("head", app.KindNotFound, io.EOF)
	case m.SHA256 == "":
		return 0, "", app.E("head", app.KindCorrupt, io.EOF)
	}
	return m.Bytes, m.SHA256, nil
}

func (b *bucket) put(m app.RowImage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[m.ID] = m
}

// hub records hints; slow makes it wait for the end of its context.
type hub struct {
	mu    sync.Mutex
	heard []string
	last  map[app.Event]heard
	slow  bool
	panic bool
}

type heard struct {
	image app.ImageID
	seq   int64
}

func (h *hub) latest(ev app.Event) heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[ev]
}

func (h *hub) Publish(ctx context.Context, sid app.SessionID, ev app.Event, image app.ImageID, seq int64) error {
	if h.panic {
		panic("hub")
	}
	if h.slow {
		<-ctx.Done()
		return app.E("publish", app.KindOffline, ctx.Err())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		h.last = map[app.Event]heard{}
	}
	h.last[ev] = heard{image, seq}
	h.heard = append(h.heard, string(ev), string(ev)+" for "+string(sid))
	return nil
}

// await waits for a hint and returns, and forgets, what was heard until then.
func (h *hub) await(t *testing.T, what string) []string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		heard := h.heard
		if slices.Contains(heard, what) {
			h.heard = nil
			h.mu.Unlock()
			return heard
		}
		h.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("%s was never published", what)
		}
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// phone is a phone's side of the API.
type phone struct {
	t       *testing.T
	base    string
	key     string
	session string
}

func newPhone(t *testing.T, s *httptest.Server) *phone {
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	return &phone{t: t, base: s.URL, key: base64.RawURLEncoding.EncodeToString(raw[:])}
}

type reply struct {
	Status  int
	Header  http.Header
	Body    string
	Code    string
	Detail  string
	Images  []string
	Session struct {
		SID, PracticeName, State string
		MaxImages                int
		Now, Expires, DrainUntil int64
		Left                     bool
		Images                   []struct {
			ID, State              string
			RetractWanted, Refused bool
			Sinks                  []string
			Details                int
		}
	}
	Uploads []struct {
		ID, State, URL string
		Headers        map[string]string
		Expires        int64
	}
}

func (p *phone) do(method, path, body string) reply {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+"/api/medtech/session/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.key != "" {
		r.Header.Set("Authorization", "Bearer "+p.key)
	}
	if p.session != "" {
		r.Header.Set("ClinicPro-Session", p.session)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := reply{Header: res.Header, Body: string(raw)}
	if err := json.Unmarshal(raw, &out); err != nil {
		p.t.Fatalf("%s %s: %d %q: %v", method, path, res.StatusCode, raw, err)
	}
	out.Status = res.StatusCode
	return out
}

func (p *phone) claim(token app.Token) reply {
	p.t.Helper()
	out := p.do("POST", "claim", `{"practice":"`+string(practice)+`","token":"`+token.Reveal()+`"}`)
	if out.Status == http.StatusOK {
		p.session = string(practice) + "/" + out.Session.SID
	}
	return out
}

func (p *phone) uploads(images ...app.RowImage) reply {
	p.t.Helper()
	return p.do("POST", "uploads", `{"uploads":`+announce(images...)+`}`)
}

func (p *phone) stored(images ...app.RowImage) reply {
	p.t.Helper()
	var ids []string
	for _, m := range images {
		ids = append(ids, string(m.ID))
	}
	b, _ := json.Marshal(map[string]any{"stored": ids})
	return p.do("POST", "images", string(b))
}

func announce(images ...app.RowImage) string {
	type one struct {
		ID     app.ImageID `json:"id"`
		Bytes  int64       `json:"bytes"`
		SHA256 app.Digest  `json:"sha256"`
	}
	list := []one{}
	for _, m := range images {
		list = append(list, one{m.ID, m.Bytes, m.SHA256})
	}
	b, _ := json.Marshal(list)
	return string(b)
}

func image(n byte) app.RowImage {
	id := app.ImageID("01936d2e-0000-7000-8000-0000000000" + hex.EncodeToString([]byte{n}))
	return app.RowImage{ID: id, Bytes: 1000 + int64(n), SHA256: sum([]byte{n})}
}

func (r reply) want(t *testing.T, status int, code string) reply {
	t.Helper()
	if r.Status != status || r.Code != code {
		t.Fatalf("got %d %q, want %d %q: %s", r.Status, r.Code, status, code, r.Body)
	}
	if code != "" && (r.Header.Get("Content-Type") != "application/problem+json" || len(r.Detail) < 20) {
		t.Fatalf("not a problem document: %v %s", r.Header, r.Body)
	}
	return r
}
