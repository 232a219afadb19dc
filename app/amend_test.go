package app

import (
	"reflect"
	"testing"
	"time"
)

// landedRow is the registry's row of one landed image with n amendments.
func (s *script) landedRow(id ImageID, n int) Row {
	return s.row(SessionPaired, RowImage{ID: id, State: ImageLanded, Bytes: 9, SHA256: "aa", Details: n})
}

func (s *script) details(id ImageID) Details { return s.st.Sessions[sidA].Images[id].Details }

func site(id string) Details { return Details{Site: id} }

func TestDetailsComeWithTheImageAndAreAmended(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	effects := s.in(sidA, RowRead{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa", Details: 1})})
	none[FetchDetails](t, effects) // nothing is kept of an image that is not here
	fetch := want[FetchDetails](t, s.in(sidA, Landed{Image: id, Bytes: 9, SHA256: "aa"}))
	if fetch.Image != id {
		t.Fatal("another image's details were asked for")
	}
	s.in(sidA, ImageSaved{Image: s.st.Sessions[sidA].Images[id]})
	save := want[SaveImage](t, s.in(sidA, Amended{Image: id, N: 1, Details: site("hand")}))
	if save.Image.Details != site("hand") || save.Image.Amended != 1 {
		t.Fatal("the index is given other details")
	}
	s.in(sidA, ImageSaved{Image: save.Image})
	s.in(sidA, Examined{Image: id, Width: 4, Height: 3, Details: site("face")})
	if s.details(id) != site("hand") {
		t.Fatal("the capture's own details took an amendment's place")
	}
	none[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 1)}))
	want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 3)}))
	none[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 4)})) // one at a time
	want[FetchDetails](t, s.in(sidA, Amended{Image: id, N: 3, Details: site("foot")}))
	s.in(sidA, Amended{Image: id, N: 2, Details: site("trunk")}) // an answer that was overtaken
	if im := s.st.Sessions[sidA].Images[id]; im.Details != site("foot") || im.Amended != 3 {
		t.Fatalf("amendment %d stands", im.Amended)
	}
	none[FetchDetails](t, s.in(sidA, Amended{Image: imageID(7), N: 9})) // of no image there is
}

func TestDetailsOfTheCaptureAreKept(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, Examined{Image: id, Width: 4, Height: 3, Details: site("face")})
	if s.details(id) != site("face") {
		t.Fatal("the capture's details were lost")
	}
	record, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	im := s.st.Sessions[sidA].Images[id]
	im.Amended = 4
	im.Details = Details{Caption: Seal("words"), Site: "hand", Side: SideBoth, View: ViewNear, Type: TypeRash, Intimate: true, Rotate: 180}
	image, err := recordOfImage(sidA, im)
	if err != nil {
		t.Fatal(err)
	}
	sessions, _ := restoreSessions([]Record{record, image})
	if back := sessions[0].Images[id]; back.Details != im.Details || back.Amended != 4 {
		t.Fatal("the index gives other details back")
	}
}

func TestDetailsAreFrozenByTheIntentToFile(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 1)}))
	intent := want[SaveImage](t, s.in(sidA, File{Delivery: "D1"})).Image
	s.in(sidA, Amended{Image: id, N: 1, Details: site("hand")}) // it was on its way
	if s.details(id) != (Details{}) {
		t.Fatal("details changed after the intent to file")
	}
	want[Deliver](t, s.in(sidA, ImageSaved{Image: intent}))
	none[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 2)}))
	effects := s.in(sidA, Delivered{Delivery: "D1", Area: AreaSink, Receipts: []Receipt{{Image: id, Err: E("write", KindNotFound, nil)}}})
	none[FetchDetails](t, effects) // its bytes and its name are frozen
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})
	none[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 3)}))
}

func TestAnAmendmentThatCannotBeReadIsLeftAlone(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, RowRead{Row: s.landedRow(id, 1)})
	s.in(sidA, Amended{Image: id, N: 1, Details: site("hand")})
	for _, kind := range []Kind{KindCorrupt, KindNotFound} {
		before := s.st.Sessions[sidA].Images[id].announced
		want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, before+1)}))
		effects := s.in(sidA, Amended{Image: id, Err: E("open", kind, nil)})
		none[FetchDetails](t, effects)
		if _, looks := find[ReadRow](effects); looks != (kind == KindNotFound) {
			t.Fatalf("%s: looks again: %v", kind, looks)
		}
		none[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, before+1)}))
		if s.details(id) != site("hand") {
			t.Fatalf("%s: the details before it are gone", kind)
		}
	}
	// Whoever answers late, or not at all, is asked again.
	want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 9)}))
	none[FetchDetails](t, s.in(sidA, Amended{Image: id, Err: E("read", KindOffline, nil)}))
	s.at = s.at.Add(time.Minute)
	want[FetchDetails](t, s.in("", Tick{}))
	s.in(sidA, Amended{Image: id, N: 9, Details: site("foot")})
	if s.details(id) != site("foot") {
		t.Fatal("the amendment was lost")
	}
}

