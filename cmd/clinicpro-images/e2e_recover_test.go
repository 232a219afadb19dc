//go:build linux

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	gophone "github.com/clinicpro-nz/images/sync/phone"
)

// TestEndToEndRecovery loses a workstation's keyring and opens a copy of its
// spool elsewhere, with the practice's recovery key alone: byte for byte what
// the phone sent, by our tool and by the ordinary age and unzip.
func TestEndToEndRecovery(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	if err := errors.Join(os.MkdirAll(camera, 0o700), os.MkdirAll(d.data, 0o700)); err != nil {
		t.Fatal(err)
	}
	elsewhere := newMachine(t, d.bin)
	key := filepath.Join(elsewhere.dir, "recovery.key")
	said, code := elsewhere.ctl("spool", "recovery-key", "-out", key)
	if code != 0 {
		t.Fatalf("recovery-key: %d: %s", code, said)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the private half: %v, %v", info, err)
	}
	if again, code := elsewhere.ctl("spool", "recovery-key", "-out", key); code == 0 {
		t.Errorf("a second key over the first: %s", again)
	}
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "recovery_recipient = ") {
			if err := os.WriteFile(filepath.Join(d.data, "config.toml"), []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}

	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(`{"name":"` + patientName + `","nhi":"` + patientNHI + `","birthDate":"1980-02-01"}`)
	sid, sent := sendTwo(t, term.link(), writePhotos(t, camera, 2))
	d.waitStates(t, map[string]int{"landed": 2})

	// While it runs, the spool is its own.
	spool := filepath.Join(d.data, "spool")
	out := filepath.Join(elsewhere.dir, "out")
	if said, code := elsewhere.ctl("spool", "recover", "-spool", spool, "-key", key, "-out", out); code != 1 || !strings.Contains(said, "is using this spool") {
		t.Errorf("recovering a spool in use: %d: %s", code, said)
	}
	term.say("quit")
	d.stop("clinicpro-images", syscall.SIGTERM)
	d.stop("gnome-keyring-daemon", syscall.SIGKILL)
	if err := os.RemoveAll(filepath.Join(d.scratch, "xdg", "data", "keyrings")); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(elsewhere.dir, "copy")
	if err := os.CopyFS(copied, os.DirFS(spool)); err != nil {
		t.Fatal(err)
	}

	for name, args := range map[string][]string{
		"with an emptied keyring": {"-keyring"},
		"with a stranger's key":   {"-key", elsewhere.newKey()},
	} {
		if said, code := elsewhere.ctl(append([]string{"spool", "recover", "-spool", copied, "-out", out}, args...)...); code != 1 {
			t.Errorf("%s: %d: %s", name, code, said)
		}
	}
	said, code = elsewhere.ctl("spool", "recover", "-spool", copied, "-key", key, "-out", out, "-session-keys")
	if code != 0 || !strings.Contains(said, "1 sessions: 2 images recovered, 0 unverified") {
		t.Fatalf("recover: %d: %s", code, said)
	}
	for _, secret := range []string{patientName, patientNHI, "1980-02-01"} {
		if strings.Contains(said, secret) {
			t.Errorf("the terminal shows %q", secret)
		}
	}
	session := filepath.Join(out, string(sid))
	var about struct {
		Patient struct{ Name, NHI, BirthDate string }
		Images  []struct{ ID, State, File, SHA256 string }
	}
	text, err := os.ReadFile(filepath.Join(session, "session.json"))
	if err == nil {
		err = json.Unmarshal(text, &about)
	}
	if err != nil || about.Patient.Name != patientName || about.Patient.NHI != patientNHI || about.Patient.BirthDate != "1980-02-01" || len(about.Images) != 2 {
		t.Errorf("session.json: %s, %v", text, err)
	}
	for _, im := range about.Images {
		got, err := os.ReadFile(filepath.Join(session, im.File))
		if err != nil || !bytes.Equal(got, sent[app.ImageID(im.ID)]) || im.SHA256 != hexSum(got) || im.State != "landed" {
			t.Errorf("image %s: %d bytes, state %s, %v", im.ID, len(got), im.State, err)
		}
	}
	onlyForItsOwner(t, out)
	if again, code := elsewhere.ctl("spool", "recover", "-spool", copied, "-key", key, "-out", out); code != 1 || !strings.Contains(again, "new or empty") {
		t.Errorf("into a folder that is used: %d: %s", code, again)
	}

	// The same by hand, as docs/operations.md says.
	for id, want := range sent {
		byHand := t.TempDir()
		for _, argv := range [][]string{
			{"age", "--decrypt", "-i", filepath.Join(session, "session.key"), "-o", "image.zip", filepath.Join(copied, "images", string(sid), string(id)+".age")},
			{"unzip", "-q", "image.zip"},
		} {
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir = byHand
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", argv[0], err, out)
			}
		}
		if got, err := os.ReadFile(filepath.Join(byHand, "image.jpg")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("image %s by hand: %d bytes, %v", id, len(got), err)
		}
	}
}

// sendTwo claims the link and sends the photos, and returns what was sent.
func sendTwo(t *testing.T, link string, photos []string) (app.SessionID, map[app.ImageID][]byte) {
	t.Helper()
	p, err := gophone.New(app.Seal(link), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := map[app.ImageID][]byte{}
	for _, photo := range photos {
		jpeg, err := os.ReadFile(photo)
		if err != nil {
			t.Fatal(err)
		}
		im, err := p.Seal(jpeg, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		sent[im.ID] = jpeg
		answer, err := p.Reserve(t.Context(), im)
		if err != nil || len(answer.Uploads) != 1 {
			t.Fatalf("%d upload links, %v", len(answer.Uploads), err)
		}
		if err := p.Place(t.Context(), answer.Uploads[0], im.Sealed); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Stored(t.Context(), []app.ImageID{im.ID}); err != nil {
			t.Fatal(err)
		}
	}
	return p.SID(), sent
}

// stop signals every process of this desk that runs a program, and waits
// until all are gone.
func (d *desk) stop(program string, sig syscall.Signal) {
	d.t.Helper()
	running := func() (pids []int) {
		for _, p := range d.processes() {
			if filepath.Base(p.exe) == program {
				pids = append(pids, p.pid)
			}
		}
		return pids
	}
	pids := running()
	if len(pids) == 0 {
		d.t.Fatalf("no %s is running", program)
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, sig)
	}
	eventually(d.t, 20*time.Second, func() bool { return len(running()) == 0 }, func() string { return program + " does not stop" })
}

// machine is another computer: no session bus, no keyring, nothing of ours.
type machine struct {
	t        *testing.T
	bin, dir string
}

func newMachine(t *testing.T, bin string) *machine {
	return &machine{t: t, bin: bin, dir: t.TempDir()}
}

// ctl runs clinicproctl and returns what it said and its exit code.
func (m *machine) ctl(args ...string) (string, int) {
	m.t.Helper()
	cmd := exec.Command(filepath.Join(m.bin, "clinicproctl"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(m.dir, "no-bus")}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// newKey makes a key with age's own tool.
func (m *machine) newKey() string {
	m.t.Helper()
	path := filepath.Join(m.dir, "stranger.key")
	if out, err := exec.Command("age-keygen", "-o", path).CombinedOutput(); err != nil {
		m.t.Fatalf("age-keygen: %v\n%s", err, out)
	}
	return path
}

// onlyForItsOwner checks every mode below dir.
func onlyForItsOwner(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", filepath.Base(path), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
