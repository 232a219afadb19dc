package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// reviewWindow is a window with the review open at a photo, its pictures there.
func reviewWindow(t *testing.T, s link.Snapshot, id string) (*Window, *[]link.Input, *answering) {
	t.Helper()
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(s)
	a := newAnswering(w, sent)
	w.lookAt(id, link.Ref{})
	for range 4 {
		a.answer()
	}
	return w, sent, a
}

func last(sent *[]link.Input) link.Input {
	for i := len(*sent) - 1; i >= 0; i-- {
		if in := (*sent)[i]; in.Kind != link.InputLook {
			return in
		}
	}
	return link.Input{}
}

func typed(w *Window, names ...fyne.KeyName) {
	for _, name := range names {
		w.typed(&fyne.KeyEvent{Name: name})
	}
}

func TestTheReviewIsWalkedThroughByKeys(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(reviewSnapshot(t))
	typed(w, fyne.KeyReturn)
	if w.review.Image() != imageID(0) || last(sent).Kind != link.InputReview || last(sent).Image != imageID(0) || last(sent).SID != sid {
		t.Fatalf("Enter in the gallery: %+v", last(sent))
	}
	typed(w, fyne.KeyRight, fyne.KeyReturn, fyne.KeyLeft, fyne.KeyDown)
	if w.review.Image() != imageID(2) {
		t.Errorf("at %s", w.review.Image())
	}
	typed(w, fyne.KeyReturn, fyne.KeyReturn)
	if w.review.Image() != imageID(4) {
		t.Errorf("at %s", w.review.Image())
	}
	typed(w, fyne.KeyReturn)
	if w.at != "" || last(sent).Image != "" || w.frame.Content != w.session.Root {
		t.Error("beyond the last photo is not the gallery")
	}
	typed(w, fyne.KeySpace, fyne.KeyEscape)
	if w.at != "" || strings.Contains(kinds(*sent), "file") {
		t.Errorf("Esc: at %q, sent %s", w.at, kinds(*sent))
	}
}

func TestEveryKeyOfTheReviewDoesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		key   fyne.KeyName
		shift bool
		want  link.Input
	}{
		{fyne.KeyR, false, link.Input{Kind: link.InputRetouch, Edit: link.Edit{Kind: app.EditTurn}}},
		{fyne.Key1, false, link.Input{Kind: link.InputDescribe, Field: link.FieldSite, Value: "face"}},
		{fyne.Key9, false, link.Input{Kind: link.InputDescribe, Field: link.FieldSite, Value: "lower-limb"}},
		{fyne.Key0, false, link.Input{Kind: link.InputDescribe, Field: link.FieldSite, Value: "lower-leg"}},
		{fyne.KeyF, false, link.Input{Kind: link.InputDescribe, Field: link.FieldSite, Value: "foot"}},
		{fyne.Key6, false, link.Input{Kind: link.InputDescribe, Field: link.FieldSite, Value: ""}}, // it is on: off
		{fyne.KeyL, true, link.Input{Kind: link.InputDescribe, Field: link.FieldSide, Value: ""}},
		{fyne.KeyR, true, link.Input{Kind: link.InputDescribe, Field: link.FieldSide, Value: "right"}},
		{fyne.KeyB, true, link.Input{Kind: link.InputDescribe, Field: link.FieldSide, Value: "both"}},
		{fyne.KeyV, false, link.Input{Kind: link.InputDescribe, Field: link.FieldView, Value: "near"}},
		{fyne.KeyT, false, link.Input{Kind: link.InputDescribe, Field: link.FieldType, Value: "rash"}},
		{fyne.KeyI, false, link.Input{Kind: link.InputDescribe, Field: link.FieldIntimate, Value: "yes"}},
		{fyne.KeyDelete, false, link.Input{Kind: link.InputPutAside}},
	} {
		w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(0))
		w.reviewKey(c.key, c.shift)
		c.want.SID, c.want.Image = sid, imageID(0)
		if got := last(sent); got != c.want {
			t.Errorf("%s, Shift %v: sent %+v", c.key, c.shift, got)
		}
	}
	w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(0))
	before := len(*sent)
	w.reviewKey(fyne.KeyL, false) // a side is never said by a key alone
	w.reviewKey(fyne.Key5, true)
	if len(*sent) != before {
		t.Errorf("sent %+v", (*sent)[before:])
	}
	w.undo()
	if len(*sent) != before {
		t.Error("undid what was never done")
	}
}

