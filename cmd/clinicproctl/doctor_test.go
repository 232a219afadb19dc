package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/text"
)

// visit runs the doctor and reads its answer.
func visit(t testing.TB, vault *apptest.FakeVault, state string) (code int, findings []finding, ms int64) {
	t.Helper()
	var out, errs bytes.Buffer
	code = doctorWith(t.Context(), vault, []string{"-dir", state, "-json"}, &out, &errs)
	var read struct {
		MS    int64
		Steps []finding
	}
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatalf("%v: %s %s", err, out.String(), errs.String())
	}
	return code, read.Steps, read.MS
}

func TestDoctorOnAHealthySetUp(t *testing.T) {
	_, vault, state := enrolledRig(t)
	code, findings, ms := visit(t, vault, state)
	for _, f := range findings {
		t.Logf("%-5s %-34s %5d ms  %s %s", f.Verdict, f.Step, f.MS, f.Detail, f.Fault)
	}
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	for _, f := range findings {
		expected := f.Verdict == stepFine || f.Fault == text.FaultNoURL || f.Fault == text.FaultNoLifecycle // versitygw knows none
		if !expected {
			t.Errorf("%s: %s %s", f.Step, f.Verdict, f.Fault)
		}
	}
	if last := findings[len(findings)-1]; len(findings) < 25 || last.Step != "S3: forgets by itself" {
		t.Errorf("%d steps, the last is %q", len(findings), last.Step)
	}
	t.Logf("in %d ms", ms)
}

// spoiled is an enrolled workstation that a test may spoil.
type spoiled struct {
	*rig
	t     *testing.T
	vault *apptest.FakeVault
	state string
}

// settings writes more settings over the enrolment's.
func (s *spoiled) settings(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.state, config.UserFile), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *spoiled) secret(name, value string) {
	s.t.Helper()
	if err := s.vault.Set(s.t.Context(), name, app.Seal(value)); err != nil {
		s.t.Fatal(err)
	}
}

// redisAdmin is redis-server under its administrator.
func (s *spoiled) redisAdmin(args ...any) {
	s.t.Helper()
	opt, err := redis.ParseURL(s.readNames(s.admin)["REDIS_URL"])
	if err != nil {
		s.t.Fatal(err)
	}
	opt.TLSConfig.RootCAs = s.way().TLS().RootCAs
	client := redis.NewClient(opt)
	defer client.Close()
	if err := client.Do(s.t.Context(), args...).Err(); err != nil {
		s.t.Fatal(err)
	}
}

