package main

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/assets"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/egress"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/localcloud/hub"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

const (
	ours   = "hill-road"
	theirs = "valley-road"
)

// rig is a cloud of real servers with nothing in it: versitygw with IAM and
// redis-server with an administrator's password, both over TLS; a hub whose
// keys were made in "Ably's console"; and the gateway, once it has keys.
type rig struct {
	t       testing.TB
	dir     string
	cert    string
	key     string
	root    string
	s3, iam string // host:port
	phones  string // S3\'s origin as phones reach it; "" the same
	redis   string // host:port
	hub     *httptest.Server
	ably    map[string]string // role → key
	gateway *httptest.Server
	admin   string // file of the administrator's names
}

// trusted are the certificates of this process's rigs: one set, since
// ably-go's websocket has one transport for the whole process.
var trusted struct {
	once            sync.Once
	cert, key, root string
}

// certificates is the folder that trusted lie in; it goes with the tests.
var certificates string

func newRig(t testing.TB) *rig {
	t.Helper()
	trusted.once.Do(func() {
		var err error
		if certificates, err = os.MkdirTemp("", "clinicproctl-rig-"); err != nil {
			t.Fatal(err)
		}
		trusted.cert, trusted.key, trusted.root = apptest.CertificatesIn(t, certificates,
			"s3.practice.test", "redis.practice.test", "ably.practice.test", "gateway.practice.test")
	})
	r := &rig{t: t, dir: t.TempDir(), cert: trusted.cert, key: trusted.key, root: trusted.root, ably: map[string]string{}}
	r.s3, r.iam = apptest.Versitygw(t, r.cert, r.key)
	r.redis = apptest.FreeAddr(t)
	_, tlsPort, _ := net.SplitHostPort(r.redis)
	apptest.RedisServer(t, "--requirepass", "synthetic-redis-admin", "--tls-port", tlsPort,
		"--tls-cert-file", r.cert, "--tls-key-file", r.key, "--tls-ca-cert-file", r.root, "--tls-auth-clients", "no")

	var keys []hub.Key
	for role, g := range map[string]grants{"gateway": grantsOf("b", ""), ours: grantsOf("b", ours), theirs: grantsOf("b", theirs)} {
		r.ably[role] = "synapp." + role + ":synthetic-ably-secret-of-" + role
		k, err := hub.ParseKey(app.Seal(r.ably[role]), string(g.Ably))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	realtime := hub.New(hub.Config{Keys: keys})
	r.hub = r.serve(realtime)
	t.Cleanup(realtime.Close)
	r.gateway = r.serve(http.NotFoundHandler())
	r.admin = r.names("admin.env", map[string]string{
		"AWS_ACCESS_KEY_ID": apptest.RootAccess, "AWS_SECRET_ACCESS_KEY": apptest.RootSecret,
		"CLINICPRO_S3_ENDPOINT": "https://" + r.s3, "CLINICPRO_IAM_ENDPOINT": "https://" + r.iam, "CLINICPRO_S3_ENCRYPT": "off",
		"REDIS_URL": "rediss://default:synthetic-redis-admin@" + r.redis, "CLINICPRO_GATEWAY": r.gateway.URL,
		"CLINICPRO_ABLY_ENDPOINT": r.hub.URL, "CLINICPRO_CA_FILE": r.root, "CLINICPRO_PROXY": "none",
	})
	return r
}

// serve serves over TLS with the rig's certificate.
func (r *rig) serve(h http.Handler) *httptest.Server {
	r.t.Helper()
	pair, err := tls.LoadX509KeyPair(r.cert, r.key)
	if err != nil {
		r.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	r.t.Cleanup(server.Close)
	return server
}

// names writes a file of NAME=value.
func (r *rig) names(file string, values map[string]string) string {
	r.t.Helper()
	var b strings.Builder
	for name, value := range values {
		b.WriteString(name + "=" + value + "\n")
	}
	path := filepath.Join(r.dir, file)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// readNames reads such a file back.
func (r *rig) readNames(path string) map[string]string {
	r.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := config.ParseEnv(string(text))
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// said is what a command said and its exit code.
type said struct {
	code     int
	out, err string
}

// ctl runs a command of clinicproctl.
func (r *rig) ctl(stdin string, args ...string) said {
	r.t.Helper()
	var out, errs bytes.Buffer
	code := run(r.t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return said{code, out.String(), errs.String()}
}

// wants fails unless a command ended as it should.
func (s said) wants(t testing.TB, code int, words ...string) said {
	t.Helper()
	if s.code != code {
		t.Fatalf("exit code %d, want %d\n%s\n%s", s.code, code, s.out, s.err)
	}
	for _, w := range words {
		if !strings.Contains(s.out+s.err, w) {
			t.Fatalf("nothing of %q in\n%s\n%s", w, s.out, s.err)
		}
	}
	return s
}

// keys makes a role's keys and adds the one that Ably's console gave.
func (r *rig) keys(role string) string {
	r.t.Helper()
	file := filepath.Join(r.dir, role+".env")
	who := []string{"-practice", role}
	if role == "gateway" {
		who = []string{"-gateway"}
	}
	r.ctl("", append([]string{"cloud", "credentials", "-from", r.admin, "-out", file}, who...)...).wants(r.t, exitDone)
	got := r.readNames(file)
	got["ABLY_API_KEY"] = r.ably[role]
	return r.names(role+".env", got)
}

// serveGateway starts the gateway with the keys of a file, in the place where
// nothing was.
func (r *rig) serveGateway(file string) gateway.Drivers {
	r.t.Helper()
	n := r.readNames(file)
	way := r.way()
	var d gateway.Drivers
	var err error
	if d.Registry, err = redisregistry.New(redisregistry.Config{URL: app.Seal(n["REDIS_URL"]), Way: way}); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = d.Registry.Shut() })
	if d.Objects, err = s3objects.New(s3objects.Config{Region: n["AWS_REGION"], Bucket: n["S3_BUCKET_NAME"], Endpoint: n["CLINICPRO_S3_ENDPOINT"], PublicEndpoint: r.phones,
		AccessKey: n["AWS_ACCESS_KEY_ID"], SecretKey: app.Seal(n["AWS_SECRET_ACCESS_KEY"]), Way: way}); err != nil {
		r.t.Fatal(err)
	}
	ably, err := ablyfeed.Config{Key: app.Seal(n["ABLY_API_KEY"]), Way: way}.At(r.hub.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	if d.Hints, err = ablyfeed.NewPublisher(ably); err != nil {
		r.t.Fatal(err)
	}
	origin, err := d.S3Origin(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{For: d.For, Ready: d.Ready(), Page: assets.Phone(), Log: slog.New(slog.DiscardHandler), S3Origin: origin})
	if err != nil {
		r.t.Fatal(err)
	}
	r.gateway.Config.Handler = g
	return d
}

func (r *rig) way() *egress.Way {
	r.t.Helper()
	way, err := egress.New(egress.None, r.root)
	if err != nil {
		r.t.Fatal(err)
	}
	way.Install()
	return way
}

// enrolled is a rig whose cloud is set up and whose workstation, with its
// keyring and state folder, is enrolled with our practice.
func enrolledRig(t testing.TB) (r *rig, vault *apptest.FakeVault, state string) {
	t.Helper()
	r = newRig(t)
	r.ctl("", "cloud", "apply", "-from", r.admin).wants(t, exitDone)
	r.serveGateway(r.keys("gateway"))
	station := r.keys(ours)
	vault, state = &apptest.FakeVault{}, filepath.Join(r.dir, "state")
	if err := os.MkdirAll(filepath.Join(state, "filed"), 0o700); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if code := credentialsImport(t.Context(), vault, []string{"-from", station, "-practice", ours, "-dir", state}, nil, &errs, &errs); code != exitDone {
		t.Fatalf("import: %d\n%s", code, errs.String())
	}
	return r, vault, state
}
