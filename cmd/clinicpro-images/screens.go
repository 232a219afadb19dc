package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// screens is everything that shows the agent's snapshots: the window process,
// started on demand, and any terminal attached to the socket.
type screens struct {
	screensConfig
	log    *slog.Logger
	window *link.Agent // outlives the window process: the next one shows the same
	again  chan struct{}
	self   program // this agent's own, as it was at the start

	mu      sync.Mutex
	others  map[*link.Agent]bool
	pid     int  // of the window process; 0: none
	wanted  bool // the GP has it open: a crash opens it again
	closing bool // the GP has closed the one that runs
	running bool
	last    *link.Snapshot
	pixels  map[string]bool // of last: the window has been given them
}

// screensConfig is what screens need from the agent. Its functions return at
// once and are called with no lock held.
type screensConfig struct {
	build    string
	headless bool // terminals only: no window process is ever started
	surface  *surface
	marker   marker
	language func() string // of the next window: en, mi
	receive  func(link.Input)
	arrived  func(instance.Hello) // a second start, with what it brings
	notice   func(string)         // why no window can be shown; "" once that is over
	replace  func()               // an update has put another program in this agent's place
}

func newScreens(cfg screensConfig, log *slog.Logger) *screens {
	exe, _ := os.Executable() // without a path nothing is ever seen to change
	return &screens{screensConfig: cfg, log: log, window: link.NewAgent(cfg.build), again: make(chan struct{}, 1),
		self: programAt(exe), others: map[*link.Agent]bool{}, pixels: map[string]bool{}}
}

// visible reports whether somebody can see what is shown: a window is open, or
// on its way, or a terminal is attached.
func (s *screens) visible() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted || len(s.others) > 0
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

// help makes the window, once it is open, say how it is used.
func (s *screens) help() { s.window.Help() }

// has reports whether the window was given a picture that the last snapshot
// named, or that came since.
func (s *screens) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pixels[key]
}

// send gives the window a picture, before the snapshot that names it.
func (s *screens) send(p link.Pixels) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pixels[p.Key] {
		return
	}
	s.pixels[p.Key] = true
	s.window.Send(p)
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
	r := instance.HelloReader(conn)
	h, err := instance.ReadHello(r)
	if err != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	switch h.Act {
	case instance.ActRaise, instance.ActLaunch, instance.ActPatient:
		_ = conn.Close()
		s.arrived(h)
		s.open(ctx, group)
	case instance.ActAttach:
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
