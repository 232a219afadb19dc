package app

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const (
	sidA = SessionID("0000000000000000000000000A")
	sidB = SessionID("0000000000000000000000000B")
)

func imageID(n int) ImageID { return ImageID(fmt.Sprintf("01900000-0000-7000-8000-%012d", n)) }

func patient(name string) Patient {
	nhi, _, _ := ParseNHI("ZZZ0016")
	return Patient{Name: Seal(name), NHI: nhi}
}

// script drives one State by hand.
type script struct {
	t  *testing.T
	st State
	at time.Time
}

func (s *script) in(sid SessionID, what What) []Effect {
	s.t.Helper()
	s.at = s.at.Add(10 * time.Millisecond)
	var effects []Effect
	s.st, effects = Step(s.st, Input{SID: sid, At: s.at, What: what})
	return effects
}

func find[D Do](effects []Effect) (D, bool) {
	for _, e := range effects {
		if d, ok := e.Do.(D); ok {
			return d, true
		}
	}
	var zero D
	return zero, false
}

func want[D Do](t *testing.T, effects []Effect) D {
	t.Helper()
	d, ok := find[D](effects)
	if !ok {
		t.Fatalf("no %T among %+v", d, effects)
	}
	return d
}

func none[D Do](t *testing.T, effects []Effect) {
	t.Helper()
	if d, ok := find[D](effects); ok {
		t.Fatalf("unwanted %T: %+v", d, d)
	}
}

func (s *script) row(state SessionState, images ...RowImage) Row {
	return Row{State: state, Created: day, Expires: s.at.Add(time.Hour), Ends: s.at.Add(8 * time.Hour), Now: s.at,
		Limits: DefaultLimits, Seq: int64(s.at.UnixMilli()), Images: images, TokenHash: "code"}
}

// live brings a session to the point where the feed hears and row is known.
func (s *script) live(sid SessionID) {
	s.in(sid, Start{Patient: patient("Aroha Testperson"), Limits: DefaultLimits, Code: "code"})
	s.in(sid, SessionSaved{})
	s.in(sid, SessionOpened{Row: s.row(SessionWaiting)})
	s.in(sid, SessionSaved{})
	s.in(sid, Heard{Signal{Healthy: true}})
	s.in(sid, RowRead{Row: s.row(SessionPaired)})
	s.in(sid, SessionSaved{})
	s.in(sid, RowRead{Row: s.row(SessionPaired)})
}

func (s *script) land(sid SessionID, id ImageID) {
	s.in(sid, Heard{Signal{Healthy: true, Event: EventImageStored, Image: id}})
	s.in(sid, RowRead{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa"})})
	s.in(sid, Landed{Image: id, Bytes: 9, SHA256: "aa"})
	s.in(sid, ImageSaved{Image: s.st.Sessions[sid].Images[id]})
	s.in(sid, MarksTold{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageLanded, Bytes: 9, SHA256: "aa"})})
	s.in(sid, ObjectDeleted{Image: id})
	s.in(sid, Examined{Image: id, Width: 4, Height: 3})
	s.in(sid, ImageSaved{Image: s.st.Sessions[sid].Images[id]})
}

func TestAnImageLeavesTheBucketOnlyWhenTheIndexHoldsIt(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	stored := RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa"}
	land := want[LandImage](t, s.in(sidA, RowRead{Row: s.row(SessionPaired, stored)}))
	if land.SHA256 != "aa" || land.MaxBytes != DefaultLimits.MaxBytes {
		t.Fatalf("asked to land %+v", land)
	}
	effects := s.in(sidA, Landed{Image: id, Bytes: 9, SHA256: "aa"})
	save := want[SaveImage](t, effects)
	want[ExamineImage](t, effects)
	none[TellMarks](t, effects)
	none[DeleteObject](t, effects)

	effects = s.in(sidA, ImageSaved{Image: save.Image})
	tell := want[TellMarks](t, effects)
	none[DeleteObject](t, effects)
	if tell.Marks[0].State != ImageLanded {
		t.Fatalf("told %+v", tell.Marks)
	}
	stored.State = ImageLanded
	effects = s.in(sidA, MarksTold{Marks: tell.Marks, Row: s.row(SessionPaired, stored)})
	if want[DeleteObject](t, effects).Image != id {
		t.Fatal("another object was deleted")
	}
}

