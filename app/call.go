package app

import "slices"

// call makes the one open, restore, renew or end call that is due.
func (w *work) call() {
	s := &w.s
	if s.calling || w.at.Before(s.callDue) {
		return
	}
	switch {
	case !s.kept: // nobody may seal an image to a key that a crash would lose
	case s.Stage == StageOpening:
		s.calling = true
		w.do(OpenSession{s.opening(nil)})
	case s.Stage == StageSettled && s.lateOver(w.at):
	case s.lost:
		s.calling = true
		copied := s.restorable()
		w.do(OpenSession{s.opening(&copied)})
	case s.Stage != StageLive:
	case s.CodePending:
		s.calling = true
		w.do(RenewCode{s.Code, s.dropPhone})
	case s.ending && (s.Row.State == SessionWaiting || s.Row.State == SessionPaired), s.Row.leftEmpty():
		s.calling = true
		w.do(EndSession{})
	}
}

// leftEmpty reports whether the phone has left a session that nothing more is
// on its way to: it need not drain.
func (r Row) leftEmpty() bool {
	return r.Left && r.State == SessionDraining && !slices.ContainsFunc(r.Images, func(m RowImage) bool {
		return m.State == ImageReserved || m.State == ImageStored
	})
}

func (s Session) opening(restore *Row) Opening {
	return Opening{SID: s.ID, PracticeName: s.Row.PracticeName, Asks: s.Row.Asks, TokenHash: s.Code, Limits: s.Limits, Restore: restore}
}

// restorable is the registry's row as it should stand: the last answer with
// what this workstation has made of the images since.
func (s Session) restorable() Row {
	r := s.Row
	r.TokenHash = s.Code
	r.Images = append([]RowImage(nil), r.Images...)
	for i := range r.Images {
		im := s.Images[r.Images[i].ID]
		if im.durable.State != "" {
			r.Images[i].State, r.Images[i].Sinks = im.durable.State, im.Sinks
		}
		r.Images[i].Details = im.Amended // the phone sends what is higher once more
	}
	return r
}
