package s3objects_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/sync/s3objects/s3suite"
)

// TestVersitygw runs the suites on versitygw's own program, with its xattr
// store: a server that shares nothing with the embedded one's set-up.
func TestVersitygw(t *testing.T) {
	root := t.TempDir()
	cfg := s3objects.Config{
		Region: "ap-southeast-2", Bucket: "clinicpro-images-temp", Practice: "testpractice",
		AccessKey: "synthetic", SecretKey: app.Seal("synthetic-secret"),
		Endpoint: startVersitygw(t, root),
	}
	if err := os.Mkdir(filepath.Join(root, cfg.Bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	s3suite.Run(t, cfg, root)
}

func startVersitygw(t *testing.T, root string) (endpoint string) {
	t.Helper()
	program := os.Getenv("CLINICPRO_VERSITYGW")
	if program == "" {
		program = filepath.Join(t.TempDir(), "versitygw")
		out, err := exec.Command("go", "build", "-o", program, "github.com/versity/versitygw/cmd/versitygw").CombinedOutput()
		if err != nil {
			t.Fatalf("build versitygw: %v\n%s", err, out)
		}
	}
	addr := apptest.FreeAddr(t)
	var said bytes.Buffer
	cmd := exec.Command(program, "--port", addr, "--access", "synthetic", "--secret", "synthetic-secret",
		"--region", "ap-southeast-2", "--keep-alive", "--quiet", "posix", root)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("versitygw does not answer")
		}
	}
}

func TestEncryptIsSigned(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.Encrypt, cfg.PublicEndpoint = true, "https://s3.example.nz"
	o, err := s3objects.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	up := s3suite.Link(t, o, app.NewSessionID(), imageID, []byte("x"))
	if up.Headers["X-Amz-Server-Side-Encryption"] != "AES256" || !strings.Contains(up.URL, "x-amz-server-side-encryption") {
		t.Errorf("%v\n%s", up.Headers, up.URL)
	}
	if !strings.HasPrefix(up.URL, "https://s3.example.nz/synthetic-bucket/temp/testpractice/") {
		t.Error(up.URL)
	}
}

// TestAnswers gives the driver what S3, or something between, may say.
func TestAnswers(t *testing.T) {
	code := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   app.Kind
	}{
		"missing key":    {code(404, "NoSuchKey"), app.KindNotFound},
		"not S3 at all":  {http.NotFound, app.KindAuth},
		"missing bucket": {code(404, "NoSuchBucket"), app.KindAuth},
		"denied":         {code(403, "AccessDenied"), app.KindAuth},
		"wrong secret":   {code(403, "SignatureDoesNotMatch"), app.KindAuth},
		"wrong region":   {code(301, "PermanentRedirect"), app.KindAuth},
		"slow down":      {code(503, "SlowDown"), app.KindOffline},
		"broken":         {code(500, "InternalError"), app.KindOffline},
		"timed out":      {code(400, "RequestTimeout"), app.KindOffline},
		"our nonsense":   {code(400, "InvalidArgument"), app.KindBug},
		"captive portal": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, app.KindOffline},
		"cut in the body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "short")
		}, app.KindOffline},
		"hung up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, app.KindOffline},
		"lying checksum": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Checksum-Sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
			_, _ = io.WriteString(w, "not empty")
		}, app.KindCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			_, _, err := objects(t, server.URL).Get(t.Context(), app.NewSessionID(), imageID, make([]byte, 1<<20))
			var e *app.Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Errorf("got %v, want %s", err, c.kind)
			}
		})
	}
}

func TestRetriesAreBoundedAndConnectionsKept(t *testing.T) {
	var asked, connections int
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	o := objects(t, server.URL)
	for range 2 {
		if _, err := o.List(t.Context(), app.NewSessionID()); app.KindOf(err) != app.KindOffline {
			t.Error(err)
		}
	}
	if asked != 6 || connections != 1 {
		t.Errorf("asked %d times over %d connections, want 6 over 1", asked, connections)
	}
}

func TestStopInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, _, err := objects(t, server.URL).Get(ctx, app.NewSessionID(), imageID, make([]byte, 1<<20))
	if app.KindOf(err) != app.KindCanceled {
		t.Error(err)
	}
}

func TestIncompleteConfig(t *testing.T) {
	for name, change := range map[string]func(*s3objects.Config){
		"region":   func(c *s3objects.Config) { c.Region = "" },
		"bucket":   func(c *s3objects.Config) { c.Bucket = "" },
		"key":      func(c *s3objects.Config) { c.AccessKey = "" },
		"secret":   func(c *s3objects.Config) { c.SecretKey = app.Sealed{} },
		"practice": func(c *s3objects.Config) { c.Practice = "../x" },
	} {
		cfg := config("")
		change(&cfg)
		if _, err := s3objects.New(cfg); app.KindOf(err) != app.KindBug {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const imageID = app.ImageID("01932e9a-0000-7000-8000-000000000001")

func config(endpoint string) s3objects.Config {
	return s3objects.Config{
		Region: "ap-southeast-2", Bucket: "synthetic-bucket", Endpoint: endpoint, Practice: "testpractice",
		AccessKey: "synthetic", SecretKey: app.Seal("synthetic-secret"),
	}
}

func objects(t *testing.T, endpoint string) *s3objects.Objects {
	t.Helper()
	o, err := s3objects.New(config(endpoint))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
