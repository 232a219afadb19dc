package egress

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestNew(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"} {
		t.Setenv(name, "")
	}
	far := &url.URL{Scheme: "https", Host: "s3.example.nz"}
	via := func(w *Way, u *url.URL) string {
		t.Helper()
		p, err := w.ProxyFor(u)
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			return ""
		}
		return p.String()
	}
	way := func(proxy string) *Way {
		t.Helper()
		w, err := New(proxy, "")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if got := via(way("http://proxy:3128"), far); got != "http://proxy:3128" {
		t.Errorf("a setting: %q", got)
	}
	if got := via(way("http://proxy:3128"), &url.URL{Scheme: "https", Host: "127.0.0.1:8787"}); got != "" {
		t.Errorf("loopback goes through %q", got)
	}
	t.Setenv("ALL_PROXY", "socks5://gate:1080")
	if got := via(way(""), far); got != "socks5://gate:1080" {
		t.Errorf("the system's: %q", got)
	}
	if got := via(nil, far); got != "socks5://gate:1080" {
		t.Errorf("no way at all: %q", got)
	}
	if got := via(way(None), far); got != "" {
		t.Errorf("none: %q", got)
	}
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New("", empty); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("a file without a certificate: %v", err)
	}
	if _, err := New("", empty+".none"); app.KindOf(err) != app.KindNotFound {
		t.Errorf("no file: %v", err)
	}
}

func TestWindowsProxy(t *testing.T) {
	for _, c := range []struct{ server, override, http, https, direct string }{
		{"proxy:3128", "", "http://proxy:3128", "http://proxy:3128", ""},
		{"http=a:1;https=b:2;socks=c:3", "*.practice.local;<local>;10.0.0.1", "http://a:1", "http://b:2", ".practice.local,10.0.0.1"},
		{"socks=c:3", "", "", "socks5://c:3", ""},
		{"https=http://b:2", "", "", "http://b:2", ""},
	} {
		got := windowsProxy(c.server, c.override)
		if got == nil || got.HTTPProxy != c.http || got.HTTPSProxy != c.https || got.NoProxy != c.direct {
			t.Errorf("%q: %+v", c.server, got)
		}
	}
	if got := windowsProxy("", "<local>"); got != nil {
		t.Errorf("nothing: %+v", got)
	}
}

// A proxy's no, and a proxy that is not there, are told apart, and no password
// is in what is said.
func TestProxiesThatDoNot(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		asked <- req.Method + " " + req.Host + " " + req.Header.Get("Proxy-Authorization")
		_, _ = conn.Write([]byte("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))
	}()
	w := &Way{proxy: func(*url.URL) (*url.URL, error) {
		return url.Parse("http://user:synthetic-password@" + l.Addr().String())
	}}
	_, err = w.Dial(context.Background(), "tcp", "redis.example.nz:6379")
	refused, is := errors.AsType[*Refused](err)
	if !is || refused.Status != http.StatusProxyAuthRequired {
		t.Fatalf("%v", err)
	}
	if got := <-asked; got != "CONNECT redis.example.nz:6379 Basic dXNlcjpzeW50aGV0aWMtcGFzc3dvcmQ=" {
		t.Errorf("asked %q", got)
	}
	_ = l.Close()
	_, err = w.Dial(context.Background(), "tcp", "redis.example.nz:6379")
	if _, is := errors.AsType[*Unreachable](err); !is {
		t.Errorf("nobody there: %v", err)
	}
}
