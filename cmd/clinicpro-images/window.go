package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	windowProgram = "clinicpro-images-ui"
	// windowGrace is how long a window may take to leave: it holds nothing.
	windowGrace = 3 * time.Second
)

// open brings the window forward, starting its process when there is none.
// Only ever after an act of the GP: it takes the focus.
func (s *screens) open(ctx context.Context, group spawner) { s.start(ctx, group, true) }

// reopen shows the window as it was before this agent took the place of
// another: without the focus, since nobody has asked for it.
func (s *screens) reopen(ctx context.Context, group spawner) { s.start(ctx, group, false) }

func (s *screens) start(ctx context.Context, group spawner, front bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.headless {
		return
	}
	s.wanted = true
	if front {
		if s.pid != 0 {
			allowForeground(s.pid)
		}
		s.window.Raise()
	}
	if s.running {
		select {
		case s.again <- struct{}{}: // in case it is being waited for
		default:
		}
		return
	}
	s.running = true
	group.Go(func() error {
		s.keepWindow(ctx, front)
		return nil
	})
}

// isOpen reports whether the GP has the window open.
func (s *screens) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted
}

// keepWindow runs window processes until the GP closes one. After a crash the
// next shows what the last did, and takes no focus; three crashes within ten
// seconds each end it, and the tray says so.
func (s *screens) keepWindow(ctx context.Context, front bool) {
	s.marker.set(windowOpen)
	s.notice("")
	crashes := 0
	for {
		started := time.Now()
		s.mu.Lock()
		s.closing = false
		s.mu.Unlock()
		err := s.runWindow(ctx, front)
		if time.Since(started) > 10*time.Second {
			crashes = 0
		}
		var other *link.BuildMismatch
		if (errors.As(err, &other) || errors.Is(err, fs.ErrNotExist)) && ctx.Err() == nil {
			front = s.awaitMatch(ctx, front)
			continue
		}
		if errors.Is(err, errLostGL) && ctx.Err() == nil {
			front = false
			continue
		}
		front = false
		s.mu.Lock()
		s.pid = 0
		if errors.Is(err, errNoSurface) && ctx.Err() == nil {
			s.wanted, s.running = false, false
			s.mu.Unlock()
			s.marker.set(windowClosed)
			s.log.Error("no OpenGL here", "program", windowProgram)
			fmt.Fprintln(os.Stderr, text.TrayNoOpenGL)
			s.notice(text.TrayNoOpenGL)
			return
		}
		if err == nil && !s.closing { // it left by itself without having said so
			s.wanted = false
		}
		if s.closing && s.wanted && ctx.Err() == nil { // and the GP wants it again before it was gone
			s.mu.Unlock()
			s.marker.set(windowOpen)
			front = true
			continue
		}
		closed, failed := !s.wanted, crashes == 3
		if closed || failed || ctx.Err() != nil {
			s.wanted, s.running = false, false
			s.mu.Unlock()
			switch {
			case ctx.Err() != nil: // the marker stays: the next agent may have to open it
			case closed:
				s.marker.set(windowClosed)
			case failed:
				s.marker.set(windowClosed)
				s.notice(text.TrayNoWindow)
			}
			return
		}
		s.mu.Unlock()
		crashes++
		s.log.Error("the window ended unasked", "program", windowProgram, "attempt", crashes)
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// awaitMatch is called when the window program is of another build than this
// agent, or gone: somebody is updating the programs. Once the agent's own
// program has been replaced, or a newer version lies beside it, the agent gives its place up to it; the new one opens the
// window, in front if the GP had asked for it. Until then there is nothing to
// show, and the tray says so. It returns to try again when the window's
// program has changed or the GP asks again; which of the two is the result.
// Nothing else is a reason, so neither agent nor window is started in a loop.
func (s *screens) awaitMatch(ctx context.Context, front bool) (asked bool) {
	s.mu.Lock()
	s.pid = 0
	s.mu.Unlock()
	s.log.Error("the window program is of another version", "program", windowProgram)
	select {
	case <-s.again: // from before the try that has just failed
	default:
	}
	windowPath, _ := sibling(windowProgram)
	window := programAt(windowPath)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		if s.self.changed() || newestProgram(s.self.path) != s.self.path {
			if front {
				s.marker.set(windowAsked)
			}
			s.notice("")
			s.replace()
			<-ctx.Done()
			return false
		}
		s.notice(text.TrayUpdate)
		select {
		case <-ctx.Done():
			return false
		case <-s.again:
			return true
		case <-look.C:
			if window.changed() {
				return false
			}
		}
	}
}

// runWindow runs one window process until it ends; nil when it left by itself
// and in order.
func (s *screens) runWindow(ctx context.Context, front bool) error {
	exe, err := sibling(windowProgram)
	if err != nil {
		return err
	}
	lost, paint := s.surface.lostGL(), s.surface.choose(ctx)
	if paint == paintNone {
		return errNoSurface
	}
	if paint != paintGL {
		lost = nil
	}
	args := []string{"-ui", paint, "-language", s.language()}
	if !front {
		args = append(args, "-quiet")
	}
	cmd := exec.Command(exe, args...)
	cmd.Stderr = os.Stderr
	window, err := startChild(cmd)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.pid = window.pid()
	s.mu.Unlock()
	if front {
		allowForeground(window.pid())
	}
	showing, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-lost:
			end(errLostGL)
		case <-showing.Done():
		}
	}()
	stop := window.leaveWith(showing, windowGrace)
	defer stop()
	err = s.window.Serve(ctx, window.out, window.in, func(act link.Input) {
		if act.Kind == link.InputCloseWindow {
			s.mu.Lock()
			s.wanted, s.closing = false, true
			s.mu.Unlock()
			s.marker.set(windowClosed)
		}
		s.receive(act)
	})
	if waitErr := window.wait(); err == nil {
		err = waitErr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if context.Cause(showing) == errLostGL && !s.closing {
		return errLostGL
	}
	return err
}

var (
	// errLostGL: the window's OpenGL has gone, with a change of desktop; the
	// next window shows what this one did.
	errLostGL = errors.New("the display has changed")
	// errNoSurface: no window can be painted here.
	errNoSurface = errors.New("no OpenGL")
)

// program is a program's file as it was at some moment.
type program struct {
	path string
	info os.FileInfo // nil: it was not there
}

func programAt(path string) program {
	info, err := os.Stat(path)
	if err != nil {
		return program{path: path}
	}
	return program{path, info}
}

// changed reports whether another file lies there now; a file that is away is
// on its way.
func (p program) changed() bool {
	now, err := os.Stat(p.path)
	if err != nil {
		return false
	}
	return p.info == nil || !os.SameFile(p.info, now) || now.Size() != p.info.Size() || !now.ModTime().Equal(p.info.ModTime())
}

// windowState is what an agent leaves to the one that takes its place.
type windowState string

const (
	windowClosed windowState = ""
	windowOpen   windowState = "open"
	windowAsked  windowState = "asked" // the GP wants it and has not got it yet
)

// marker is the path of the file that holds the windowState: a crash leaves
// no other moment to say it. A file that cannot be written costs a click.
type marker string

func (m marker) set(w windowState) {
	if w == windowClosed {
		_ = os.Remove(string(m))
		return
	}
	_ = os.WriteFile(string(m), []byte(w), 0o600)
}

func (m marker) get() windowState {
	raw, err := os.ReadFile(string(m))
	if err != nil {
		return windowClosed
	}
	return windowState(raw)
}
