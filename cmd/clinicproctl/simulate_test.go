package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/workstation"
)

// programs makes sure that the servers' programs can be found: those already
// built, else fresh ones, once for all tests.
func programs(t *testing.T) {
	t.Helper()
	if err := built(); err != nil {
		t.Fatal(err)
	}
}

// buildFolder holds what built has built; it goes with the tests.
var buildFolder string

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range []string{buildFolder, certificates} {
		if dir != "" {
			_ = os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

var built = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "clinicproctl-test-")
	if err != nil {
		return err
	}
	buildFolder = dir
	for name, one := range map[string]struct {
		is       string
		packages []string
	}{
		"CLINICPRO_BIN":       {dir, []string{"../clinicpro-localcloud", "../clinicpro-gateway"}},
		"CLINICPRO_VERSITYGW": {filepath.Join(dir, "versitygw"), []string{"github.com/versity/versitygw/cmd/versitygw"}},
	} {
		if os.Getenv(name) != "" {
			continue
		}
		cmd := exec.Command("go", append([]string{"build", "-o", one.is}, one.packages...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, said)
		}
		if err := os.Setenv(name, one.is); err != nil {
			return err
		}
	}
	return nil
})

// simulated runs the command and returns its report.
func simulated(t *testing.T, args ...string) (r loadReport, code int) {
	t.Helper()
	programs(t)
	file := filepath.Join(t.TempDir(), "report.json")
	var out, errs bytes.Buffer
	code = simulate(t.Context(), append([]string{"-json", file}, args...), nil, &out, &errs)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("exit %d, no report: %s%s", code, &out, &errs)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", &out)
	return r, code
}

// Answers lost, engines restarted and Redis emptied, or hints dropped:
// everything that was sent is filed, once.
func TestSimulateWithFaults(t *testing.T) {
	t.Parallel() // most of it is waiting for what the fault took away
	for _, faults := range []string{faultRetry + "," + faultRestart + "," + faultFlush, faultHints} {
		t.Run(faults, func(t *testing.T) {
			t.Parallel()
			r, code := simulated(t, "-apart", "-workstations", "3", "-images", "3", "-size", "60000", "-file", "-faults", faults)
			if code != exitDone || r.Sent != 9 || r.Landed != 9 || r.Lost+r.Doubled+len(r.Stuck) != 0 {
				t.Errorf("exit %d, %+v", code, r)
			}
			if strings.Contains(faults, faultRetry) && r.Phone.Repeats == 0 {
				t.Error("nothing was repeated")
			}
		})
	}
}

func TestSimulateOnTheLocalCloud(t *testing.T) {
	t.Parallel()
	r, code := simulated(t, "-workstations", "2", "-images", "2", "-size", "60000", "-at-once")
	if code != exitDone || r.Landed != 4 || r.Asked.S3By["put"] != 2 || r.Asked.RedisBy["open"] != 1 || r.Day == nil {
		t.Errorf("exit %d, %+v, %+v", code, r, r.Asked)
	}
}