func TestAToolIsUsedWithMouseAndWithKeys(t *testing.T) {
	w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(0))
	typed(w, fyne.KeyM, fyne.KeyRight, fyne.KeyReturn)
	e := last(sent).Edit
	if last(sent).Kind != link.InputRetouch || e.Kind != app.EditMask || e.X0 >= e.X1 || e.Y0 >= e.Y1 || e.X0 < app.Unit/4 {
		t.Fatalf("by keys: %+v", last(sent))
	}
	typed(w, fyne.KeyC)
	n := len(*sent)
	typed(w, fyne.KeyEscape)
	if w.at == "" || len(*sent) != n {
		t.Fatal("Esc did more than lay the tool down")
	}
	typed(w, fyne.KeyA)
	size := w.win.Canvas().Size()
	test.Drag(w.win.Canvas(), fyne.NewPos(size.Width/4, size.Height/3), 120, 80)
	if e := last(sent).Edit; last(sent).Kind != link.InputRetouch || e.Kind != app.EditArrow || e.X1 <= e.X0 || e.Y1 <= e.Y0 {
		t.Fatalf("by mouse: %+v", last(sent))
	}
}

// What a tool draws on a picture that was turned and cropped means the same
// pixels: the edit is told of the upright picture.
func TestWhatIsDrawnOnATurnedPictureLiesWhereItWasDrawn(t *testing.T) {
	s := reviewSnapshot(t)
	s.Images[0].Turned, s.Images[0].Kept = 90, link.Edit{Kind: app.EditCrop, X0: app.Unit / 2, X1: app.Unit, Y1: app.Unit}
	w, sent, _ := reviewWindow(t, s, imageID(0))
	typed(w, fyne.KeyM, fyne.KeyReturn) // the middle: a quarter to three quarters
	want := link.Edit{Kind: app.EditMask, X0: app.Unit * 5 / 8, Y0: app.Unit * 3 / 4, X1: app.Unit * 7 / 8, Y1: app.Unit / 4}
	if got := last(sent).Edit; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestZoomAsksForThePartInItsOwnPixels(t *testing.T) {
	w, sent, a := reviewWindow(t, reviewSnapshot(t), imageID(0))
	typed(w, fyne.KeySpace)
	look := (*sent)[len(*sent)-1].Look
	if part := look.Part(); part.Empty() || part.Dx() >= 1000 || look.Side < part.Dx() {
		t.Fatalf("asked for %+v", look)
	}
	n := len(*sent)
	typed(w, fyne.KeyRight, fyne.KeyRight) // one answer is waited for at a time
	if got := len(*sent) - n; got != 0 {
		t.Errorf("%d looks sent before the first was answered", got)
	}
	a.answer()
	if got := (*sent)[len(*sent)-1]; got.Kind != link.InputLook || got.Look.X0 <= look.X0 {
		t.Errorf("after the answer: %+v", got.Look)
	}
	typed(w, fyne.KeyEscape)
	if w.at == "" {
		t.Error("Esc left the review although the photo was enlarged")
	}
}

// An answer that never comes is asked for again, and one that comes late, for
// a photo that is gone from the screen, is not shown.
func TestLooksThatAreLostAreAskedForAgain(t *testing.T) {
	w, sent, a := reviewWindow(t, reviewSnapshot(t), imageID(0))
	typed(w, fyne.KeySpace)
	n := len(*sent)
	a.from = n // lost
	for range 10 {
		w.review.Tick()
	}
	if got := (*sent)[len(*sent)-1]; len(*sent) == n || got.Look.Part() != (*sent)[n-1].Look.Part() {
		t.Errorf("%d looks more", len(*sent)-n)
	}
	w.Pixels(link.Pixels{Key: "look/99999/10/10", Image: nil})
}

func TestAnotherPatientsSnapshotEndsTheReview(t *testing.T) {
	w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(2))
	typed(w, fyne.KeyM)
	other := reviewSnapshot(t)
	other.SID, other.Patient = waitingSession.SID, link.Patient{Name: "Wiremu Testperson", NHI: "ZZZ0024"}
	n := len(*sent)
	w.Show(other)
	typed(w, fyne.KeyReturn)
	for _, in := range (*sent)[n:] {
		if in.SID != other.SID || in.Kind == link.InputRetouch {
			t.Fatalf("an act of the patient before: %+v", in)
		}
	}
	w, sent, _ = reviewWindow(t, sized(reviewSnapshot(t)), imageID(2))
	w.file()
	w.Show(other) // the sheet was about the patient before
	if w.asking != nil || w.sheet != nil {
		t.Fatal("the sheet of the patient before is still open")
	}
	w.fileNow(sid)
	if strings.Contains(acts(*sent), "file") {
		t.Fatal("filed by the sheet of the patient before")
	}
}

