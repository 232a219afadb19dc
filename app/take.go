package app

import (
	"slices"
	"time"
)

// take puts what happened into the session. What follows from it is advance's.
func (w *work) take(what What) {
	s := &w.s
	switch in := what.(type) {
	case Show:
		over := s.Stage == StageSettling || s.Stage == StageSettled
		s.lookOnce = over && s.unfinished() && !s.lateOver(w.at)
	case Refresh:
		s.readAgain = true
		w.retryNow()
	case End:
		s.ending, s.dirty = true, true
		w.discardAside()
	case NewCode:
		s.Secrets.Token, s.Code, s.CodePending = in.Token, in.Code, true
		s.dropPhone, s.callDue, s.dirty = in.Insist, time.Time{}, true
	case Assign:
		if s.Patient.IsZero() && !in.Patient.IsZero() {
			s.Patient, s.Assigned, s.dirty = in.Patient, true, true
		}
	case Refer:
		if s.Record.IsZero() && !in.Record.IsZero() && s.Patient.Agrees(in.Patient) {
			s.Record, s.Referred, s.dirty = in.Record, true, true
		}
	case File:
		w.file(in)
	case Retouch, Undo, Describe, PutAside, PutBack:
		w.review(in)
	case Discard:
		for _, id := range in.Images {
			im, ok := s.Images[id]
			if ok && im.CanDiscard() {
				im.State, im.dirty = ImageDiscarded, true
				s.Images[id] = im
			}
		}
	case Attest:
		for _, id := range in.Images {
			if im, ok := s.Images[id]; ok && !im.Filing && im.State == ImageUnconfirmed {
				im.attest()
				s.Images[id] = im
			}
		}
	case Heard:
		if s.FeedHealthy != in.Healthy {
			s.readAgain, s.feedSince = true, w.at
		}
		s.FeedHealthy = in.Healthy
		w.hint(in.Event, in.Image)
	case SessionOpened:
		w.called(AreaRegistry, in.Err)
		if in.Err == nil {
			s.lost = false
			if in.Row.TokenHash == s.Code {
				s.CodePending, s.dropPhone = false, false
			}
			w.row(in.Row)
			if s.Stage == StageOpening {
				s.Stage, s.dirty = StageLive, true
			}
			if in.Restore { // what was stored unnoticed is in the bucket
				s.listDue = w.at
			}
		}
	case CodeRenewed:
		w.called(AreaRegistry, in.Err)
		if in.Err == nil {
			s.dirty = true
			if in.Row.TokenHash == s.Code {
				s.CodePending, s.dropPhone = false, false
			}
			w.row(in.Row)
		}
	case SessionEnded:
		w.called(AreaRegistry, in.Err)
		if in.Err == nil {
			w.row(in.Row)
		}
	case RowRead:
		s.reading = false
		w.health(AreaRegistry, in.Err)
		s.lost = s.lost || KindOf(in.Err) == KindNotFound
		if in.Err == nil {
			w.row(in.Row)
		}
	case MarksTold:
		s.telling = false
		w.health(AreaRegistry, in.Err)
		s.lost = s.lost || KindOf(in.Err) == KindNotFound
		if in.Err != nil {
			s.tellTries++
			s.tellDue = w.at.Add(backoff(s.tellTries))
			break
		}
		s.tellTries = 0
		for _, m := range in.Marks {
			if im := s.Images[m.ID]; m.State == ImageReserved && im.missing {
				im.missing = false
				s.Images[m.ID] = im
			}
		}
		w.row(in.Row)
	case Landed:
		w.landed(in)
	case Examined:
		w.examined(in)
	case Amended:
		w.amended(in)
	case SessionSaved:
		s.saving = false
		w.health(AreaSpool, in.Err)
		s.kept = s.kept || in.Err == nil
		if in.Err != nil {
			s.dirty, s.saveDue = true, w.at.Add(2*time.Second)
		}
	case ImageSaved:
		w.health(AreaSpool, in.Err)
		im, ok := s.Images[in.Image.ID]
		if !ok {
			break
		}
		im.saving = false
		if in.Err != nil {
			im.dirty, im.saveDue = true, w.at.Add(2*time.Second)
		} else {
			im.durable = durableOf(in.Image)
		}
		s.Images[im.ID] = im
	case ObjectDeleted:
		w.health(AreaObjects, in.Err)
		if im, ok := s.Images[in.Image]; ok {
			im.deleting, im.gone = false, in.Err == nil
			im.deleteDue = w.at.Add(5 * time.Second)
			s.Images[im.ID] = im
		}
	case ObjectsListed:
		w.listed(in)
	case Delivered:
		w.delivered(in)
	case Passed:
		w.passed(in)
	case SessionRemoved:
		w.health(AreaSpool, in.Err)
		w.gone = s.removing && in.Err == nil
		s.removing, s.removeDue = false, w.at.Add(time.Minute)
	}
}