// A call of the registry costs as much for five images as for one.
func TestImagesThatLandTogetherAreToldTogether(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	var stored []RowImage
	for n := range 4 {
		stored = append(stored, RowImage{ID: imageID(n), State: ImageStored, Bytes: 9, SHA256: "aa"})
	}
	s.in(sidA, RowRead{Row: s.row(SessionPaired, stored[:3]...)})
	land := func(n int) []Effect {
		s.in(sidA, Landed{Image: imageID(n), Bytes: 9, SHA256: "aa"})
		return s.in(sidA, ImageSaved{Image: s.st.Sessions[sidA].Images[imageID(n)]})
	}
	none[TellMarks](t, land(0))
	none[TellMarks](t, land(1))
	tell := want[TellMarks](t, land(2))
	if len(tell.Marks) != 3 {
		t.Fatalf("told %+v", tell.Marks)
	}
	for i := range 3 {
		stored[i].State = ImageLanded
	}
	s.in(sidA, MarksTold{Marks: tell.Marks, Row: s.row(SessionPaired, stored[:3]...)})

	// One that does not come holds the others up for a moment only.
	stored = append(stored, RowImage{ID: imageID(4), State: ImageStored, Bytes: 9, SHA256: "aa"})
	s.in(sidA, RowRead{Row: s.row(SessionPaired, stored...)})
	none[TellMarks](t, land(3))
	s.at = s.at.Add(tellTogether)
	if tell := want[TellMarks](t, s.in("", Tick{})); len(tell.Marks) != 1 || tell.Marks[0].ID != imageID(3) {
		t.Fatalf("told %+v", tell.Marks)
	}
}

func TestNoCodeIsShownForAKeyThatACrashWouldLose(t *testing.T) {
	s := &script{t: t, at: day}
	effects := s.in(sidA, Start{Patient: patient("Aroha Testperson"), Limits: DefaultLimits, Code: "code"})
	want[SaveSession](t, effects)
	none[OpenSession](t, effects)
	none[OpenSession](t, s.in(sidA, SessionSaved{Err: E("save", KindFull, nil)}))
	s.at = s.at.Add(3 * time.Second)
	want[SaveSession](t, s.in("", Tick{}))
	want[OpenSession](t, s.in(sidA, SessionSaved{}))
}

func TestAHintIsFetchedWithoutAskingTheRegistry(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	effects := s.in(sidA, Heard{Signal{Healthy: true, Event: EventImageStored, Image: id}})
	if want[LandImage](t, effects).Image != id {
		t.Fatal("another image was fetched")
	}
	none[ReadRow](t, effects)
	none[LandImage](t, s.in(sidA, Heard{Signal{Healthy: true, Event: EventImageStored, Image: id}}))

	// A hint at an image that is not there leaves no trace once the registry answers.
	want[ReadRow](t, s.in(sidA, Landed{Image: id, Area: AreaObjects, Err: E("get", KindNotFound, nil)}))
	s.in(sidA, RowRead{Row: s.row(SessionPaired)})
	if n := len(s.st.Sessions[sidA].Images); n != 0 {
		t.Fatalf("%d images stay", n)
	}
	for n := range 1000 { // and a flood of them is bounded
		s.in(sidA, Heard{Signal{Healthy: true, Event: EventImageStored, Image: imageID(n)}})
	}
	if n := len(s.st.Sessions[sidA].Images); n > 2*DefaultLimits.MaxImages {
		t.Fatalf("%d images from hints", n)
	}
}