// A lost registry is given the number that this workstation holds: the phone
// sends what is higher once more.
func TestALostRegistryHasTheDetailsSentAgain(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, RowRead{Row: s.landedRow(id, 2)})
	s.in(sidA, Amended{Image: id, N: 2, Details: site("hand")})
	want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 3)}))
	s.in(sidA, Amended{Image: id, Err: E("read", KindNotFound, nil)}) // emptied between the two
	open := want[OpenSession](t, s.in(sidA, RowRead{Err: E("read", KindNotFound, nil)}))
	if n := open.Opening.Restore.Images[0].Details; n != 2 {
		t.Fatalf("restored with amendment %d", n)
	}
	none[FetchDetails](t, s.in(sidA, SessionOpened{Restore: true, Row: s.landedRow(id, 2)}))
	want[FetchDetails](t, s.in(sidA, RowRead{Row: s.landedRow(id, 3)}))
}

func TestASessionThatThePhoneLeftEnds(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	kept, back := imageID(1), imageID(2)
	s.land(sidA, kept)
	s.in(sidA, SessionSaved{})
	s.in(sidA, SessionSaved{})
	left := s.row(SessionDraining, RowImage{ID: kept, State: ImageLanded, SHA256: "aa"}, RowImage{ID: back, State: ImageReserved, RetractWanted: true})
	left.Left = true
	effects := s.in(sidA, RowRead{Row: left})
	none[EndSession](t, effects) // something is on its way yet
	want[SaveSession](t, effects)
	if st := s.st.Sessions[sidA].Images[back].State; st != ImageRetracted {
		t.Fatalf("withdrawn: %s", st)
	}
	left.Images[1].State, left.Now = ImageRetracted, s.at
	left.Seq++
	want[EndSession](t, s.in(sidA, RowRead{Row: left}))
	left.State, left.Now = SessionClosed, s.at
	left.Seq++
	effects = s.in(sidA, SessionEnded{Row: left})
	none[EndSession](t, effects)
	var reasons []string
	for _, e := range s.st.Sessions[sidA].notes(s.at) {
		if e.Event == AuditClosed {
			reasons = append(reasons, e.Reason)
		}
	}
	declined := s.st.Sessions[sidA]
	declined.Row.Declined = true
	for _, e := range declined.notes(s.at) {
		if e.Event == AuditClosed {
			reasons = append(reasons, e.Reason)
		}
	}
	if !reflect.DeepEqual(reasons, []string{"wrong-patient", "consent-refused"}) {
		t.Fatalf("the trail says %q", reasons)
	}
	if !s.st.Sessions[sidA].Images[kept].CanFile() {
		t.Fatal("a kept photo cannot be filed any more")
	}
	s.in(sidA, File{Delivery: "D"}) // whose it is must be said first
	if s.st.Sessions[sidA].Images[kept].Filing {
		t.Fatal("a photo of a phone that showed another patient is filed unasked")
	}
	s.in(sidA, File{Delivery: "D", Confirmed: true})
	if !s.st.Sessions[sidA].Images[kept].Filing {
		t.Fatal("the GP's word does not file it")
	}
}

// Nobody listens to a session that is over. When the GP comes back to file
// what waits there, what the phone has changed since is looked at first.
func TestComingBackLooksForChangedDetails(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	closed := s.landedRow(id, 0)
	closed.State, closed.PhoneHash, closed.DrainUntil = SessionClosed, "phone", s.at.Add(time.Hour)
	s.in(sidA, RowRead{Row: closed})
	if stage := s.st.Sessions[sidA].Stage; stage != StageSettling {
		t.Fatalf("it is %s", stage)
	}
	none[ReadRow](t, s.in("", Tick{}))
	want[ReadRow](t, s.in(sidA, Show{}))
	closed.Now, closed.Images[0].Details = s.at, 2
	closed.Seq++
	effects := s.in(sidA, RowRead{Row: closed})
	want[FetchDetails](t, effects)
	none[ReadRow](t, effects)
	closed.Now, closed.PhoneDone = s.at, true // it will change nothing more
	closed.Seq++
	s.in(sidA, RowRead{Row: closed})
	none[ReadRow](t, s.in(sidA, Show{}))
}
