package app

import (
	"maps"
	"slices"
	"time"
)

// KeptPhone is the phone that the GP keeps for the sessions to come: one at a
// time. It is the agent's, not a session's: what happens to it reaches no
// session, and no session's images reach it.
type KeptPhone struct {
	Stage     KeptStage
	First     SessionID // the session under which it is kept
	Key       Digest    // how the registry knows it
	Recipient string    // what links are sealed to
	Pairing   Sealed    // the first session's pairing secret: what links are authenticated under
	Since     time.Time // registry's clock, estimated
	Until     time.Time // registry's clock
	Reason    KeptEnd   // why it is forgotten, or cannot be kept

	// N numbers what was last put on offer: the link of Next as it was with
	// Code; an empty Next takes it back. It only ever rises, and begins at Since
	// in milliseconds: a phone that is kept again has taken lower ones.
	N    int64
	Next SessionID
	Code Digest

	ahead         time.Duration // registry's clock minus the workstation's
	told          int64         // the number that the registry is known to hold
	lost          bool          // the registry may have lost it: put it back
	durable       keptDurable   // what the index holds
	dirty, saving bool
	saveDue       time.Time
	calling       bool
	tries         int
	due           time.Time
	wish          *keptWish // another phone is to be kept once this one is forgotten
}

// KeptStage is where keeping a phone stands.
type KeptStage string

const (
	KeptNone    KeptStage = ""        // no phone is kept
	KeptAsked   KeptStage = "asked"   // the GP asked for it; the registry does not know yet
	KeptOn      KeptStage = "kept"    // further sessions are offered to it
	KeptEnding  KeptStage = "ending"  // over; the registry is to be told
	KeptOver    KeptStage = "over"    // and knows it; the index is to forget it
	KeptRefused KeptStage = "refused" // it cannot be kept; Reason says why
)

// KeptEnd says in one fixed word why a phone is not kept any more, or cannot be.
type KeptEnd string

const (
	KeptByGP    KeptEnd = "forgotten" // the GP's word
	KeptByLock  KeptEnd = "locked"    // the workstation was locked
	KeptByTime  KeptEnd = "time"      // its time was over
	KeptUnable  KeptEnd = "unable"    // the phone did not offer it
	KeptForeign KeptEnd = "foreign"   // the offer is not from the phone that saw this code
	KeptTooLate KeptEnd = "too-late"  // the session was over before the registry knew
)

type keptDurable struct {
	Stage KeptStage
	N     int64
}

type keptWish struct {
	sid   SessionID
	until time.Time
}

// On reports whether a phone is kept, or asked to be.
func (k KeptPhone) On() bool { return k.Stage == KeptAsked || k.Stage == KeptOn }

// ServerNow estimates the registry's clock.
func (k KeptPhone) ServerNow(at time.Time) time.Time { return at.Add(k.ahead) }

// EndOfDay is the last minute of the day now in zone; within the hour before
// it, the next day's.
func EndOfDay(now time.Time, zone *time.Location) time.Time {
	here := now.In(zone)
	last := time.Date(here.Year(), here.Month(), here.Day(), 23, 59, 0, 0, zone)
	if last.Sub(here) < time.Hour {
		last = time.Date(here.Year(), here.Month(), here.Day()+1, 23, 59, 0, 0, zone)
	}
	return last
}

// busy reports whether a tick may move it.
func (k KeptPhone) busy() bool { return k.Stage != KeptNone && k.Stage != KeptRefused }

