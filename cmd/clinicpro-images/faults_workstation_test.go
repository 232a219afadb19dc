//go:build linux

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// workstation is an agent that a test drives over its socket, as a terminal
// does, and whose process it may end at any moment.
type workstation struct {
	*desk
	build    string // the agent's, which a terminal has to name
	args     []string
	through  []string // programs that become the agent: nsenter
	skew     time.Duration
	sessions []string // those that session returned

	mu       sync.Mutex
	pid      int
	gone     <-chan struct{}
	stdin    io.Closer
	window   *link.Window // of the connection that stands; nil: none
	snap     link.Snapshot
	fresh    bool // snap is of the agent that runs now
	attached int  // connections so far
	problems []string
	changed  chan struct{} // closed at the next snapshot
}

func newWorkstation(d *desk, args ...string) *workstation {
	w := &workstation{desk: d, args: args, changed: make(chan struct{}), build: link.Version + "+" + d.source(agentProgram)}
	go w.listen(d.t.Context())
	return w
}

// listen keeps a terminal attached to whichever agent runs.
func (w *workstation) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if conn := w.dial(); conn != nil {
			window := link.NewWindow(w.build)
			w.mu.Lock()
			w.window = window
			w.attached++
			w.mu.Unlock()
			_ = window.Run(ctx, conn, conn, link.Hear{Show: w.show, Pixels: func(link.Pixels) {}, Raise: func() {}})
			w.mu.Lock()
			w.window, w.fresh = nil, false
			w.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (w *workstation) dial() net.Conn {
	found, _ := filepath.Glob(filepath.Join(w.scratch, "run", "clinicpro-images-*.sock"))
	if len(found) == 0 {
		return nil
	}
	conn, err := net.Dial("unix", found[0])
	if err != nil {
		return nil
	}
	if err := instance.WriteHello(conn, instance.Hello{Act: "attach"}); err != nil {
		_ = conn.Close()
		return nil
	}
	return conn
}

func (w *workstation) show(s link.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.snap, w.fresh = s, true
	for _, p := range s.Problems {
		if !slices.Contains(w.problems, p.What) {
			w.problems = append(w.problems, p.What)
		}
	}
	for _, im := range s.Images {
		if im.Problem != "" && !slices.Contains(w.problems, im.Problem) {
			w.problems = append(w.problems, im.Problem)
		}
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// start runs the agent itself, without the keeper: the test is its keeper.
func (w *workstation) start() {
	w.t.Helper()
	argv := slices.Concat(w.through, []string{filepath.Join(w.bin, "clinicpro-images"), "-agent", "-dir", w.data}, w.args)
	cmd := w.command(argv[0], argv[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	gone := start(w.t, cmd, filepath.Join(w.scratch, "agent.log"))
	pid := cmd.Process.Pid
	w.mu.Lock()
	w.pid, w.gone, w.stdin = pid, gone, in
	w.mu.Unlock()
	if w.skew != 0 {
		shiftClock(w.t, pid, w.skew)
	}
}

func (w *workstation) process() (pid int, gone <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pid, w.gone
}

// kill is SIGKILL; it returns once the agent is gone.
func (w *workstation) kill() {
	pid, gone := w.process()
	_ = syscall.Kill(pid, syscall.SIGKILL)
	<-gone
}

// quit lets the agent end by itself, as at a sign-out.
func (w *workstation) quit() {
	w.t.Helper()
	w.mu.Lock()
	in, gone := w.stdin, w.gone
	w.mu.Unlock()
	_ = in.Close()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		w.t.Errorf("the agent does not leave at the end of its input\n%s", w.stacks())
		w.kill()
	}
}

// stacks ends the agent and its children with the signal that makes a Go
// program say what each of its goroutines waits for, and returns that.
func (w *workstation) stacks() string {
	log := filepath.Join(w.scratch, "agent.log")
	before, _ := os.ReadFile(log)
	pid, gone := w.process()
	_ = syscall.Kill(-pid, syscall.SIGQUIT)
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
	}
	after, _ := os.ReadFile(log)
	return string(after[min(len(before), len(after)):])
}

// running reports whether the process that start made lives.
func (w *workstation) running() bool {
	_, gone := w.process()
	select {
	case <-gone:
		return false
	default:
		return gone != nil
	}
}

// send passes an act of the GP on, and reports whether anybody took it.
func (w *workstation) send(in link.Input) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.window == nil || !w.fresh {
		return false
	}
	w.window.Send(in)
	return true
}

// see waits for a snapshot of the running agent that ok likes; between looks
// it does what nudge says, if anything.
func (w *workstation) see(within time.Duration, what string, ok func(link.Snapshot) bool, nudge func()) link.Snapshot {
	w.t.Helper()
	deadline := time.Now().Add(within)
	for {
		w.mu.Lock()
		snap, fresh, changed := w.snap, w.fresh, w.changed
		w.mu.Unlock()
		if fresh && ok(snap) {
			return snap
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("within %v the workstation does not show %s; it shows %s", within, what, sketch(snap))
		}
		if nudge != nil {
			nudge()
		}
		select {
		case <-changed:
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// sketch is a snapshot without its patient.
func sketch(s link.Snapshot) string {
	out := fmt.Sprintf("session %.6s %s, phone %q, line %q, can file %v", s.SID, s.Phase, s.Phone, s.Line, s.CanFile)
	for _, im := range s.Images {
		out += fmt.Sprintf(" [%.13s %s %s]", im.ID, im.State, im.Problem)
	}
	for _, p := range s.Problems {
		out += " " + p.What
	}
	return out
}

// session starts one about the synthetic patient and returns its link. An
// agent that is killed before it has kept the session knows nothing of it: the
// GP asks again.
func (w *workstation) session() (sid app.SessionID, address app.Sealed) {
	w.t.Helper()
	return w.sessionFor(patientNHI)
}

// sessionFor is session for a patient with another NHI.
func (w *workstation) sessionFor(nhi string) (sid app.SessionID, address app.Sealed) {
	w.t.Helper()
	old := func(sid string) bool { return sid == "" || slices.Contains(w.sessions, sid) }
	asked := 0 // the connection by which
	var when time.Time
	snap := w.see(60*time.Second, "a code", func(s link.Snapshot) bool { return !old(s.SID) && s.Code != nil }, func() {
		w.mu.Lock()
		now, forgotten := w.attached, w.fresh && old(w.snap.SID)
		w.mu.Unlock()
		if asked != now && forgotten && time.Since(when) > 2*time.Second && w.send(link.Input{Kind: link.InputNewSession, Confirmed: true,
			Patient: link.Patient{Name: patientName, NHI: nhi, BirthDate: "1980-02-01"}}) {
			asked, when = now, time.Now()
		}
	})
	w.sessions = append(w.sessions, snap.SID)
	return app.SessionID(snap.SID), app.Seal(snap.Code.Link)
}

// open shows a session that an earlier agent left.
func (w *workstation) open(sid app.SessionID) func() {
	return func() {
		w.mu.Lock()
		shown := w.snap.SID == string(sid)
		w.mu.Unlock()
		if !shown {
			w.send(link.Input{Kind: link.InputOpenSession, SID: string(sid)})
		}
	}
}

// images are the states in a snapshot of one session; nil while another is shown.
func images(s link.Snapshot, sid app.SessionID) map[app.ImageID]app.ImageState {
	if s.SID != string(sid) {
		return nil
	}
	out := map[app.ImageID]app.ImageState{}
	for _, im := range s.Images {
		out[app.ImageID(im.ID)] = im.State
	}
	return out
}

// said are the sentences shown since the last call, without repetition.
func (w *workstation) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.problems
	w.problems = nil
	return out
}

// peak is the agent's largest resident size so far, in MiB.
func (w *workstation) peak() int {
	w.t.Helper()
	pid, _ := w.process()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		w.t.Fatal(err)
	}
	var kib int
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &kib)
		}
	}
	return kib / 1024
}