func TestAWindowThatOpensAgainIsWhereItWas(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	s := reviewSnapshot(t)
	s.Earlier = []link.Earlier{{Ref: link.Ref{SID: waitingSession.SID, Image: imageID(4)}, Taken: "17 November 2026", Rev: "0"}}
	s.Review = &link.Review{Image: imageID(3), Beside: s.Earlier[0].Ref}
	w.Show(s)
	if w.review.Image() != imageID(3) || w.beside != s.Earlier[0].Ref || w.frame.Content != w.review.Root {
		t.Fatalf("opened at %q beside %+v", w.review.Image(), w.beside)
	}
	typed(w, fyne.KeyEscape)
	w.Show(s) // the agent has not heard yet: the GP's own act stands
	if w.at != "" {
		t.Error("the review opened again by itself")
	}
}

func TestAPhotoThatIsTakenBackLeadsToTheGallery(t *testing.T) {
	w, _, _ := reviewWindow(t, reviewSnapshot(t), imageID(3))
	s := reviewSnapshot(t)
	s.Images = s.Images[:2]
	w.Show(s)
	if w.at != "" || w.frame.Content != w.session.Root {
		t.Errorf("still at %q", w.at)
	}
}

func TestCompareShowsAnEarlierPhotoOfThisPatient(t *testing.T) {
	s := reviewSnapshot(t)
	s.Earlier = []link.Earlier{{Ref: link.Ref{SID: waitingSession.SID, Image: imageID(4)}, Taken: "17 November 2026, 14:12", About: "Left forearm", Rev: "0"}}
	w, sent, a := reviewWindow(t, s, imageID(0))
	typed(w, fyne.KeyP)
	asked := false
	for range 4 {
		a.answer()
	}
	for _, in := range *sent {
		asked = asked || in.Kind == link.InputLook && in.Of == waitingSession.SID && in.SID == sid
	}
	if !asked || w.beside != s.Earlier[0].Ref || !strings.Contains(test.RenderToMarkup(w.win.Canvas()), "17 November 2026, 14:12") {
		t.Fatalf("beside %+v, asked for it: %v", w.beside, asked)
	}
	typed(w, fyne.KeyRightBracket)
	if w.beside.SID != "" || w.beside.Image == imageID(0) {
		t.Errorf("] chose %+v", w.beside)
	}
	typed(w, fyne.KeyP)
	if w.beside != (link.Ref{}) {
		t.Error("P does not end it")
	}
}

func TestAnIntimatePhotoIsShownOnlyWhenAsked(t *testing.T) {
	s := reviewSnapshot(t)
	s.Images[0].Hidden = true
	w, sent, _ := reviewWindow(t, s, imageID(0))
	if !strings.Contains(test.RenderToMarkup(w.win.Canvas()), text.ShowIntimate) {
		t.Fatal("it is shown")
	}
	n := len(*sent)
	typed(w, fyne.KeyR, fyne.KeyC, fyne.KeyReturn)
	typed(w, fyne.KeyLeft)
	for _, in := range (*sent)[n:] {
		if in.Kind == link.InputRetouch {
			t.Error("edited unseen")
		}
	}
	typed(w, fyne.KeySpace)
	if strings.Contains(test.RenderToMarkup(w.win.Canvas()), text.ShowIntimate) {
		t.Error("Space does not show it")
	}
}