// TestDoctorNamesEachFault provokes one fault after another on real servers
// and sees that the doctor names it, from the real answer.
func TestDoctorNamesEachFault(t *testing.T) {
	r, vault, state := enrolledRig(t)
	user := grantsOf("clinicpro-images-temp", ours).RedisUser
	root := (&wall{rig: r, names: map[string]map[string]string{"administrator": r.readNames(r.admin)}}).client("administrator")
	bucket := "clinicpro-images-temp"
	portal := r.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>Welcome to the Wi-Fi. Please sign in.</html>")
	}))
	noProxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer noProxy.Close()
	_, gatewayPort, _ := net.SplitHostPort(r.gateway.Listener.Addr().String())
	named := "gateway = \"https://gateway.practice.test:" + gatewayPort + "\"\n"
	working := r.gateway.Config.Handler

	for _, c := range []struct {
		name    string
		want    text.FaultCode
		spoil   func(*spoiled)
		restore func(*spoiled)
	}{
		// The seed's troubleshooting list; "name taken" is TestNameTaken's.
		{"access denied", text.FaultDenied, func(s *spoiled) {
			s.ctl("", "cloud", "credentials", "-from", s.admin, "-practice", theirs, "-out", filepath.Join(s.dir, "v.env")).wants(t, exitDone)
			n := s.readNames(filepath.Join(s.dir, "v.env"))
			s.secret(config.SecretS3Key, n["AWS_ACCESS_KEY_ID"])
			s.secret(config.SecretS3Secret, n["AWS_SECRET_ACCESS_KEY"])
		}, nil},
		{"CORS", text.FaultCORS, func(s *spoiled) {
			if _, err := root.DeleteBucketCors(t.Context(), &s3.DeleteBucketCorsInput{Bucket: &bucket}); err != nil {
				t.Fatal(err)
			}
		}, func(s *spoiled) { s.ctl("", "cloud", "apply", "-from", s.admin).wants(t, exitDone) }},
		{"bucket not found", text.FaultNoBucket, func(s *spoiled) { s.settings("bucket = \"clinicpro-images-tmp\"\n") }, nil},
		{"wrong region", text.FaultRegion, func(s *spoiled) { s.settings("region = \"us-east-1\"\n") }, nil},
		// And more.
		{"access key unknown", text.FaultKeyUnknown, func(s *spoiled) { s.secret(config.SecretS3Key, "AKIANOSUCHKEY0000000") }, nil},
		{"secret key wrong", text.FaultKeySecret, func(s *spoiled) { s.secret(config.SecretS3Secret, "synthetic-but-wrong") }, nil},
		{"no S3 there", text.FaultNoS3, func(s *spoiled) { s.settings("s3_endpoint = \"" + portal.URL + "\"\n") }, nil},
		{"S3 away", text.FaultAway, func(s *spoiled) { s.settings("s3_endpoint = \"https://127.0.0.1:1\"\n") }, nil},
		{"S3 rights too wide", text.FaultTooWide, func(s *spoiled) {
			s.secret(config.SecretS3Key, apptest.RootAccess)
			s.secret(config.SecretS3Secret, apptest.RootSecret)
		}, nil},
		{"Redis password", text.FaultRedisPassword, func(s *spoiled) {
			s.secret(config.SecretRedis, "rediss://"+user+":synthetic-but-wrong@"+s.redis)
		}, nil},
		{"Redis rights", text.FaultRedisRights, func(s *spoiled) { s.redisAdmin("ACL", "SETUSER", user, "resetkeys", "~cp:{elsewhere}:*") },
			func(s *spoiled) { s.redisAdmin("ACL", "SETUSER", user, "resetkeys", "~cp:{"+ours+"}:*") }},
		{"Redis rights of a command", text.FaultRedisRights, func(s *spoiled) { s.redisAdmin("ACL", "SETUSER", user, "-hgetall", "-exists", "-hget", "-time") },
			func(s *spoiled) { s.redisAdmin("ACL", "SETUSER", user, "+hgetall", "+exists", "+hget", "+time") }},
		{"Redis rights too wide", text.FaultRedisTooWide, func(s *spoiled) { s.secret(config.SecretRedis, s.readNames(s.admin)["REDIS_URL"]) }, nil},
		{"Ably key", text.FaultAblyKey, func(s *spoiled) { s.secret(config.SecretAbly, "synapp."+ours+":synthetic-but-wrong") }, nil},
		{"Ably capability", text.FaultAblyCapability, func(s *spoiled) { s.secret(config.SecretAbly, s.ably[theirs]) }, nil},
		{"gateway away", text.FaultAway, func(s *spoiled) { s.settings("gateway = \"https://127.0.0.1:1\"\n") }, nil},
		{"no gateway", text.FaultNoGateway, func(s *spoiled) { s.settings("gateway = \"" + portal.URL + "\"\n") }, nil},
		{"gateway not ready", text.FaultNotReady, func(s *spoiled) {
			s.gateway.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/readyz" { // its Redis is away
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				working.ServeHTTP(w, r)
			})
		}, func(s *spoiled) { s.gateway.Config.Handler = working }},
		{"name not found", text.FaultDNS, func(s *spoiled) { s.settings("gateway = \"https://no-such-host.invalid\"\nproxy = \"none\"\n") }, nil},
		{"proxy away", text.FaultProxyAway, func(s *spoiled) { s.settings(named + "proxy = \"http://127.0.0.1:1\"\n") }, nil},
		{"proxy refuses", text.FaultProxyRefuses, func(s *spoiled) { s.settings(named + "proxy = \"" + noProxy.URL + "\"\n") }, nil},
		{"certificate not trusted", text.FaultAuthority, func(s *spoiled) { s.settings("ca_file = \"\"\n") }, nil},
		{"clock", text.FaultClock, func(*spoiled) { now = func() time.Time { return time.Now().Add(20 * time.Minute) } }, func(*spoiled) { now = time.Now }},
		{"unknown setting", text.FaultSettings, func(s *spoiled) { s.settings("gatway = \"x\"\n") }, nil},
		{"not enrolled", text.FaultNotEnrolled, func(s *spoiled) { s.vault = &apptest.FakeVault{} }, nil},
		{"enrolled elsewhere", text.FaultMoved, func(s *spoiled) {
			policy := filepath.Join(s.dir, "policy.toml")
			if err := os.WriteFile(policy, []byte("practice = \""+theirs+"\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("CLINICPRO_POLICY", policy)
		}, func(*spoiled) { t.Setenv("CLINICPRO_POLICY", filepath.Join(r.dir, "none.toml")) }},
		{"keyring locked", text.FaultKeyring, func(s *spoiled) { s.vault.Lock(true) }, nil},
		{"folder not there", text.FaultNoFolder, func(s *spoiled) { s.settings("folder = \"" + filepath.Join(s.dir, "no-such-folder") + "\"\n") }, nil},
		{"folder not writable", text.FaultFolder, func(s *spoiled) { s.settings("folder = \"/proc/self/fd\"\n") }, nil},
	} {
		s := &spoiled{rig: r, t: t, vault: &apptest.FakeVault{}, state: t.TempDir()}
		for _, name := range config.CloudSecrets() {
			secret, err := vault.Get(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			s.secret(name, secret.Reveal())
		}
		enrolment, err := os.ReadFile(filepath.Join(state, config.EnrolmentFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.state, config.EnrolmentFile), enrolment, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(s.state, "filed"), 0o700); err != nil {
			t.Fatal(err)
		}
		c.spoil(s)
		code, findings, ms := visit(t, s.vault, s.state)
		if c.restore != nil {
			c.restore(s)
		}
		var first *finding
		for i, f := range findings {
			if f.Verdict == stepFault || f.Verdict == stepNote && f.Fault != text.FaultNoURL && f.Fault != text.FaultNoLifecycle {
				first = &findings[i]
				break
			}
		}
		if first == nil {
			t.Errorf("%s: nothing was found", c.name)
			continue
		}
		t.Logf("%s: %s, at %q (%s), in %d ms", c.name, first.Fault, first.Step, first.Detail, ms)
		if first.Fault != c.want || first.What == "" || first.Do == "" {
			t.Errorf("%s: named %q, want %q", c.name, first.Fault, c.want)
		}
		if wantCode := map[bool]int{true: exitFound, false: exitDone}[first.Verdict == stepFault]; code != wantCode {
			t.Errorf("%s: exit code %d", c.name, code)
		}
	}
	if code, findings, _ := visit(t, vault, state); code != exitDone {
		t.Errorf("after all of it: %d %+v", code, findings)
	}
}

func TestNameTaken(t *testing.T) {
	t.Parallel()
	taken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch { // as AWS documents it: somebody else's bucket
		case r.URL.Path == "/clinicpro-images-temp" || r.URL.Path == "/clinicpro-images-temp/":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "<Error><Code>BucketAlreadyExists</Code></Error>")
		case strings.HasPrefix(r.URL.Path, "/clinicpro-images-temp-nz"):
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer taken.Close()
	r := &rig{t: t, dir: t.TempDir()}
	admin := r.names("admin.env", map[string]string{"AWS_ACCESS_KEY_ID": "AKIASYNTHETIC", "AWS_SECRET_ACCESS_KEY": "synthetic",
		"CLINICPRO_S3_ENDPOINT": taken.URL, "CLINICPRO_PROXY": "none"})
	r.ctl("", "cloud", "apply", "-from", admin).wants(t, exitFailed, "unique in the whole world", "clinicpro-images-temp-nz is free", "-bucket clinicpro-images-temp-nz")
}

// BenchmarkDoctor is a whole visit on a healthy set-up, and the slowest of
// them beside its bound.
func BenchmarkDoctor(b *testing.B) {
	const bound = 5 * time.Second
	_, vault, state := enrolledRig(b)
	var worst int64
	for b.Loop() {
		code, findings, ms := visit(b, vault, state)
		if code != exitDone {
			b.Fatalf("%d %+v", code, findings)
		}
		worst = max(worst, ms)
	}
	b.ReportMetric(float64(worst)/1000, "worst-s")
	b.ReportMetric(bound.Seconds(), "bound-s")
	if worst > bound.Milliseconds() {
		b.Errorf("a visit took %d ms", worst)
	}
}
