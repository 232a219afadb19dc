package app

import (
	"slices"
	"testing"
	"time"
)

// settle brings a session with one filed image to its end.
func (s *script) settle(sid SessionID, row Row) {
	s.t.Helper()
	s.in(sid, End{})
	s.in(sid, SessionSaved{})
	s.in(sid, SessionEnded{Row: row})
	s.in(sid, SessionSaved{})
	s.in(sid, ObjectsListed{})
	s.at = s.at.Add(listAgain + time.Second)
	want[ListObjects](s.t, s.in("", Tick{}))
	s.in(sid, ObjectsListed{})
	s.in(sid, SessionSaved{})
	if st := s.st.Sessions[sid].Stage; st != StageSettled {
		s.t.Fatalf("after its end the session is %s", st)
	}
	s.in("", Tick{})
	s.in(sid, SessionSaved{})
}

// file files everything that can be, and the index and registry know.
func (s *script) file(sid SessionID, id ImageID) {
	s.t.Helper()
	s.in(sid, ImageSaved{Image: want[SaveImage](s.t, s.in(sid, File{Delivery: "D1"})).Image})
	effects := s.in(sid, Delivered{Delivery: "D1", Receipts: []Receipt{{Image: id, Sink: "folder", Place: Seal("x"), Ref: "D1#1", SHA256: "bb"}}})
	s.in(sid, ImageSaved{Image: want[SaveImage](s.t, effects).Image})
	s.in(sid, MarksTold{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageFiled})})
}

func (s *script) closed(images ...RowImage) Row {
	r := s.row(SessionClosed, images...)
	r.PhoneHash, r.DrainUntil = "phone-hash-of-some-length", s.at.Add(24*time.Hour)
	return r
}

func TestASessionIsRemovedWhenItsTimeIsOverAndNotBefore(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	filed, waiting := imageID(1), imageID(2)
	s.land(sidA, filed)
	s.file(sidA, filed)
	s.land(sidA, waiting)
	row := s.closed(RowImage{ID: filed, State: ImageFiled}, RowImage{ID: waiting, State: ImageLanded})
	row.PhoneDone = true
	s.settle(sidA, row)

	s.at = s.at.Add(30 * 24 * time.Hour)
	none[RemoveSession](t, s.in("", Tick{})) // one photo is not filed: it stays, however long
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, s.in(sidA, Discard{Images: []ImageID{waiting}})).Image})
	s.in(sidA, SessionSaved{})
	s.in(sidA, MarksTold{Row: row})
	s.in(sidA, SessionSaved{})
	s.at = s.at.Add(DefaultKeep - time.Minute)
	none[RemoveSession](t, s.in("", Tick{}))
	s.at = s.at.Add(time.Minute)
	remove := want[RemoveSession](t, s.in("", Tick{}))
	if len(remove.Audit) != 1 || remove.Audit[0].Event != AuditRemoved {
		t.Fatalf("noted %+v", remove.Audit)
	}
	none[RemoveSession](t, s.in("", Tick{})) // one is under way
	s.in(sidA, SessionRemoved{E("remove", KindFull, nil)})
	s.at = s.at.Add(2 * time.Minute)
	want[RemoveSession](t, s.in("", Tick{}))
	s.in(sidA, SessionRemoved{})
	if _, there := s.st.Sessions[sidA]; there || s.st.Current == sidA {
		t.Fatal("the session is still known")
	}
}

func TestAPhoneThatWasAwayIsLookedForAndFound(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	s.settle(sidA, s.closed())
	s.at = s.at.Add(lateReads[0])
	want[ReadRow](t, s.in("", Tick{}))
	none[ReadRow](t, s.in(sidA, RowRead{Row: s.closed()}))
	s.at = s.at.Add(lateReads[1])
	want[ReadRow](t, s.in("", Tick{}))
	back := s.closed(RowImage{ID: imageID(5), State: ImageStored, SHA256: "aa"})
	back.State = SessionDraining
	effects := s.in(sidA, RowRead{Row: back})
	want[LandImage](t, effects)
	want[Listen](t, effects)

	// One whose phone said that it is finished is left in peace.
	q := &script{t: t, at: day}
	q.live(sidA)
	row := q.closed()
	row.PhoneDone = true
	q.settle(sidA, row)
	for range 20 {
		q.at = q.at.Add(time.Hour)
		none[ReadRow](t, q.in("", Tick{}))
	}
}

func TestAnObjectThatIsGoneIsAskedOfThePhoneAgain(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	stored := RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa"}
	var answer []Effect
	for range missingAfter {
		want[LandImage](t, s.in(sidA, RowRead{Row: s.row(SessionPaired, stored)}))
		answer = s.in(sidA, Landed{Image: id, Area: AreaObjects, Err: E("get", KindNotFound, nil)})
		s.at = s.at.Add(15 * time.Second)
	}
	marks := want[TellMarks](t, answer).Marks
	none[LandImage](t, s.in(sidA, RowRead{Row: s.row(SessionPaired, stored)}))
	if len(marks) != 1 || marks[0].State != ImageReserved {
		t.Fatalf("told %+v", marks)
	}
	missing := stored
	missing.State = ImageReserved
	effects := s.in(sidA, MarksTold{Marks: marks, Row: s.row(SessionPaired, missing)})
	none[TellMarks](t, effects)
	none[LandImage](t, effects)
	want[LandImage](t, s.in(sidA, RowRead{Row: s.row(SessionPaired, stored)})) // the phone has sent it again
}