func TestWhatThePracticeRequiresIsMarkedAndBlocks(t *testing.T) {
	w, sent, _ := reviewWindow(t, required(sized(reviewSnapshot(t))), imageID(0))
	w.file()
	if w.sheet == nil || !strings.Contains(test.RenderToMarkup(w.win.Canvas()), text.Lacks("site side")) {
		t.Fatal("the sheet does not say what is missing")
	}
	test.Tap(button(t, w, text.FileBlocked))
	if w.review.Image() != imageID(1) || strings.Contains(acts(*sent), "file") {
		t.Fatalf("led to %s, sent %s", w.review.Image(), acts(*sent))
	}
	if !strings.Contains(test.RenderToMarkup(w.win.Canvas()), text.Required) {
		t.Error("not marked as required")
	}
}

func TestTheSheetSaysAsWhatAndHowLarge(t *testing.T) {
	s := sized(reviewSnapshot(t))
	name, bytes := s.Images[4].Name, s.Images[4].Bytes
	s.Images[4].Name, s.Images[4].Bytes = "", 0
	w, sent, _ := reviewWindow(t, s, imageID(0))
	now := w.now()
	w.now = func() time.Time { return now }
	w.fileKey()
	if last(sent).Kind != link.InputPrepare || !w.sheet.Do.Disabled() {
		t.Fatalf("sent %+v; can file: %v", last(sent), !w.sheet.Do.Disabled())
	}
	now = now.Add(time.Second)
	w.fileKey()
	w.fileNow(sid + "x")
	if strings.Contains(acts(*sent), "file") {
		t.Fatal("filed before the size was known, or for another session")
	}
	s.Images = slices.Clone(s.Images)
	s.Images[4].Name, s.Images[4].Bytes = name, bytes
	w.Show(s)
	lines := w.sheet.Lines()
	if len(lines) != 5 || lines[0] != [2]string{"ZZZ0016_2026-11-23_forearm_left_1.jpg", "640 KB"} || lines[4][1] != "1.0 MB" {
		t.Errorf("said %v", lines)
	}
	now = now.Add(time.Second)
	w.fileKey()
	if got := last(sent); got.Kind != link.InputFileAll || got.SID != sid || w.asking != nil {
		t.Errorf("sent %+v", got)
	}
}

func TestAFilingThatWentThroughInPartOffersTheRest(t *testing.T) {
	w, sent, _ := reviewWindow(t, sized(partly(reviewSnapshot(t))), imageID(3))
	markup := test.RenderToMarkup(w.win.Canvas())
	for _, words := range []string{text.FiledSome(3, 1), text.ChipFailed} {
		if !strings.Contains(markup, words) {
			t.Errorf("not said: %s", words)
		}
	}
	test.Tap(button(t, w, text.Retry(1)))
	if lines := w.sheet.Lines(); len(lines) != 1 || lines[0][0] != "ZZZ0016_2026-11-23_forearm_left_4.jpg" {
		t.Fatalf("the sheet holds %v", lines)
	}
	test.Tap(button(t, w, text.FileGo))
	if last(sent).Kind != link.InputFileAll {
		t.Errorf("sent %+v", last(sent))
	}
	for _, key := range []fyne.KeyName{fyne.KeyR, fyne.Key1, fyne.KeyDelete} { // frozen
		n := len(*sent)
		w.reviewKey(key, false)
		if len(*sent) != n {
			t.Errorf("%s changed what has been handed over: %+v", key, last(sent))
		}
	}
}

func TestTheCaptionLeavesAsItIsTyped(t *testing.T) {
	w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(0))
	typed(w, fyne.KeyN)
	test.Type(w.review.Caption, "R")
	if got := last(sent); got.Kind != link.InputDescribe || got.Field != link.FieldCaption || got.Value != "R" {
		t.Fatalf("sent %+v", got)
	}
	w.Show(reviewSnapshot(t)) // an older truth: what is being typed stays
	if w.review.Caption.Text != "R" {
		t.Errorf("the caption became %q", w.review.Caption.Text)
	}
	w.review.Caption.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if w.win.Canvas().Focused() != nil || w.at == "" {
		t.Error("Esc does not give the keys back")
	}
}

func TestTheSameForAllPhotos(t *testing.T) {
	w, sent, _ := reviewWindow(t, reviewSnapshot(t), imageID(0))
	n := len(*sent)
	typed(w, fyne.KeyU)
	got := (*sent)[n:]
	if len(got) != 4 {
		t.Fatalf("sent %+v", got)
	}
	for _, in := range got {
		if in.Kind != link.InputDescribe || !in.All || in.SID != sid || in.Field == link.FieldCaption {
			t.Errorf("sent %+v", in)
		}
	}
}
