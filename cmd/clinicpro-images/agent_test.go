//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/tray"
)

// terminal attaches to the agent of dir and hands on every snapshot.
type terminal struct {
	t      *testing.T
	window *link.Window
	snaps  chan link.Snapshot
}

func attachTo(t *testing.T, dir string) *terminal {
	t.Helper()
	term := &terminal{t, link.NewWindow(link.Build()), make(chan link.Snapshot, 1000)}
	var conn net.Conn
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if conn, err = instance.Dial(dir); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the agent does not answer: %v", err)
		}
	}
	if err := instance.WriteHello(conn, instance.Hello{Act: "attach"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		_ = term.window.Run(ctx, conn, conn, link.Hear{Raise: func() {}, Pixels: func(link.Pixels) {},
			Show: func(s link.Snapshot) { term.snaps <- s }})
	}()
	return term
}

func (term *terminal) until(what string, ok func(link.Snapshot) bool) link.Snapshot {
	term.t.Helper()
	deadline := time.After(30 * time.Second)
	var last link.Snapshot
	for {
		select {
		case last = <-term.snaps:
			if ok(last) {
				return last
			}
		case <-deadline:
			term.t.Fatalf("never %s; problems: %+v", what, last.Problems)
		}
	}
}

// start runs the agent in this process, as main would.
func start(t *testing.T, args ...string) (dir string) {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	dir = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	hold, release := net.Pipe() // stands for the keeper's end of standard input
	go func() {
		done <- run(ctx, append([]string{"-agent", "-no-window", "-dir", dir}, args...), hold, &bytes.Buffer{}, &bytes.Buffer{})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitQuit {
			t.Errorf("the agent left with %d", code)
		}
		_ = release.Close()
	})
	return dir
}

func says(problem string) func(link.Snapshot) bool {
	return func(s link.Snapshot) bool {
		for _, p := range s.Problems {
			if strings.Contains(p.What, problem) && p.Safe != "" && p.Do != "" {
				return true
			}
		}
		return false
	}
}

func TestWithoutAKeyringTheScreenSaysSo(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	dir := start(t, "-local", "-listen", "127.0.0.1:0")
	attachTo(t, dir).until("told about the keyring", says("password store"))
	if _, err := os.Stat(filepath.Join(dir, "spool", "index.db")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a spool was made without a key: %v", err)
	}
}

func TestASecondStartRaisesTheFirst(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	dir := start(t, "-local", "-listen", "127.0.0.1:0")
	attachTo(t, dir)
	var said bytes.Buffer
	hold, release := net.Pipe()
	defer release.Close()
	code := run(t.Context(), []string{"-agent", "-no-window", "-local", "-dir", dir}, hold, &said, &said)
	if code != exitRunning || !strings.Contains(said.String(), "running already") {
		t.Fatalf("the second start left with %d: %s", code, said.String())
	}
	if conn, err := instance.Dial(dir); err != nil {
		t.Fatalf("the first is gone: %v", err)
	} else {
		_ = conn.Close()
	}
}

func TestAStartThatCannotSucceedSaysWhatToDo(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := t.TempDir()
	if err := os.WriteFile(filepath.Join(settings, "config.toml"), []byte("\npractise = \"x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"not enrolled":    {[]string{"-dir", t.TempDir()}, "not enrolled"},
		"folder is none":  {[]string{"-local", "-dir", filepath.Join(file, "x")}, "Choose another"},
		"wrong setting":   {[]string{"-local", "-dir", settings}, "line 2: unknown setting \"practise\".\n\nPhotos on this computer are safe"},
		"an argument":     {[]string{"-dir", t.TempDir(), "extra"}, "takes no arguments"},
		"an unknown flag": {[]string{"-patient", "x"}, "flag provided but not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			hold, release := net.Pipe()
			defer release.Close()
			var said bytes.Buffer
			if code := run(t.Context(), append([]string{"-agent", "-no-window"}, c.args...), hold, &said, &said); code != exitUsage {
				t.Errorf("left with %d", code)
			}
			if !strings.Contains(said.String(), c.want) {
				t.Errorf("said %q, want %q", said.String(), c.want)
			}
			for _, ours := range []string{"read settings", "corrupt", ".go:"} {
				if strings.Contains(said.String(), ours) {
					t.Errorf("said %q to a person: %q is for the log", said.String(), ours)
				}
			}
		})
	}
}

func TestAnActBeforeTheAgentIsReadyIsKept(t *testing.T) {
	a := testAgent(t)
	a.newSession(link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016"}, sourceForm)
	if a.pending == nil {
		t.Fatal("the new session was dropped")
	}
}

// testAgent is an agent that runs nothing, has no window and shows nobody.
func testAgent(t *testing.T) *agent {
	t.Helper()
	return &agent{recordKnown: make(chan struct{}), log: slog.New(slog.DiscardHandler), status: make(chan tray.Status, 1), hands: newHands(), quit: func() {},
		screens: newScreens(screensConfig{headless: true}, nil), darkroom: workstation.NewDarkroom("", time.UTC, 0)}
}
