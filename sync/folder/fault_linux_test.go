package folder

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// stuck makes the folder hold the next delivery in a call of the file system,
// as a dead share does: its record is a pipe that nobody writes to. release
// lets the call go on, with an empty folder in front of it.
func stuck(t *testing.T, dir string, d app.Delivery) (release func()) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(dir, stateFolder), 0o700))
	pipe := filepath.Join(dir, stateFolder, d.ID+".json")
	must(t, syscall.Mkfifo(pipe, 0o600))
	return func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		must(t, err)
		must(t, os.Remove(pipe))
		_, err = w.WriteString(`{"v":1}`)
		must(t, err)
		must(t, w.Close())
	}
}

func TestDeadShareIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir, d := t.TempDir(), apptest.Delivery(2)
	s := New(Config{Dir: dir})
	s.filer.patience = 50 * time.Millisecond
	release := stuck(t, dir, d)
	for range 2 { // and the call that still hangs keeps a second from beginning
		r, err := s.Deliver(t.Context(), d)
		must(t, err)
		for _, x := range r {
			if app.KindOf(x.Err) != app.KindOffline || !x.Unknown || x.Unconfirmed {
				t.Fatalf("receipt %+v", x)
			}
		}
		d.Again, d.Unsure = true, true
	}
	other := apptest.Delivery(1)
	r, err := s.Deliver(t.Context(), other)
	must(t, err)
	if app.KindOf(r[0].Err) != app.KindOffline || r[0].Unknown {
		t.Errorf("a delivery that was not begun: %+v", r[0])
	}
	release()
	s.filer.patience = Patience
	r, err = s.Deliver(t.Context(), d)
	must(t, err)
	for _, x := range r {
		if x.Err != nil || x.Unconfirmed {
			t.Errorf("after the share came back: %+v", x)
		}
	}
	if n := len(filed(t, dir)); n != 2 {
		t.Errorf("%d pictures filed, want 2", n)
	}
}

func TestStopDoesNotWaitForADeadShare(t *testing.T) {
	t.Parallel()
	dir, d := t.TempDir(), apptest.Delivery(1)
	s := New(Config{Dir: dir})
	s.filer.patience = time.Hour
	release := stuck(t, dir, d)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	r, err := s.Deliver(ctx, d)
	must(t, err)
	if app.KindOf(r[0].Err) != app.KindCanceled || !r[0].Unknown {
		t.Errorf("receipt %+v", r[0])
	}
	release()
	s.filer.turn <- struct{}{} // the call is over
	if n := len(filed(t, dir)); n != 0 {
		t.Errorf("%d pictures filed after the stop", n)
	}
}

// What a folder refuses is told apart, for each has its own sentence. It is
// run by a process that may mount, in namespaces of its own.
func TestFaults(t *testing.T) {
	if os.Getenv(roleVar) != "faults" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaults$", "-test.v")
		cmd.Env = append(os.Environ(), roleVar+"=faults")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Count(string(out), "--- PASS: TestFaults/") != 5 {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	mounted := func(t *testing.T, options string, flags uintptr) string {
		dir := t.TempDir()
		must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, options))
		t.Cleanup(func() { must(t, unix.Unmount(dir, unix.MNT_DETACH)) })
		if flags != 0 {
			must(t, unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|flags, options))
		}
		return dir
	}
	for name, c := range map[string]struct {
		dir  func(t *testing.T) string
		want app.Kind
	}{
		"full":      {func(t *testing.T) string { return mounted(t, "size=8k", 0) }, app.KindFull},
		"read only": {func(t *testing.T) string { return mounted(t, "size=1m", unix.MS_RDONLY) }, app.KindAuth},
		"gone":      {func(t *testing.T) string { return filepath.Join(t.TempDir(), "away") }, app.KindNotFound},
		"a file": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			must(t, os.WriteFile(path, nil, 0o600))
			return path
		}, app.KindNotFound},
		"path too long": {func(t *testing.T) string {
			dir := t.TempDir()
			return filepath.Join(dir, strings.Repeat(strings.Repeat("x", 200)+"/", 21))
		}, app.KindTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			dir := c.dir(t)
			d := apptest.Delivery(1)
			d.Items[0].JPEG = append(d.Items[0].JPEG, make([]byte, 64<<10)...)
			d.Items[0].SHA256 = digest(d.Items[0].JPEG)
			r, err := New(Config{Dir: dir}).Deliver(t.Context(), d)
			must(t, err)
			if app.KindOf(r[0].Err) != c.want || r[0].Unknown || strings.Contains(r[0].Err.Error(), "ZZZ") {
				t.Errorf("%v, want %s", r[0].Err, c.want)
			}
			if n := len(filed(t, dir)) + temps(t, dir); n != 0 {
				t.Errorf("%d files left", n)
			}
		})
	}
}
