package ui

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/views"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Size is how large the window opens where the screen has room; whoever shows
// it gives it that, or what there is.
var Size = fyne.NewSize(1080, 780)

// Smallest is what the window never gets smaller than: a screen of 1366 by 768
// at 200 % has room for it. What does not fit is scrolled to.
var Smallest = fyne.NewSize(480, 320)

// Window is the one window. All methods but Hear's functions, Tick and Quit
// belong to Fyne's thread.
type Window struct {
	bridge  *bridge
	app     fyne.App
	win     fyne.Window
	send    func(link.Input)
	now     func() time.Time
	form    *views.Form
	ask     *views.Ask
	session *views.Session
	setting *views.Settings // made when they are first asked for
	setUp   *views.SetUp
	review  *views.Review
	frame   *container.Scroll // around whatever is on show
	least   fyne.Size         // what that would have at least

	snap     link.Snapshot
	came     time.Time // by this computer's clock, for the countdown
	shown    bool      // a snapshot has come
	fresh    bool      // a picture has come that no snapshot has shown
	showCode bool      // asked for although a phone is connected
	pixels   map[string]image.Image
	asking   *widget.PopUp
	handDir  string // where the last copy was saved

	assigning string // the session whose patient is being named
	reviewing
}

// NewWindow builds the window, hidden. send gets what the GP does.
func NewWindow(a fyne.App, now func() time.Time, send func(link.Input)) *Window {
	fonts := ReadFonts()
	win := a.NewWindow(text.Product)
	fonts.Wait()
	w := NewContent(a, now, send)
	win.SetContent(w.Root())
	w.Enter(win)
	return w
}

// NewContent builds what the window holds, without the window: Enter gives it
// one. Fonts are read.
func NewContent(a fyne.App, now func() time.Time, send func(link.Input)) *Window {
	w := &Window{bridge: newBridge(), app: a, send: send, now: now, pixels: map[string]image.Image{}}
	w.form = views.NewForm(now, views.FormActs{
		Draft:    func(d link.Draft) { send(link.Input{Kind: link.InputDraft, Draft: d}) },
		Start:    w.startSession,
		Assign:   w.assign,
		Cancel:   func() { w.assigning = ""; w.paint() },
		Open:     func(sid string) { send(link.Input{Kind: link.InputOpenSession, SID: sid}) },
		Retry:    func() { send(link.Input{Kind: link.InputRetry}) },
		Settings: func() { send(link.Input{Kind: link.InputOpenSettings}) },
		Help:     w.help,
	})
	w.ask = views.NewAsk(w.answer)
	w.session = views.NewSession(views.Acts{
		File: w.file, NewCode: w.newCode, CopyLink: w.copyLink, Next: w.next, Discard: w.discard,
		Open:       func(sid string) { w.send(link.Input{Kind: link.InputOpenSession, SID: sid}) },
		Attest:     func(id string) { w.send(link.Input{Kind: link.InputAttest, SID: w.snap.SID, Image: id}) },
		FileAgain:  func(id string) { w.sure(link.Input{Kind: link.InputFileAgain, SID: w.snap.SID, Image: id}) },
		ToggleCode: func() { w.showCode = !w.showCode; w.paint() },
		Refresh:    func() { w.act(link.InputRefresh) },
		Retry:      func() { w.act(link.InputRetry) },
		Keep:       func() { w.act(link.InputKeepPhone) },
		Forget:     func() { w.act(link.InputForgetPhone) },
		Assign:     func() { w.assigning = w.snap.SID; w.paint() },
		Look:       func(id string) { w.lookAt(id, link.Ref{}) },
		Photo:      w.photoMenu, PDF: w.savePDF,
	})
	w.newReview()
	w.frame = container.NewScroll(w.form.Root)
	w.frame.SetMinSize(Smallest)
	return w
}

// Root is all of the content.
func (w *Window) Root() fyne.CanvasObject { return w.frame }