// hint acts on a realtime message. A stored image is fetched at once, without
// asking the registry first: its name is known, S3 checks its checksum and the
// seal proves whose it is; the registry's rows come with "landed". Whatever
// else is hinted at is a reason to look.
func (w *work) hint(event Event, id ImageID) {
	s := &w.s
	im, known := s.Images[id]
	_, err := ParseImageID(string(id))
	switch {
	case event == "":
		return
	case event != EventImageStored || err != nil || len(s.Images) >= 2*s.Limits.MaxImages:
		s.readAgain = true
		return
	case !known:
		im = Image{ID: id, State: ImageStored, hinted: true}
		s.Order = append(s.Order, id)
	case im.State == ImageReserved:
		im.State, im.due, im.tries = ImageStored, time.Time{}, 0
	case im.State == ImageStored && !im.fetching:
		im.due = time.Time{}
	}
	s.Images[id] = im
}

// called closes an open, restore, renew or end call.
func (w *work) called(area Area, err error) {
	s := &w.s
	s.calling = false
	w.health(area, err)
	if err == nil {
		s.callTries, s.callDue = 0, time.Time{}
		return
	}
	if KindOf(err) == KindNotFound {
		s.lost = true
	}
	s.callTries++
	s.callDue = w.at.Add(backoff(s.callTries))
}

// retryNow drops every wait: the GP asked.
func (w *work) retryNow() {
	w.s.callDue, w.s.tellDue, w.s.saveDue = time.Time{}, time.Time{}, time.Time{}
	for id, im := range w.s.Images {
		im.due, im.deleteDue, im.saveDue, im.examineDue, im.amendDue = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
		im.hurry()
		w.s.Images[id] = im
	}
}

// row merges the registry's answer. An answer older than the last is dropped:
// calls overlap. The registry decides on the session and on what the phone
// has stored; from "landed" on, this workstation does.
func (w *work) row(r Row) {
	s := &w.s
	if r.Now.Before(s.Row.Now) || r.Now.Equal(s.Row.Now) && r.Seq < s.Row.Seq {
		return
	}
	if s.Stage == StageSettled && r.State == SessionDraining { // a phone that was away has come back
		s.Stage, s.dirty = StageLive, true
	}
	if r.State != s.Row.State || r.PhoneHash != s.Row.PhoneHash || len(r.Images) != len(s.Row.Images) || r.PhoneDone != s.Row.PhoneDone || r.Left != s.Row.Left || r.Declined != s.Row.Declined ||
		r.Keep != s.Row.Keep || !r.Kept.Equal(s.Row.Kept) {
		s.dirty = true
	}
	if r.PhoneHash != s.Row.PhoneHash && r.TokenHash == s.Secrets.Token.Hash() {
		s.Secrets.Claimed = s.Secrets.Token
	}
	s.Row, s.RowAt, s.readAt = r, w.at, w.at
	known := map[ImageID]bool{}
	for _, ri := range r.Images {
		known[ri.ID] = true
		im, ok := s.Images[ri.ID]
		if !ok {
			im = Image{ID: ri.ID, State: ri.State}
			s.Order = append(s.Order, ri.ID)
		}
		if im.State == ImageReserved || im.State == ImageStored {
			if ri.State == ImageStored && im.State == ImageReserved && !im.missing {
				im.State, im.due, im.tries = ImageStored, time.Time{}, 0
			}
			im.Bytes, im.SHA256 = ri.Bytes, ri.SHA256
		}
		im.told, im.retract, im.refused = ri.State, ri.RetractWanted, ri.Refused
		im.noticed(ri.Details)
		s.Images[ri.ID] = im
	}
	for id, im := range s.Images {
		switch {
		case known[id]:
		case im.hinted && im.State == ImageStored && !im.fetching: // a hint at nothing
			delete(s.Images, id)
			s.Order = slices.DeleteFunc(s.Order, func(o ImageID) bool { return o == id })
		case im.told != "":
			im.told = ""
			s.Images[id] = im
		}
	}
}