func TestAfterSleepNothingIsBelieved(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	none[ReadRow](t, s.in("", Tick{}))
	want[ReadRow](t, s.in("", Woke{}))
}

func TestTheTrailHasItsLineBeforeTheIndexHasTheChange(t *testing.T) {
	s := &script{t: t, at: day}
	open := want[SaveSession](t, s.in(sidA, Start{Patient: patient("Aroha Testperson"), Limits: DefaultLimits, Code: "code"}))
	if len(open.Audit) != 1 || open.Audit[0].Event != AuditOpened || open.Audit[0].Patient.NHI.Reveal() != "ZZZ0016" {
		t.Fatalf("noted %+v", open.Audit)
	}
	s = &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.in(sidA, RowRead{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageStored, SHA256: "aa"})})
	events := func(save SaveImage) (out []AuditEvent) {
		for _, e := range save.Audit {
			if e.Image != id || e.SID != sidA {
				t.Fatalf("noted of another: %+v", e)
			}
			out = append(out, e.Event)
		}
		return out
	}
	save := want[SaveImage](t, s.in(sidA, Landed{Image: id, SHA256: "aa"}))
	if got := events(save); !slices.Equal(got, []AuditEvent{AuditLanded}) {
		t.Fatalf("landed: %v", got)
	}
	s.in(sidA, ImageSaved{Image: save.Image})
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, s.in(sidA, Examined{Image: id})).Image})
	save = want[SaveImage](t, s.in(sidA, File{Delivery: "D1"}))
	if got := events(save); !slices.Equal(got, []AuditEvent{AuditLanded, AuditIntent}) || save.Audit[1].Delivery != "D1" {
		t.Fatalf("filing: %v", got)
	}
	s.in(sidA, ImageSaved{Image: save.Image})
	save = want[SaveImage](t, s.in(sidA, Delivered{Delivery: "D1", Receipts: []Receipt{{Image: id, Sink: "folder", Unconfirmed: true, SHA256: "bb"}}}))
	if got := events(save); !slices.Equal(got, []AuditEvent{AuditLanded, AuditUnconfirmed}) {
		t.Fatalf("unconfirmed: %v", got)
	}
	s.in(sidA, ImageSaved{Image: save.Image})
	save = want[SaveImage](t, s.in(sidA, Attest{Images: []ImageID{id}}))
	last := save.Audit[1]
	if last.Event != AuditAttested || last.Sink != "folder" || last.SHA256 != "bb" || last.Delivery != "D1" {
		t.Fatalf("attested: %+v", last)
	}
	if st := s.st.Sessions[sidA].Images[id].State; st != ImageFiled {
		t.Fatalf("after the GP's word it is %s", st)
	}
}

func TestCaptureTimesAreTheSessions(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	opened, arrived := day, day.Add(10*time.Minute)
	for name, c := range map[string]struct {
		said time.Time
		want time.Time
		by   Clock
	}{
		"agrees":           {day.Add(5 * time.Minute), day.Add(5 * time.Minute), ClockPhone},
		"a minute early":   {day.Add(-time.Minute), day.Add(-time.Minute), ClockPhone},
		"hours behind":     {day.Add(-6 * time.Hour), arrived, ClockSession},
		"hours ahead":      {day.Add(6 * time.Hour), arrived, ClockSession},
		"1970":             {time.Unix(0, 0), arrived, ClockSession},
		"2999":             {time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), arrived, ClockSession},
		"nothing was said": {time.Time{}, arrived, ClockSession},
	} {
		got, by := CaptureTime(c.said, opened, arrived, zone)
		if !got.Equal(c.want) || by != c.by || got.Location() != zone {
			t.Errorf("%s: %v by %s", name, got, by)
		}
	}
	if got, by := CaptureTime(time.Time{}, time.Time{}, time.Time{}, zone); !got.IsZero() || by != ClockUnknown {
		t.Errorf("nothing known: %v by %s", got, by)
	}
}

func TestAWrongWorkstationClockMovesNothing(t *testing.T) {
	for _, off := range []time.Duration{-6 * time.Hour, 6 * time.Hour} {
		s := &script{t: t, at: day.Add(off)}
		s.in(sidA, Start{Patient: patient("Aroha Testperson"), Limits: DefaultLimits, Code: "code"})
		s.in(sidA, SessionSaved{})
		right := func(state SessionState, images ...RowImage) Row {
			r := s.row(state, images...)
			now := s.at.Add(-off)
			r.Now, r.Created, r.Expires, r.Ends, r.Seq = now, day, now.Add(time.Hour), day.Add(8*time.Hour), now.UnixMilli()
			return r
		}
		s.in(sidA, SessionOpened{Row: right(SessionWaiting)})
		s.in(sidA, Heard{Signal{Healthy: true}})
		s.in(sidA, RowRead{Row: right(SessionPaired)})
		s.in(sidA, RowRead{Row: right(SessionPaired)})
		id := imageID(1)
		s.in(sidA, RowRead{Row: right(SessionPaired, RowImage{ID: id, State: ImageStored, SHA256: "aa"})})
		s.in(sidA, Landed{Image: id, SHA256: "aa"})
		sess := s.st.Sessions[sidA]
		if d := sess.Images[id].Arrived.Sub(s.at.Add(-off)); d < -time.Second || d > time.Second {
			t.Errorf("clock %v off: arrived %v off", off, d)
		}
		if !sess.Began().Equal(day) || sess.Stage != StageLive {
			t.Errorf("clock %v off: began %v, %s", off, sess.Began(), sess.Stage)
		}
	}
}
