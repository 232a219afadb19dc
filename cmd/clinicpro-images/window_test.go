//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/tray"
)

func TestAProgramIsSeenToChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	if programAt(path).changed() {
		t.Error("what is not there has changed")
	}
	write := func(to, content string) {
		if err := os.WriteFile(to, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	missing := programAt(path)
	write(path, "one")
	if !missing.changed() {
		t.Error("it came, and that is no change")
	}
	first := programAt(path)
	if first.changed() {
		t.Error("changed at once")
	}
	if err := os.Rename(path, path+".old"); err != nil { // as it is kept while it runs
		t.Fatal(err)
	}
	if first.changed() {
		t.Error("a program that is away for a moment cannot take a place")
	}
	write(path+".new", "two")
	if err := os.Chtimes(path+".new", first.info.ModTime(), first.info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if !first.changed() {
		t.Error("the same size and time, and another file: not seen")
	}
}

// never is a spawner that runs nothing.
type never struct{ asked int }

func (n *never) Go(func() error) { n.asked++ }

func TestWhichStartOpensAWindow(t *testing.T) {
	for name, c := range map[string]struct {
		after  string
		hidden bool
		left   windowState // by the agent before
		opens  bool
	}{
		"a launch":                                    {"", false, windowClosed, true},
		"a login":                                     {"", true, windowClosed, false},
		"a login after the power went":                {"", true, windowOpen, false},
		"a crash with the window open":                {afterCrash, true, windowOpen, true},
		"a crash with the window closed":              {afterCrash, false, windowClosed, false},
		"an update that the GP noticed":               {afterUpdate, true, windowAsked, true},
		"an update after the window had crashed":      {afterUpdate, true, windowOpen, true},
		"an update while nobody had the window open.": {afterUpdate, false, windowClosed, false},
	} {
		m := marker(filepath.Join(t.TempDir(), "window"))
		m.set(c.left)
		a := &agent{o: options{after: c.after, stayHidden: c.hidden}, screens: newScreens(screensConfig{marker: m}, nil)}
		group := &never{}
		a.firstWindow(t.Context(), group)
		if (group.asked == 1) != c.opens {
			t.Errorf("%s: %d windows", name, group.asked)
		}
		if c.after == "" && c.hidden && m.get() != windowClosed {
			t.Errorf("%s: the next crash would open a window", name)
		}
	}
}

// sessionOf makes a session as the view sees it.
func sessionOf(id string, started int64, state app.SessionState, images ...app.ImageState) app.Session {
	s := app.Session{ID: app.SessionID(id), Stage: app.StageLive, Started: time.UnixMilli(started),
		Patient: app.Patient{Name: app.Seal("Aroha Testperson")}, Row: app.Row{State: state}, Images: map[app.ImageID]app.Image{}}
	for i, im := range images {
		s.Images[app.ImageID(rune('a'+i))] = app.Image{State: im, Shown: true}
	}
	return s
}

func TestTheFormLosesNoSession(t *testing.T) {
	st := app.State{Current: "open", Sessions: map[app.SessionID]app.Session{
		"open":   sessionOf("open", 3, app.SessionPaired, app.ImageLanded),
		"behind": sessionOf("behind", 2, app.SessionWaiting), // open, but not the one on show
		"over":   sessionOf("over", 1, app.SessionDraining),
	}}
	list := func(form bool) (out string) {
		set := setting{form: form, thumb: func(app.SessionID, app.ImageID) bool { return false }}
		snap := snapshot(st, set, time.UnixMilli(5))
		if snap.Form != form || snap.SID != "open" {
			t.Errorf("form %v: %v, %q", form, snap.Form, snap.SID)
		}
		for _, w := range snap.Waiting {
			out += w.SID + " "
		}
		return out
	}
	if got := list(false); got != "behind " {
		t.Errorf("beside the session on show: %q", got)
	}
	if got := list(true); got != "open behind " {
		t.Errorf("in the form: %q", got)
	}
}

// An engine that is just ending takes nothing up any more: the next one is
// asked for the session again.
func TestANewSessionOutlivesAnEngineThatEnds(t *testing.T) {
	a := testAgent(t)
	ending := app.NewEngine(app.Ports{})
	a.engine = ending // never run: what it is sent goes no further
	sid := app.NewSessionID()
	a.send(sid, app.Start{})
	states := make(chan app.State, 2)
	states <- app.State{}
	close(states)
	a.watch(states)
	if a.pending == nil || a.pending.SID != sid {
		t.Fatal("the session asked for is forgotten")
	}
	states = make(chan app.State, 1)
	states <- app.State{Sessions: map[app.SessionID]app.Session{sid: {ID: sid}}}
	close(states)
	a.watch(states)
	if a.pending != nil {
		t.Error("the session is asked for for ever")
	}
}

func TestTheFormGivesWayToTheSessionItStarted(t *testing.T) {
	a := testAgent(t)
	a.state.Current, a.state.Sessions = "open", map[app.SessionID]app.Session{"open": sessionOf("open", 1, app.SessionPaired)}
	a.command(t.Context(), &never{}, tray.CommandNew)
	if !a.form {
		t.Fatal("no form")
	}
	a.newSession(link.Patient{Name: "Wiremu Testcase", NHI: "ZZZ0024"}, sourceForm)
	states := make(chan app.State, 2)
	states <- a.state // something else happened: the form stays
	close(states)
	a.watch(states)
	if !a.form {
		t.Error("the form went before its session came")
	}
	states = make(chan app.State, 1)
	states <- app.State{Current: a.fresh, Sessions: map[app.SessionID]app.Session{a.fresh: sessionOf(string(a.fresh), 2, app.SessionWaiting)}}
	close(states)
	a.watch(states)
	if a.form {
		t.Error("the form stays before the new session")
	}
}

func TestWaitingShowsTheOneSessionOrTheList(t *testing.T) {
	a := testAgent(t)
	a.state.Sessions = map[app.SessionID]app.Session{"one": sessionOf("one", 1, app.SessionClosed, app.ImageLanded)}
	a.form = true
	if a.command(t.Context(), &never{}, tray.CommandWaiting); a.form {
		t.Error("one session: the form hides it")
	}
	a.state.Sessions["two"] = sessionOf("two", 2, app.SessionClosed, app.ImageLanded)
	if a.command(t.Context(), &never{}, tray.CommandWaiting); !a.form {
		t.Error("two sessions: no list of them")
	}
}

func TestTheTrayStatus(t *testing.T) {
	landed := sessionOf("one", 1, app.SessionPaired, app.ImageLanded, app.ImageReserved)
	open := sessionOf("two", 2, app.SessionWaiting)
	for name, c := range map[string]struct {
		st       app.State
		starting bool
		want     tray.Status
	}{
		"nothing":  {app.State{}, false, tray.Status{State: tray.Idle}},
		"starting": {app.State{}, true, tray.Status{State: tray.Problem}},
		"open": {app.State{Current: "two", Sessions: map[app.SessionID]app.Session{"two": open}}, false,
			tray.Status{State: tray.Waiting, Session: true}},
		"to file": {app.State{Current: "two", Sessions: map[app.SessionID]app.Session{"one": landed, "two": open}}, false,
			tray.Status{State: tray.ToFile, ToFile: 1, Session: true}},
		"open behind another": {app.State{Current: "over", Sessions: map[app.SessionID]app.Session{
			"two": open, "over": sessionOf("over", 3, app.SessionDraining)}}, false, tray.Status{State: tray.Waiting, Session: true}},
		"a phone to keep": {app.State{Current: "one", Sessions: map[app.SessionID]app.Session{"one": sessionOf("one", 1, app.SessionPaired)}}, false,
			tray.Status{State: tray.Waiting, Session: true, CanKeep: true}},
		"kept":       {app.State{Kept: app.KeptPhone{Stage: app.KeptOn}}, false, tray.Status{State: tray.Idle, Kept: true}},
		"hints late": {app.State{Trouble: map[app.Area]app.Kind{app.AreaFeed: app.KindOffline}}, false, tray.Status{State: tray.Idle}},
		"no cloud":   {app.State{Trouble: map[app.Area]app.Kind{app.AreaRegistry: app.KindOffline}}, false, tray.Status{State: tray.Problem}},
	} {
		if got := trayStatus(c.st, c.starting); got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAnUpdateWaitsForAHandOver(t *testing.T) {
	a := testAgent(t)
	left := false
	a.quit = func() { left = true }
	s := sessionOf("one", 1, app.SessionPaired, app.ImageLanded)
	s.Images["a"] = app.Image{State: app.ImageLanded, Filing: true}
	a.state.Sessions = map[app.SessionID]app.Session{"one": s}
	a.replace()
	if left {
		t.Fatal("left in the middle of a hand-over")
	}
	s.Images["a"] = app.Image{State: app.ImageFiled}
	if a.refresh(); !left {
		t.Fatal("stays although the hand-over is over")
	}
}
