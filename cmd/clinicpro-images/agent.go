package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/app/diag"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/clipboard"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/tray"
)

const (
	localPractice = app.Practice("local-practice")
	retryStart    = 5 * time.Second
)

// agent is the graph of one running agent.
type agent struct {
	o        options
	cfg      config.Config
	log      *slog.Logger
	screens  *screens
	darkroom *workstation.Darkroom
	vault    app.Vault
	quit     context.CancelFunc
	replaced atomic.Bool // an update has put another program in this one's place

	recordKnown chan struct{} // closed once launcher and sinks are what the settings name
	knowRecord  sync.Once

	kick   chan struct{} // the GP pressed "Try again"
	reload chan struct{} // settings that the engine was made of have changed
	acts   chan link.Input
	hands  *hands

	background func(func(context.Context)) // runs beside everything else, until the agent ends

	status chan tray.Status // newest wins

	mu       sync.Mutex
	trail    app.Audit   // nil until it is open
	engine   *app.Engine // nil until the spool is open and the cloud known
	pending  *app.Input  // a new session asked for that no State has shown yet
	state    app.State
	base     string
	draft    link.Draft
	problems []link.Problem
	standing []link.Problem // what somebody has to look at, and nothing here clears
	advice   []link.Problem // nothing is wrong: a newer version is out
	noWindow string         // why the window cannot be shown
	form     bool           // the GP asked for the form, whatever session is on show
	launcher app.Launcher   // of the record system; nil: none
	sinks    []string       // that the practice can file into; nil: the folder alone
	choices  choices        // of the GP, by session
	fresh    app.SessionID  // the session asked for there: it takes the form's place
	locked   bool           // the desktop was locked while no engine ran
	ports    *app.Ports     // the engine's; nil while there is none
	prefs    preferences
	came     arrivals
	heard    hearing
	notes    *tray.Notifier // nil: nobody is notified
	spool    app.Spool      // nil until it is open
	lastCode lastCode
	reviewer
}

// runAgent runs until ctx ends. Exactly one runs per state folder: a second
// brings the first one's window forward and returns instance.ErrRunning. It
// returns errReplaced when the program that an update has put in its place is
// to go on.
func runAgent(ctx context.Context, o options) error {
	if err := os.MkdirAll(filepath.Join(o.dir, "logs"), 0o700); err != nil {
		return noStateFolder(o.dir)
	}
	listener, err := instance.Claim(o.dir)
	if errors.Is(err, instance.ErrRunning) {
		if conn, dialErr := instance.Dial(o.dir); dialErr == nil {
			allowForeground(anyProcess) // to the window that comes forward for this start
			_ = instance.WriteHello(conn, instance.Hello{Act: instance.ActRaise})
			_ = conn.Close()
		}
		return err
	}
	if err != nil {
		return noStateFolder(o.dir)
	}
	defer listener.Close()
	defer clipboard.Forget()
	cfg, err := settings(&o)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(o.dir, "logs", "agent.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return noStateFolder(o.dir)
	}
	defer logFile.Close()
	a := &agent{o: o, cfg: cfg, log: diag.NewLogger(logFile, slog.LevelInfo), vault: keyringvault.New("", 0),
		recordKnown: make(chan struct{}), kick: make(chan struct{}, 1), reload: make(chan struct{}, 1), acts: make(chan link.Input, 256), hands: newHands(), status: make(chan tray.Status, 1)}
	a.screens = newScreens(screensConfig{build: link.Build(), headless: o.noWindow, marker: marker(filepath.Join(o.dir, "window")), surface: newSurface(cfg.UI),
		language: func() string { return a.settings().Desktop.Language }, receive: a.receive, arrived: a.arrived, notice: a.notice, replace: a.replace}, a.log)
	text.Speak(cfg.Desktop.Language) // of the tray, from its start to its end
	a.darkroom = workstation.NewDarkroom(cfg.NameTemplate, cfg.Zone(), cfg.Filing.Size.MaxBytes())
	a.reviewer = newReviewer()
	a.darkroom.OnEarly(a.refresh)
	a.log.Info("agent started", "pid", os.Getpid(), "version", link.Build())

	ctx, a.quit = context.WithCancel(ctx)
	defer a.quit()
	group, ctx := errgroup.WithContext(ctx)
	gone := make(chan struct{})
	defer close(gone)
	go a.leavesAnyway(ctx, gone)
	a.background = func(f func(context.Context)) {
		group.Go(func() error {
			f(ctx)
			return nil
		})
	}
	a.applyAutostart()
	a.firstRun()
	if !o.noWindow {
		a.notes = tray.NewNotifier(func() { a.screens.open(ctx, group) })
		defer a.notes.Close()
	}
	a.refresh()
	group.Go(func() error { return a.screens.accept(ctx, listener, group) })
	group.Go(func() error { return a.act(ctx) })
	group.Go(func() error { return a.handOut(ctx) })
	group.Go(func() error { return a.engines(ctx) })
	group.Go(func() error { return a.looksAt(ctx) })
	group.Go(func() error { return a.rests(ctx) })
	group.Go(func() error { return a.watchLock(ctx) })
	group.Go(func() error { return a.awaitNewer(ctx, lookForNewer) })
	group.Go(func() error { return a.tellNewer(ctx) })
	if !o.noWindow {
		a.screens.surface.warm(ctx)
		group.Go(func() error {
			return watchDesktop(ctx, func(moved bool) { a.screens.surface.forget(ctx, moved) })
		})
		group.Go(func() error { return a.tray(ctx, group) })
		a.firstWindow(ctx, group)
	}
	err = group.Wait()
	if a.replaced.Load() {
		return errReplaced
	}
	return err
}