// stepKept takes what happens to the kept phone; false: in is about something
// else.
func stepKept(st State, in Input) (State, bool) {
	k := &st.Kept
	switch what := in.What.(type) {
	case KeepPhone:
		return keepPhone(st, in.SID, what.Until, in.At), true
	case ForgetPhone:
		st.Kept = k.end(KeptByGP)
	case WorkstationLocked:
		st.Kept = k.end(KeptByLock)
	case PhoneKept:
		if what.Key == k.Key {
			st.Trouble = k.asked(st.Trouble, what, in.At)
		}
	case NextOffered:
		if what.Key == k.Key {
			st.Trouble = k.called(st.Trouble, what.Err, in.At)
			switch {
			case what.Err == nil:
				k.told = max(k.told, what.N)
			case KindOf(what.Err) == KindNotFound && k.Stage == KeptOn:
				k.lost = true
			}
		}
	case KeptAgain:
		if what.Key == k.Key {
			st.Trouble = k.called(st.Trouble, what.Err, in.At)
			if what.Err == nil {
				k.lost, k.told = false, 0
			}
		}
	case RowRead:
		k.lost = k.lost || k.Stage == KeptOn && KindOf(what.Err) == KindNotFound
		return st, false
	case PhoneForgotten:
		if what.Key == k.Key {
			st.Trouble = k.called(st.Trouble, what.Err, in.At)
			if what.Err == nil && k.Stage == KeptEnding {
				k.Stage, k.dirty = KeptOver, true
			}
		}
	case KeptSaved:
		if what.Kept.Key == k.Key {
			k.saved(what, in.At)
		}
	default:
		return st, false
	}
	return st, true
}

// keepPhone begins to keep the phone that a session is paired with. One that
// is kept already is forgotten first.
func keepPhone(st State, sid SessionID, until, at time.Time) State {
	s, known := st.Sessions[sid]
	if !known || s.Row.State != SessionPaired {
		return st
	}
	k := st.Kept
	if k.busy() && k.Key == s.Row.Keep.Key && k.On() {
		return st
	}
	if k.busy() {
		k = k.end(KeptByGP)
		k.wish = &keptWish{sid, until}
		st.Kept = k
		return st
	}
	now := s.ServerNow(at)
	next := KeptPhone{Stage: KeptAsked, First: sid, Key: s.Row.Keep.Key, Recipient: s.Row.Keep.Recipient,
		Pairing: s.Secrets.Pairing, Since: now, Until: until,
		N: now.UnixMilli(), ahead: now.Sub(at), dirty: true}
	next.told = next.N
	if most := now.Add(MaxKept); next.Until.After(most) {
		next.Until = most
	}
	if s.Row.Keep.IsZero() {
		next = KeptPhone{Stage: KeptRefused, First: sid, Reason: KeptUnable}
	}
	st.Kept = next
	return st
}

// end is k once it is to be forgotten. What another was to be kept for is
// forgotten too.
func (k KeptPhone) end(why KeptEnd) KeptPhone {
	k.wish = nil
	switch k.Stage {
	case KeptAsked, KeptOn:
		k.Stage, k.Reason, k.dirty, k.due, k.tries = KeptEnding, why, true, time.Time{}, 0
	case KeptRefused:
		return KeptPhone{}
	}
	return k
}

// called closes one call of the registry.
func (k *KeptPhone) called(trouble map[Area]Kind, err error, at time.Time) map[Area]Kind {
	k.calling, k.due = false, time.Time{}
	if err == nil {
		k.tries = 0
	} else {
		k.tries++
		k.due = at.Add(backoff(k.tries))
	}
	w := work{trouble: trouble}
	w.health(AreaRegistry, err)
	return w.trouble
}

// asked takes in what the registry, or the look at the offer, said of keeping.
func (k *KeptPhone) asked(trouble map[Area]Kind, in PhoneKept, at time.Time) map[Area]Kind {
	trouble = k.called(trouble, in.Err, at)
	if k.Stage != KeptAsked {
		return trouble
	}
	switch KindOf(in.Err) {
	case "":
		k.Stage, k.dirty = KeptOn, true
		if !in.Row.Kept.IsZero() {
			k.Until = in.Row.Kept
		}
	case KindCorrupt:
		k.refuse(KeptForeign)
	case KindConflict, KindExpired:
		k.refuse(KeptTooLate)
	}
	return trouble
}

func (k *KeptPhone) refuse(why KeptEnd) { k.Stage, k.Reason, k.dirty = KeptRefused, why, true }

// saved takes in that the index holds what was given, or does not.
func (k *KeptPhone) saved(in KeptSaved, at time.Time) {
	k.saving = false
	if in.Err != nil {
		k.dirty, k.saveDue = true, at.Add(2*time.Second)
		return
	}
	k.durable = keptDurable{in.Kept.Stage, in.Kept.N}
}

