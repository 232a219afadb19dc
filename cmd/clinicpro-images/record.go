package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// folderSink is the name of the sink that every practice has.
const folderSink = "folder"

// connectRecord makes the sinks of the practice's record system, and what
// decodes its launches. Without its secret there is only the folder, and
// somebody is told.
func (a *agent) connectRecord(ctx context.Context, gateway string) []app.Sink {
	record, err := workstation.ConnectRecord(ctx, a.settings(), gateway, a.vault)
	if err != nil {
		a.log.Error("no record system", "kind", string(app.KindOf(err)))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.launcher, a.sinks = record.Launcher, nil
	a.knowRecord.Do(func() { close(a.recordKnown) })
	a.standing = slices.DeleteFunc(a.standing, func(p link.Problem) bool { return p.What == text.RecordKeyMissing })
	if err != nil {
		a.standing = append(a.standing, link.Problem{What: text.RecordKeyMissing, Safe: text.RecordKeyMissingSafe, Do: text.RecordKeyMissingDo, Grave: true})
	}
	if len(record.Sinks) > 0 {
		a.sinks = []string{folderSink}
		for _, s := range record.Sinks {
			a.sinks = append(a.sinks, s.Name())
		}
	}
	return record.Sinks
}

// choices are the sinks that the GP has chosen for a session, where those are
// not the practice's own.
type choices map[app.SessionID][]string

// choose puts a sink on or off for a session.
func (a *agent) choose(sid app.SessionID, name string) {
	a.mu.Lock()
	if slices.Contains(a.sinks, name) {
		now := slices.Clone(a.chosenOf(sid))
		if i := slices.Index(now, name); i >= 0 {
			now = slices.Delete(now, i, i+1)
		} else {
			now = append(now, name)
		}
		if a.choices == nil {
			a.choices = choices{}
		}
		for other := range a.choices { // sessions that are over need none
			if _, there := a.state.Sessions[other]; !there {
				delete(a.choices, other)
			}
		}
		a.choices[sid] = now
	}
	a.mu.Unlock()
	a.refresh()
}

// chosen are the sinks that a session is filed into.
func (a *agent) chosen(sid app.SessionID) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.chosenOf(sid)
}

// chosenOf is chosen; a.mu is held.
func (a *agent) chosenOf(sid app.SessionID) []string {
	if now, said := a.choices[sid]; said {
		return now
	}
	if len(a.cfg.Record.Sinks) == 0 || len(a.sinks) == 0 {
		return []string{folderSink}
	}
	return a.cfg.Record.Sinks
}

// reachable are the sinks among names that can take this session's patient.
func reachable(s app.Session, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return s.Record.IsZero() && app.IsRecord(name) })
}

// target says where the session's images go, and where else they could.
func (set setting) target(out *link.Snapshot, s app.Session) {
	if len(set.sinks) < 2 {
		return
	}
	for _, name := range set.sinks {
		t := link.Target{Name: name, Label: text.SinkLabel(name), Record: app.IsRecord(name), On: slices.Contains(set.chosen, name)}
		if t.Record && s.Record.IsZero() {
			t.On, t.WhyNot = false, text.RecordNoLaunch
		}
		out.Targets = append(out.Targets, t)
	}
	to := reachable(s, set.chosen)
	out.Sink.Label = text.SinkLabels(to)
	if !slices.Equal(to, []string{folderSink}) {
		out.Sink.Place = ""
	}
}

// noteOf says where a filed image is.
func noteOf(im app.Image) string {
	var out []string
	for _, h := range im.Handovers {
		if !app.IsRecord(h.Sink) && !h.Place.IsZero() {
			return filepath.Base(h.Place.Reveal())
		}
		out = append(out, h.Sink)
	}
	return text.InPlaces(out)
}

// handsOf says how an image stands with each place; nil where it is, or was,
// only ever the folder.
func handsOf(im app.Image) []link.Handover {
	if !slices.ContainsFunc(im.Handovers, func(h app.Handover) bool { return app.IsRecord(h.Sink) }) {
		return nil
	}
	var out []link.Handover
	for _, h := range im.Handovers {
		hand := link.Handover{Label: text.SinkLabel(h.Sink)}
		switch h.State {
		case app.HandDone:
			hand.State, hand.Record = link.HandoverDone, app.IsRecord(h.Sink) && !h.Attested
		case app.HandUnsure:
			hand.State, hand.Line = link.HandoverUnsure, text.RecordUnsure
		case app.HandWaiting:
			hand.State, hand.Line = link.HandoverWaiting, sentenceOf(h).What+" "+text.RecordTrying
		case app.HandFailed:
			hand.State, hand.Line = link.HandoverFailed, sentenceOf(h).What+" "+text.RecordPress
		default:
			hand.State = link.HandoverGoing
			if h.Tried && h.Kind != "" { // between two tries nothing is news
				hand.State, hand.Line = link.HandoverWaiting, sentenceOf(h).What+" "+text.RecordTrying
			}
		}
		out = append(out, hand)
	}
	return out
}

// sentenceOf is why a hand-over did not come through.
func sentenceOf(h app.Handover) text.Sentence {
	if app.IsRecord(h.Sink) {
		if h.Unknown {
			return text.Recorded("unknown")
		}
		return text.Recorded(h.Code)
	}
	return text.Problem(places[h.Area], h.Kind)
}

// partial says of an image that has not arrived everywhere where it is.
func partial(im app.Image) string {
	var there, not []string
	why := ""
	for _, h := range im.Handovers {
		switch {
		case h.State == app.HandDone:
			there = append(there, h.Sink)
		case h.Kind != "":
			not = append(not, h.Sink)
			if why == "" {
				why = sentenceOf(h).What
			}
		}
	}
	return text.Partly(there, not, why)
}

func unsureInRecord(im app.Image) bool {
	return slices.ContainsFunc(im.Handovers, func(h app.Handover) bool { return h.State == app.HandUnsure && app.IsRecord(h.Sink) })
}

// recordProblem words what a record system has against photos of the session
// on show; of another's it says whose turn it is.
func recordProblem(st app.State, kind app.Kind) link.Problem {
	shown := st.Sessions[st.Current]
	for _, id := range shown.Order {
		for _, h := range shown.Images[id].Handovers {
			if app.IsRecord(h.Sink) && h.Kind != "" && h.State != app.HandDone {
				s := sentenceOf(h)
				return link.Problem{What: s.What, Safe: s.Safe, Do: s.Do, Retry: h.State == app.HandWaiting, Grave: true}
			}
		}
	}
	if kind == app.KindOffline {
		return link.Problem{What: text.RecordOthers, Safe: text.RecordOthersSafe, Do: text.RecordTrying, Retry: true, Grave: true}
	}
	return problem(text.PlaceRecord, kind)
}
