package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

func kinds(sent []link.Input) string {
	var out []string
	for _, in := range sent {
		out = append(out, string(in.Kind))
	}
	return strings.Join(out, " ")
}

// acts are kinds without what only asks the agent for something to show.
func acts(sent []link.Input) string {
	var out []link.Input
	for _, in := range sent {
		switch in.Kind {
		case link.InputLook, link.InputPrepare, link.InputReview:
		default:
			out = append(out, in)
		}
	}
	return kinds(out)
}

// button finds a visible button by its label, in the content and in overlays.
func button(t *testing.T, w *Window, label string) *widget.Button {
	t.Helper()
	c := w.win.Canvas()
	roots := append([]fyne.CanvasObject{c.Content()}, c.Overlays().List()...)
	for i := len(roots) - 1; i >= 0; i-- {
		for _, o := range test.LaidOutObjects(roots[i]) {
			b, ok := o.(*widget.Button)
			if ours, is := o.(*widgets.Button); is {
				b, ok = &ours.Button, true
			}
			if ok && b.Text == label && b.Visible() {
				return b
			}
		}
	}
	t.Fatalf("no button %q", label)
	return nil
}

func ctrlEnter(w *Window) {
	shortcuts := &fyne.ShortcutHandler{}
	w.addShortcuts(shortcuts)
	shortcuts.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierControl})
}

func TestFormStartsASessionByKeyboardAlone(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(link.Snapshot{Phase: link.PhaseNone})
	c := w.win.Canvas()
	if c.Focused() != w.form.Name {
		t.Fatal("the name has not the focus")
	}
	test.Type(w.form.Name, "Aroha Testperson")
	test.Type(w.form.NHI, "zzzOO16")
	w.form.NHI.OnSubmitted("")
	if strings.Contains(kinds(*sent), "new-session") {
		t.Fatal("a wrong NHI started a session")
	}
	test.Tap(button(t, w, text.DidYouMean("ZZZ0016")))
	test.Type(w.form.Birth, "17.5.79")
	w.form.Birth.OnSubmitted("")
	last := (*sent)[len(*sent)-1]
	want := link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17", Age: 47, HasAge: true, Source: "form"}
	if last.Kind != link.InputNewSession || last.Patient != want || !last.Confirmed {
		t.Errorf("got %+v", last)
	}
}

func TestNothingIsFiledByClosingOrEscape(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["7-gallery"])
	if esc := w.win.Canvas().OnTypedKey(); esc != nil {
		esc(&fyne.KeyEvent{Name: fyne.KeyEscape})
	}
	test.Tap(button(t, w, text.NewPatient))
	test.Tap(button(t, w, text.Cancel))
	w.closing()
	if got := kinds(*sent); strings.Contains(got, "file") || strings.Contains(got, "close-session") {
		t.Errorf("sent %s", got)
	}
}

func TestFileByButtonAndByCtrlEnterOnlyWhenItCan(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["6-paired"])
	ctrlEnter(w)
	if len(*sent) != 0 {
		t.Fatalf("nothing to file, yet sent %v", *sent)
	}
	w.Show(screens(t)["7-gallery"])
	now := w.now()
	w.now = func() time.Time { return now }
	test.Tap(w.session.File)
	test.Tap(button(t, w, text.FileGo))
	ctrlEnter(w)
	ctrlEnter(w) // a key held down, or a hurried hand: nobody has read the sheet
	if got := acts(*sent); got != "file-all" || (*sent)[0].SID != sid {
		t.Errorf("sent %s", got)
	}
	now = now.Add(time.Second)
	ctrlEnter(w)
	if got := acts(*sent); got != "file-all file-all" {
		t.Errorf("sent %s", got)
	}
	test.Tap(button(t, w, text.Discard)) // a question is open: its keys are its own
	now = now.Add(time.Second)
	ctrlEnter(w)
	if got := acts(*sent); got != "file-all file-all" {
		t.Errorf("filed behind an open question: %s", got)
	}
}

func TestAPhotoThatIsNotCertainIsTheGPsToDecide(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["10-unsure"])
	test.Tap(button(t, w, text.Attest))
	test.Tap(button(t, w, text.FileAgain))
	if got := *sent; len(got) != 2 || got[0].Kind != link.InputAttest || got[1].Kind != link.InputFileAgain || got[1].Image != imageID(1) || got[1].SID != sid {
		t.Errorf("sent %+v", got)
	}
	test.Tap(button(t, w, text.NewPatient)) // it is not left behind without a word
	test.Tap(button(t, w, text.Cancel))
	if n := len(*sent); n != 2 {
		t.Errorf("sent %+v", *sent)
	}
	test.Tap(button(t, w, text.TrayWaiting(3)))
	if last := (*sent)[len(*sent)-1]; last.Kind != link.InputOpenSession || last.SID != waitingSession.SID {
		t.Errorf("sent %+v", last)
	}
}