func (w *work) landed(in Landed) {
	s := &w.s
	w.health(in.Area, in.Err)
	im, ok := s.Images[in.Image]
	if !ok { // found in the bucket only: the "stored" call never arrived
		im = Image{ID: in.Image, State: ImageStored}
		s.Order = append(s.Order, in.Image)
	}
	im.fetching = false
	switch KindOf(in.Err) {
	case "":
		if im.State == ImageReserved || im.State == ImageStored {
			im.State, im.dirty, im.Arrived = ImageLanded, true, w.now()
			im.Bytes, im.SHA256, im.tries = in.Bytes, in.SHA256, 0
		}
	case KindConflict: // other bytes under an id that has landed: the first stay
		if im.State == ImageReserved || im.State == ImageStored {
			im.State, im.dirty, im.Arrived = ImageLanded, true, w.now()
		}
	case KindTooLarge:
		if im.State == ImageReserved || im.State == ImageStored {
			im.State, im.Reason, im.dirty = ImageQuarantined, ReasonTooLarge, true
		}
	default:
		if im.tries++; KindOf(in.Err) == KindNotFound && im.tries >= missingAfter && im.told == ImageStored && im.State == ImageStored {
			// The bucket's lifecycle was faster than this workstation: the phone
			// keeps its own copy until it is told "landed".
			im.State, im.missing, im.tries = ImageReserved, true, 0
		}
		im.due = w.at.Add(backoff(im.tries))
		s.readAgain = true
	}
	s.Images[im.ID] = im
}

func (w *work) examined(in Examined) {
	im, ok := w.s.Images[in.Image]
	if !ok {
		return
	}
	im.examining = false
	w.health(AreaSpool, in.Err)
	switch {
	case in.Err != nil:
		im.examineDue = w.at.Add(2 * time.Second)
	case im.State != ImageLanded && im.State != ImageUnconfirmed:
	case in.Reason != "":
		im.State, im.Reason, im.dirty = ImageQuarantined, in.Reason, true
	default:
		im.Shown, im.dirty = true, true
		im.Width, im.Height, im.TakenAt, im.TakenBy = in.Width, in.Height, in.TakenAt, in.TakenBy
		im.Consent = in.Consent
		if im.Amended == 0 && !im.frozen() {
			im.said(in.Details)
		}
	}
	w.s.Images[im.ID] = im
}

func (w *work) listed(in ObjectsListed) {
	s := &w.s
	s.listing = false
	w.health(AreaObjects, in.Err)
	if in.Err != nil {
		s.listDue = w.at.Add(10 * time.Second)
		return
	}
	if s.Stage == StageSettling {
		s.lists++
	}
	for _, o := range in.Objects {
		im, ok := s.Images[o.ID]
		switch {
		case !ok:
			s.Images[o.ID] = Image{ID: o.ID, State: ImageStored, Bytes: o.Bytes}
			s.Order = append(s.Order, o.ID)
		case im.State == ImageReserved:
			im.State, im.SHA256 = ImageStored, ""
			s.Images[o.ID] = im
		default:
			im.gone = false // back again by a link that outlived the deletion
			s.Images[o.ID] = im
		}
	}
}

// file begins the hand-over of images that can be filed. One that failed
// before goes on with the delivery that was frozen for it then. A session
// without a patient files nothing, and nor does one in which an image asked
// for lacks what the practice requires. Filing all makes an end of what was
// put aside.
func (w *work) file(in File) {
	if w.s.Patient.IsZero() || in.Delivery == "" || w.s.Row.Left && !in.Confirmed {
		return
	}
	sinks := in.Sinks
	if len(sinks) == 0 {
		sinks = []string{""}
	}
	if w.s.Record.IsZero() { // a record system that does not know the patient is not asked
		if sinks = slices.DeleteFunc(slices.Clone(sinks), IsRecord); len(sinks) == 0 {
			return
		}
	}
	for _, id := range w.s.Order { // all that are asked for, or none
		im := w.s.Images[id]
		if im.CanFile() && (len(in.Images) == 0 || slices.Contains(in.Images, id)) && len(w.s.Missing(im)) > 0 {
			return
		}
	}
	if len(in.Images) == 0 {
		w.discardAside()
	}
	for _, id := range w.s.Order {
		im := w.s.Images[id]
		asked := slices.Contains(in.Images, id)
		unsure := im.State == ImageUnconfirmed && asked // only ever at the GP's word
		if !unsure && !im.CanFile() || len(in.Images) > 0 && !asked {
			continue
		}
		im.ask(sinks, in.Delivery, unsure)
		im.tally()
		im.dirty = true
		w.s.Images[id] = im
	}
}

// CanDiscard reports whether the image may be thrown away. One that a sink may
// have, and has still to say so of, may not: what would become of it there?
func (im Image) CanDiscard() bool {
	return !im.Filing && slices.Contains([]ImageState{ImageLanded, ImageUnconfirmed, ImageQuarantined}, im.State) &&
		!slices.ContainsFunc(im.Handovers, func(h Handover) bool { return h.Unknown })
}

// CanFile reports whether the image is there, examined, not on its way and not
// put aside.
func (im Image) CanFile() bool {
	return im.State == ImageLanded && im.Shown && !im.Filing && !im.Aside
}
