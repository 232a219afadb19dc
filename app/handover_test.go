package app

import (
	"slices"
	"testing"
	"time"
)

// handIn saves the intent of one image and returns the hand-overs that begin.
func (s *script) handIn(effects []Effect) map[string]Deliver {
	s.t.Helper()
	out := map[string]Deliver{}
	for _, e := range s.in(sidA, ImageSaved{Image: want[SaveImage](s.t, effects).Image}) {
		if d, ok := e.Do.(Deliver); ok {
			out[d.Sink] = d
		}
	}
	return out
}

// recorded is a session that came from the record system, with one image.
func recorded(t *testing.T) (*script, ImageID) {
	s := &script{t: t, at: day}
	s.live(sidA)
	session := s.st.Sessions[sidA]
	session.Record = RecordRef{Facility: "F2N060-E", Patient: Seal("p1")}
	s.st.Sessions[sidA] = session
	id := imageID(1)
	s.land(sidA, id)
	return s, id
}

var bothSinks = []string{"folder", "alex-scan"}

// An image is filed when every sink has confirmed it; what one has confirmed
// is never asked again, and the phone is told of the receipts there are.
func TestEverySinkHasToConfirm(t *testing.T) {
	s, id := recorded(t)
	began := s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: bothSinks}))
	if len(began) != 2 || began["folder"].Delivery != "D1" || began["alex-scan"].Again {
		t.Fatalf("began %+v", began)
	}
	effects := s.in(sidA, Delivered{Delivery: "D1", Sink: "folder", Receipts: []Receipt{{Image: id, Sink: "folder", Place: Seal("a.jpg")}}})
	if im := s.st.Sessions[sidA].Images[id]; im.State != ImageLanded || !im.Filing || !slices.Equal(im.Sinks, []string{"folder"}) {
		t.Fatalf("with half of it: %s, filing %v, %v", im.State, im.Filing, im.Sinks)
	}
	for _, e := range s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image}) {
		if marks, ok := e.Do.(TellMarks); ok && marks.Marks[0].State == ImageFiled {
			t.Fatal("the phone is told that it is filed")
		}
	}
	// The record refuses: the folder's receipt stays, and pressing File again
	// asks the record alone.
	effects = s.in(sidA, Delivered{Delivery: "D1", Sink: "alex-scan", Area: AreaRecord,
		Receipts: []Receipt{{Image: id, Sink: "alex-scan", Err: &Coded{"rule", E("deliver", KindConflict, nil)}}}})
	s.handIn(effects)
	im := s.st.Sessions[sidA].Images[id]
	if im.State != ImageLanded || im.Filing || im.FileArea != AreaRecord || im.Handovers[1].Code != "rule" {
		t.Fatalf("after the refusal: %+v", im.Handovers)
	}
	began = s.handIn(s.in(sidA, File{Delivery: "D2", Sinks: bothSinks}))
	if len(began) != 1 || began["alex-scan"].Delivery != "D1" || !began["alex-scan"].Again {
		t.Fatalf("again: %+v", began)
	}
	effects = s.in(sidA, Delivered{Delivery: "D1", Sink: "alex-scan", Receipts: []Receipt{{Image: id, Sink: "alex-scan", Place: Seal("DocumentReference/7")}}})
	effects = s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})
	if m := want[TellMarks](t, effects).Marks[0]; m.State != ImageFiled || !slices.Equal(m.Sinks, bothSinks) {
		t.Fatalf("told %+v", m)
	}
	if d := want[DropFrozen](t, effects); !slices.Equal(d.Sinks, bothSinks) {
		t.Fatalf("dropped %+v", d)
	}
}

