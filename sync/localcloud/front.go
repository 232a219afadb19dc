package localcloud

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/assets"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// maxBody bounds what is passed on to S3: the largest image and then some.
const maxBody = 32 << 20

// parts is what the front is made from.
type parts struct {
	base  string // the one public origin, no trailing slash
	addr  *net.TCPAddr
	redis app.Sealed
	keys  keys
	store *store
	log   *slog.Logger
}

// front shares one port out by the first part of the path. Whatever is
// neither the bucket's nor the gateway's speaks Ably's protocol: REST, or a
// websocket at the root.
type front struct {
	s3, gateway http.Handler
	hub         *hub.Hub
	close       func() // after the server has stopped
}

func newFront(p parts) (*front, error) {
	proxy, err := s3Proxy(p.store.endpoint, p.log)
	if err != nil {
		return nil, err
	}
	realtime, err := newHub(p.keys, p.log)
	if err != nil {
		return nil, err
	}
	registry, err := redisregistry.New(redisregistry.Config{URL: p.redis, PoolSize: 16})
	if err != nil {
		return nil, err
	}
	phone, err := newGateway(p, registry)
	if err != nil {
		return nil, errors.Join(err, registry.Shut())
	}
	return &front{s3: proxy, gateway: phone, hub: realtime, close: func() {
		phone.Drain()
		realtime.Close()
		_ = registry.Shut()
	}}, nil
}

// newHub gives the gateway a key that publishes and the workstation one that
// listens, as the real service's keys are meant to be cut.
func newHub(k keys, log *slog.Logger) (*hub.Hub, error) {
	listen, err := hub.ParseKey(app.Seal(k.Listen), `{"cp:*":["subscribe"]}`)
	if err != nil {
		return nil, err
	}
	publish, err := hub.ParseKey(app.Seal(k.Publish), `{"cp:*":["publish"]}`)
	if err != nil {
		return nil, err
	}
	return hub.New(hub.Config{Keys: []hub.Key{listen, publish}, Log: log}), nil
}

func newGateway(p parts, registry *redisregistry.Registry) (*gateway.Gateway, error) {
	objects, err := s3objects.New(s3objects.Config{
		Region: region, Bucket: bucket, Endpoint: p.store.endpoint, PublicEndpoint: p.base,
		AccessKey: p.keys.Access, SecretKey: app.Seal(p.keys.Secret),
	})
	if err != nil {
		return nil, err
	}
	hints, err := ablyfeed.NewPublisher(ablyfeed.Config{
		Key: app.Seal(p.keys.Publish), Host: p.addr.IP.String(), Port: p.addr.Port, PlainText: true, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	drivers := gateway.Drivers{Registry: registry, Objects: objects, Hints: hints}
	return gateway.New(gateway.Config{For: drivers.For, Ready: drivers.Ready(), Page: assets.Phone(), Log: p.log})
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
