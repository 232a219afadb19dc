//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
)

// desk is a workstation of its own: display, window manager, session bus,
// unlocked keyring and every XDG folder in one scratch folder.
type desk struct {
	t       testing.TB
	bin     string   // the built programs
	scratch string   // everything below belongs to this desk
	data    string   // the agent's -dir
	sink    string   // the practice folder
	prefix  []string // runs a program in the desk's network namespace; may be empty
	env     []string
	frame   string // the folder of the screen's own pixels
}

// newDesk starts a desk; with display it has a screen to look at.
func newDesk(t testing.TB, display bool, prefix ...string) *desk {
	t.Helper()
	bin := os.Getenv("CLINICPRO_BIN")
	if bin == "" {
		t.Fatal("CLINICPRO_BIN must name the folder with the built programs: run this test with make e2e")
	}
	// Short: sockets live below it, and their paths are limited to 107 bytes.
	scratch, err := os.MkdirTemp("", "cpi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		noRace(t, scratch)
		if t.Failed() {
			keep := filepath.Join(artefacts(t), "failed")
			_ = os.MkdirAll(keep, 0o700)
			for _, log := range []string{"agent.log", "phone.log", "ctl.log", "data/logs/agent.log", "data/local/localcloud.log"} {
				if raw, err := os.ReadFile(filepath.Join(scratch, log)); err == nil {
					_ = os.WriteFile(filepath.Join(keep, strings.ReplaceAll(t.Name()+"-"+log, "/", "-")), raw, 0o600)
				}
			}
		}
		_ = os.RemoveAll(scratch)
	})
	d := &desk{t: t, bin: bin, scratch: scratch, prefix: prefix,
		data: filepath.Join(scratch, "data"), sink: filepath.Join(scratch, "practice folder")}
	d.env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "LIBGL_ALWAYS_SOFTWARE=1"}
	for name, dir := range map[string]string{
		"HOME": "home", "TMPDIR": "tmp", "XDG_DATA_HOME": "xdg/data", "XDG_CONFIG_HOME": "xdg/config",
		"XDG_CACHE_HOME": "xdg/cache", "XDG_STATE_HOME": "xdg/state", "XDG_RUNTIME_DIR": "run",
	} {
		dir = filepath.Join(scratch, dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		d.env = append(d.env, name+"="+dir)
	}
	if err := os.MkdirAll(d.sink, 0o700); err != nil {
		t.Fatal(err)
	}
	if display {
		d.startDisplay()
	}
	d.startKeyring()
	return d
}

// noRace fails the test when a program with the race detector has found one: it
// says so where nobody looks, and works on.
func noRace(t testing.TB, scratch string) {
	t.Helper()
	for _, pattern := range []string{"*.log", "data/logs/*.log"} {
		logs, _ := filepath.Glob(filepath.Join(scratch, pattern))
		for _, log := range logs {
			raw, _ := os.ReadFile(log)
			if at := bytes.Index(raw, []byte("WARNING: DATA RACE")); at >= 0 {
				t.Errorf("%s: %.4000s", filepath.Base(log), raw[at:])
			}
		}
	}
}

func (d *desk) startDisplay() {
	d.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	d.frame = filepath.Join(d.scratch, "screen")
	if err := os.MkdirAll(d.frame, 0o700); err != nil {
		d.t.Fatal(err)
	}
	cmd := d.command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-fbdir", d.frame)
	cmd.ExtraFiles = []*os.File{w}
	start(d.t, cmd, filepath.Join(d.scratch, "xvfb.log"))
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		d.t.Fatalf("Xvfb: %v", err)
	}
	_ = r.Close()
	d.env = append(d.env, "DISPLAY=:"+strings.TrimSpace(number))
	start(d.t, d.command("openbox"), filepath.Join(d.scratch, "openbox.log"))
}