// What only time can mend is tried again by itself, also when the GP has gone
// on, and the sink is told how long it has been quiet.
func TestWhatTheRecordDidNotAnswerIsTriedAgain(t *testing.T) {
	s, id := recorded(t)
	s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: []string{"alex-scan"}}))
	unknown := Delivered{Delivery: "D1", Sink: "alex-scan", Area: AreaRecord, Receipts: []Receipt{{Image: id, Sink: "alex-scan", Unknown: true, Err: E("deliver", KindOffline, nil)}}}
	s.handIn(s.in(sidA, unknown))
	if im := s.st.Sessions[sidA].Images[id]; im.Filing || im.CanDiscard() || s.st.Trouble[AreaRecord] != KindOffline {
		t.Fatalf("filing %v, discardable %v, trouble %v", im.Filing, im.CanDiscard(), s.st.Trouble)
	}
	s.in(sidA, Discard{Images: []ImageID{id}}) // the record may have it
	s.in(sidB, Start{Patient: patient("Wiremu Testperson"), Limits: DefaultLimits, Code: "other"})
	s.at = s.at.Add(5 * time.Second)
	began := s.handIn(s.in("", Tick{}))
	d := began["alex-scan"]
	if !d.Again || d.Delivery != "D1" || d.Quiet < 5*time.Second || d.Unknown < 5*time.Second {
		t.Fatalf("tried again with %+v", d)
	}
	// A look at it that sends nothing does not begin the count anew.
	looked := unknown
	looked.Receipts = []Receipt{{Image: id, Sink: "alex-scan", Unknown: true, Looked: true, Err: E("deliver", KindOffline, nil)}}
	s.handIn(s.in(sidA, looked))
	s.at = s.at.Add(5 * time.Second)
	if d := s.handIn(s.in("", Tick{}))["alex-scan"]; d.Quiet < 10*time.Second {
		t.Fatalf("quiet for %s after a look", d.Quiet)
	}
	// Neither here nor there, and the sink gives up: the GP decides.
	unsure := unknown
	unsure.Receipts = []Receipt{{Image: id, Sink: "alex-scan", Unconfirmed: true}}
	s.handIn(s.in(sidA, unsure))
	if im := s.st.Sessions[sidA].Images[id]; im.State != ImageUnconfirmed || s.st.Trouble[AreaRecord] != "" {
		t.Fatalf("%s, trouble %v", im.State, s.st.Trouble)
	}
	s.at = s.at.Add(time.Hour)
	none[SaveImage](t, s.in("", Tick{}))
	s.in(sidA, Attest{Images: []ImageID{id}})
	if im := s.st.Sessions[sidA].Images[id]; im.State != ImageFiled || len(im.Sinks) != 0 {
		t.Fatalf("by the GP's word it is %s in %v", im.State, im.Sinks)
	}
}

// A sink that the GP does without is forgotten where it certainly has nothing.
func TestTheGPCanFileElsewhere(t *testing.T) {
	for unknown, kept := range map[bool]int{false: 1, true: 2} {
		s, id := recorded(t)
		s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: []string{"alex-scan"}}))
		s.handIn(s.in(sidA, Delivered{Delivery: "D1", Sink: "alex-scan", Receipts: []Receipt{{Image: id, Sink: "alex-scan", Unknown: unknown, Err: E("deliver", KindOffline, nil)}}}))
		began := s.handIn(s.in(sidA, File{Delivery: "D2", Sinks: []string{"folder"}}))
		if len(began) != 1 || began["folder"].Delivery != "D2" {
			t.Fatalf("began %+v", began)
		}
		if n := len(s.st.Sessions[sidA].Images[id].Handovers); n != kept {
			t.Errorf("unknown %v: %d hand-overs", unknown, n)
		}
	}
}

// A record system is not asked about a patient that it did not name.
func TestNoRecordWithoutALaunch(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	s.land(sidA, imageID(1))
	none[SaveImage](t, s.in(sidA, File{Delivery: "D1", Sinks: []string{"alex-scan"}}))
	began := s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: bothSinks}))
	if len(began) != 1 || began["folder"].Delivery != "D1" {
		t.Fatalf("began %+v", began)
	}
}