// role runs a part of this test's own program on the desk.
func (d *desk) role(role string, stdin io.Reader, args ...string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(d.env[:len(d.env):len(d.env)], roleVar+"="+role)
	cmd.Stdin = stdin
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", role, err, wrong.String())
	}
	return out, err
}

// enrol makes the desk a workstation of the cloud.
func (d *desk) enrol(c *cloud) { d.t.Helper(); d.enrolWith(c, "", nil) }

// enrolWith is enrol with further settings and secrets.
func (d *desk) enrolWith(c *cloud, settings string, more map[string]string) {
	d.t.Helper()
	if err := os.MkdirAll(d.data, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.data, "config.toml"), []byte(c.settings(d.sink)+settings), 0o600); err != nil {
		d.t.Fatal(err)
	}
	all := c.secrets()
	maps.Copy(all, more)
	secrets, err := json.Marshal(all)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.role("keyring", strings.NewReader(string(secrets))); err != nil {
		d.t.Fatal(err)
	}
}

// spoolHolds reads the whole spool, with no agent running.
func (d *desk) spoolHolds() (c spoolContent) {
	d.t.Helper()
	out, err := d.role("spool", nil, filepath.Join(d.data, "spool"))
	if err == nil {
		err = json.Unmarshal(out, &c)
	}
	if err != nil {
		d.t.Errorf("the spool cannot be read: %v", err)
	}
	return c
}
