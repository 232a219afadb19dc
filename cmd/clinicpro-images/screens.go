package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// screens is everything that shows the agent's snapshots: the window process,
// started on demand, and any terminal attached to the socket.
type screens struct {
	build    string
	headless bool // terminals only: no window process is ever started
	log      *slog.Logger
	receive  func(link.Input)

	mu      sync.Mutex
	window  *link.Agent // outlives the window process: the next one shows the same
	others  map[*link.Agent]bool
	pid     int  // of the window process; 0: none
	wanted  bool // the GP has it open: a crash opens it again
	running bool
	last    *link.Snapshot
	pixels  map[string]link.Pixels // of last
}

func newScreens(build string, log *slog.Logger, receive func(link.Input)) *screens {
	return &screens{build: build, log: log, receive: receive, window: link.NewAgent(build),
		others: map[*link.Agent]bool{}, pixels: map[string]link.Pixels{}}
}

// show gives every screen the newest snapshot.
func (s *screens) show(snap link.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = &snap
	named := map[string]bool{}
	for _, im := range snap.Images {
		named[im.Thumb] = true
	}
	for key := range s.pixels {
		if !named[key] {
			delete(s.pixels, key)
		}
	}
	s.window.Show(snap)
	for a := range s.others {
		a.Show(snap)
	}
}

// send gives the window a picture, before the snapshot that names it.
func (s *screens) send(p link.Pixels) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, have := s.pixels[p.Key]; have {
		return
	}
	s.pixels[p.Key] = p
	s.window.Send(p)
}

// open brings the window forward, starting its process when there is none.
// Only ever after an act of the GP: it takes the focus.
func (s *screens) open(ctx context.Context, group spawner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.headless {
		return
	}
	s.wanted = true
	if s.pid != 0 {
		allowForeground(s.pid)
	}
	s.window.Raise()
	if s.running {
		return
	}
	s.running = true
	group.Go(func() error {
		s.keepWindow(ctx)
		return nil
	})
}

// keepWindow runs window processes until the GP closes one. After a crash the
// next shows what the last did; three crashes within ten seconds each end it,
// and the tray says so.
func (s *screens) keepWindow(ctx context.Context) {
	crashes := 0
	for {
		started := time.Now()
		err := s.runWindow(ctx)
		if time.Since(started) > 10*time.Second {
			crashes = 0
		}
		s.mu.Lock()
		s.pid = 0
		if err == nil { // it left by itself: its "close-window" may not have arrived
			s.wanted = false
		}
		if !s.wanted || ctx.Err() != nil || crashes == 3 {
			s.wanted, s.running = false, false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		crashes++
		var mismatch *link.BuildMismatch
		if errors.As(err, &mismatch) {
			s.log.Error("the window program is of another version", "program", "clinicpro-images-ui")
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (s *screens) runWindow(ctx context.Context) error {
	exe, err := sibling("clinicpro-images-ui")
	if err != nil {
		return err
	}
	cmd := exec.Command(exe)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	release, err := startTied(cmd)
	if err != nil {
		return err
	}
	defer release()
	s.mu.Lock()
	s.pid = cmd.Process.Pid
	s.mu.Unlock()
	allowForeground(cmd.Process.Pid)
	err = s.window.Serve(ctx, out, in, func(act link.Input) {
		if act.Kind == link.InputCloseWindow {
			s.mu.Lock()
			s.wanted = false
			s.mu.Unlock()
		}
		s.receive(act)
	})
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	return err
}

// accept serves the socket: second starts and terminals.
func (s *screens) accept(ctx context.Context, l net.Listener, group spawner) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		group.Go(func() error {
			s.greet(ctx, conn, group)
			return nil
		})
	}
}

func (s *screens) greet(ctx context.Context, conn net.Conn, group spawner) {
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // Windows pipes have none: harmless there
	r := bufio.NewReader(conn)
	h, err := instance.ReadHello(r)
	if err != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	switch h.Act {
	case "raise":
		_ = conn.Close()
		s.open(ctx, group)
	case "attach":
		s.attach(ctx, r, conn)
	default:
		_ = conn.Close()
	}
}

// attach lets a terminal show and do what a window does.
func (s *screens) attach(ctx context.Context, r io.Reader, conn net.Conn) {
	a := link.NewAgent(s.build)
	s.mu.Lock()
	s.others[a] = true
	if s.last != nil {
		a.Show(*s.last)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.others, a)
		s.mu.Unlock()
	}()
	in := struct {
		io.Reader
		io.Closer
	}{r, conn}
	if err := a.Serve(ctx, in, conn, s.receive); err != nil && ctx.Err() == nil {
		s.log.Info("terminal left", "program", "clinicproctl")
	}
}
