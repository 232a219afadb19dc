package app

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// randomEdit is valid half of the time.
func randomEdit(r *rand.Rand) Edit {
	kinds := []EditKind{EditTurn, EditBack, EditCrop, EditArrow, EditMask, "", "no such edit"}
	return Edit{kinds[r.IntN(len(kinds))], r.IntN(2) * r.IntN(Unit), r.IntN(2) * r.IntN(2*Unit), r.IntN(2) * r.IntN(Unit), r.IntN(2) * r.IntN(Unit)}
}

func (s *script) image(id ImageID) Image { return s.st.Sessions[sidA].Images[id] }

// shown lands an image and examines it, details as the phone gave them.
func (s *script) shown(id ImageID, d Details) {
	s.t.Helper()
	s.land(sidA, id)
	s.in(sidA, Examined{Image: id, Width: 40, Height: 30, Details: d})
	s.in(sidA, ImageSaved{Image: s.image(id)})
}

func TestEditsAreAListThatIsKeptAndUndone(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.shown(id, Details{Rotate: 90})
	crop, mask := Edit{EditCrop, 50_000, 40_000, 10_000, 0}, Edit{EditMask, 0, 0, 9_000, 9_000}
	save := want[SaveImage](t, s.in(sidA, Retouch{id, Edit{Kind: EditTurn}}))
	s.in(sidA, ImageSaved{Image: save.Image})
	for _, e := range []Edit{crop, mask, {Kind: EditBack}, {Kind: EditTurn}, {Kind: EditMask, X0: -1}, {Kind: EditArrow}, {Kind: "smudge"}} {
		s.in(sidA, Retouch{id, e})
	}
	im := s.image(id)
	if got := []EditKind{EditTurn, EditCrop, EditMask, EditBack, EditTurn}; len(im.Edits) != len(got) {
		t.Fatalf("%d edits, want the %d that can be carried out", len(im.Edits), len(got))
	}
	if im.Turned() != 180 {
		t.Errorf("turned by %d: the phone's 90 and one more", im.Turned())
	}
	if im.Kept() != (Edit{EditCrop, 10_000, 0, 50_000, 40_000}) {
		t.Error("the crop's points are not in order")
	}
	s.in(sidA, Amended{Image: id, N: 1, Details: Details{Rotate: 270, Site: "hand"}})
	if im := s.image(id); im.Turned() != 180 || im.Details.Site != "hand" {
		t.Error("the phone turned what the GP has turned, or its site was lost")
	}
	for range 9 {
		s.in(sidA, Undo{id})
	}
	if im := s.image(id); len(im.Edits) != 0 || im.Turned() != 90 || im.Kept() != (Edit{Kind: EditCrop, X1: Unit, Y1: Unit}) {
		t.Error("undone is not as it came")
	}
	s.in(sidA, Undo{imageID(9)}) // of no image there is
}

func TestEditsSurviveARestart(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.shown(id, Details{Site: "face", Caption: Seal("as the phone wrote it")})
	s.in(sidA, Retouch{id, Edit{EditArrow, 1, 2, 30_000, 40_000}})
	s.in(sidA, Describe{[]ImageID{id}, DetailsSet{Site: new("forearm"), Side: new(SideRight), Type: new(TypeWound)}})
	s.in(sidA, PutAside{[]ImageID{id}})
	before := s.image(id)
	session, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	image, err := recordOfImage(sidA, before)
	if err != nil {
		t.Fatal(err)
	}
	sessions, _ := restoreSessions([]Record{session, image})
	again := &script{t: t, at: s.at}
	again.in("", Boot{Sessions: sessions})
	again.in(sidA, Examined{Image: id, Width: 40, Height: 30, Details: Details{Site: "face", View: ViewNear, Caption: Seal("as the phone wrote it")}})
	im := again.image(id)
	if !reflect.DeepEqual(im.Edits, before.Edits) || im.Own != before.Own || !im.Aside {
		t.Error("edits, or what is the GP's own, did not come back")
	}
	if d := im.Details; d.Site != "forearm" || d.Side != SideRight || d.Type != TypeWound || d.View != ViewNear || d.Caption.Reveal() == "" {
		t.Error("the capture's details took the place of the GP's, or were lost")
	}
}

func TestWhatWasSaidOnTheWorkstationStands(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	one, two := imageID(1), imageID(2)
	s.shown(one, Details{Site: "face"})
	s.shown(two, Details{View: ViewNear})
	none := Side("")
	s.in(sidA, Describe{[]ImageID{one, two, imageID(8)}, DetailsSet{Site: new("hand"), Side: &none, Caption: new(Seal("two\nlines\u202e"))}})
	s.in(sidA, Amended{Image: one, N: 1, Details: Details{Site: "foot", Side: SideLeft, View: ViewLocator, Caption: Seal("x")}})
	for _, id := range []ImageID{one, two} {
		if d := s.image(id).Details; d.Site != "hand" || d.Side != "" || d.Caption.Reveal() != "two lines" {
			t.Errorf("the GP's own did not stand, or was not put in order")
		}
	}
	if s.image(one).Details.View != ViewLocator || s.image(two).Details.View != ViewNear {
		t.Error("what the GP left alone is not the phone's")
	}
	s.in(sidA, Describe{[]ImageID{one}, DetailsSet{Site: new("no such place")}})
	if s.image(one).Details.Site != "" {
		t.Error("a site that is none was taken")
	}
}

