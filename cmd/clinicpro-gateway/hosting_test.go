//go:build hosting

// The gateway behind nginx and behind Caddy, with the texts of
// docs/operations.md as they stand there: make hosting, which runs this in a
// network of its own, where the ports that the texts name are free.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3bucket"
)

const (
	host     = "images.example.nz" // the texts'
	practice = app.Practice("hill-road")
)

// hosted is a gateway that listens where the texts say, and what it needs.
type hosted struct {
	t        *testing.T
	docs     string
	cert     string
	key      string
	roots    *x509.CertPool
	registry *redisregistry.Registry
}

func TestHosting(t *testing.T) {
	h := newHosted(t)
	for _, c := range []struct {
		name  string
		start func(*hosted, io.Writer)
		moved int // what plain HTTP is answered
	}{{"nginx", (*hosted).nginx, http.StatusMovedPermanently}, {"caddy", (*hosted).caddy, http.StatusPermanentRedirect}} {
		t.Run(c.name, func(t *testing.T) {
			own := *h
			h := &own
			h.t = t
			said := &output{}
			c.start(h, said)
			h.await("443", said)
			h.way(c.moved)
			token := h.session()
			h.addresses()
			if strings.Contains(said.String(), token) || strings.Contains(said.String(), "/p/"+string(practice)) {
				t.Error("what stands in front logs paths, and they hold tokens")
			}
			t.Logf("%s said: %s", c.name, said.String())
		})
	}
}

func newHosted(t *testing.T) *hosted {
	t.Helper()
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	h := &hosted{t: t, docs: string(docs), roots: x509.NewCertPool()}
	var root string
	h.cert, h.key, root = apptest.Certificates(t, host)
	pem, err := os.ReadFile(root)
	if err != nil || !h.roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}

	store, _ := apptest.Versitygw(t, "", "")
	redis := "redis://" + apptest.RedisServer(t)
	way, err := egress.New(egress.None, "")
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s3bucket.New(s3bucket.Config{Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", Endpoint: "http://" + store,
		AccessKey: apptest.RootAccess, SecretKey: app.Seal(apptest.RootSecret), Gateway: "https://" + host, Way: way})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Apply(t.Context(), func(s3bucket.State) {}); err != nil {
		t.Fatal(err)
	}
	key, err := hub.ParseKey(app.Seal("synapp.gateway:synthetic-ably-gateway"), `{"cp:*":["publish"]}`)
	if err != nil {
		t.Fatal(err)
	}
	realtime := hub.New(hub.Config{Keys: []hub.Key{key}})
	t.Cleanup(realtime.Close)
	ably := httptest.NewServer(realtime)
	t.Cleanup(ably.Close)
	if h.registry, err = redisregistry.New(redisregistry.Config{URL: app.Seal(redis), Practice: practice}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.registry.Shut() })

	// The two lines that the page adds to gateway.env, as it has them.
	added := regexp.MustCompile("add two lines: `(CLINICPRO_LISTEN=[^`]+)` and `(CLINICPRO_PROXY_HOPS=[^`]+)`").FindStringSubmatch(h.docs)
	if added == nil {
		t.Fatal("docs/operations.md does not say what to add to gateway.env")
	}
	env := filepath.Join(t.TempDir(), "gateway.env")
	text := strings.Join(append([]string{"AWS_REGION=ap-southeast-2", "S3_BUCKET_NAME=clinicpro-images-temp", "AWS_ACCESS_KEY_ID=" + apptest.RootAccess,
		"AWS_SECRET_ACCESS_KEY=" + apptest.RootSecret, "REDIS_URL=" + redis, "ABLY_API_KEY=synapp.gateway:synthetic-ably-gateway",
		"CLINICPRO_S3_ENDPOINT=http://" + store, "CLINICPRO_S3_ENCRYPT=off", "CLINICPRO_ABLY_ENDPOINT=" + ably.URL, "CLINICPRO_PROXY=none"}, added[1:]...), "\n")
	if err := os.WriteFile(env, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(os.Getenv("CLINICPRO_BIN"), "clinicpro-gateway"))
	cmd.Env = []string{"CLINICPRO_CONFIG=" + env}
	h.start(cmd, io.Discard)
	h.await("8080", &output{})
	return h
}

