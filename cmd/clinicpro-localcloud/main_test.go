package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/sync/s3objects/s3suite"
)

// program is the built program, started.
type program struct {
	ready ready.Ready
	cmd   *exec.Cmd
	input io.WriteCloser
	lines *bufio.Reader // standard output after the ready line
	said  *bytes.Buffer // standard error; read it only after the end
}

// build gives the program: the one already built when CLINICPRO_BIN says where.
func build(t *testing.T) string {
	t.Helper()
	if bin := os.Getenv("CLINICPRO_BIN"); bin != "" {
		return filepath.Join(bin, "clinicpro-localcloud")
	}
	exe := filepath.Join(t.TempDir(), "clinicpro-localcloud")
	cmd := exec.Command("go", "build", "-o", exe, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return exe
}

func start(t *testing.T, exe, dir string, more ...string) *program {
	t.Helper()
	p := &program{said: new(bytes.Buffer)}
	p.cmd = exec.Command(exe, append([]string{"-dir", dir, "-listen", "127.0.0.1:0",
		"-practice", "testpractice", "-practice-name", "Test Practice"}, more...)...)
	p.cmd.Stderr = p.said
	input, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.input = input
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.lines = bufio.NewReader(output)
	line, err := p.lines.ReadBytes('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("no ready line: %v\n%s", err, p.said)
	}
	if err := json.Unmarshal(line, &p.ready); err != nil || !p.ready.Ready {
		t.Fatalf("ready line %s: %v", line, err)
	}
	return p
}

// counts asks the program what its servers have been asked.
func (p *program) counts(t *testing.T) ready.Counts {
	t.Helper()
	if _, err := io.WriteString(p.input, "counts\n"); err != nil {
		t.Fatal(err)
	}
	var c ready.Counts
	line, err := p.lines.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &c) != nil {
		t.Fatalf("counts %s: %v", line, err)
	}
	return c
}

func (p *program) s3(t *testing.T) s3objects.Config {
	return s3objects.Config{
		Region: p.ready.Region, Bucket: p.ready.Bucket, Endpoint: p.ready.Base,
		Practice: app.Practice(p.ready.Practice), AccessKey: p.ready.Workstation.AccessKey,
		SecretKey: app.Seal(p.ready.Workstation.SecretKey),
	}
}

func (p *program) objects(t *testing.T) *s3objects.Objects {
	t.Helper()
	o, err := s3objects.New(p.s3(t))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOnePort(t *testing.T) {
	exe, dir := build(t), t.TempDir()
	p := start(t, exe, dir)
	t.Run("s3", func(t *testing.T) { s3suite.Run(t, p.s3(t), filepath.Join(dir, "s3")) })
	t.Run("gateway", func(t *testing.T) { gatewayAnswers(t, p.ready.Base) })
	t.Run("hub and redis", func(t *testing.T) { hintArrives(t, p.ready) })
	t.Run("counts", func(t *testing.T) { isCounted(t, p) })
	t.Run("files are ours alone", func(t *testing.T) { onlyOurs(t, dir) })
	t.Run("the port is taken", func(t *testing.T) {
		addr := strings.TrimPrefix(p.ready.Base, "http://")
		out, err := exec.Command(exe, "-dir", t.TempDir(), "-listen", addr).CombinedOutput()
		if code := exitCode(err); code != exitTaken || !strings.Contains(string(out), "Another program already uses the address "+addr) {
			t.Errorf("exit %d, said %s", code, out)
		}
	})
	t.Run("ends with its input", func(t *testing.T) {
		_ = p.input.Close()
		if err := wait(t, p.cmd); err != nil {
			t.Errorf("%v\n%s", err, p.said)
		}
	})
}

func TestKillKeepsObjectsAndKeys(t *testing.T) {
	exe, dir := build(t), t.TempDir()
	sid, id := app.NewSessionID(), app.ImageID("01932e9a-0000-7000-8000-000000000001")
	sealed := bytes.Repeat([]byte("sealed "), 100_000)

	p := start(t, exe, dir)
	if status := s3suite.Put(t, s3suite.Link(t, p.objects(t), sid, id, sealed), sealed); status != 200 {
		t.Fatalf("PUT answered %d", status)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()

	again := start(t, exe, dir)
	if again.ready.Workstation != p.ready.Workstation {
		t.Error("other keys after a restart")
	}
	got, _, err := again.objects(t).Get(t.Context(), sid, id, make([]byte, 1<<20))
	if err != nil || !bytes.Equal(got, sealed) {
		t.Errorf("after a restart: %d bytes, %v", len(got), err)
	}
	if size, _, err := again.objects(t).Head(t.Context(), sid, id); err != nil || size != int64(len(sealed)) {
		t.Errorf("after a restart: %d bytes by HEAD, %v", size, err)
	}
	if err := again.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, again.cmd); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, again.said)
	}
}

