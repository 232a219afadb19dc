package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/sync/workstation"
)

const (
	simulatedPractice = app.Practice("simulated-practice")
	serverPatience    = 30 * time.Second
)

// servers are what a simulation runs against.
type servers struct {
	what     string // for the report
	cloud    workstation.Cloud
	counts   func() (ready.Counts, error) // nil: nobody counts at these servers
	flush    func(context.Context) error  // empties Redis; nil when it is not ours
	children map[string]*child            // by program
	stop     func()
}

// counted is what the servers have been asked so far, nil when nobody counts.
func (s *servers) counted() (*ready.Counts, error) {
	if s.counts == nil {
		return nil, nil
	}
	c, err := s.counts()
	return &c, err
}

// child is a server that was started here. It ends with its standard input or
// when it is killed.
type child struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	lines *bufio.Reader
	mute  chan struct{} // not nil once nobody reads what it says: closed at its end
}

// ignore reads on without an eye for it, until the child ends.
func (c *child) ignore() {
	c.mute = make(chan struct{})
	go func() {
		defer close(c.mute)
		_, _ = io.Copy(io.Discard, c.lines)
	}()
}

// startChild starts a program with an environment of its own.
func startChild(exe string, args, env []string, said io.Writer) (*child, error) {
	cmd := exec.Command(exe, args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), said
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, sentence("The program " + filepath.Base(exe) + " cannot be started. Nothing was simulated.")
	}
	return &child{cmd: cmd, input: input, lines: bufio.NewReader(output)}, nil
}

// stop asks the child to end, and after five seconds makes it.
func (c *child) stop() {
	_ = c.input.Close()
	_ = c.cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(5*time.Second, func() { _ = c.cmd.Process.Kill() })
	if c.mute == nil {
		c.ignore()
	}
	<-c.mute
	_ = c.cmd.Wait()
	kill.Stop()
}

// localCloudChild starts clinicpro-localcloud and waits for its ready line.
func localCloudChild(dir string, said io.Writer, more ...string) (*child, ready.Ready, error) {
	var r ready.Ready
	exe, err := sibling("clinicpro-localcloud")
	if err != nil {
		return nil, r, err
	}
	c, err := startChild(exe, append([]string{"-dir", dir, "-listen", "127.0.0.1:0",
		"-practice", string(simulatedPractice), "-practice-name", "Simulated practice"}, more...), nil, said)
	if err != nil {
		return nil, r, err
	}
	line, err := c.lines.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &r) != nil || !r.Ready {
		c.stop()
		return nil, r, sentence("The local cloud did not start; what it said stands above.")
	}
	return c, r, nil
}

// counts asks a local cloud for its counts. One call at a time.
func (c *child) counts() (ready.Counts, error) {
	var out ready.Counts
	if _, err := io.WriteString(c.input, "counts\n"); err != nil {
		return out, sentence("The local cloud has gone.")
	}
	line, err := c.lines.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &out) != nil {
		return out, sentence("The local cloud does not say what it has counted.")
	}
	return out, nil
}

// sibling finds a program of ours beside this one.
func sibling(name string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(exe)
	if bin := os.Getenv("CLINICPRO_BIN"); bin != "" {
		dir = bin
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		return "", sentence("The program " + name + " is missing beside this one. Nothing was simulated.")
	}
	return path, nil
}