// Enter makes win, whose content Root is, the window.
func (w *Window) Enter(win fyne.Window) {
	w.win = win
	win.CenterOnScreen()
	w.addShortcuts(win.Canvas())
	win.Canvas().SetOnTypedKey(w.typed)
	win.SetCloseIntercept(w.closing)
	if w.frame.Content == w.form.Root {
		win.Canvas().Focus(w.form.Name)
	}
}

// Fyne returns the window itself, to show and run it.
func (w *Window) Fyne() fyne.Window { return w.win }

// Show replaces what is shown.
func (w *Window) Show(s link.Snapshot) {
	naming := w.assigning
	if s.SID != w.snap.SID {
		w.showCode, w.assigning = false, ""
	}
	if s.Patient.Name != "" || s.Patient.NHI != "" || s.Form {
		w.assigning = ""
	}
	if s.SID != w.snap.SID || s.Form != w.snap.Form {
		w.dropDialog() // it asked about what is no longer on show
	}
	w.follow(s)
	if w.shown && w.screen() != model.ScreenForm || !w.shown && w.form.Blank() { // a quick GP types before the agent has spoken
		w.form.Load(s.Draft)
	}
	same := w.shown && !w.fresh && w.assigning == naming && w.screen() == model.ScreenSession && w.snap.Says(s)
	w.snap, w.came, w.shown, w.fresh = s, w.now(), true, false
	if same {
		return // a frame that changes nothing holds up the one that does
	}
	named := map[string]bool{}
	for _, im := range s.Images {
		named[im.Thumb] = true
	}
	for key := range w.pixels {
		if !named[key] && model.ScreenOf(s) != model.ScreenSession {
			delete(w.pixels, key)
		}
	}
	w.paint()
}

// Pixels takes a picture; it shows with the snapshot that names it.
func (w *Window) Pixels(p link.Pixels) {
	w.worked.Store(true)
	if seen, ok := link.SeenOf(p); ok {
		w.review.Seen(seen)
		return
	}
	w.pixels[p.Key], w.fresh = widgets.AsRGBA(p.Image), true
}

func (w *Window) paint() {
	var screen fyne.CanvasObject
	switch w.screen() {
	case model.ScreenForm:
		w.form.Set(w.snap, w.assigning != "")
		screen = w.form.Root
	case model.ScreenAsk:
		w.ask.Set(w.snap)
		screen = w.ask.Root
	case model.ScreenSettings, model.ScreenSetUp:
		screen = w.settings()
	default:
		if screen = w.paintReview(); screen == nil {
			w.session.Set(w.snap, w.pairing(), w.picture)
			screen = w.session.Root
		}
		w.paintSheet()
	}
	if w.frame.Content != screen {
		w.frame.Content, w.frame.Offset = screen, fyne.Position{}
		w.frame.Refresh()
		switch {
		case w.win == nil: // Enter gives the focus
		case screen == w.form.Root:
			w.win.Canvas().Focus(w.form.Name)
		default:
			w.win.Canvas().Unfocus()
		}
	} else if least := screen.MinSize(); least != w.least { // it has more or less to scroll to
		w.frame.Refresh()
	}
	w.least = screen.MinSize()
}

// screen is the snapshot's, or the form while a session's patient is named.
func (w *Window) screen() model.Screen {
	screen := model.ScreenOf(w.snap)
	if screen == model.ScreenSession && w.assigning != "" {
		return model.ScreenForm
	}
	return screen
}

// answer is about the patient on show: another may be on the way.
func (w *Window) answer(yes bool) {
	if w.snap.Asked != nil {
		w.send(link.Input{Kind: link.InputConfirmPatient, Patient: *w.snap.Asked, Confirmed: yes})
	}
}

// assign names the patient of the session that the form was opened for.
func (w *Window) assign(p link.Patient) {
	w.send(link.Input{Kind: link.InputAssign, SID: w.assigning, Patient: p})
	w.assigning = ""
	w.paint()
}

