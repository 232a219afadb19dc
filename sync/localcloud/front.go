package localcloud

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// maxBody bounds what is passed on to S3: the largest image and then some.
const maxBody = 32 << 20

// front shares one port out by the first part of the path. Whatever is
// neither the bucket's nor the gateway's speaks Ably's protocol: REST, or a
// websocket at the root.
type front struct{ s3, gateway, hub http.Handler }

func newFront(ctx context.Context, cfg Config, parts Parts, s *store) (*front, error) {
	proxy, err := s3Proxy(s.endpoint, cfg.Log)
	if err != nil {
		return nil, err
	}
	hub, err := cfg.Hub(parts)
	if err != nil {
		return nil, err
	}
	// The gateway publishes to the hub, so it comes after it.
	gateway, err := cfg.Gateway(ctx, parts)
	if err != nil {
		return nil, err
	}
	return &front{s3: proxy, gateway: gateway, hub: hub}, nil
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch first {
	case bucket:
		f.s3.ServeHTTP(w, r)
	case "p", "assets", "api", "launch", "healthz", "readyz", "metrics", "favicon.ico", "robots.txt":
		f.gateway.ServeHTTP(w, r)
	default:
		f.hub.ServeHTTP(w, r)
	}
}

// s3Proxy passes requests on as they came: the signature covers the Host
// header and the path as they were sent.
func s3Proxy(endpoint string, log *slog.Logger) (http.Handler, error) {
	target, err := url.Parse(endpoint)
	if err != nil {
		return nil, app.E("reach local object store", app.KindBug, err)
	}
	return http.MaxBytesHandler(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true, // would add a header, and ciphertext does not shrink
			WriteBufferSize:     64 << 10,
			ReadBufferSize:      64 << 10,
		},
		BufferPool: &buffers{},
		ErrorLog:   slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}, maxBody), nil
}

// buffers are the proxy's copy buffers.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return *buf
	}
	return make([]byte, 128<<10)
}

func (b *buffers) Put(buf []byte) { b.pool.Put(&buf) }