// start runs a program until the test ends.
func (h *hosted) start(cmd *exec.Cmd, said io.Writer) {
	h.t.Helper()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
	})
}

func (h *hosted) await(port string, said *output) {
	h.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return
		}
		if time.Since(began) > time.Minute {
			h.t.Fatalf("nobody listens on %s: %s", port, said)
		}
	}
}

// text is the block of docs/operations.md that holds a line.
func (h *hosted) text(line string) string {
	h.t.Helper()
	for i, block := range strings.Split(h.docs, "```") {
		if i%2 == 1 && strings.Contains(block, line) {
			_, body, _ := strings.Cut(block, "\n") // what follows the fence is the language
			return body
		}
	}
	h.t.Fatalf("docs/operations.md has no block with %q", line)
	return ""
}

// in puts this test's own in the place of what stands in a text, once.
func (h *hosted) in(text, there, here string) string {
	h.t.Helper()
	if strings.Count(text, there) != 1 {
		h.t.Fatalf("%q stands %d times in\n%s", there, strings.Count(text, there), text)
	}
	return strings.Replace(text, there, here, 1)
}

func (h *hosted) file(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// nginx has the site of the text inside what Debian's nginx.conf has of it.
func (h *hosted) nginx(said io.Writer) {
	site := h.text("ssl_certificate_key")
	site = h.in(site, "/etc/ssl/images.example.nz.pem", h.cert)
	site = h.in(site, "/etc/ssl/private/images.example.nz.key", h.key)
	dir := h.t.TempDir()
	conf := h.file("nginx.conf", fmt.Sprintf("user root;\ndaemon off;\npid %[1]s/pid;\nerror_log stderr;\nevents {}\nhttp {\n\taccess_log /dev/stdout;\n"+
		"\tclient_body_temp_path %[1]s/body;\n\tproxy_temp_path %[1]s/proxy;\n\tfastcgi_temp_path %[1]s/f;\n\tuwsgi_temp_path %[1]s/u;\n\tscgi_temp_path %[1]s/s;\n%[2]s}\n", dir, site))
	h.start(exec.Command("nginx", "-e", "stderr", "-c", conf), said)
}

// caddy gets the test's certificate, where the text has it fetch one.
func (h *hosted) caddy(said io.Writer) {
	site := h.text("reverse_proxy")
	site = h.in(site, host+" {\n", host+" {\n\ttls "+h.cert+" "+h.key+"\n")
	cmd := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", h.file("Caddyfile", site))
	home := h.t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home}
	h.start(cmd, said)
}

// client is somebody at an address of loopback's who follows no redirection
// and finds the host here.
func (h *hosted) client(from string) *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{}
		if strings.HasPrefix(addr, host+":") {
			addr = "127.0.0.1" + strings.TrimPrefix(addr, host)
			d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
		}
		return d.DialContext(ctx, network, addr)
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: h.roots}, ForceAttemptHTTP2: true}
	h.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// get is the status, headers and protocol of an answer.
func (h *hosted) get(c *http.Client, url string, more ...string) *http.Response {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i+1 < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res
}