func (w *Window) pairing() model.Pairing {
	return model.PairingOf(w.snap, w.now().Sub(w.came), w.showCode)
}

func (w *Window) tick() {
	w.review.Tick()
	w.paintSheet()
	if model.ScreenOf(w.snap) == model.ScreenSession && w.snap.Code != nil {
		if p := w.pairing(); p.Shown {
			w.session.Tick(p)
		}
	}
}

type shortcuts interface {
	AddShortcut(fyne.Shortcut, func(fyne.Shortcut))
}

func (w *Window) addShortcuts(to shortcuts) {
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter} {
		to.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { w.fileKey() })
	}
	to.AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) { w.undo() })
}

// closing ends nothing and files nothing.
func (w *Window) closing() {
	w.act(link.InputCloseWindow)
	w.win.Close()
}

// act sends an input about the session on show.
func (w *Window) act(kind link.InputKind) { w.send(link.Input{Kind: kind, SID: w.snap.SID}) }

// sure sends an act that files photos; where the phone left, only once the GP
// has said that they are this patient's, or that somebody agreed.
func (w *Window) sure(in link.Input) {
	if w.snap.Left == nil {
		w.send(in)
		return
	}
	in.Confirmed = true
	title, more := text.LeftAsk(w.snap.Left.Declined)
	w.question(title, more, text.LeftFile, func() { w.send(in) })
}

func (w *Window) newCode() {
	if w.snap.Phase != link.PhasePaired {
		w.act(link.InputNewCode)
		return
	}
	sid := w.snap.SID
	w.question(text.NewCodeAsk, text.NewCodeAskMore, text.NewCode, func() {
		w.send(link.Input{Kind: link.InputNewCode, SID: sid, Insist: true})
	})
}

func (w *Window) copyLink() {
	if w.snap.Code != nil {
		w.app.Clipboard().SetContent(w.snap.Code.Link)
	}
}

// startSession asks first where photos of the session still open are not
// filed. They stay with their own patient, whatever the answer.
func (w *Window) startSession(p link.Patient) {
	start := func() { w.send(link.Input{Kind: link.InputNewSession, Patient: p, Confirmed: true}) }
	open := w.snap.Phase == link.PhaseWaiting || w.snap.Phase == link.PhasePaired
	if !open || model.BarOf(w.snap).Unfiled == 0 {
		start()
		return
	}
	w.question(text.LeaveAsk, text.LeaveMore, text.LeaveDo, start)
}

func (w *Window) discard(id string) {
	sid := w.snap.SID
	w.question(text.DiscardAsk, text.DiscardMore, text.Discard, func() {
		w.send(link.Input{Kind: link.InputDiscard, SID: sid, Image: id})
	})
}

func (w *Window) next() {
	sid := w.snap.SID
	leave := func() { w.send(link.Input{Kind: link.InputCloseSession, SID: sid}) }
	if model.BarOf(w.snap).Left == 0 {
		leave()
		return
	}
	w.question(text.LeaveAsk, text.LeaveMore, text.LeaveDo, leave)
}

// question asks once, the patient named in it; Cancel has the focus, so that
// Enter harms nothing.
func (w *Window) question(title, more, do string, yes func()) {
	w.dropDialog()
	q := views.NewQuestion(title, more, do, model.CardOf(w.snap.Patient), w.dropDialog, func() { w.dropDialog(); yes() })
	w.asking = widget.NewModalPopUp(q.Root, w.win.Canvas())
	w.asking.Show()
	w.win.Canvas().Focus(q.Cancel)
}

// help says how the program is used, over whatever is on show.
func (w *Window) help() {
	w.dropDialog()
	h := views.NewHelp(w.dropDialog)
	w.asking = widget.NewModalPopUp(h.Root, w.win.Canvas())
	w.asking.Show()
	w.win.Canvas().Focus(h.Close)
}

func (w *Window) dropDialog() {
	if w.asking != nil {
		w.asking.Hide()
		w.asking, w.sheet = nil, nil
	}
}