func TestDiscardAsksOnceAndNamesThePatient(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["7-gallery"])
	test.Tap(button(t, w, text.Discard))
	if len(*sent) != 0 {
		t.Fatal("discarded without asking")
	}
	test.Tap(button(t, w, text.Discard)) // the question's own button
	if got := *sent; len(got) != 1 || got[0].Kind != link.InputDiscard || got[0].SID != sid || got[0].Image == "" {
		t.Errorf("sent %+v", got)
	}
}

func TestAQuestionGoesWhenAnotherSessionComes(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["7-gallery"])
	test.Tap(button(t, w, text.Discard))
	other := snapshot(t, link.PhaseWaiting)
	other.SID = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
	w.Show(other)
	if len(w.win.Canvas().Overlays().List()) != 0 || len(*sent) != 0 {
		t.Error("a question about the patient before is still open")
	}
}

func TestANewCodeForAConnectedPhoneAsksFirst(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["6-paired"])
	test.Tap(button(t, w, text.ShowCode))
	test.Tap(button(t, w, text.NewCode))
	if len(*sent) != 0 {
		t.Fatal("replaced a phone without asking")
	}
	test.Tap(button(t, w, text.NewCode))
	if got := *sent; len(got) != 1 || !got[0].Insist || got[0].Kind != link.InputNewCode {
		t.Errorf("sent %+v", got)
	}
}

func TestTheNextPatientAsksAboutUnfiledPhotosAndLosesNone(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := screens(t)["7-gallery"]
	w.Show(s)
	test.Tap(button(t, w, text.Discard)) // a question about the session on show
	s.Form, s.Draft = true, link.Draft{Name: "Wiremu Test"}
	s.Waiting = []link.Waiting{{SID: sid, Patient: s.Patient, Images: 3}, {SID: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", Patient: s.Patient}}
	w.Show(s)
	if len(w.win.Canvas().Overlays().List()) != 0 || w.win.Canvas().Focused() != w.form.Name || w.form.Name.Text != "Wiremu Test" {
		t.Fatal("the form did not come as it was left")
	}
	ctrlEnter(w)
	test.Type(w.form.Name, "case")
	*sent = nil
	w.form.Name.OnSubmitted("")
	if len(*sent) != 0 {
		t.Fatalf("sent %s without asking", kinds(*sent))
	}
	w.Show(s) // the session goes on behind the question
	test.Tap(button(t, w, text.LeaveDo))
	if got := *sent; len(got) != 1 || got[0].Kind != link.InputNewSession || got[0].Patient.Name == s.Patient.Name {
		t.Errorf("sent %+v", got)
	}
	*sent = nil
	test.Tap(button(t, w, text.Open))
	if got := *sent; len(got) != 1 || got[0].Kind != link.InputOpenSession {
		t.Errorf("sent %+v", got)
	}
}

func TestWhatIsTypedBeforeTheFirstSnapshotStays(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	test.Type(w.form.Name, "Aroha Testperson")
	w.Show(link.Snapshot{Phase: link.PhaseNone})
	if w.form.Name.Text != "Aroha Testperson" {
		t.Errorf("left: %q", w.form.Name.Text)
	}
}

func TestHelpIsInTheWindowToo(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	w.Show(link.Snapshot{Phase: link.PhaseNone})
	test.Tap(button(t, w, text.TrayHelp))
	if !strings.Contains(test.RenderToMarkup(w.win.Canvas()), link.Build()) {
		t.Error("help does not say the version")
	}
	test.Tap(button(t, w, text.Close))
	w.Show(screens(t)["7-gallery"])
	w.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF1})
	ctrlEnter(w)
	test.Tap(button(t, w, text.Close))
}

func TestTilesAreReusedAndShowTheirState(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	s := screens(t)["7-gallery"]
	w.Show(s)
	first := w.session.Tiles()
	if first[imageID(0)] != text.ImageState(app.ImageLanded) || first[imageID(4)] != text.ImageState(app.ImageReserved) {
		t.Errorf("chips %v", first)
	}
	if allocs := testing.AllocsPerRun(3, func() { w.paint() }); allocs > 20_000 {
		t.Errorf("%v allocations to show the same again", allocs)
	}
}