func TestWhatThePracticeRequiresBlocksFiling(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	session := s.st.Sessions[sidA]
	session.Row.Asks.Require = []Detail{DetailSite, DetailSide}
	s.st.Sessions[sidA] = session
	one, two := imageID(1), imageID(2)
	land := func(id ImageID, d Details) {
		row := s.row(SessionPaired, RowImage{ID: id, State: ImageStored, Bytes: 9, SHA256: "aa"})
		row.Asks = session.Row.Asks
		s.in(sidA, RowRead{Row: row})
		s.in(sidA, Landed{Image: id, Bytes: 9, SHA256: "aa"})
		s.in(sidA, Examined{Image: id, Width: 4, Height: 3, Details: d})
		s.in(sidA, ImageSaved{Image: s.image(id)})
	}
	land(one, Details{Site: "hand", Side: SideLeft})
	land(two, Details{Side: SideLeft})
	if got := s.st.Sessions[sidA].Missing(s.image(two)); !slices.Equal(got, []Detail{DetailSite}) {
		t.Fatalf("missing %v", got)
	}
	s.in(sidA, File{Delivery: "D1"})
	if s.image(one).Filing || s.image(two).Filing || s.st.Sessions[sidA].Lacking() != 1 {
		t.Fatal("filed without what the practice requires")
	}
	s.in(sidA, File{Delivery: "D1", Images: []ImageID{one}}) // what is whole can go by itself
	if !s.image(one).Filing || s.image(two).Filing {
		t.Fatal("the whole one was not filed, or the other was")
	}
	s.in(sidA, Describe{[]ImageID{two}, DetailsSet{Site: new("hand")}})
	s.in(sidA, File{Delivery: "D2"})
	if !s.image(two).Filing {
		t.Fatal("not filed although nothing is missing any more")
	}
}

func TestPutAsideIsUndoneUntilTheOthersAreFiled(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	one, two := imageID(1), imageID(2)
	s.shown(one, Details{})
	s.shown(two, Details{})
	s.in(sidA, PutAside{[]ImageID{one}})
	if im := s.image(one); im.CanFile() || im.State != ImageLanded || im.Editable() {
		t.Fatal("put aside and still to be filed, or gone for good")
	}
	s.in(sidA, Retouch{one, Edit{Kind: EditTurn}})
	s.in(sidA, PutBack{[]ImageID{one}})
	if im := s.image(one); !im.CanFile() || len(im.Edits) != 0 {
		t.Fatal("not back as it was")
	}
	s.in(sidA, PutAside{[]ImageID{one}})
	s.in(sidA, File{Delivery: "D1", Images: []ImageID{two}}) // of one alone: the other may still come back
	if s.image(one).State != ImageLanded {
		t.Fatal("discarded before its time")
	}
	s.in(sidA, File{Delivery: "D2"})
	if s.image(one).State != ImageDiscarded || s.image(one).Filing {
		t.Fatal("filed, or left lying about")
	}
	s.in(sidA, PutBack{[]ImageID{one}})
	if s.image(one).State != ImageDiscarded {
		t.Fatal("a discarded image came back")
	}
}

func TestTheEndOfTheSessionDiscardsWhatWasPutAside(t *testing.T) {
	for name, over := range map[string]func(*script){
		"end": func(s *script) { s.in(sidA, End{}) },
		"next patient": func(s *script) {
			s.in(sidB, Start{Patient: patient("Wiremu Testperson"), Limits: DefaultLimits, Code: "other"})
		},
		"closed": func(s *script) { s.in(sidA, RowRead{Row: s.landedRow(imageID(1), 0).closed()}) },
	} {
		s := &script{t: t, at: day}
		s.live(sidA)
		s.shown(imageID(1), Details{})
		s.in(sidA, PutAside{[]ImageID{imageID(1)}})
		over(s)
		if st := s.image(imageID(1)).State; st != ImageDiscarded {
			t.Errorf("%s: %s", name, st)
		}
	}
}

func (r Row) closed() Row {
	r.State = SessionClosed
	return r
}

func TestNothingIsEditedOnceItIsFrozen(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	id := imageID(1)
	s.shown(id, Details{Site: "face"})
	s.in(sidA, File{Delivery: "D1"})
	before := s.image(id)
	for _, what := range []What{Retouch{id, Edit{Kind: EditTurn}}, Undo{id}, Describe{[]ImageID{id}, DetailsSet{Site: new("foot")}}, PutAside{[]ImageID{id}}} {
		s.in(sidA, what)
		if im := s.image(id); len(im.Edits) != 0 || im.Details != before.Details || im.Aside {
			t.Errorf("%T changed what is being handed over", what)
		}
	}
}

func TestEditsPrintNoPlaceOnThePicture(t *testing.T) {
	if got := fmt.Sprintf("%v %+v %d", Edit{EditMask, 12_345, 1, 2, 3}, []Edit{{X0: 12_345}}, Edit{X0: 12_345}); got != "[sealed] [[sealed]] [sealed]" {
		t.Errorf("printed %s", got)
	}
}
