// Package egress is how connections leave this machine: through the proxy that
// the settings or the system name, and trusting the certificates that the
// practice has added. Every driver takes a Way; ably-go's websocket, which
// takes none, goes by http.DefaultTransport, and so by Install.
//
// Loopback never goes through a proxy.
package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/clinicpro-nz/images/app"
)

// None as a proxy setting means that connections go straight out.
const None = "none"

const (
	dialTimeout = 5 * time.Second
	keepAlive   = 15 * time.Second
)

// Way is one way out. A nil Way is the system's proxy setting and the system's
// certificates. It may be used concurrently.
type Way struct {
	roots *x509.CertPool // nil: the system's
	proxy func(*url.URL) (*url.URL, error)
}

// New returns the way for a proxy setting ("": the system's own, None, or an
// origin http://, https:// or socks5://) and a file of PEM certificates to
// trust besides the system's ("": none). KindNotFound: the file cannot be
// read. KindCorrupt: it holds no certificate, or proxy is none.
func New(proxy, caFile string) (*Way, error) {
	w := &Way{}
	switch proxy {
	case "":
		w.proxy = system().ProxyFunc()
	case None:
		w.proxy = func(*url.URL) (*url.URL, error) { return nil, nil }
	default:
		if u, err := url.Parse(proxy); err != nil || u.Host == "" {
			return nil, app.E("read proxy setting", app.KindCorrupt, errors.New("want http://host:port or socks5://host:port"))
		}
		w.proxy = (&httpproxy.Config{HTTPProxy: proxy, HTTPSProxy: proxy}).ProxyFunc()
	}
	if caFile == "" {
		return w, nil
	}
	const op = "read certificates"
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, app.E(op, app.KindNotFound, err)
	}
	if w.roots, err = x509.SystemCertPool(); err != nil {
		w.roots = x509.NewCertPool()
	}
	if !w.roots.AppendCertsFromPEM(pem) {
		return nil, app.E(op, app.KindCorrupt, fmt.Errorf("%s holds no PEM certificate", caFile))
	}
	return w, nil
}

// system is the environment's setting, and the system's where that names none.
func system() *httpproxy.Config {
	c := httpproxy.FromEnvironment()
	for _, name := range []string{"ALL_PROXY", "all_proxy"} {
		if all := os.Getenv(name); all != "" && c.HTTPSProxy == "" && c.HTTPProxy == "" {
			c.HTTPProxy, c.HTTPSProxy = all, all
		}
	}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		if own := desktop(); own != nil {
			return own
		}
	}
	return c
}

// ProxyFor is the proxy towards a URL, nil for none.
func (w *Way) ProxyFor(u *url.URL) (*url.URL, error) {
	if w == nil {
		return system().ProxyFunc()(u)
	}
	return w.proxy(u)
}

// TLS is the configuration of a TLS client.
func (w *Way) TLS() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if w != nil {
		c.RootCAs = w.roots
	}
	return c
}

// Apply makes a transport go this way.
func (w *Way) Apply(t *http.Transport) {
	t.Proxy = func(r *http.Request) (*url.URL, error) { return w.ProxyFor(r.URL) }
	t.TLSClientConfig = w.TLS()
}

// Transport is a fresh HTTP transport that goes this way.
func (w *Way) Transport() *http.Transport {
	t := &http.Transport{
		DialContext:       (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext,
		ForceAttemptHTTP2: true, MaxIdleConns: 32, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
	}
	w.Apply(t)
	return t
}

// Install makes this the way of http.DefaultTransport, which ably-go's
// websocket uses. A program calls it once, before its first connection.
func (w *Way) Install() { http.DefaultTransport = w.Transport() }

// Dial connects to host:port, through the proxy when there is one; the proxy
// resolves the name then. An error that is a *Refused is the proxy's own.
func (w *Way) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	proxy, err := w.ProxyFor(&url.URL{Scheme: "https", Host: addr})
	if err != nil {
		return nil, err
	}
	return through(ctx, proxy, network, addr, w.TLS())
}