// The gateway may lose every hint while the workstation's own realtime is well.
func TestAPairedSessionIsReadOnceAMinuteWithoutAHint(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	s.at = s.at.Add(readPaired - time.Second)
	none[ReadRow](t, s.in("", Tick{}))
	s.at = s.at.Add(time.Second)
	want[ReadRow](t, s.in("", Tick{}))
	none[ReadRow](t, s.in("", Tick{}))

	id := imageID(1)
	want[LandImage](t, s.in(sidA, RowRead{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa"})}))
}

func TestAFailedIndexWriteHoldsEverythingBack(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.in(sidA, RowRead{Row: s.row(SessionPaired, RowImage{ID: id, State: ImageStored, SHA256: "aa"})})
	save := want[SaveImage](t, s.in(sidA, Landed{Image: id, SHA256: "aa"}))
	effects := s.in(sidA, ImageSaved{Image: save.Image, Err: E("save", KindFull, nil)})
	none[TellMarks](t, effects)
	none[DeleteObject](t, effects)
	if s.st.Trouble[AreaSpool] != KindFull {
		t.Fatal("the full disk is not shown")
	}
	s.at = s.at.Add(3 * time.Second)
	save = want[SaveImage](t, s.in("", Tick{}))
	want[TellMarks](t, s.in(sidA, ImageSaved{Image: save.Image}))
	if len(s.st.Trouble) != 0 {
		t.Fatalf("trouble stays: %v", s.st.Trouble)
	}
}

func TestFilingWaitsForItsIntentAndKeepsItsDelivery(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	effects := s.in(sidA, File{Delivery: "D1"})
	none[Deliver](t, effects)
	deliver := want[Deliver](t, s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image}))
	if deliver.Again || deliver.Delivery != "D1" {
		t.Fatalf("first try is %+v", deliver)
	}
	none[Deliver](t, s.in(sidA, File{Delivery: "D2"})) // a second press while it runs
	effects = s.in(sidA, Delivered{Delivery: "D1", Area: AreaSink, Receipts: []Receipt{{Image: id, Err: E("write", KindNotFound, nil)}}})
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})
	effects = s.in(sidA, File{Delivery: "D3"})
	deliver = want[Deliver](t, s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image}))
	if !deliver.Again || deliver.Delivery != "D1" {
		t.Fatalf("the retry is %+v, want the frozen delivery again", deliver)
	}
	effects = s.in(sidA, Delivered{Delivery: "D1", Receipts: []Receipt{{Image: id, Sink: "folder", Place: Seal("x")}}})
	effects = s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})
	if m := want[TellMarks](t, effects).Marks[0]; m.State != ImageFiled || !slices.Equal(m.Sinks, []string{"folder"}) {
		t.Fatalf("told %+v", m)
	}
	want[DropFrozen](t, effects)
}

func TestUnprovableIsNeverSentAgainUnasked(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, s.in(sidA, File{Delivery: "D1"})).Image})
	effects := s.in(sidA, Delivered{Delivery: "D1", Receipts: []Receipt{{Image: id, Unconfirmed: true}}})
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})
	none[SaveImage](t, s.in(sidA, File{Delivery: "D2"}))
	if st := s.st.Sessions[sidA].Images[id].State; st != ImageUnconfirmed {
		t.Fatalf("it is %s", st)
	}
	effects = s.in(sidA, File{Delivery: "D3", Images: []ImageID{id}})
	if d := want[Deliver](t, s.in(sidA, ImageSaved{Image: want[SaveImage](t, effects).Image})); d.Delivery != "D3" || d.Again {
		t.Fatalf("at the GP's word: %+v", d)
	}
}

func TestRetractionIsRefusedOnceFilingIsCommitted(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	early, late := imageID(1), imageID(2)
	s.land(sidA, early)
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, s.in(sidA, File{Delivery: "D1"})).Image})
	tell := want[TellMarks](t, s.in(sidA, RowRead{Row: s.row(SessionPaired,
		RowImage{ID: early, State: ImageLanded, RetractWanted: true}, RowImage{ID: late, State: ImageReserved, RetractWanted: true})}))
	if !tell.Marks[0].Refuse || s.st.Sessions[sidA].Images[early].State != ImageLanded {
		t.Fatalf("told %+v", tell.Marks)
	}
	if st := s.st.Sessions[sidA].Images[late].State; st != ImageRetracted {
		t.Fatalf("an image never landed is %s, want retracted", st)
	}
}

func TestALostRegistryIsRestoredAndTheBucketLookedThrough(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, Refresh{})
	open := want[OpenSession](t, s.in(sidA, RowRead{Err: E("read", KindNotFound, nil)}))
	if open.Opening.Restore == nil || open.Opening.Restore.Images[0].State != ImageLanded {
		t.Fatalf("restored with %+v", open.Opening.Restore)
	}
	effects := s.in(sidA, SessionOpened{Restore: true, Row: s.row(SessionPaired, open.Opening.Restore.Images...)})
	want[ListObjects](t, effects)
	orphan := imageID(2)
	land := want[LandImage](t, s.in(sidA, ObjectsListed{Objects: []Object{{ID: orphan, Bytes: 9}}}))
	if land.Image != orphan || land.SHA256 != "" {
		t.Fatalf("the orphan is landed as %+v", land)
	}
}

