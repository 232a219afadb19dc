package app

import (
	"slices"
	"time"
)

const (
	landsAtOnce   = 8               // design section 9: bounded work
	readUnhealthy = 5 * time.Second // while realtime is not known to work
	readExpecting = 10 * time.Second
	readWaiting   = 20 * time.Second // nobody has claimed: a lost registry must not make the code a dead one
	readPaired    = time.Minute      // hints can fail at the gateway alone, where no workstation hears of it
	readDraining  = time.Minute
	feedPatience  = 10 * time.Second // connecting is no news yet
	tellTogether  = 300 * time.Millisecond
	listAgain     = 6 * time.Minute // after the last link: links live five
	listDraining  = 10 * time.Minute
	drainingLong  = 15 * time.Minute // from here on nobody stands waiting
	missingAfter  = 3                // answers "not there" before the phone is asked again
)

// lateReads are the waits between the reads of a session that has settled
// while its phone may still hold what it captured out of reach of any network.
var lateReads = []time.Duration{30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// advance derives everything that is to be done for the session as it stands.
func (w *work) advance() {
	s := &w.s
	if s.dirty && !s.saving && !w.at.Before(s.saveDue) {
		s.dirty, s.saving = false, true
		defer func(at int) { // what is saved is the session as this Step leaves it
			w.effects[at].Do = SaveSession{w.s, w.s.notes(w.at)}
		}(len(w.effects))
		w.do(SaveSession{})
	}
	w.call()
	w.images()
	w.tell()
	w.read()
	w.stage()
	w.remove()
	if _, toCome := s.Outstanding(); s.Stage == StageLive && s.Row.State == SessionDraining && toCome > 0 && s.listDue.IsZero() && !s.listing {
		s.listDue = w.at.Add(listDraining)
	}
	if !s.listing && !s.listDue.IsZero() && !w.at.Before(s.listDue) && s.Stage != StageOpening {
		s.listing, s.listDue = true, time.Time{}
		w.do(ListObjects{})
	}
	if want := s.Stage == StageLive; want != s.listening {
		s.listening = want
		s.FeedHealthy, s.feedSince = false, w.at
		if want {
			w.do(Listen{})
		} else {
			w.do(StopListen{})
		}
	}
	late := s.listening && !s.FeedHealthy && w.at.Sub(s.feedSince) >= feedPatience
	if w.trouble[AreaFeed] == KindOffline || w.trouble[AreaFeed] == "" {
		kind := Kind("")
		if late {
			kind = KindOffline
		}
		w.trouble = withTrouble(w.trouble, AreaFeed, kind)
	}
}

// images moves every image one step on.
func (w *work) images() {
	s := &w.s
	flying := 0
	for _, im := range s.Images {
		if im.fetching {
			flying++
		}
	}
	for _, id := range s.Order {
		im := s.Images[id]
		committed := im.Filing || im.Delivery != ""
		if im.retract && !committed && !im.fetching &&
			(im.State == ImageReserved || im.State == ImageStored || im.State == ImageLanded) {
			im.State, im.dirty = ImageRetracted, true
		}
		if im.State == ImageStored && !im.fetching && flying < landsAtOnce && !w.at.Before(im.due) {
			im.fetching = true
			flying++
			want := im.SHA256
			if im.tries >= 3 { // let the seal judge instead: a checksum may be wrong, an HMAC not
				want = ""
			}
			w.do(LandImage{id, want, im.Bytes, s.Limits.MaxBytes})
		}
		if im.State == ImageLanded && !im.Shown && !im.examining && !w.at.Before(im.examineDue) {
			im.examining = true
			w.do(ExamineImage{id})
		}
		w.amend(&im)
		w.retry(&im)
		if im.dirty && !im.saving && !w.at.Before(im.saveDue) {
			im.dirty, im.saving = false, true
			w.do(SaveImage{im, s.notesOf(im, w.at)})
		}
		if im.known() && !im.gone && !im.deleting && !w.at.Before(im.deleteDue) {
			im.deleting = true
			w.do(DeleteObject{id})
		}
		s.Images[id] = im
	}
	w.thaw()
	w.handOver()
}

// thaw drops the frozen bytes of deliveries of which every image is filed,
// and known to the index to be.
func (w *work) thaw() {
	over := map[string][]ImageID{}
	sinks := map[string][]string{}
	open := map[string]bool{}
	var order []string
	for _, id := range w.s.Order {
		im := w.s.Images[id]
		filed := im.State == ImageFiled && im.durable.State == ImageFiled && !im.durable.Filing
		for _, h := range im.Handovers {
			open[h.Delivery] = open[h.Delivery] || !filed
			if im.thawed {
				continue
			}
			if !slices.Contains(order, h.Delivery) {
				order = append(order, h.Delivery)
			}
			if !slices.Contains(over[h.Delivery], id) {
				over[h.Delivery] = append(over[h.Delivery], id)
			}
			if !slices.Contains(sinks[h.Delivery], h.Sink) {
				sinks[h.Delivery] = append(sinks[h.Delivery], h.Sink)
			}
		}
	}
	dropped := map[ImageID]bool{}
	for _, d := range order {
		if open[d] {
			continue
		}
		for _, id := range over[d] {
			dropped[id] = true
		}
		w.do(DropFrozen{d, sinks[d], over[d]})
	}
	for id := range dropped {
		im := w.s.Images[id]
		im.thawed = true
		w.s.Images[id] = im
	}
}

// known reports that the registry has been told what became of the image, so
// that its object may go.
func (im Image) known() bool {
	return im.told != "" && im.told != ImageReserved && im.told != ImageStored && im.durable.State != ""
}

// tell marks in one call every image of which the registry knows less than
// the index holds.
func (w *work) tell() {
	s := &w.s
	if s.telling || s.lost || s.Stage == StageOpening || w.at.Before(s.tellDue) {
		return
	}
	var marks []Mark
	for _, id := range s.Order {
		if m := s.Images[id].mark(); m != nil {
			marks = append(marks, *m)
		}
	}
	if len(marks) == 0 {
		s.tellBy = time.Time{}
		return
	}
	if s.tellBy.IsZero() {
		s.tellBy = w.at.Add(tellTogether)
	}
	refusal := slices.ContainsFunc(marks, func(m Mark) bool { return m.Refuse }) // a phone waits for it
	if s.moreToTell() && !refusal && w.at.Before(s.tellBy) {
		return
	}
	s.telling, s.tellBy = true, time.Time{}
	w.do(TellMarks{marks})
}

// moreToTell reports whether another image is about to be told of: images that
// arrive, or are filed, together are one call.
func (s Session) moreToTell() bool {
	for _, im := range s.Images {
		if im.fetching || im.saving && im.State != im.durable.State {
			return true
		}
	}
	return false
}

// mark is what the registry has still to be told of an image; nil: nothing.
func (im Image) mark() *Mark {
	if im.missing && im.told == ImageStored {
		return &Mark{ID: im.ID, State: ImageReserved}
	}
	refuse := im.retract && !im.refused && (im.Filing || im.Delivery != "") && im.State != ImageRetracted
	if im.durable.State == "" || im.told == im.durable.State && !refuse || im.told.Terminal() {
		return nil
	}
	return &Mark{ID: im.ID, State: im.durable.State, Refuse: refuse, Bytes: im.Bytes, SHA256: im.SHA256, Sinks: im.Sinks}
}

// read asks the registry when a hint came or a time has passed.
func (w *work) read() {
	s := &w.s
	if s.reading || s.lost || s.Stage == StageOpening || s.Stage == StageSettling && !s.lookOnce {
		return
	}
	if s.lookOnce {
		s.lookOnce, s.reading, s.readAt = false, true, w.at
		w.do(ReadRow{})
		return
	}
	if s.Stage == StageSettled {
		if s.lateOver(w.at) {
			s.lateDue = time.Time{}
			return
		}
		if s.lateDue.IsZero() { // after a start nothing is known: look at once
			s.lateDue = w.at
		}
		if w.at.Before(s.lateDue) {
			return
		}
		s.lateDue = w.at.Add(lateReads[min(s.lateReads, len(lateReads)-1)])
		s.lateReads++
	} else if !s.readAgain {
		every := w.readEvery()
		if every == 0 || w.at.Sub(s.readAt) < every {
			return
		}
	}
	s.reading, s.readAgain, s.readAt = true, false, w.at
	w.do(ReadRow{})
}

func (w *work) readEvery() time.Duration {
	s := &w.s
	_, toCome := s.Outstanding()
	switch {
	case s.Row.State == SessionDraining && s.ServerNow(w.at).Sub(s.Row.DrainUntil.Add(-s.Limits.Drain)) > drainingLong:
		return listDraining
	case s.Row.State == SessionExpired, s.Row.State == SessionDraining && s.FeedHealthy:
		return readDraining
	case !s.FeedHealthy:
		return readUnhealthy
	case s.Row.State == SessionWaiting:
		return readWaiting
	case toCome > 0:
		return readExpecting
	case s.ServerNow(w.at).After(s.Row.Expires):
		return readWaiting
	case s.Row.State == SessionPaired:
		return readPaired
	}
	return 0
}

// ServerNow estimates the registry's clock from its last answer.
func (s Session) ServerNow(at time.Time) time.Time {
	if s.RowAt.IsZero() {
		return s.Row.Now
	}
	return s.Row.Now.Add(max(0, at.Sub(s.RowAt)))
}

// stage moves the session from live over settling to settled.
func (w *work) stage() {
	s := &w.s
	toFile, toCome := s.Outstanding()
	// A code that nobody claimed in time is not the end: a new one may be shown.
	unclaimed := s.Row.State == SessionExpired && s.Row.DrainUntil.IsZero() &&
		!s.ending && s.ServerNow(w.at).Before(s.Row.Ends)
	over := s.Row.State == SessionClosed || s.Row.State == SessionExpired && !unclaimed
	switch s.Stage {
	case StageLive:
		if s.Row.PhoneDone && toFile == 0 && toCome == 0 && len(s.Images) > 0 && !s.ending {
			s.ending, s.dirty = true, true
			w.call()
		}
		if over && !s.lost {
			s.Stage, s.dirty, s.lists, s.listDue = StageSettling, true, 0, w.at
			w.discardAside()
		}
	case StageSettling:
		if s.listing || !s.listDue.IsZero() {
			return
		}
		if s.lists < 2 {
			s.listDue = w.at.Add(listAgain)
			return
		}
		for _, im := range s.Images {
			if im.fetching || im.deleting || im.State == ImageStored && !w.now().After(s.Row.DrainUntil) {
				return
			}
		}
		s.Stage, s.dirty = StageSettled, true
		s.lateReads, s.lateDue = 0, w.at.Add(lateReads[0])
	case StageSettled:
		if s.unfinished() == s.Quiet.IsZero() {
			return
		}
		s.dirty = true
		if s.Quiet = (time.Time{}); !s.unfinished() {
			s.Quiet = w.at
		}
	}
}

// now is the registry's clock, or the workstation's while nothing else is known.
func (w *work) now() time.Time {
	if w.s.Row.Now.IsZero() {
		return w.at
	}
	return w.s.ServerNow(w.at)
}

// unfinished reports whether the GP has something left to do, or a hand-over
// is on its way.
func (s Session) unfinished() bool {
	for _, im := range s.Images {
		if im.Filing || im.State == ImageLanded || im.State == ImageUnconfirmed {
			return true
		}
	}
	return false
}

// lateOver reports whether no phone can have anything left for this session.
func (s Session) lateOver(at time.Time) bool {
	return s.Row.PhoneHash == "" || s.Row.PhoneDone || !s.ServerNow(at).Before(s.Row.DrainUntil)
}

// overKept reports whether a session has been kept for as long as it should.
func (s Session) overKept(at time.Time) bool {
	keep := s.Keep
	if keep == 0 {
		keep = DefaultKeep
	}
	return !s.Quiet.IsZero() && at.Sub(s.Quiet) >= keep && !at.Before(s.removeDue)
}

// remove ends the retention.
func (w *work) remove() {
	s := &w.s
	if s.Stage != StageSettled || s.removing || s.dirty || s.saving || !s.overKept(w.at) {
		return
	}
	s.removing = true
	w.do(RemoveSession{[]AuditEntry{s.note(AuditRemoved, w.at)}})
}
