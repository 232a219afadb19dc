package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/ui/text"
)

const (
	lookTimeout = 5 * time.Second
	clockLimit  = 5 * time.Minute // S3 refuses beyond 15
)

// service is one host that this workstation speaks with.
type service struct {
	name string
	host string // host:port
	tls  bool
}

func (d *doctor) services() []service {
	var out []service
	add := func(name, address string) {
		u, err := url.Parse(address)
		if err != nil || u.Hostname() == "" {
			return
		}
		port := u.Port()
		secure := u.Scheme == "https" || u.Scheme == "rediss"
		if port == "" {
			port = map[string]string{"https": "443", "http": "80", "redis": "6379", "rediss": "6379"}[u.Scheme]
		}
		out = append(out, service{name, net.JoinHostPort(u.Hostname(), port), secure})
	}
	add("gateway", d.cfg.Gateway)
	if d.cfg.S3Endpoint != "" {
		add("S3", d.cfg.S3Endpoint)
	} else {
		add("S3", "https://"+d.cfg.Bucket+".s3."+d.cfg.Region+".amazonaws.com")
	}
	if u, err := url.Parse(d.cloud.Redis.Reveal()); err == nil && u.Host != "" {
		u.User = nil
		add("Redis", u.String())
	}
	if d.cfg.AblyEndpoint != "" {
		add("Ably", d.cfg.AblyEndpoint)
	} else {
		add("Ably", "https://main.realtime.ably.net")
	}
	return out
}

// network looks at the way to every host: name, proxy, TLS, and the clock. It
// reports whether all were reached.
func (d *doctor) network(ctx context.Context) bool {
	services := d.services()
	d.away = map[string]bool{}
	proxies := map[string]*url.URL{}
	d.step("proxy", func() (string, text.FaultCode) {
		var said []string
		for _, s := range services {
			via, err := d.way.ProxyFor(&url.URL{Scheme: "https", Host: s.host})
			if err != nil {
				return s.host, text.FaultProxyAway
			}
			proxies[s.host] = via
			how := "direct"
			if via != nil {
				how = "through " + via.Scheme + "://" + via.Host
			}
			if !slices.Contains(said, how) {
				said = append(said, how)
			}
		}
		return strings.Join(said, ", "), ""
	})
	ok := d.step("names", func() (string, text.FaultCode) {
		found := 0
		for _, s := range services {
			host, _, _ := net.SplitHostPort(s.host)
			if proxies[s.host] != nil || net.ParseIP(host) != nil {
				continue // the proxy looks it up, or nobody has to
			}
			lookCtx, cancel := context.WithTimeout(ctx, lookTimeout)
			_, err := net.DefaultResolver.LookupHost(lookCtx, host)
			cancel()
			if err != nil {
				return s.name + ": " + host, text.FaultDNS
			}
			found++
		}
		if found == 0 {
			return "none to look up", ""
		}
		return "all found", ""
	})
	for _, s := range services {
		if !ok {
			d.skip("way to " + s.name)
			continue
		}
		if !d.step("way to "+s.name, func() (string, text.FaultCode) { return d.reach(ctx, s) }) {
			d.away[s.name] = true
		}
	}
	if ok {
		ok = d.step("clock", func() (string, text.FaultCode) { return d.clock(ctx) })
	}
	return ok && len(d.away) == 0
}

// reach connects to a service and shakes hands.
func (d *doctor) reach(ctx context.Context, s service) (string, text.FaultCode) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	conn, err := d.way.Dial(ctx, "tcp", s.host)
	if err != nil {
		if code := wayFault(err); code != "" {
			return s.host, code
		}
		return s.host, text.FaultAway
	}
	defer conn.Close()
	host, _, _ := net.SplitHostPort(s.host)
	if !s.tls {
		if ip := net.ParseIP(host); s.name == "Redis" && (ip == nil || !ip.IsLoopback()) && host != "localhost" {
			return s.host, text.FaultRedisPlain
		}
		return s.host + ", without TLS", ""
	}
	cfg := d.way.TLS()
	cfg.ServerName = host
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		if code := wayFault(err); code != "" {
			return s.host, code
		}
		return s.host + ": no TLS there", text.FaultAway
	}
	state := secure.ConnectionState()
	return s.host + ", " + tls.VersionName(state.Version) + ", certificate of " + state.PeerCertificates[0].Issuer.CommonName, ""
}

// clock compares this computer's clock with what the gateway, or else S3, says
// in its answers. It needs no credential.
func (d *doctor) clock(ctx context.Context) (string, text.FaultCode) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	client := &http.Client{Transport: d.way.Transport()}
	defer client.CloseIdleConnections()
	for _, at := range []string{d.cfg.Gateway + "/healthz", d.cfg.S3Endpoint} {
		if at == "" {
			continue
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			continue
		}
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		theirs, err := http.ParseTime(res.Header.Get("Date"))
		if err != nil {
			continue
		}
		// A Date has whole seconds.
		off := now().Sub(theirs).Round(time.Second)
		if off.Abs() > clockLimit {
			return off.String() + " off", text.FaultClock
		}
		return "right to " + max(off.Abs(), time.Second).String(), ""
	}
	return "nobody says what time it is", ""
}

// now is this computer's clock; tests set another.
var now = time.Now
