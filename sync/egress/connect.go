package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/proxy"
)

// Refused is a proxy's no.
type Refused struct {
	Proxy  string // host:port
	Status int    // of its answer to CONNECT
}

func (r *Refused) Error() string {
	return fmt.Sprintf("the proxy %s answered %d", r.Proxy, r.Status)
}

// Unreachable is a proxy that cannot be spoken with.
type Unreachable struct {
	Proxy string
	Err   error
}

func (u *Unreachable) Error() string { return "the proxy " + u.Proxy + " does not answer" }
func (u *Unreachable) Unwrap() error { return u.Err }

// through opens a connection, by way of a proxy unless that is nil.
func through(ctx context.Context, via *url.URL, network, addr string, tlsConfig *tls.Config) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	if via == nil {
		return dialer.DialContext(ctx, network, addr)
	}
	at := via.Host
	if via.Port() == "" {
		at = net.JoinHostPort(via.Hostname(), map[string]string{"http": "80", "https": "443"}[via.Scheme])
		if via.Scheme == "socks5" || via.Scheme == "socks5h" {
			at = net.JoinHostPort(via.Hostname(), "1080")
		}
	}
	if via.Scheme == "socks5" || via.Scheme == "socks5h" {
		var auth *proxy.Auth
		if pass, given := via.User.Password(); given {
			auth = &proxy.Auth{User: via.User.Username(), Password: pass}
		}
		socks, err := proxy.SOCKS5("tcp", at, auth, dialer)
		if err != nil {
			return nil, &Unreachable{at, err}
		}
		conn, err := socks.(proxy.ContextDialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, &Unreachable{at, err}
		}
		return conn, nil
	}
	conn, err := dialer.DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, &Unreachable{at, err}
	}
	if via.Scheme == "https" {
		secure := tlsConfig.Clone()
		secure.ServerName = via.Hostname()
		conn = tls.Client(conn, secure)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := connect(conn, via, at, addr); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// connect speaks HTTP's CONNECT (RFC 9110, 9.3.6). Nothing of the target has
// spoken yet when the proxy answers, so the reader holds nothing back.
func connect(conn net.Conn, via *url.URL, at, addr string) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if pass, given := via.User.Password(); given {
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(via.User.Username()+":"+pass)))
	}
	if err := req.Write(conn); err != nil {
		return &Unreachable{at, err}
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return &Unreachable{at, err}
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return &Refused{at, answer.StatusCode}
	}
	return nil
}