// isCounted does one of each, and nothing else.
func isCounted(t *testing.T, p *program) {
	before := p.counts(t)
	hintArrives(t, p.ready)
	if _, err := p.objects(t).List(t.Context(), app.NewSessionID()); err != nil {
		t.Fatal(err)
	}
	after := p.counts(t)
	for name, n := range map[string]int64{
		"open":        after.Redis["open"] - before.Redis["open"],
		"claim":       after.Redis["claim"] - before.Redis["claim"],
		"list":        after.S3["list"] - before.S3["list"],
		"published":   after.Ably.Published - before.Ably.Published,
		"delivered":   after.Ably.Delivered - before.Ably.Delivered,
		"connections": after.Ably.Connections - before.Ably.Connections,
	} {
		if n != 1 {
			t.Errorf("%s: %d, want 1", name, n)
		}
	}
	if after.Redis["inside"] <= before.Redis["inside"] {
		t.Error("nothing was counted inside scripts")
	}
}

func TestHubAlone(t *testing.T) {
	p := start(t, build(t), t.TempDir(), "-only", "hub")
	heard := make(chan app.Signal, 10)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	sid := app.NewSessionID()
	cfg := ablyfeed.Config{Key: app.Seal(p.ready.Workstation.AblyKey), Practice: "testpractice",
		Host: p.ready.Ably.Host, Port: p.ready.Ably.Port, PlainText: true}
	go func() { _ = ablyfeed.New(cfg).Listen(ctx, sid, func(s app.Signal) { heard <- s }) }()
	await(t, ctx, heard, func(s app.Signal) bool { return s.Healthy })
	cfg.Key = app.Seal(p.ready.PublishKey)
	say, err := ablyfeed.NewPublisher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same message
		if err := say.Publish(ctx, sid, app.EventPhoneDone, "", 7); err != nil {
			t.Fatal(err)
		}
	}
	await(t, ctx, heard, func(s app.Signal) bool { return s.Event == app.EventPhoneDone })
	if c := p.counts(t); c.Ably != (ready.AblyCounts{Published: 1, Delivered: 1, Repeated: 1, Connections: 1}) {
		t.Errorf("%+v", c.Ably)
	}
	res, err := http.Get(p.ready.Base + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("a gateway answers: %d", res.StatusCode)
	}
}

func TestWrongUse(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no folder":           {nil, exitUsage, "-dir is needed"},
		"bad practice":        {[]string{"-dir", dir, "-practice", "No Slug"}, exitUsage, "-practice"},
		"every network":       {[]string{"-dir", dir, "-listen", "0.0.0.0:0"}, exitFailed, "one address of this machine"},
		"no host":             {[]string{"-dir", dir, "-listen", ":0"}, exitFailed, "one address of this machine"},
		"not our address":     {[]string{"-dir", dir, "-listen", "192.0.2.1:0"}, exitElsewhere, "does not have the address"},
		"folder in a file":    {[]string{"-dir", filepath.Join(file, "x"), "-listen", "127.0.0.1:0"}, exitFailed, "cannot be written"},
		"only something else": {[]string{"-dir", dir, "-only", "redis"}, exitUsage, "-only is hub"},
		"something left over": {[]string{"-dir", dir, "extra"}, exitUsage, "-dir is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), c.args, neverEnds{}, &out, &errs)
			if code != c.code || !strings.Contains(errs.String(), c.says) || out.Len() > 0 {
				t.Errorf("exit %d, out %q, said %q", code, out.String(), errs.String())
			}
		})
	}
}