// startKeyring starts a session bus and gnome-keyring with an unlocked
// collection.
func (d *desk) startKeyring() {
	d.t.Helper()
	address := "unix:path=" + filepath.Join(d.scratch, "run", "bus")
	start(d.t, d.command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+address),
		filepath.Join(d.scratch, "bus.log"))
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	eventually(d.t, 10*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(d.scratch, "run", "bus"))
		return err == nil
	}, func() string { return "the session bus did not start" })
	d.unlockKeyring()
}

// unlockKeyring starts gnome-keyring with its collection open, in place of one
// that runs.
func (d *desk) unlockKeyring() {
	d.t.Helper()
	keyring := d.command("gnome-keyring-daemon", "--replace", "--foreground", "--unlock", "--components=secrets")
	keyring.Stdin = strings.NewReader("a test's password")
	start(d.t, keyring, filepath.Join(d.scratch, "keyring.log"))
	d.keyringServes()
}

// lockKeyring starts one that has not been given the password.
func (d *desk) lockKeyring() {
	d.t.Helper()
	start(d.t, d.command("gnome-keyring-daemon", "--replace", "--foreground", "--components=secrets"), filepath.Join(d.scratch, "keyring.log"))
	d.keyringServes()
}

func (d *desk) keyringServes() {
	d.t.Helper()
	eventually(d.t, 10*time.Second, func() bool {
		out, _ := d.command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus",
			"/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets").Output()
		return strings.Contains(string(out), "boolean true")
	}, func() string { return "gnome-keyring did not start" })
}

// command is a program of this desk, in its environment and network.
func (d *desk) command(name string, args ...string) *exec.Cmd {
	argv := append(append([]string{}, d.prefix...), name)
	argv = append(argv, args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = d.env
	return cmd
}

// startAgent starts the agent in local mode, serving the phone on listen.
func (d *desk) startAgent(listen string, more ...string) {
	d.t.Helper()
	start(d.t, d.agentCommand(listen, more...), filepath.Join(d.scratch, "agent.log"))
}

func (d *desk) agentCommand(listen string, more ...string) *exec.Cmd {
	args := append([]string{"-local", "-dir", d.data, "-listen", listen, "-sink", d.sink,
		"-practice-name", "Kauri Test Practice"}, more...)
	return d.command(filepath.Join(d.bin, "clinicpro-images"), args...)
}

// ready is what the local cloud said at its start.
func (d *desk) ready() (r ready.Ready) {
	d.t.Helper()
	path := filepath.Join(d.data, "local", "ready.json")
	eventually(d.t, 30*time.Second, func() bool {
		raw, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(raw, &r) == nil && r.Redis != ""
	}, func() string { return "the local cloud is not ready: no " + path })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		d.t.Errorf("ready.json holds keys and has mode %v", info.Mode())
	}
	return r
}

// redis runs one command at the local cloud's Redis; a Redis that is away
// answers "".
func (d *desk) redis(args ...string) string {
	d.t.Helper()
	at, err := url.Parse(d.ready().Redis)
	if err != nil {
		d.t.Fatal("ready.json's Redis address is none")
	}
	cmd := d.command("redis-cli", append([]string{"-e", "-h", at.Hostname(), "-p", at.Port()}, args...)...)
	password, _ := at.User.Password()
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "REDISCLI_AUTH="+password)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// imageStates counts the images of the one session in the registry by state.
func (d *desk) imageStates() map[string]int {
	d.t.Helper()
	states := map[string]int{}
	for _, key := range strings.Fields(d.redis("KEYS", "cp:{*}:s:*")) {
		lines := strings.Split(d.redis("HGETALL", key), "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			if strings.HasPrefix(lines[i], "i:") {
				state, _, _ := strings.Cut(lines[i+1], "|")
				states[state]++
			}
		}
	}
	return states
}

// sessions are the registry's session ids.
func (d *desk) sessions() []app.SessionID {
	d.t.Helper()
	var out []app.SessionID
	for _, key := range strings.Fields(d.redis("KEYS", "cp:{*}:s:*")) {
		out = append(out, app.SessionID(key[strings.LastIndexByte(key, ':')+1:]))
	}
	return out
}