// keepUp derives everything that is to be done about the kept phone from it as
// it stands, and from the sessions: advance's part for the agent as a whole.
func keepUp(st State, at time.Time) (State, []Effect) {
	k := &st.Kept
	if k.Stage == KeptOver && k.durable.Stage == KeptOver && !k.dirty && !k.saving {
		wish := k.wish
		if st.Kept = (KeptPhone{}); wish != nil {
			st = keepPhone(st, wish.sid, wish.until, at)
		}
		k = &st.Kept
	}
	if k.Stage == KeptNone {
		return st, nil
	}
	if ahead, known := registryAhead(st); known {
		k.ahead = ahead
	}
	if k.On() && !k.ServerNow(at).Before(k.Until) {
		st.Kept = k.end(KeptByTime)
	}
	if k.Stage == KeptOn {
		k.offer(offered(st))
	}
	var effects []Effect
	do := func(d Do) { effects = append(effects, Effect{SID: k.First, Do: d}) }
	if k.dirty && !k.saving && !at.Before(k.saveDue) {
		k.dirty, k.saving = false, true
		do(SaveKept{*k, k.notes(st.Sessions[k.First], at)})
	}
	if k.calling || at.Before(k.due) {
		return st, effects
	}
	switch {
	case k.Stage == KeptAsked && k.durable.Stage == KeptAsked:
		k.calling = true
		do(AskToKeep{k.Key, k.Until})
	case k.Stage == KeptOn && k.lost:
		k.calling = true
		do(KeepAgain{k.Key, k.Until, sayKept(st, k.Key)})
	case k.Stage == KeptOn && k.told < k.N && k.durable.N == k.N:
		k.calling = true
		do(OfferNext{*k})
	case k.Stage == KeptEnding:
		k.calling = true
		do(TellForgotten{k.Key, sayKept(st, k.Key)})
	}
	return st, effects
}

// offer gives what is on offer a new number where it has changed.
func (k *KeptPhone) offer(next SessionID, code Digest) {
	if next != k.Next || code != k.Code {
		k.N++
		k.Next, k.Code, k.dirty = next, code, true
	}
}

// offered is the session that a kept phone is to be told of: the newest that
// still waits for a phone, and that the GP has not ended.
func offered(st State) (SessionID, Digest) {
	for _, s := range st.Newest() {
		if s.ID == st.Kept.First || s.Stage != StageLive || s.ending || s.lost || s.CodePending {
			continue
		}
		if s.Row.State == SessionWaiting && s.Row.PhoneHash == "" {
			return s.ID, s.Code
		}
	}
	return "", ""
}

// sayKept names the sessions in which this phone may have been told that it is
// kept.
func sayKept(st State, key Digest) []SessionID {
	var out []SessionID
	for _, s := range st.Newest() {
		if s.Row.Keep.Key == key {
			out = append(out, s.ID)
		}
	}
	return out
}

// registryAhead is the registry's clock minus the workstation's, by the last
// answer of any session.
func registryAhead(st State) (ahead time.Duration, known bool) {
	var last Session
	for _, sid := range slices.Sorted(maps.Keys(st.Sessions)) {
		if s := st.Sessions[sid]; s.RowAt.After(last.RowAt) {
			last = s
		}
	}
	return last.Row.Now.Sub(last.RowAt), !last.RowAt.IsZero()
}

// notes are what the trail must hold of a kept phone. Since tells one keeping
// from another.
func (k KeptPhone) notes(first Session, at time.Time) []AuditEntry {
	if k.Stage == KeptAsked || k.Stage == KeptRefused {
		return nil
	}
	note := func(event AuditEvent, reason string) AuditEntry {
		return AuditEntry{At: at, Server: k.ServerNow(at), Event: event, SID: k.First, Patient: first.Patient,
			Reason: reason + " " + string(k.Key[:min(12, len(k.Key))]) + " " + k.Since.UTC().Format("20060102T150405Z")}
	}
	out := []AuditEntry{note(AuditKept, "kept")}
	if k.Stage == KeptEnding || k.Stage == KeptOver {
		out = append(out, note(AuditForgotten, string(k.Reason)))
	}
	return out
}