// A judge who cannot convict is none: an image that is not where the phone was
// told, or is there twice, is found.
func TestLostAndDoubledAreFound(t *testing.T) {
	l := newLedger(1, &servers{})
	st, err := newStation(simulation{images: 4, file: true}, 0, t.TempDir(), &servers{cloud: unreachable(t)}, l, newPictures(60000, 1), newDarkroom())
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	sid := app.NewSessionID()
	var shots []*shot
	for i := range 4 {
		jpeg := st.pictures.next()
		sh, err := newShot(phone.Image{ID: imageIDs[i], Sealed: jpeg, SHA256: digestOf(jpeg)}, jpeg)
		if err != nil {
			t.Fatal(err)
		}
		l.expect(sh)
		l.changed(phone.Change{Image: sh.id, State: phone.StatePut, At: time.Now()})
		if i < 3 {
			l.changed(phone.Change{Image: sh.id, State: phone.StateLanded, At: time.Now()})
		}
		shots = append(shots, sh)
		clean, err := picture.Strip(jpeg)
		if err != nil {
			t.Fatal(err)
		}
		copies := []int{2, 1, 0, 0}[i]
		for n := range copies {
			name := filepath.Join(st.folder, string(sh.id)+strings.Repeat("x", n)+".jpg")
			if err := os.WriteFile(name, clean, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if i != 1 && i != 3 { // the second is told and not in the spool; the fourth is neither
			if err := st.spool.Land(t.Context(), sid, sh.id, jpeg); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := st.proveSpool(sid, shots); err != nil {
		t.Fatal(err)
	}
	if err := st.proveFolder(); err != nil {
		t.Fatal(err)
	}
	r := st.sim.report(l, st.on, time.Second, nil, nil)
	if r.Lost != 2 || r.Doubled != 1 || r.Told != 3 || r.Good() {
		t.Errorf("lost %d (want the one not in the spool and the one not in the folder), doubled %d, told %d", r.Lost, r.Doubled, r.Told)
	}
}

var imageIDs = []app.ImageID{"01932e9a-0000-7000-8000-000000000001", "01932e9a-0000-7000-8000-000000000002",
	"01932e9a-0000-7000-8000-000000000003", "01932e9a-0000-7000-8000-000000000004"}

func TestPicturesDiffer(t *testing.T) {
	for _, size := range []int{20_000, 1_000_000} {
		p := newPictures(size, 3)
		seen := map[app.Digest]bool{}
		for range 50 {
			jpg := p.next()
			clean, err := picture.Strip(jpg)
			if err != nil {
				t.Fatal(err)
			}
			seen[digestOf(clean)] = true
			if len(jpg) > size || len(jpg) < size*8/10 {
				t.Fatalf("%d bytes, want about %d", len(jpg), size)
			}
			if len(seen) > 2 && size > 100_000 {
				continue
			}
			if _, err := jpeg.Decode(bytes.NewReader(jpg)); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 50 {
			t.Errorf("%d of 50 pictures are their own", len(seen))
		}
	}
}

func TestSimulateRefusesWrongUse(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"-workstations 0", "-workstations is 1 to 1000"},
		{"-size 100", "-size is"},
		{"-faults earthquake", "There is no fault earthquake"},
		{"-apart -cloud env", "Choose one of"},
		{"-cloud env -faults redis-flush", "redis-flush is refused"},
		{"-cloud /nosuch", "cannot be read"},
	} {
		var errs bytes.Buffer
		if code := simulate(t.Context(), strings.Fields(c.args), nil, &errs, &errs); code == exitDone || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%s: exit %d, said %q", c.args, code, &errs)
		}
	}
}

func TestGivenCloud(t *testing.T) {
	names := map[string]string{"CLINICPRO_GATEWAY": "https://images.example.nz/", "CLINICPRO_PRACTICE": "test-practice",
		"AWS_REGION": "ap-southeast-2", "S3_BUCKET_NAME": "bucket", "AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "very-secret",
		"ABLY_API_KEY": "a.b:very-secret", "UPSTASH_REDIS_REST_URL": "https://x.upstash.io", "UPSTASH_REDIS_REST_TOKEN": "very-secret",
		"CLINICPRO_ABLY_ENDPOINT": "http://127.0.0.1:99"}
	file := filepath.Join(t.TempDir(), "cloud.json")
	write := func(v any, mode os.FileMode) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(file)
		if err := os.WriteFile(file, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(names, 0o600)
	c, err := givenCloud(file)
	if err != nil || c.Base != "https://images.example.nz" || c.Practice != "test-practice" || !c.S3.Encrypt ||
		c.Ably.Host != "127.0.0.1" || c.Ably.Port != 99 || c.Redis.Reveal() != "rediss://default:very-secret@x.upstash.io:6379" {
		t.Errorf("%+v, %v", c, err)
	}
	for name := range names {
		if name == "CLINICPRO_ABLY_ENDPOINT" {
			continue
		}
		less := map[string]string{}
		for n, v := range names {
			if n != name {
				less[n] = v
			}
		}
		write(less, 0o600)
		if _, err := givenCloud(file); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("without %s: %v", name, err)
		}
	}
	write(ready.Ready{Ready: true, Base: "http://127.0.0.1:1", Practice: "test-practice"}, 0o600)
	if c, err := givenCloud(file); err != nil || c.Base != "http://127.0.0.1:1" {
		t.Errorf("ready.json: %+v, %v", c, err)
	}
	write([]int{1}, 0o600)
	if _, err := givenCloud(file); err == nil {
		t.Error("nonsense was read")
	}
	if write(names, 0o644); runtime.GOOS != "windows" {
		if _, err := givenCloud(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a file that others can read: %v", err)
		}
	}
}

// unreachable is a cloud that nobody answers for.
func unreachable(t *testing.T) workstation.Cloud {
	t.Helper()
	c, err := workstation.LocalCloud(ready.Ready{Ready: true, Base: "http://127.0.0.1:1", Practice: "test-practice", Region: "r", Bucket: "b",
		Redis: "redis://127.0.0.1:1", Workstation: ready.Workstation{AccessKey: "a", SecretKey: "b", AblyKey: "a.b:c"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
