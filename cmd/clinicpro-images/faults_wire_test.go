//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/clinicpro-nz/images/app/apptest"
)

// wire is the one way from a program to a service, with toxiproxy on it.
type wire struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

func newWire(t testing.TB, upstream string) *wire {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	w := &wire{t, toxiproxy.NewProxy(server, "wire", apptest.FreeAddr(t), upstream)}
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.proxy.Stop)
	return w
}

func (w *wire) addr() string { return w.proxy.Listen }

// cut ends every connection and refuses new ones, until joined.
func (w *wire) cut() { w.proxy.Stop() }

func (w *wire) join() {
	w.t.Helper()
	if err := w.proxy.Start(); err != nil {
		w.t.Fatal(err)
	}
}

// toxic adds one of toxiproxy's to both directions, until cured.
func (w *wire) toxic(kind string, attributes string) (cure func()) {
	w.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":%s}`, kind, stream, attributes))); err != nil {
			w.t.Fatal(err)
		}
	}
	return func() { w.proxy.Toxics.ResetToxics(w.t.Context()) }
}

// silence lets nothing through and tells nobody: connections stay open.
func (w *wire) silence() (cure func()) { return w.toxic("timeout", `{"timeout":0}`) }

// bend is what befalls one HTTP request; pass serves it as if nothing had.
type bend func(out http.ResponseWriter, in *http.Request, pass http.Handler)

// bender passes HTTP requests on as they came, the Host header too, since it
// is signed, and bends them where a wire cannot.
type bender struct {
	addr   string
	bend   atomic.Pointer[bend]
	server *httptest.Server
}

func newBender(t testing.TB, upstream string) *bender {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: upstream}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, r.In.Host
		},
		Transport:    &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}
	b := &bender{}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if f := b.bend.Load(); f != nil {
			(*f)(out, in, pass)
			return
		}
		pass.ServeHTTP(out, in)
	}))
	t.Cleanup(server.Close)
	b.addr, b.server = server.Listener.Addr().String(), server
	return b
}

// alone gives each request a connection of its own.
func (b *bender) alone() { b.server.Config.SetKeepAlivesEnabled(false) }

// with bends every request from now on, until cured.
func (b *bender) with(f bend) (cure func()) {
	b.bend.Store(&f)
	return func() { b.bend.Store(nil) }
}

// answering is a store that answers every request with a status of its own.
func answering(status int, code string) bend {
	return func(out http.ResponseWriter, in *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, in.Body)
		out.Header().Set("Content-Type", "application/xml")
		out.WriteHeader(status)
		fmt.Fprintf(out, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>synthetic</Message></Error>", code)
	}
}

// onBody lets change alter the body of an object that is fetched; a change
// that answers nil breaks the connection off in the middle of it.
func onBody(change func([]byte) []byte) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		if in.Method != http.MethodGet || in.URL.RawQuery != "" && strings.Contains(in.URL.RawQuery, "list-type") {
			pass.ServeHTTP(out, in)
			return
		}
		whole := httptest.NewRecorder()
		pass.ServeHTTP(whole, in)
		body := whole.Body.Bytes()
		if whole.Code != http.StatusOK || len(body) < 1000 {
			pass.ServeHTTP(out, in)
			return
		}
		for name, values := range whole.Header() {
			out.Header()[name] = values
		}
		changed := change(bytes.Clone(body))
		if changed == nil {
			out.WriteHeader(whole.Code)
			_, _ = out.Write(body[:len(body)/2])
			_ = http.NewResponseController(out).Flush()
			reset(out)
			return
		}
		out.Header().Set("Content-Length", strconv.Itoa(len(changed)))
		out.WriteHeader(whole.Code)
		_, _ = out.Write(changed)
	}
}

// reset ends the connection the hard way.
func reset(out http.ResponseWriter) {
	conn, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func truncated(b []byte) []byte { return b[:len(b)/2] }

func oneByteWrong(b []byte) []byte {
	b[len(b)/2] ^= 1
	return b
}

func brokenOff([]byte) []byte { return nil }

// hints bends what the gateway publishes: each publication is answered as
// taken, and handed to send, which passes it on whenever and as often as it
// likes.
func hints(send func(body []byte, deliver func([]byte))) bend {
	return func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		body, _ := io.ReadAll(in.Body)
		header, path := in.Header.Clone(), in.URL
		send(body, func(body []byte) {
			again, _ := http.NewRequest(http.MethodPost, path.String(), bytes.NewReader(body))
			again.Header, again.Host = header.Clone(), in.Host
			defer func() { _ = recover() }() // the hub may be gone by now
			pass.ServeHTTP(httptest.NewRecorder(), again)
		})
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(out, `{"channel":"c","messageId":"m"}`)
	}
}

// messageID is "<sid>:<seq>".
var messageID = regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}:[0-9]`)

// thrice delivers each hint three times, the copies under ids of their own, so
// that the hub does not see what they are.
func thrice(body []byte, deliver func([]byte)) {
	deliver(body)
	for _, other := range []byte("YZ") {
		copied := bytes.Clone(body)
		if at := messageID.FindIndex(copied); at != nil {
			copied[at[0]] = other // an id's first character is 0 to 7
		}
		deliver(copied)
	}
}

// late delivers each hint so much later.
func late(by time.Duration) func([]byte, func([]byte)) {
	return func(body []byte, deliver func([]byte)) {
		time.AfterFunc(by, func() { deliver(body) })
	}
}

// backwards holds hints for a time, then delivers them newest first.
func backwards(t testing.TB, every time.Duration) func([]byte, func([]byte)) {
	type held struct {
		body    []byte
		deliver func([]byte)
	}
	in := make(chan held, 1024)
	go func() {
		var pile []held
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-t.Context().Done():
				return
			case h := <-in:
				pile = append(pile, h)
			case <-tick.C:
				for i := len(pile) - 1; i >= 0; i-- {
					pile[i].deliver(pile[i].body)
				}
				pile = nil
			}
		}
	}()
	return func(body []byte, deliver func([]byte)) { in <- held{body, deliver} }
}