// localServers is the local cloud in a process of its own.
func localServers(dir string) (*servers, error) {
	said, err := os.OpenFile(filepath.Join(dir, "localcloud.log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer said.Close() // the child has its own
	c, r, err := localCloudChild(filepath.Join(dir, "cloud"), said)
	if err != nil {
		return nil, err
	}
	cloud, err := workstation.LocalCloud(r)
	if err != nil {
		c.stop()
		return nil, err
	}
	return &servers{
		what:  "local cloud (embedded versitygw, miniredis, hub, gateway) in one process",
		cloud: cloud, counts: c.counts, stop: c.stop, children: map[string]*child{"localcloud": c},
		flush: func(ctx context.Context) error { return flushRedis(ctx, cloud.Redis) },
	}, nil
}

// apartServers starts redis-server, versitygw's own program, the hub and the
// gateway, each in a process of its own on a loopback port.
func apartServers(ctx context.Context, dir string) (_ *servers, err error) {
	on := &servers{what: "redis-server, versitygw, hub and gateway, each a process of its own", children: map[string]*child{}}
	monitor := &redisMonitor{}
	on.stop = func() {
		monitor.stop()
		for _, c := range on.children {
			c.stop()
		}
	}
	defer func() {
		if err != nil {
			on.stop()
		}
	}()
	said, err := os.OpenFile(filepath.Join(dir, "servers.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer said.Close() // the children have their own

	redis, err := on.redis(dir, said)
	if err != nil {
		return nil, err
	}
	s3, accessLog, err := on.versitygw(dir, said)
	if err != nil {
		return nil, err
	}
	hub, r, err := localCloudChild(filepath.Join(dir, "hub"), said, "-only", "hub")
	if err != nil {
		return nil, err
	}
	on.children["hub"] = hub
	base, err := on.gateway(redis, s3, r, said)
	if err != nil {
		return nil, err
	}
	for _, wait := range []string{strings.TrimPrefix(s3.Endpoint, "http://"), redisAddress(redis)} {
		if err := answers(ctx, wait); err != nil {
			return nil, err
		}
	}
	if err := readyz(ctx, base); err != nil {
		return nil, err
	}
	if err := monitor.start(ctx, redis); err != nil {
		return nil, err
	}
	on.cloud = workstation.Cloud{Base: base, Practice: simulatedPractice, Redis: redis, S3: s3,
		Ably: ablyfeed.Config{Key: app.Seal(r.Workstation.AblyKey), Host: r.Ably.Host, Port: r.Ably.Port, PlainText: true}}
	on.flush = func(ctx context.Context) error { return flushRedis(ctx, redis) }
	on.counts = func() (ready.Counts, error) {
		c, err := hub.counts()
		if err != nil {
			return c, err
		}
		if c.Redis, err = monitor.counts(ctx); err != nil {
			return c, err
		}
		c.S3, err = countAccessLog(accessLog)
		return c, err
	}
	return on, nil
}

func (on *servers) redis(dir string, said io.Writer) (app.Sealed, error) {
	addr, err := freeAddress()
	if err != nil {
		return app.Sealed{}, err
	}
	host, port, _ := net.SplitHostPort(addr)
	password := rand.Text()
	// Settings go through standard input: a command line can be read by others.
	c, err := startChild("redis-server", []string{"-"}, nil, said)
	if err != nil {
		return app.Sealed{}, sentence("redis-server is not installed. Nothing was simulated.")
	}
	on.children["redis-server"] = c
	fmt.Fprintf(c.input, "bind %s\nport %s\nrequirepass %s\nsave \"\"\nappendonly no\ndir %q\n", host, port, password, dir)
	_ = c.input.Close()
	c.ignore()
	return app.Seal("redis://:" + password + "@" + addr + "/0"), nil
}

func (on *servers) versitygw(dir string, said io.Writer) (s3objects.Config, string, error) {
	cfg := s3objects.Config{Region: "ap-southeast-2", Bucket: "clinicpro-images-temp",
		AccessKey: "simulated", SecretKey: app.Seal(rand.Text())}
	addr, err := freeAddress()
	if err != nil {
		return cfg, "", err
	}
	cfg.Endpoint = "http://" + addr
	root, accessLog := filepath.Join(dir, "s3"), filepath.Join(dir, "s3-access.log")
	if err := os.MkdirAll(filepath.Join(root, cfg.Bucket), 0o700); err != nil {
		return cfg, "", err
	}
	exe := os.Getenv("CLINICPRO_VERSITYGW")
	if exe == "" {
		return cfg, "", sentence("Set CLINICPRO_VERSITYGW to versitygw's program (make tools builds it). Nothing was simulated.")
	}
	c, err := startChild(exe, []string{"--port", addr, "--region", cfg.Region, "--keep-alive", "--quiet",
		"--access-log", accessLog, "posix", root},
		[]string{"ROOT_ACCESS_KEY=" + cfg.AccessKey, "ROOT_SECRET_KEY=" + cfg.SecretKey.Reveal()}, said)
	if err != nil {
		return cfg, "", err
	}
	on.children["versitygw"] = c
	c.ignore()
	return cfg, accessLog, nil
}

func (on *servers) gateway(redis app.Sealed, s3 s3objects.Config, hub ready.Ready, said io.Writer) (base string, err error) {
	addr, err := freeAddress()
	if err != nil {
		return "", err
	}
	exe, err := sibling("clinicpro-gateway")
	if err != nil {
		return "", err
	}
	c, err := startChild(exe, nil, []string{
		"CLINICPRO_LISTEN=" + addr, "REDIS_URL=" + redis.Reveal(),
		"AWS_REGION=" + s3.Region, "S3_BUCKET_NAME=" + s3.Bucket, "CLINICPRO_S3_ENDPOINT=" + s3.Endpoint, "CLINICPRO_S3_ENCRYPT=off",
		"AWS_ACCESS_KEY_ID=" + s3.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s3.SecretKey.Reveal(),
		"ABLY_API_KEY=" + hub.PublishKey, "CLINICPRO_ABLY_ENDPOINT=" + hub.Ably.Endpoint,
	}, said)
	if err != nil {
		return "", err
	}
	on.children["gateway"] = c
	return "http://" + addr, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers waits until something takes connections at addr.
func answers(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			return sentence("One of the servers did not start. Nothing was simulated.")
		}
	}
}

// readyz waits until the gateway says that Redis and S3 answer it.
func readyz(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return sentence("The gateway did not become ready. Nothing was simulated.")
		}
	}
}
