// Command clinicpro-gateway serves the phone page and the session calls for
// any number of practices. It keeps nothing: run as many copies as you like
// behind a balancer that speaks TLS.
//
// Environment:
//
//	AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, S3_BUCKET_NAME
//	REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
//	ABLY_API_KEY
//	CLINICPRO_LISTEN             address to serve, default ":8080"
//	CLINICPRO_S3_ENDPOINT        another S3 server's origin; default AWS
//	CLINICPRO_S3_PUBLIC_ENDPOINT where phones reach that server; default the same
//	CLINICPRO_S3_ENCRYPT         "off" for a store without server-side encryption
//	CLINICPRO_ABLY_ENDPOINT      another hub's origin; default Ably
//	ALEX_BASE_URL, ALEX_TOKEN_URL, ALEX_CLIENT_ID, ALEX_CLIENT_SECRET, ALEX_RELAY_KEYS
//	                             the relay to Medtech (docs/medtech.md); default: none
//	ALEX_SCOPE, ALEX_LAUNCH_URL, ALEX_SETTLE  what a relay may need besides
//	CLINICPRO_PROXY_HOPS         proxies in front that add to X-Forwarded-For; default 0
//	CLINICPRO_PROXY              proxy towards S3, Redis and Ably; default the system's
//	CLINICPRO_CA_FILE            PEM certificates to trust besides the system's
//
// CLINICPRO_CONFIG names a file with any of these, NAME=value a line; the
// environment goes before it. Any NAME may be given as NAME_FILE instead: the
// file that holds the value, as containers and systemd hand secrets over.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/clinicpro-nz/images/assets"
	"github.com/clinicpro-nz/images/sync/gateway"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clinicpro-gateway:", err)
		os.Exit(1)
	}
}

// stopWithin is how long calls and hints under way get at the end.
const stopWithin = 20 * time.Second

func run(ctx context.Context, env func(string) string, stderr io.Writer) error {
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	c, err := readSettings(env)
	if err != nil {
		return err
	}
	c.way.Install() // for what takes no way of its own
	drivers, err := c.drivers()
	if err != nil {
		return err
	}
	defer func() { _ = drivers.Registry.Shut() }()
	origin, err := drivers.S3Origin(ctx)
	if err != nil {
		return err
	}
	record, err := c.alex.relay(ctx, drivers.Registry, log)
	if err != nil {
		return err
	}
	g, err := gateway.New(gateway.Config{
		For: drivers.For, Ready: drivers.Ready(), Page: assets.Phone(), Log: log,
		S3Origin: origin, ProxyHops: c.proxyHops, Record: record,
	})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: g, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // its texts hold addresses
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	log.Info("serving", "listen", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = server.Shutdown(end)
	g.Drain()
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