// neverEnds is a standard input that stays open.
type neverEnds struct{}

func (neverEnds) Read([]byte) (int, error) { select {} }

func gatewayAnswers(t *testing.T, base string) {
	for path, want := range map[string]struct {
		status int
		typ    string
	}{
		"/healthz":                    {200, ""},
		"/readyz":                     {200, ""}, // Redis and S3 answer the gateway
		"/p/testpractice/SOMETOKEN":   {200, "text/html"},
		"/api/medtech/session/nosuch": {400, "application/problem+json"},
		"/clinicpro-images-temp/":     {403, ""}, // S3: not without a signature
		"/time":                       {200, ""}, // the hub
	} {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want.status || !strings.HasPrefix(res.Header.Get("Content-Type"), want.typ) {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}

// hintArrives plays one claim: registry through Redis, call through the
// gateway, hint through the hub.
func hintArrives(t *testing.T, r ready.Ready) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	practice := app.Practice(r.Practice)
	registry, err := redisregistry.New(redisregistry.Config{URL: app.Seal(r.Redis), Practice: practice})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Shut()
	sid, token := app.NewSessionID(), app.NewToken()
	if _, err := registry.Open(ctx, app.Opening{SID: sid, PracticeName: r.PracticeName, TokenHash: token.Hash(), Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	feed := ablyfeed.New(ablyfeed.Config{
		Key: app.Seal(r.Workstation.AblyKey), Practice: practice,
		Host: r.Ably.Host, Port: r.Ably.Port, PlainText: r.Ably.PlainText,
	})
	signals := make(chan app.Signal, 100)
	listening := make(chan error, 1)
	listen, stop := context.WithCancel(ctx)
	go func() { listening <- feed.Listen(listen, sid, func(s app.Signal) { signals <- s }) }()
	await(t, ctx, signals, func(s app.Signal) bool { return s.Healthy })

	body := `{"practice":"` + r.Practice + `","token":"` + token.Reveal() + `"}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Base+"/api/medtech/session/claim", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.Repeat("A", 43))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		t.Fatalf("claim: %d %s", res.StatusCode, answer)
	}
	await(t, ctx, signals, func(s app.Signal) bool { return s.Event == app.EventPhonePaired })
	stop()
	if err := <-listening; err != nil {
		t.Error(err)
	}

	open, err := net.Dial("tcp", strings.TrimSuffix(r.Redis[strings.LastIndex(r.Redis, "@")+1:], "/0"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	_, _ = io.WriteString(open, "*1\r\n$4\r\nPING\r\n")
	if line, _ := bufio.NewReader(open).ReadString('\n'); !strings.HasPrefix(line, "-NOAUTH") {
		t.Errorf("Redis without a password says %q", line)
	}
}

func await(t *testing.T, ctx context.Context, signals <-chan app.Signal, want func(app.Signal) bool) {
	t.Helper()
	for {
		select {
		case s := <-signals:
			if want(s) {
				return
			}
		case <-ctx.Done():
			t.Fatal("the signal did not come")
		}
	}
}

func onlyOurs(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := e.Info()
		if err == nil && !e.IsDir() && !strings.Contains(path, "/meta/") && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, d := range []string{"s3", "meta"} {
		if info, err := os.Stat(filepath.Join(dir, d)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func wait(t *testing.T, cmd *exec.Cmd) error {
	t.Helper()
	late := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	return cmd.Wait()
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return -1
}