// firstWindow opens the window that this start asks for. An agent that takes
// another's place opens what the other had open, and only the GP's own wish
// brings it to the front.
func (a *agent) firstWindow(ctx context.Context, group spawner) {
	before := a.screens.marker.get()
	switch {
	case a.o.after == "" && a.o.stayHidden:
		a.screens.marker.set(windowClosed)
	case a.o.after == "", a.o.after == afterUpdate && before == windowAsked:
		a.screens.open(ctx, group)
	case before != windowClosed:
		a.screens.reopen(ctx, group)
	}
}

func noStateFolder(dir string) error {
	return usageError{"The folder " + dir + " cannot be made or written to. Choose another with -dir, or free some space, then start again."}
}

// settings are those of the layers with the flags over them.
func settings(o *options) (config.Config, error) {
	cfg, err := config.Load(o.dir)
	if err != nil {
		return cfg, usageError{text.BadSettings(app.Cause(err), cfg.Support)}
	}
	o.local = o.local || cfg.Local()
	if o.local {
		cfg.Practice, cfg.S3Encrypts = localPractice, false
		if cfg.PracticeName == "" {
			cfg.PracticeName = text.LocalPractice
		}
	}
	if o.ui != "" {
		cfg.UI = o.ui
	}
	if o.practiceName != "" {
		cfg.PracticeName = o.practiceName
	}
	if o.folder != "" {
		cfg.Folder = o.folder
	}
	if cfg.Folder == "" {
		cfg.Folder = filepath.Join(o.dir, "filed")
		if o.local { // ours, so ours to make; a practice's folder is never made for it
			if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
				return cfg, noStateFolder(o.dir)
			}
		}
	}
	if !o.local {
		if err := leave(cfg, o.noWindow); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// engines keeps one engine running: it waits for the keyring, the spool and
// the cloud's addresses, and begins again when the local cloud has new ones.
func (a *agent) engines(ctx context.Context) error {
	clouds := make(chan ready.Ready, 1)
	group, ctx := errgroup.WithContext(ctx)
	if a.o.local {
		lc := a.localCloud()
		group.Go(func() error {
			return lc.run(ctx, func(r ready.Ready) { newest(clouds, r) }, func(err error) {
				a.starting(problem(text.PlaceRegistry, app.KindOffline))
			})
		})
	}
	group.Go(func() error {
		if !a.o.local {
			if err := a.enrolled(ctx); err != nil {
				return err
			}
			clouds <- ready.Ready{Base: a.cfg.Gateway}
		}
		spool, err := a.openSpool(ctx)
		if err != nil {
			return err
		}
		defer spool.Close()
		a.setSpool(spool)
		defer a.setSpool(nil)
		trail, err := a.openTrail(ctx, spool.Name())
		if err != nil {
			return err
		}
		defer trail.Close()
		a.mu.Lock()
		a.trail = trail
		a.mu.Unlock()
		var stop context.CancelFunc
		var running, adopting sync.WaitGroup
		defer running.Wait()
		defer adopting.Wait()
		adopting.Go(func() { a.adopt(ctx, spool) })
		var r ready.Ready
		for {
			select {
			case <-ctx.Done():
				return nil
			case r = <-clouds:
			case <-a.reload:
			}
			if r.Base != "" {
				if stop != nil {
					stop()
					running.Wait()
				}
				var engineCtx context.Context
				engineCtx, stop = context.WithCancel(ctx)
				defer stop()
				running.Go(func() { a.runEngine(engineCtx, spool, trail, r) })
			}
		}
	})
	return group.Wait()
}

// newest puts v into ch, over one that nobody has taken. One sender at a time.
func newest[T any](ch chan T, v T) {
	select {
	case <-ch:
	default:
	}
	ch <- v
}

// connect makes the engine's ports, of the local cloud's ready line or of the
// settings and the keyring.
func (a *agent) connect(ctx context.Context, spool app.Spool, trail app.Audit, r ready.Ready) (app.Ports, func(), error) {
	var c workstation.Cloud
	var err error
	if a.o.local {
		c, err = workstation.LocalCloud(r)
	} else {
		c, err = workstation.EnrolledCloud(ctx, a.settings(), a.vault)
	}
	if err != nil {
		return app.Ports{}, nil, err
	}
	return c.Connect(workstation.Parts{Spool: spool, Audit: trail, Darkroom: a.darkroom, Folder: workstation.FolderOf(a.settings()),
		Record: a.connectRecord(ctx, c.Base), Log: a.log})
}

// runEngine drives one engine on one cloud until ctx ends.
func (a *agent) runEngine(ctx context.Context, spool app.Spool, trail app.Audit, r ready.Ready) {
	for ctx.Err() == nil {
		ports, closePorts, err := a.connect(ctx, spool, trail, r)
		if err == nil {
			engine := app.NewEngine(ports)
			a.starting()
			a.mu.Lock()
			a.engine, a.base, a.ports = engine, r.Base, &ports
			if a.locked {
				engine.Send(app.Input{What: app.WorkstationLocked{}})
				a.locked = false
			}
			if a.pending != nil {
				engine.Send(*a.pending)
			}
			a.mu.Unlock()
			watchCtx, unwatch := context.WithCancel(ctx)
			var watching sync.WaitGroup
			watching.Go(func() { a.watch(engine.Watch(watchCtx)) })
			err = engine.Run(ctx)
			unwatch()
			watching.Wait()
			a.mu.Lock()
			a.engine, a.ports = nil, nil
			a.mu.Unlock()
			closePorts()
		}
		if ctx.Err() != nil {
			return
		}
		a.log.Error("engine ended", "kind", string(app.KindOf(err)))
		a.starting(problem(text.PlaceSpool, app.KindOf(err)))
		select {
		case <-ctx.Done():
		case <-a.kick:
		case <-time.After(retryStart):
		}
	}
}

// watch shows every State until the engine is done.
func (a *agent) watch(states <-chan app.State) {
	for st := range states {
		a.mu.Lock()
		before := a.state.Current
		a.state = st
		if a.pending != nil {
			if _, taken := st.Sessions[a.pending.SID]; taken {
				a.pending = nil
			}
		}
		if a.fresh != "" && st.Current == a.fresh {
			a.form, a.fresh = false, ""
		}
		a.watchTrial(st)
		a.mu.Unlock()
		if st.Current != before {
			a.darkroom.KeepOnly(func(sid app.SessionID) bool {
				toFile, _ := st.Sessions[sid].Outstanding()
				return sid == st.Current || toFile > 0
			})
		}
		a.refresh()
	}
}

// refresh makes a snapshot of what is known now and gives it to every screen.
func (a *agent) refresh() {
	a.mu.Lock()
	defer a.mu.Unlock()
	set := setting{practice: a.cfg.PracticeName, base: a.base, id: a.cfg.Practice, folder: a.cfg.Folder,
		zone: a.cfg.Zone(), local: a.o.local, draft: a.draft, form: a.form, starting: slices.Concat(a.told(), a.problems, a.standing, a.advice),
		sinks: a.sinks, chosen: a.chosenOf(a.state.Current), thumb: a.darkroom.HasThumb, rough: a.darkroom.Rough, reviewer: &a.reviewer, lastCode: &a.lastCode}
	a.sendThumbs()
	shown := snapshot(a.state, set, time.Now())
	a.handView(&shown, a.state.Sessions[a.state.Current])
	shown.Settings = a.settingsView()
	if a.came.asked != nil {
		asked := patientView(a.came.asked.Patient, time.Now())
		shown.Asked, shown.Joins = &asked, a.came.joins != ""
	}
	a.screens.show(shown)
	status := trayStatus(a.state, len(a.problems) > 0)
	a.landings(a.state, status.State == tray.Problem)
	if status.Notice = a.noWindow; a.noWindow != "" {
		status.State = tray.Problem
	}
	newest(a.status, status)
	if a.replaced.Load() && !filing(a.state) {
		a.quit()
	}
}

// notice says why no window can be shown; "" once that is over.
func (a *agent) notice(sentence string) {
	a.mu.Lock()
	same := a.noWindow == sentence
	a.noWindow = sentence
	a.mu.Unlock()
	if !same {
		a.refresh()
	}
}

// starting says what keeps the agent from working; nothing clears it.
func (a *agent) starting(problems ...link.Problem) {
	a.mu.Lock()
	a.problems = problems
	a.mu.Unlock()
	a.refresh()
}

// unreached says that no phone reaches local mode, or that one does again.
func (a *agent) unreached(phonesCannot bool) {
	s := text.NoNetwork()
	a.mu.Lock()
	a.standing = slices.DeleteFunc(a.standing, func(p link.Problem) bool { return p.What == s.What })
	if phonesCannot {
		a.standing = append(a.standing, link.Problem{What: s.What, Safe: s.Safe, Do: s.Do, Grave: true})
	}
	a.mu.Unlock()
	a.refresh()
}

// sendThumbs passes on what the next snapshot names and the screens have not
// got: fresh thumbnails, and those that were turned. a.mu is held.
func (a *agent) sendThumbs() {
	s := a.state.Sessions[a.state.Current]
	for _, id := range s.Order {
		key := thumbKey(s.ID, s.Images[id], a.darkroom.Rough)
		if !a.darkroom.HasThumb(s.ID, id) || a.screens.has(key) {
			continue
		}
		if thumb := a.darkroom.Thumb(s.ID, s.Images[id]); thumb != nil {
			a.screens.send(link.PixelsOf(key, thumb))
			a.worked()
		}
	}
}
