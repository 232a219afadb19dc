package main

import (
	"context"
	"errors"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/tray"
)

type spawner interface{ Go(func() error) }

// lookForPanel is how often a panel is looked for: at a login the agent may be
// there before it.
const lookForPanel = 5 * time.Second

// tray shows the icon until ctx ends. Where there is no notification area the
// window serves alone.
func (a *agent) tray(ctx context.Context, group spawner) error {
	cfg := tray.Config{Status: a.status, Do: func(c tray.Command) { a.command(ctx, group, c) }}
	for said := false; ; said = true {
		err := tray.Run(ctx, cfg)
		if !errors.Is(err, tray.ErrNoTray) {
			return err
		}
		if !said {
			a.log.Info("no notification area", "kind", string(app.KindOf(err)))
		}
		if app.KindOf(err) == app.KindOffline { // it broke: there is no second one
			<-ctx.Done()
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookForPanel):
		}
	}
}

// command carries out a choice from the tray's menu.
func (a *agent) command(ctx context.Context, group spawner, c tray.Command) {
	switch c {
	case tray.CommandQuit:
		a.quit()
		return
	case tray.CommandKeep:
		a.switchKeeping()
		return
	case tray.CommandNew:
		a.leaveSettings()
		a.showForm(true)
	case tray.CommandOpen:
		a.leaveSettings()
		a.mu.Lock()
		sid, current := openSession(a.state), a.state.Current
		a.mu.Unlock()
		if sid != current {
			a.send(sid, app.Show{})
		}
		a.showForm(false)
	case tray.CommandWaiting:
		a.leaveSettings()
		a.showWaiting()
	case tray.CommandSetting:
		a.showSettings(false, 0)
	case tray.CommandHelp:
		a.screens.help()
	}
	a.screens.open(ctx, group)
}

// switchKeeping forgets the phone that is kept, or keeps the open session's.
func (a *agent) switchKeeping() {
	a.mu.Lock()
	kept, sid := a.state.Kept.On(), openSession(a.state)
	a.mu.Unlock()
	if kept {
		a.send("", app.ForgetPhone{})
	} else {
		a.keepPhone(sid)
	}
}

// showForm puts the patient form into the window, or the session back. The
// session stays as open as it was: only a new one, once started, ends it.
func (a *agent) showForm(form bool) {
	a.mu.Lock()
	a.form = form
	a.mu.Unlock()
	a.refresh()
}

// showWaiting shows the session whose photos are to be filed, or the form,
// which lists them, when there are several.
func (a *agent) showWaiting() {
	var waiting []app.SessionID
	a.mu.Lock()
	for _, s := range a.state.Newest() {
		if toFile, _ := s.Outstanding(); toFile > 0 {
			waiting = append(waiting, s.ID)
		}
	}
	a.mu.Unlock()
	if len(waiting) == 1 {
		a.send(waiting[0], app.Show{})
	}
	a.showForm(len(waiting) != 1)
}

// openSession is the session that takes photos: the one on show, or the newest
// of the others; "" when none does.
func openSession(st app.State) app.SessionID {
	if s, ok := st.Sessions[st.Current]; ok && takesPhotos(s) {
		return s.ID
	}
	for _, s := range st.Newest() {
		if takesPhotos(s) {
			return s.ID
		}
	}
	return ""
}

// takesPhotos reports that a session is open to the phone.
func takesPhotos(s app.Session) bool {
	switch phase(s) {
	case link.PhaseOpening, link.PhaseWaiting, link.PhasePaired:
		return true
	}
	return false
}

// trayStatus is the State as the tray shows it: counts, and nothing of a patient.
func trayStatus(st app.State, starting bool) tray.Status {
	out := tray.Status{State: tray.Idle}
	for _, s := range st.Sessions {
		toFile, _ := s.Outstanding()
		out.ToFile += toFile
	}
	open := openSession(st)
	out.Session, out.Kept = open != "", st.Kept.On()
	out.CanKeep = open != "" && phase(st.Sessions[open]) == link.PhasePaired
	grave := starting
	for area := range st.Trouble {
		grave = grave || area != app.AreaFeed
	}
	switch {
	case grave:
		out.State = tray.Problem
	case out.ToFile > 0:
		out.State = tray.ToFile
	case out.Session:
		out.State = tray.Waiting
	}
	return out
}