// Hand-overs come back from the index as they were; one that was under way
// may have arrived. An index of the version before knew one sink.
func TestHandoversSurviveARestart(t *testing.T) {
	s, id := recorded(t)
	s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: bothSinks}))
	s.in(sidA, Delivered{Delivery: "D1", Sink: "folder", Receipts: []Receipt{{Image: id, Sink: "folder", Place: Seal("a.jpg"), Ref: "D1#1"}}})
	session, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	image, err := recordOfImage(sidA, s.st.Sessions[sidA].Images[id])
	if err != nil {
		t.Fatal(err)
	}
	restored, _ := restoreSessions([]Record{session, image})
	im := restored[0].Images[id]
	if restored[0].Record.Patient.Reveal() != "p1" || !im.Filing || im.Handovers[0].State != HandDone || im.Handovers[0].Tried != true ||
		!im.Handovers[1].Tried || !im.Handovers[1].Unknown {
		t.Fatalf("restored %+v", im.Handovers)
	}
	_, effects := Step(State{}, Input{At: day, What: Boot{Sessions: restored}})
	if d := want[Deliver](t, effects); d.Sink != "alex-scan" || !d.Again || d.Quiet != 0 {
		t.Fatalf("after the start %+v", d)
	}

	image.Body = []byte(`{"State":"landed","Shown":true,"Delivery":"D9","Filing":true}`)
	restored, _ = restoreSessions([]Record{session, image})
	if h := restored[0].Images[id].Handovers; len(h) != 1 || h[0].Sink != "folder" || h[0].Delivery != "D9" || !h[0].Tried {
		t.Fatalf("of the version before: %+v", h)
	}
}

// How far a hand-over is can be seen while it runs, and only then: it is no
// news for the index, and what a try that is over says comes too late.
func TestAHandOverSaysHowFarItIs(t *testing.T) {
	s, id := recorded(t)
	far := func() [4]bool {
		h := s.st.Sessions[sidA].Images[id].Handovers
		return [4]bool{h[0].Ready, h[0].Passed, h[1].Ready, h[1].Passed}
	}
	says := func(what Passed, want [4]bool) {
		t.Helper()
		if effects := s.in(sidA, what); len(effects) != 0 {
			t.Errorf("%+v has effects: %+v", what, effects)
		}
		if got := far(); got != want {
			t.Errorf("after %+v: %v, want %v", what, got, want)
		}
	}
	s.in(sidA, Passed{Delivery: "D1", Images: []ImageID{id}}) // nothing runs
	s.handIn(s.in(sidA, File{Delivery: "D1", Sinks: bothSinks}))
	says(Passed{Delivery: "D0", Images: []ImageID{id}}, [4]bool{})
	says(Passed{Delivery: "D1", Images: []ImageID{id, "another"}}, [4]bool{true, false, true, false})
	says(Passed{Delivery: "D1", Sink: "folder", Images: []ImageID{id}}, [4]bool{true, true, true, false})
	says(Passed{Delivery: "D1", Sink: "alex-scan", Images: []ImageID{id}}, [4]bool{true, true, true, true})
	s.handIn(s.in(sidA, Delivered{Delivery: "D1", Sink: "folder", Receipts: []Receipt{{Image: id, Sink: "folder", Place: Seal("a.jpg")}}}))
	says(Passed{Delivery: "D1", Sink: "folder", Images: []ImageID{id}}, [4]bool{false, false, true, true})
	s.handIn(s.in(sidA, Delivered{Delivery: "D1", Sink: "alex-scan", Area: AreaRecord,
		Receipts: []Receipt{{Image: id, Sink: "alex-scan", Err: E("deliver", KindConflict, nil)}}}))
	s.handIn(s.in(sidA, File{Delivery: "D2", Sinks: bothSinks}))
	if got := far(); got != [4]bool{} {
		t.Errorf("a new try begins with %v", got)
	}
}