// An intimate photo is shown when the GP asks for it, by a click or by Enter,
// and never by itself.
func TestAnIntimatePhotoIsCoveredUntilAskedFor(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := screens(t)["11-details"]
	w.Show(s)
	covered := func() []string { return w.session.Covered() }
	if got := covered(); len(got) != 1 || got[0] != imageID(1) {
		t.Fatalf("covered: %v", got)
	}
	markup := test.RenderToMarkup(w.win.Canvas())
	for _, words := range []string{"Left forearm · close-up", "Irregular border", "Hand, both sides", text.ShowIntimate} {
		if !strings.Contains(markup, words) {
			t.Errorf("not shown: %s", words)
		}
	}
	for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
		if f, ok := o.(fyne.Focusable); ok && strings.Contains(test.RenderObjectToMarkup(o), text.ShowIntimate) && o.Visible() {
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			if len(covered()) != 1 {
				t.Fatal("Esc shows it")
			}
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		}
	}
	if len(covered()) != 0 {
		t.Fatal("Enter does not show it")
	}
	w.Show(s) // a newer snapshot leaves it as the GP had it
	if len(covered()) != 0 {
		t.Error("covered again by a snapshot")
	}
	s.Images = slices.Clone(s.Images)
	s.Images[0].Hidden = true // marked after it was here
	w.Show(s)
	if got := covered(); len(got) != 1 || got[0] != imageID(0) {
		t.Errorf("covered: %v", got)
	}
	if len(*sent) != 0 {
		t.Errorf("sent %s", kinds(*sent))
	}
}

// A phone that showed another patient is said, and its photos are filed only
// once the GP has said whose they are.
func TestAPhoneThatLeftIsSaid(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["12-left"])
	test.Tap(w.session.File)
	test.Tap(button(t, w, text.Cancel))
	if acts(*sent) != "" {
		t.Fatalf("sent %s", kinds(*sent))
	}
	test.Tap(w.session.File)
	test.Tap(button(t, w, text.LeftFile))
	if last := (*sent)[len(*sent)-1]; acts(*sent) != "file-all" || !last.Confirmed {
		t.Fatalf("sent %+v", *sent)
	}
	markup := test.RenderToMarkup(w.win.Canvas())
	for _, words := range []string{text.PhoneLeft(false), "3 photos kept, 1 photo withdrawn"} {
		if !strings.Contains(markup, words) {
			t.Errorf("not said: %s", words)
		}
	}
}

// A patient who did not agree to photos is said as plainly: what came before is
// filed only once the GP has said that somebody agreed, and closing, Esc or
// Cancel file nothing.
func TestARefusedConsentIsSaid(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := screens(t)["12-left"]
	s.Left = &link.Left{Declined: true, Kept: 3}
	w.Show(s)
	says := func(words ...string) {
		t.Helper()
		markup := test.RenderToMarkup(w.win.Canvas())
		for _, part := range words {
			if !strings.Contains(markup, part) {
				t.Errorf("not said: %s", part)
			}
		}
	}
	says(text.PhoneLeft(true), text.LeftWith(true, 3, 0))
	title, more := text.LeftAsk(true)
	for _, ask := range []func(){func() { test.Tap(w.session.File) }, func() { ctrlEnter(w) }} {
		ask()
		says(title, s.Patient.Name, s.Patient.NHI)
		if len(w.win.Canvas().Overlays().List()) != 1 {
			t.Fatal("nothing is asked")
		}
		test.Tap(button(t, w, text.Cancel))
		if acts(*sent) != "" {
			t.Fatalf("sent %s", kinds(*sent))
		}
	}
	test.Tap(w.session.File)
	says(more)
	test.Tap(button(t, w, text.LeftFile))
	if last := (*sent)[len(*sent)-1]; acts(*sent) != "file-all" || !last.Confirmed || last.SID != s.SID {
		t.Fatalf("sent %+v", *sent)
	}
	// Where nobody agreed before the first photo there is nothing to file.
	*sent = nil
	s.Left, s.Images, s.CanFile = &link.Left{Declined: true}, nil, false
	w.Show(s)
	says(text.LeftWith(true, 0, 0))
	test.Tap(w.session.File)
	ctrlEnter(w)
	if acts(*sent) != "" || len(w.win.Canvas().Overlays().List()) != 0 {
		t.Errorf("sent %s with nothing to file", kinds(*sent))
	}
}

