package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/apptest"
)

func environment(redis string) map[string]string {
	return map[string]string{
		"AWS_REGION": "ap-southeast-2", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "s3cretkey",
		"S3_BUCKET_NAME": "clinicpro-images-temp", "REDIS_URL": "redis://" + redis, "ABLY_API_KEY": "app.key:ablysecret",
		"CLINICPRO_LISTEN": "127.0.0.1:0", "CLINICPRO_S3_ENDPOINT": "http://127.0.0.1:1", "CLINICPRO_ABLY_ENDPOINT": "http://127.0.0.1:1",
	}
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// listenAddress waits for the line that names it.
func (o *output) listenAddress(t *testing.T) string {
	t.Helper()
	for range 500 {
		for line := range strings.Lines(o.String()) {
			var in struct{ Msg, Listen string }
			if json.Unmarshal([]byte(line), &in) == nil && in.Msg == "serving" {
				return in.Listen
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never served: %s", o)
	return ""
}

func TestServesAndStops(t *testing.T) {
	env := environment(apptest.RedisServer(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, ended := &output{}, make(chan error, 1)
	go func() { ended <- run(ctx, func(name string) string { return env[name] }, out) }()
	base := "http://" + out.listenAddress(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503 /* S3 is away */, "/p/test-practice/x": 200} {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' http://127.0.0.1:1;") {
			t.Errorf("the bucket's origin is not allowed: %q", csp)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("did not stop")
	}
	for _, secret := range []string{"s3cretkey", "ablysecret", "AKIATEST"} {
		if strings.Contains(out.String(), secret) {
			t.Fatalf("the log holds %s", secret)
		}
	}
}

func TestSettings(t *testing.T) {
	read := func(change map[string]string) (settings, error) {
		env := environment("127.0.0.1:1")
		for name, v := range change {
			env[name] = v
		}
		return readSettings(func(name string) string { return env[name] })
	}
	c, err := read(map[string]string{"REDIS_URL": "", "UPSTASH_REDIS_REST_URL": "https://x.upstash.io", "UPSTASH_REDIS_REST_TOKEN": "tok",
		"CLINICPRO_ABLY_ENDPOINT": "https://hub.example.nz:8443", "CLINICPRO_PROXY_HOPS": "2", "CLINICPRO_LISTEN": ""})
	if err != nil || c.redisURL.Reveal() != "rediss://default:tok@x.upstash.io:6379" || c.proxyHops != 2 || c.listen != ":8080" ||
		c.ably.Host != "hub.example.nz" || c.ably.Port != 8443 || c.ably.PlainText || !c.s3.Encrypt {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := readSettings(func(string) string { return "" }); err == nil ||
		!strings.Contains(err.Error(), "AWS_REGION, S3_BUCKET_NAME") || !strings.Contains(err.Error(), "UPSTASH_REDIS_REST_TOKEN") {
		t.Fatalf("nothing set: %v", err)
	}
	for name, bad := range map[string]string{"CLINICPRO_PROXY_HOPS": "many", "CLINICPRO_ABLY_ENDPOINT": "hub"} {
		if _, err := read(map[string]string{name: bad}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, bad, err)
		}
	}
}

// Without an endpoint the bucket's own address at AWS is allowed, and only it.
func TestAWSOrigin(t *testing.T) {
	env := environment("127.0.0.1:1")
	delete(env, "CLINICPRO_S3_ENDPOINT")
	c, err := readSettings(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.drivers()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Registry.Shut() }()
	if origin, err := d.S3Origin(t.Context()); err != nil || origin != "https://clinicpro-images-temp.s3.ap-southeast-2.amazonaws.com" {
		t.Fatalf("%q, %v", origin, err)
	}
}
