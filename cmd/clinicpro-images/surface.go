package main

import (
	"context"
	"os/exec"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app/config"
)

// surface says how the window is painted. What fails without OpenGL fails
// without a word, so it is asked for before: once, in a process of its own, and
// again after whatever may have changed the answer.
type surface struct {
	setting config.UI
	probe   func(context.Context) bool // a window with OpenGL can be made here
	remote  func() bool                // this desktop is shown on another computer

	mu    sync.Mutex
	asked *asked        // nil: nothing is known
	lost  chan struct{} // closed when OpenGL is lost, and made anew
}

// asked is one asking, under way or over.
type asked struct {
	done   chan struct{}
	openGL bool
}

const (
	// probeTimeout is how long a driver may take; one that takes longer is no use.
	probeTimeout = 10 * time.Second
	paintGL      = "gl"
	paintNone    = "" // the terminal serves
)

func newSurface(setting config.UI) *surface {
	return &surface{setting: setting, probe: probeOpenGL, remote: remoteSession, lost: make(chan struct{})}
}

// ask begins to find out, unless that is known or needless; it returns at once.
func (s *surface) ask(ctx context.Context) *asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != nil {
		return s.asked
	}
	a := &asked{done: make(chan struct{})}
	s.asked = a
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		a.openGL = s.probe(ctx)
	}()
	return a
}

// warm begins to find out what the next window will need to know.
func (s *surface) warm(ctx context.Context) {
	if s.setting != config.UIGL && s.setting != config.UISoftware && !s.remote() {
		s.ask(ctx)
	}
}

// choose is paintGL, paintSoftware, or paintNone; it may wait for probeTimeout.
func (s *surface) choose(ctx context.Context) string {
	switch {
	case s.setting == config.UIGL:
		return paintGL
	case s.setting == config.UISoftware, s.remote():
		return paintSoftware
	}
	a := s.ask(ctx)
	select {
	case <-a.done:
	case <-ctx.Done():
		return paintNone
	}
	if a.openGL {
		return paintGL
	}
	return paintSoftware
}

// forget is told that the desktop may be shown otherwise now: on another
// computer, if moved, where a window's OpenGL is lost whatever the new answer.
func (s *surface) forget(ctx context.Context, moved bool) {
	s.mu.Lock()
	s.asked = nil
	s.mu.Unlock()
	s.warm(ctx)
	go func() {
		if moved || s.choose(ctx) != paintGL {
			s.mu.Lock()
			close(s.lost)
			s.lost = make(chan struct{})
			s.mu.Unlock()
		}
	}()
}

// lostGL is closed when a window that is painted with OpenGL now can be so no
// longer.
func (s *surface) lostGL() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// probeOpenGL asks the window program.
func probeOpenGL(ctx context.Context) bool {
	exe, err := sibling(windowProgram)
	if err != nil {
		return false
	}
	child, err := startChild(exec.Command(exe, "-probe"))
	if err != nil {
		return false
	}
	stop := child.leaveWith(ctx, 0)
	defer stop()
	return child.wait() == nil
}