// What does not work is said on the form and in a session alike, with what is
// safe and what to do, and can be tried again: no network, no keyring, no
// folder.
func TestWhatDoesNotWorkIsSaid(t *testing.T) {
	form, session := link.Snapshot{Phase: link.PhaseNone}, screens(t)["7-gallery"]
	for _, s := range []text.Sentence{
		text.Problem(text.PlaceRegistry, app.KindOffline), text.Problem(text.PlaceObjects, app.KindOffline),
		text.Problem(text.PlaceVault, app.KindAuth), text.Problem(text.PlaceFolder, app.KindNotFound),
	} {
		for _, on := range []link.Snapshot{form, session} {
			w, sent := newTestWindow(t, theme.VariantLight)
			on.Problems = []link.Problem{problemOf(s, true)}
			w.Show(on)
			said := ""
			for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
				switch o := o.(type) {
				case *widgets.Text:
					said += o.Value() + "\n"
				case *widget.Label:
					said += o.Text + "\n"
				}
			}
			for _, part := range []string{s.What, s.Safe, s.Do} {
				if !strings.Contains(said, part) {
					t.Errorf("%s is not said where %s is shown", part, model.ScreenOf(on))
				}
			}
			*sent = nil
			test.Tap(button(t, w, text.TryAgain))
			if acts(*sent) != "retry" {
				t.Errorf("sent %s", kinds(*sent))
			}
			on.Problems = nil
			w.Show(on)
			for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
				if l, ok := o.(*widgets.Text); ok && l.Value() == s.What {
					t.Error("it is over, and still said")
				}
			}
		}
	}
}

func TestCountdownRunsOut(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	w.Show(snapshot(t, link.PhaseWaiting))
	if p := w.pairing(); p.Left != text.Countdown(codeFor) {
		t.Error(p.Left)
	}
	now = now.Add(codeFor)
	w.tick()
	if p := w.pairing(); !p.Expired {
		t.Error("still valid")
	}
}

func TestThePatientIsOnEveryScreenOfASession(t *testing.T) {
	for name, s := range screens(t) {
		who := s.Patient
		switch model.ScreenOf(s) {
		case model.ScreenAsk:
			who = *s.Asked
		case model.ScreenSession:
		default:
			continue
		}
		card := model.CardOf(who)
		w, _ := newTestWindow(t, theme.VariantLight)
		w.Show(s)
		markup := test.RenderToMarkup(w.win.Canvas())
		for _, value := range []string{card.Name, card.Born, card.NHI} {
			if !strings.Contains(markup, value) {
				t.Errorf("%s: no %s", name, value)
			}
		}
	}
}

// doesOnFynesThread finds Do and DoAndWait, called or passed on.
var doesOnFynesThread = regexp.MustCompile(`\bfyne\.Do(AndWait)?\b`)

func TestOnlyTheBridgeCallsFyneDo(t *testing.T) {
	for _, pattern := range []string{"*.go", "*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if f != "bridge.go" && !strings.HasSuffix(f, "_test.go") && doesOnFynesThread.Match(b) {
				t.Errorf("%s calls fyne.Do", f)
			}
		}
	}
}

// TestEveryScreenFits: with 1920 by 1080 pixels at 200 % there are 960 to the
// side; higher than the screen a screen may be, and is scrolled.
func TestEveryScreenFits(t *testing.T) {
	for _, language := range []string{"en", "mi"} {
		text.Speak(language)
		for name, s := range screens(t) {
			w, _ := newTestWindow(t, theme.VariantLight)
			w.Show(s)
			if wide := w.frame.Content.MinSize().Width; wide > 960 {
				t.Errorf("%s, %s: %.0f wide", name, language, wide)
			}
			if least := w.win.Content().MinSize(); least != Smallest {
				t.Errorf("%s, %s: the window cannot be smaller than %v", name, language, least)
			}
		}
	}
	text.Speak("en")
}

// Enter presses the button that has the focus: Cancel at first, which harms
// nothing, and after Tab the other.
func TestEnterPressesTheFocusedButton(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	press := func(tabs int) (did bool) {
		w.question("Title", "More.", "Do", func() { did = true })
		for range tabs {
			w.win.Canvas().FocusNext()
		}
		w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		if w.asking != nil {
			t.Errorf("the question stays after Enter, %d tabs on", tabs)
		}
		return did
	}
	if press(0) || !press(1) {
		t.Error("Enter does not do what the focused button says")
	}
}
