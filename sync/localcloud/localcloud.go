// Package localcloud is the whole cloud on one machine and one port: S3
// (embedded versitygw), Redis (miniredis), a hub that speaks Ably's protocol,
// and the gateway. Local mode, tests and small practices use it with the same
// drivers as the real services.
//
// versitygw changes the working directory and allows one gateway a process:
// so does Run. It belongs in a process of its own, clinicpro-localcloud.
//
// Objects survive a restart, and so do the keys; the registry is in memory
// only, and the agent restores what it lacks (design section 5).
package localcloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
)

const (
	bucket = "clinicpro-images-temp"
	region = "ap-southeast-2"

	// ownerWait is how long an earlier local cloud of the same folder is given
	// to end what it was doing.
	ownerWait = 15 * time.Second
)

// Config is what one local cloud needs.
type Config struct {
	// Dir is the state folder, made if missing: objects and keys.
	Dir string
	// Listen is host:port, one address of this machine; port 0 lets the
	// system choose.
	Listen       string
	Practice     app.Practice
	PracticeName string
	Log          *slog.Logger
}

// Run serves until ctx ends and returns nil then. up is called once, when
// everything answers; counts may be called until Run returns. KindConflict:
// the address is taken, or another local cloud does not leave the folder;
// KindNotFound: the address is none of this machine's; KindBug: it is not one
// address; KindFull: the state folder cannot be written.
func Run(ctx context.Context, cfg Config, up func(r ready.Ready, counts func() ready.Counts)) error {
	listener, keys, dir, err := cfg.take(ctx)
	if err != nil {
		return err
	}
	defer listener.Close() // for the ways out before Serve owns it
	// One that is just leaving may still write objects: what it leaves half
	// stored can be put right only once it has gone.
	lock, err := durable.Lock(filepath.Join(dir, "owner.lock"), ownerWait)
	switch {
	case errors.Is(err, durable.ErrOwned):
		return app.E("own state folder", app.KindConflict, err)
	case err != nil:
		return app.E("own state folder", app.KindFull, err)
	}
	defer lock.Close()
	redis, err := startRedis(keys.Redis)
	if err != nil {
		return err
	}
	defer redis.Close()
	commands := newCounter()
	countRedis(redis, commands)

	group, ctx := errgroup.WithContext(ctx)
	store, err := startStore(ctx, group, dir, keys)
	if err != nil {
		return errors.Join(err, group.Wait())
	}
	addr := listener.Addr().(*net.TCPAddr)
	base := "http://" + addr.String()
	redisURL := url.URL{Scheme: "redis", Host: redis.Addr(), User: url.UserPassword("", keys.Redis), Path: "/0"}
	front, err := newFront(parts{
		base: base, addr: addr, redis: app.Seal(redisURL.String()), keys: keys, store: store, log: cfg.Log,
	})
	if err != nil {
		store.stop()
		return errors.Join(err, group.Wait())
	}
	serve(ctx, group, listener, front, cfg.Log, func() {
		front.close()
		store.stop()
	})
	group.Go(func() error { return store.sweepHourly(ctx, cfg.Log) })
	up(ready.Ready{
		Ready: true, Base: base, Practice: string(cfg.Practice), PracticeName: cfg.PracticeName,
		Bucket: bucket, Region: region, Redis: redisURL.String(),
		Ably:        ready.Ably{Endpoint: base, Host: addr.IP.String(), Port: addr.Port, PlainText: true},
		Workstation: ready.Workstation{AccessKey: keys.Access, SecretKey: keys.Secret, AblyKey: keys.Listen},
	}, func() ready.Counts {
		return ready.Counts{Redis: commands.counts(), S3: store.requests.counts(), Ably: ready.AblyCounts(front.hub.Counts())}
	})
	return group.Wait()
}

// RunHub is Run with the hub alone: a process of its own for who measures with
// real servers beside it.
func RunHub(ctx context.Context, cfg Config, up func(r ready.Ready, counts func() ready.Counts)) error {
	listener, keys, _, err := cfg.take(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	realtime, err := newHub(keys, cfg.Log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	serve(ctx, group, listener, realtime, cfg.Log, realtime.Close)
	addr := listener.Addr().(*net.TCPAddr)
	base := "http://" + addr.String()
	up(ready.Ready{
		Ready: true, Base: base, Practice: string(cfg.Practice), PracticeName: cfg.PracticeName,
		Ably:        ready.Ably{Endpoint: base, Host: addr.IP.String(), Port: addr.Port, PlainText: true},
		Workstation: ready.Workstation{AblyKey: keys.Listen}, PublishKey: keys.Publish,
	}, func() ready.Counts { return ready.Counts{Ably: ready.AblyCounts(realtime.Counts())} })
	return group.Wait()
}

// take takes the one port, and loads the keys from the state folder.
func (cfg Config) take(ctx context.Context) (net.Listener, keys, string, error) {
	listener, err := listen(ctx, cfg.Listen)
	if err != nil {
		return nil, keys{}, "", err
	}
	dir, k, err := cfg.state()
	if err != nil {
		_ = listener.Close()
	}
	return listener, k, dir, err
}

// state makes the state folder and returns its absolute path and the keys in it.
func (cfg Config) state() (string, keys, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return "", keys{}, app.E("find state folder", app.KindFull, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", keys{}, app.E("make state folder", app.KindFull, err)
	}
	k, err := loadKeys(filepath.Join(dir, "keys.json"))
	return dir, k, err
}

// serve answers on listener until ctx ends, and calls closed once nothing
// new is accepted: what is under way may finish, websockets are not waited for.
func serve(ctx context.Context, group *errgroup.Group, listener net.Listener, h http.Handler, log *slog.Logger, closed func()) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       15 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return app.E("serve local cloud", app.KindOffline, err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
		closed()
		_ = server.Close()
		return nil
	})
}

// listen takes the one port. An address that means every network at once is
// refused: which one a practice opens is a choice.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	const op = "take local cloud's address"
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return nil, app.E(op, app.KindBug, errors.New("one address of this machine is needed"))
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	const (
		winInUse    = syscall.Errno(10048) // WSAEADDRINUSE; syscall's own constants are not what Windows returns
		winNotAvail = syscall.Errno(10049)
	)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, winInUse):
		return nil, app.E(op, app.KindConflict, err)
	}
	var dns *net.DNSError
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, winNotAvail) || errors.As(err, &dns) {
		return nil, app.E(op, app.KindNotFound, err)
	}
	return nil, app.E(op, app.KindBug, err)
}

func startRedis(password string) (*miniredis.Miniredis, error) {
	redis := miniredis.NewMiniRedis()
	redis.ClockTTL(true) // keys expire by the clock, as in a real server
	redis.RequireAuth(password)
	if err := redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, app.E("start local registry", app.KindBug, fmt.Errorf("miniredis: %w", err))
	}
	return redis, nil
}