func TestStoppedInTheMiddleOfFilingItLooksBeforeItWrites(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, ImageSaved{Image: want[SaveImage](t, s.in(sidA, File{Delivery: "D1"})).Image})

	var records []Record
	session, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	image, err := recordOfImage(sidA, s.st.Sessions[sidA].Images[id])
	if err != nil {
		t.Fatal(err)
	}
	sessions, unreadable := restoreSessions(append(records, image, session, Record{SID: sidB, Kind: RecordImage, Key: "x"}))
	if unreadable != 1 {
		t.Fatalf("%d records counted as unreadable, want the one without a session", unreadable)
	}
	restarted := &script{t: t, at: s.at.Add(time.Hour)}
	deliver := want[Deliver](t, restarted.in("", Boot{Sessions: sessions}))
	if !deliver.Again || deliver.Delivery != "D1" {
		t.Fatalf("after the restart: %+v", deliver)
	}
	if got := restarted.st.Sessions[sidA].Patient.Name.Reveal(); got != "Aroha Testperson" {
		t.Fatalf("the patient came back as %q", got)
	}
}

// A session that the index holds and the registry does not know yet was what
// the GP looked at: the next engine shows it, and opens it.
func TestASessionStillOpeningIsShownAfterARestart(t *testing.T) {
	s := &script{t: t, at: day}
	s.in(sidA, Start{Patient: patient("Aroha Testperson"), Limits: DefaultLimits, Code: "code"})
	record, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	sessions, _ := restoreSessions([]Record{record})
	restarted := &script{t: t, at: s.at.Add(time.Second)}
	want[OpenSession](t, restarted.in("", Boot{Sessions: sessions}))
	if restarted.st.Current != sidA {
		t.Errorf("shown after the restart: %q", restarted.st.Current)
	}
}

// randomInput draws one input of any kind, with what a late, doubled or
// hostile world could send.
func randomInput(r *rand.Rand, at time.Time) What {
	id := imageID(r.IntN(4))
	err := []error{nil, nil, nil, E("x", KindOffline, nil), E("x", KindNotFound, nil), E("x", KindCorrupt, nil), E("x", KindFull, nil)}[r.IntN(7)]
	states := []ImageState{ImageReserved, ImageStored, ImageLanded, ImageFiled, ImageRetracted}
	row := Row{State: []SessionState{SessionWaiting, SessionPaired, SessionDraining, SessionClosed, SessionExpired}[r.IntN(5)],
		Now: at, Limits: DefaultLimits, PhoneDone: r.IntN(2) == 0,
		Left: r.IntN(5) == 0, Declined: r.IntN(5) == 0, Keep: KeepOffer{Recipient: "age1", Key: "key", MAC: "mac"},
		Images: []RowImage{{ID: id, State: states[r.IntN(5)], SHA256: "aa", RetractWanted: r.IntN(4) == 0, Details: r.IntN(3)}}}
	return []What{
		Show{}, Refresh{}, End{}, Attest{Images: []ImageID{id}}, SessionRemoved{err}, NewCode{Code: "new", Insist: r.IntN(2) == 0},
		File{Delivery: fmt.Sprint("D", r.IntN(3)), Confirmed: r.IntN(2) == 0}, Discard{Images: []ImageID{id}},
		Heard{Signal{Healthy: r.IntN(2) == 0, Event: EventImageStored, Image: id}},
		SessionOpened{Row: row, Restore: r.IntN(2) == 0, Err: err}, CodeRenewed{row, err}, SessionEnded{row, err},
		RowRead{row, err}, MarksTold{Row: row, Err: err},
		Landed{Image: id, SHA256: "aa", Err: err}, Examined{Image: id, Reason: []Reason{"", ReasonSeal}[r.IntN(2)], Err: err},
		KeepPhone{Until: at.Add(time.Duration(r.IntN(3)) * time.Second)}, ForgetPhone{}, PhoneKept{"key", row, err}, NextOffered{"key", int64(r.IntN(9)), err},
		PhoneForgotten{"key", err}, KeptSaved{KeptPhone{Key: "key", Stage: []KeptStage{KeptAsked, KeptOn, KeptOver}[r.IntN(3)]}, err},
		SessionSaved{err}, ImageSaved{Image{ID: id, State: states[r.IntN(5)]}, err}, ObjectDeleted{id, err},
		ObjectsListed{[]Object{{ID: id}}, err}, Amended{Image: id, N: r.IntN(3), Details: Details{Site: "face"}, Err: err},
		Delivered{Delivery: fmt.Sprint("D", r.IntN(3)), Receipts: []Receipt{{Image: id, Place: Seal("p"), Unconfirmed: r.IntN(3) == 0}}, Err: err},
		Passed{Delivery: fmt.Sprint("D", r.IntN(3)), Sink: []string{"", "folder"}[r.IntN(2)], Images: []ImageID{id}},
		Retouch{id, randomEdit(r)}, Undo{id}, PutAside{[]ImageID{id}}, PutBack{[]ImageID{id}},
		Describe{[]ImageID{id, imageID(r.IntN(4))}, DetailsSet{Site: new("hand"), Side: new(Side("left"))}},
		randomRefer(r), Assign{Patient: somebody("Aroha Testperson")},
	}[r.IntN(36)]
}

