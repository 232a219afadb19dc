package app

import (
	"maps"
	"time"
)

// Step is the agent's whole behaviour: what the State becomes when in
// happens, and what is to be done outside. It is pure: no clock, no
// randomness, no I/O, and st is not touched. It works on the one session that
// the Input names, so nothing of one patient's session can move another's.
//
// Effects are derived from the session as it stands (advance), not from the
// input that led there: after a crash the same derivation takes up the work.
func Step(st State, in Input) (State, []Effect) {
	st, kept := stepKept(st, in)
	var effects []Effect
	if !kept {
		st, effects = step(st, in)
	}
	st, more := keepUp(mended(st), in.At)
	return st, append(effects, more...)
}

// step is Step for everything but the kept phone.
func step(st State, in Input) (State, []Effect) {
	switch what := in.What.(type) {
	case Boot:
		return boot(st, what, in.At)
	case Health:
		st.Trouble = withTrouble(st.Trouble, what.Area, what.Kind)
		return st, nil
	case Tick:
		return tick(st, in.At, nil)
	case Woke:
		return tick(st, in.At, func(w *work) {
			if w.s.Stage != StageSettled {
				w.s.readAgain = true
				w.retryNow()
			}
		})
	case Start:
		return start(st, in, what)
	}
	s, known := st.Sessions[in.SID]
	if !known {
		return st, nil
	}
	w := work{s: s.clone(), at: in.At, trouble: st.Trouble}
	w.take(in.What)
	w.advance()
	if _, show := in.What.(Show); show {
		st.Current = in.SID
	}
	return w.into(st), w.effects
}

// boot takes up every session that the index held. The newest that is still
// open comes into the window, unless one is there already.
func boot(st State, what Boot, at time.Time) (State, []Effect) {
	st.Booted = true
	if st.Kept.Stage == KeptNone {
		st.Kept = what.Kept
	}
	var effects []Effect
	shown := st.Current
	for _, s := range what.Sessions {
		if _, there := st.Sessions[s.ID]; there {
			continue
		}
		w := work{s: s.clone(), at: at, trouble: st.Trouble}
		w.advance()
		st = w.into(st)
		effects = append(effects, w.effects...)
		open := (s.Stage == StageOpening || s.Stage == StageLive) && !s.ending
		if before, ok := st.Sessions[st.Current]; open && shown == "" && (!ok || s.Started.After(before.Started)) {
			st.Current = s.ID
		}
	}
	return st, effects
}

// tick moves every session that has something to do at this time.
func tick(st State, at time.Time, first func(*work)) (State, []Effect) {
	var effects []Effect
	for _, s := range st.Sessions {
		if s.idle(at) {
			continue
		}
		w := work{s: s.clone(), at: at, trouble: st.Trouble}
		if first != nil {
			first(&w)
		}
		w.advance()
		st = w.into(st)
		effects = append(effects, w.effects...)
	}
	return st, effects
}

// start opens a new session. The one in the window before it is asked to end:
// its images stay where they are, waiting to be filed under its own patient.
func start(st State, in Input, what Start) (State, []Effect) {
	if _, there := st.Sessions[in.SID]; there || in.SID == "" {
		return st, nil
	}
	var effects []Effect
	if before, ok := st.Sessions[st.Current]; ok {
		w := work{s: before.clone(), at: in.At, trouble: st.Trouble}
		w.discardAside()
		if before.Stage != StageSettled {
			w.s.ending, w.s.dirty = true, true
		}
		w.advance()
		st = w.into(st)
		effects = w.effects
	}
	w := work{at: in.At, trouble: st.Trouble, s: Session{
		ID: in.SID, Patient: what.Patient, Record: what.Record, Secrets: what.Secrets, Limits: what.Limits, Keep: what.Keep,
		Stage: StageOpening, Started: in.At, Code: what.Code, CodePending: true, dirty: true,
		Images: map[ImageID]Image{}, Row: Row{PracticeName: what.PracticeName, Asks: what.Asks},
	}}
	w.advance()
	st = w.into(st)
	st.Current = in.SID
	return st, append(effects, w.effects...)
}

// work is one Step's hold on one session.
type work struct {
	s       Session
	at      time.Time
	trouble map[Area]Kind
	effects []Effect
	gone    bool // removed: the State forgets it
}

func (w *work) into(st State) State {
	sessions := maps.Clone(st.Sessions)
	if sessions == nil {
		sessions = map[SessionID]Session{}
	}
	sessions[w.s.ID] = w.s
	if w.gone {
		delete(sessions, w.s.ID)
		if st.Current == w.s.ID {
			st.Current = ""
		}
	}
	st.Sessions, st.Trouble = sessions, w.trouble
	return st
}

func (w *work) do(d Do) { w.effects = append(w.effects, Effect{SID: w.s.ID, Do: d}) }

// health notes whether a part answered. Kinds that speak of one object rather
// than of the part say that the part works.
func (w *work) health(area Area, err error) {
	kind := KindOf(err)
	switch kind {
	case KindCanceled:
		return
	case KindNotFound, KindConflict, KindCorrupt, KindTooLarge, KindExpired:
		kind = ""
	}
	w.trouble = withTrouble(w.trouble, area, kind)
}

func withTrouble(t map[Area]Kind, area Area, kind Kind) map[Area]Kind {
	if t[area] == kind {
		return t
	}
	t = maps.Clone(t)
	if t == nil {
		t = map[Area]Kind{}
	}
	if kind == "" {
		delete(t, area)
	} else {
		t[area] = kind
	}
	return t
}

// backoff is the wait after the n-th failure in a row: 0.5 s doubling to 15 s,
// so that recovery follows the end of a fault within design's 15 s.
func backoff(n int) time.Duration {
	return min(15*time.Second, 500*time.Millisecond<<min(max(n-1, 0), 5))
}

// idle reports that a session has nothing to do until a later time.
func (s Session) idle(at time.Time) bool {
	if s.Stage != StageSettled || s.dirty || s.saving || s.reading || s.calling || s.telling || s.removing {
		return false
	}
	if s.lateDue.IsZero() != s.lateOver(at) || !s.lateDue.IsZero() && !at.Before(s.lateDue) || s.overKept(at) {
		return false
	}
	for _, im := range s.Images {
		if im.dirty || im.saving || im.Filing || im.waiting() || im.State == ImageLanded && !im.Shown || im.mark() != nil && !s.lost || im.amendable() && !s.lost {
			return false
		}
	}
	return s.Quiet.IsZero() == s.unfinished()
}