// way is what does not need a session: TLS, the page with its headers as the
// gateway sent them, what is kept inside, and plain HTTP sent to TLS.
func (h *hosted) way(moved int) {
	h.t.Helper()
	c := h.client("127.0.0.1")
	inside, outside := h.get(c, "http://127.0.0.1:8080/p/hill-road/nothing"), h.get(c, "https://"+host+"/p/hill-road/nothing")
	if outside.StatusCode != http.StatusOK || outside.ProtoMajor != 2 {
		h.t.Errorf("the page: %d over %s", outside.StatusCode, outside.Proto)
	}
	for _, name := range []string{"Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "Cross-Origin-Opener-Policy", "Content-Type"} {
		if got, want := outside.Header.Values(name), inside.Header.Values(name); len(want) != 1 || strings.Join(got, "|") != want[0] {
			h.t.Errorf("%s: %q, the gateway sent %q", name, got, want)
		}
	}
	if outside.TLS == nil || outside.TLS.Version != tls.VersionTLS13 {
		h.t.Errorf("TLS: %+v", outside.TLS)
	}
	old := &tls.Config{RootCAs: h.roots, ServerName: host, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", "127.0.0.1:443", old); err == nil {
		_ = conn.Close()
		h.t.Error("TLS 1.1 is spoken")
	}
	for path, want := range map[string]int{"/readyz": 200, "/healthz": 200, "/metrics": 404, "/launch": 400} {
		if got := h.get(c, "https://"+host+path).StatusCode; got != want {
			h.t.Errorf("%s outside: %d, want %d", path, got, want)
		}
	}
	if got := h.get(c, "http://127.0.0.1:8080/metrics").StatusCode; got != http.StatusOK {
		h.t.Errorf("/metrics inside: %d", got)
	}
	if plain := h.get(c, "http://"+host+"/p/hill-road/nothing"); plain.StatusCode != moved || plain.Header.Get("Location") != "https://"+host+"/p/hill-road/nothing" {
		h.t.Errorf("plain HTTP: %d to %s", plain.StatusCode, plain.Header.Get("Location"))
	}
}

// session goes through every call of a phone's, and returns its token.
func (h *hosted) session() string {
	t := h.t
	t.Helper()
	drawn, err := pairing.NewSecrets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.registry.Open(t.Context(), app.Opening{SID: drawn.SID, PracticeName: "Synthetic practice", TokenHash: drawn.Token.Hash(), Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	p, err := phone.New(pairing.Link{Base: "https://" + host, Practice: practice, Token: drawn.Token, Recipient: drawn.Identity.Recipient(), Secret: drawn.Secret}.Build(), h.client("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err = p.Claim(t.Context())
	must("claim", err)
	im, err := p.Seal(bytes.Repeat([]byte("synthetic "), 200_000), time.Now())
	must("seal", err)
	links, err := p.Reserve(t.Context(), im)
	must("uploads", err)
	must("PUT", p.Put(t.Context(), links.Uploads[0], im.Sealed))
	_, err = p.Stored(t.Context(), []app.ImageID{im.ID})
	must("images", err)
	_, err = p.Amend(t.Context(), im.ID, 1, app.Details{Site: "hand"})
	must("details", err)
	a, err := p.Status(t.Context())
	must("status", err)
	if len(a.Session.Images) != 1 || a.Session.Images[0].State != app.ImageStored {
		t.Errorf("status: %+v", a.Session.Images)
	}
	_, err = p.Retract(t.Context(), im.ID)
	must("retract", err)
	_, err = p.Done(t.Context())
	must("done", err)
	return drawn.Token.Reveal()
}

// addresses: a caller is limited by its own address, whatever it claims to be,
// and another caller is not.
func (h *hosted) addresses() {
	h.t.Helper()
	greedy, other := h.client("127.0.0.2"), h.client("127.0.0.3")
	const call = "https://" + host + "/api/medtech/session/status"
	limited := false
	for n := 0; n < 5000 && !limited; n++ {
		limited = h.get(greedy, call, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n%250)).StatusCode == http.StatusTooManyRequests
	}
	if !limited {
		h.t.Error("a caller that says it is another each time is never limited")
	}
	if got := h.get(other, call).StatusCode; got != http.StatusBadRequest { // it names no session
		h.t.Errorf("another caller is answered %d", got)
	}
}