// somebody is a patient of whom everything is known.
func somebody(name string) Patient {
	p := patient(name)
	p.BirthDate = Seal("1979-05-17")
	return p
}

// randomRefer names the record of one of two patients, who share an NHI as by
// a slip of somebody's.
func randomRefer(r *rand.Rand) Refer {
	name := []string{"Wiremu Testperson", "Aroha Testperson"}[r.IntN(2)]
	return Refer{somebody(name), RecordRef{Facility: "F2N060-E", Patient: Seal("record of " + name)}}
}

// TestNoInputReachesAnotherSession is the wrong-patient guard as a property:
// whatever happens to session A, session B stays as it was, and every effect
// names the session whose input caused it.
func FuzzNoInputReachesAnotherSession(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := &script{t: t, at: day}
		s.live(sidB)
		s.land(sidB, imageID(0)) // the same image ids in both sessions, on purpose
		s.in(sidA, Start{Patient: somebody("Wiremu Testperson"), Limits: DefaultLimits, Code: "other"})
		before := s.st.Sessions[sidB]
		frozen := before.clone()
		for range 300 {
			for _, eff := range s.in(sidA, randomInput(r, s.at)) {
				if eff.SID != sidA {
					t.Fatalf("an input of A caused %T for %s", eff.Do, eff.SID)
				}
			}
			if !reflect.DeepEqual(s.st.Sessions[sidB], frozen) {
				t.Fatal("an input of A changed B")
			}
		}
		if got := s.st.Sessions[sidA].Patient.Name.Reveal(); got != "Wiremu Testperson" {
			t.Fatalf("A's patient became %q", got)
		}
		if got := s.st.Sessions[sidA].Record.Patient.Reveal(); got != "" && got != "record of Wiremu Testperson" {
			t.Fatalf("A's photos would go into the %s", got)
		}
	})
}

// FuzzStepIsPure: the same State and Input give the same answer, and the
// State given is not touched.
func FuzzStepIsPure(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := &script{t: t, at: day}
		s.live(sidA)
		for range 200 {
			before := s.st.Sessions[sidA].clone()
			in := Input{SID: sidA, At: s.at, What: randomInput(r, s.at)}
			one, effectsOne := Step(s.st, in)
			two, effectsTwo := Step(s.st, in)
			if !reflect.DeepEqual(one, two) || !reflect.DeepEqual(effectsOne, effectsTwo) {
				t.Fatalf("%T gave two answers", in.What)
			}
			if !reflect.DeepEqual(s.st.Sessions[sidA], before) {
				t.Fatalf("%T changed the State it was given", in.What)
			}
			s.st, s.at = one, s.at.Add(time.Duration(r.IntN(3000))*time.Millisecond)
		}
	})
}

// TestFiledStaysFiled: no order of inputs takes a filed image back, or hands
// one over twice under two names.
func TestFiledStaysFiled(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		s := &script{t: t, at: day}
		s.live(sidA)
		filed := map[ImageID]bool{}
		for range 300 {
			s.in(sidA, randomInput(r, s.at))
			for id, im := range s.st.Sessions[sidA].Images {
				if filed[id] && im.State != ImageFiled {
					t.Fatalf("seed %d: %s went from filed to %s", seed, id, im.State)
				}
				filed[id] = filed[id] || im.State == ImageFiled
			}
		}
	}
}