// bucketEmpty waits until S3 itself, asked with the workstation's keys, lists
// nothing for any session, and no object's file lies on the disk: deleting
// follows landing.
func (d *desk) bucketEmpty() {
	d.t.Helper()
	store := objectStore(d.t, d.ready())
	sessions := d.sessions()
	if len(sessions) == 0 {
		d.t.Error("no session in the registry to list the bucket for")
	}
	for _, sid := range sessions {
		var found []app.Object
		var err error
		eventually(d.t, 15*time.Second, func() bool {
			found, err = store.List(d.t.Context(), sid)
			return err == nil && len(found) == 0
		}, func() string { return fmt.Sprintf("the bucket is not empty: %v %v", found, err) })
	}
	d.noObjects()
}

// noObjects waits until no sealed image lies in the local cloud's folder.
func (d *desk) noObjects() {
	d.t.Helper()
	var left []string
	eventually(d.t, 15*time.Second, func() bool {
		left = nil
		err := filepath.WalkDir(filepath.Join(d.data, "local"), func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".age") {
				left = append(left, path)
			}
			return nil
		})
		return err == nil && len(left) == 0
	}, func() string { return fmt.Sprintf("still in the bucket: %q", left) })
}

// window waits for the app's window, brings it forward and returns its id.
func (d *desk) window() string {
	d.t.Helper()
	var id string
	eventually(d.t, 60*time.Second, func() bool {
		out, err := d.command("xdotool", "search", "--onlyvisible", "--name", "ClinicPro Images").Output()
		if ids := strings.Fields(string(out)); err == nil && len(ids) > 0 {
			id = ids[len(ids)-1]
			return true
		}
		return false
	}, func() string { return "the window did not open" })
	d.xdotool("windowactivate", "--sync", id)
	return id
}

func (d *desk) xdotool(args ...string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	full := d.command("xdotool", args...)
	cmd := exec.CommandContext(ctx, full.Args[0], full.Args[1:]...)
	cmd.Env = full.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool %s: %v\n%s", args[0], err, out)
	}
}

// enter types each text into the next field, and Enter at the end.
func (d *desk) enter(fields ...string) {
	d.t.Helper()
	for i, f := range fields {
		if i > 0 {
			d.xdotool("key", "Tab")
		}
		d.xdotool("type", "--delay", "15", f)
	}
	d.xdotool("key", "Return")
}

func (d *desk) screenshot(path string) {
	d.t.Helper()
	if out, err := d.command("import", "-window", "root", path).CombinedOutput(); err != nil {
		d.t.Fatalf("screenshot: %v\n%s", err, out)
	}
}

// scan reads the QR code off the screen, as a phone's camera would.
func (d *desk) scan() string {
	d.t.Helper()
	shot := filepath.Join(d.scratch, "scan.png")
	defer os.Remove(shot)
	var link string
	eventually(d.t, 30*time.Second, func() bool {
		d.screenshot(shot)
		out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", shot).Output()
		link = strings.TrimSpace(string(out))
		return err == nil && strings.Contains(link, "/p/")
	}, func() string {
		d.screenshot(filepath.Join(artefacts(d.t), "no-qr-code.png"))
		return "no QR code can be read off the screen"
	})
	return link
}

// filed are the pictures in the practice folder.
func (d *desk) filed() []string {
	d.t.Helper()
	var out []string
	err := filepath.WalkDir(d.sink, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(strings.ToLower(path), ".jpg") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// start runs a program in a process group of its own, its errors (and its
// output, when nobody else reads it) in a file, until the test ends. The
// channel closes when the program has ended.
func start(t testing.TB, cmd *exec.Cmd, log string) (exited <-chan struct{}) {
	t.Helper()
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = f
	if cmd.Stdout == nil {
		cmd.Stdout = f
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	_ = f.Close()
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
	})
	return done
}

// eventually waits until ok answers true, and fails with say's words when it
// does not within the time.
func eventually(t testing.TB, within time.Duration, ok func() bool, say func() string) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatal(say())
		}
	}
}

// artefacts is where pictures and logs are kept after the test.
func artefacts(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../../artefacts/e2e")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
