package gateway_test

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/gateway"
)

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestPageAndAssets(t *testing.T) {
	c := newCloud(t)
	s := c.gateway()
	_, token := c.open(app.DefaultLimits)
	known, body := get(t, s.URL+"/p/test-practice/"+token.Reveal())
	unknown, other := get(t, s.URL+"/p/no-such/whatever")
	if known.StatusCode != 200 || unknown.StatusCode != 200 || body != other || !strings.Contains(body, "phone") {
		t.Fatalf("pages differ: %d %q, %d %q", known.StatusCode, body, unknown.StatusCode, other)
	}
	csp := known.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "worker-src 'self' blob:", "frame-ancestors 'none'",
		"connect-src 'self' https://bucket.example.nz;", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("no %q in %q", part, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("unsafe: %q", csp)
	}
	for path, want := range map[string]int{
		"/assets/page.ABCD.js": 200, "/assets/style.ABCD.css": 200, "/assets/": 404, "/assets/none.js": 404,
		"/assets/../secret.txt": 404, "/assets/%2e%2e/secret.txt": 404, "/secret.txt": 404, "/index.html": 404,
		"/": 404, "/p/test-practice": 404, "/healthz": 200, "/readyz": 200,
	} {
		res, _ := get(t, s.URL+path)
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		immutable := strings.Contains(res.Header.Get("Cache-Control"), "immutable")
		if immutable != (want == 200 && strings.HasPrefix(path, "/assets/")) {
			t.Errorf("%s: Cache-Control %q", path, res.Header.Get("Cache-Control"))
		}
		for header, value := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
			if res.Header.Get(header) != value {
				t.Errorf("%s: %s is %q", path, header, res.Header.Get(header))
			}
		}
	}
	_, metrics := get(t, s.URL+"/metrics")
	if !strings.Contains(metrics, `clinicpro_gateway_requests_total{route="GET /p/{practice}/{token}",status="200"} 2`) {
		t.Errorf("metrics: %s", metrics)
	}
	for what, text := range map[string]string{"metrics": metrics, "log": c.log.String()} {
		if strings.Contains(text, token.Reveal()) || strings.Contains(text, "test-practice") {
			t.Errorf("%s holds a path: %s", what, text)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := func() gateway.Config {
		return gateway.Config{For: func(app.Practice) gateway.Backend { return gateway.Backend{} },
			Page: fstest.MapFS{"index.html": {}}, Log: slog.New(slog.DiscardHandler)}
	}
	if _, err := gateway.New(good()); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"bucket", "https://", "ftp://x", "https://x/path", "https://x; script-src *", "https://*", "https://u@x"} {
		c := good()
		c.S3Origin = bad
		if _, err := gateway.New(c); app.KindOf(err) != app.KindBug {
			t.Errorf("%q: %v", bad, err)
		}
	}
	c := good()
	c.Page = fstest.MapFS{}
	if _, err := gateway.New(c); app.KindOf(err) != app.KindBug {
		t.Errorf("no page: %v", err)
	}
	if _, err := gateway.New(gateway.Config{}); app.KindOf(err) != app.KindBug {
		t.Errorf("nothing: %v", err)
	}
}

// A panic answers like an outage and leaves its value nowhere.
func TestPanic(t *testing.T) {
	c := newCloud(t)
	s := c.gateway(func(cfg *gateway.Config) {
		cfg.For = func(app.Practice) gateway.Backend { panic("NHI ZZZ0016") }
	})
	p := newPhone(t, s)
	got := p.claim(app.NewToken()).want(t, 503, "unavailable")
	if strings.Contains(got.Body+c.log.String(), "ZZZ0016") {
		t.Fatalf("the panic's value was shown: %s %s", got.Body, c.log)
	}
	if !regexp.MustCompile(`request panicked.*route="POST /api/medtech/session/claim"`).MatchString(c.log.String()) {
		t.Fatalf("the log names no route: %s", c.log)
	}
	_, metrics := get(t, s.URL+"/metrics")
	if !strings.Contains(metrics, "clinicpro_gateway_panics_total 1") {
		t.Fatal("the panic was not counted")
	}
}
