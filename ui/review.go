package ui

import (
	"image"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/views"
)

// fileAgain is how long after Ctrl+Enter another one does not file: a key
// held down repeats sooner, and nobody has read the sheet by then.
const fileAgain = 700 * time.Millisecond

// askAgain is how long the sizes may take before they are asked for again.
const askAgain = 10 * time.Second

// reviewing is where the GP is in the review.
type reviewing struct {
	at       string // the photo on show; "" is the gallery
	beside   link.Ref
	sheet    *views.Sheet
	prepared map[string]bool // whose sizes were asked for
	asked    time.Time       // and when, last
	worked   atomic.Bool     // a picture has come since the last look
	pressed  time.Time       // Ctrl+Enter, last
}

func (w *Window) newReview() {
	w.review = views.NewReview(views.ReviewActs{
		Back: w.backToAll, File: w.file, Keys: w.keys,
		Attest:    func(id string) { w.send(link.Input{Kind: link.InputAttest, SID: w.snap.SID, Image: id}) },
		FileAgain: func(id string) { w.sure(link.Input{Kind: link.InputFileAgain, SID: w.snap.SID, Image: id}) },
		Go:        func(id string) { w.lookAt(id, w.beside) },
		Beside:    func(ref link.Ref) { w.lookAt(w.at, ref) },
		Send: func(in link.Input) {
			in.SID = w.snap.SID
			w.send(in)
		},
		Refocus: func() {
			if w.win != nil {
				w.win.Canvas().Unfocus()
			}
		},
	})
}

func (w *Window) picture(key string) image.Image {
	if m, ok := w.pixels[key]; ok {
		return m
	}
	return nil
}

// lookAt shows a photo large, another beside it; the agent remembers both for
// a window that has to open again.
func (w *Window) lookAt(id string, beside link.Ref) {
	if beside.SID == "" && beside.Image == id {
		beside = link.Ref{}
	}
	if w.at == id && w.beside == beside {
		return
	}
	w.at, w.beside = id, beside
	w.send(link.Input{Kind: link.InputReview, SID: w.snap.SID, Image: id, Beside: beside})
	w.paint()
}

func (w *Window) backToAll() { w.lookAt("", link.Ref{}) }

// follow takes in where the review stands with a new snapshot: another
// session's is never the one before it, and the first snapshot of a window
// says where the one before was.
func (w *Window) follow(s link.Snapshot) {
	if s.SID != w.snap.SID {
		w.at, w.beside = "", link.Ref{}
		w.review.Leave()
		if s.Review != nil && !w.shown {
			w.at, w.beside = s.Review.Image, s.Review.Beside
		}
	}
}

// paintReview shows the review and returns it; nil in the gallery. A photo
// that has gone, because the phone took it back, leads to the gallery.
func (w *Window) paintReview() fyne.CanvasObject {
	if w.at == "" {
		w.review.Leave()
		return nil
	}
	if !w.review.Set(w.snap, w.at, w.beside, w.picture) {
		w.at, w.beside = "", link.Ref{}
		w.review.Leave()
		return nil
	}
	return w.review.Root
}

// typed gets the keys that no field has taken.
func (w *Window) typed(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyF1:
		w.help()
	case w.asking != nil:
		if e.Name == fyne.KeyEscape {
			w.dropDialog()
		}
	case w.screen() != model.ScreenSession:
	case w.at != "":
		w.reviewKey(e.Name, w.shift())
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter || e.Name == fyne.KeySpace:
		w.lookAtFirst()
	}
}

// shift reports whether the Shift key is down.
func (w *Window) shift() bool {
	d, ok := w.app.Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
}

func (w *Window) reviewKey(name fyne.KeyName, shift bool) {
	switch {
	case name == fyne.KeyN:
		w.win.Canvas().Focus(w.review.Caption)
	case name == fyne.KeySlash:
		w.keys()
	default:
		w.review.Key(name, shift)
	}
}

// lookAtFirst begins with the first photo that is still to be filed.
func (w *Window) lookAtFirst() {
	images := model.Reviewable(w.snap)
	for _, im := range images {
		if im.State == app.ImageLanded && !im.Aside {
			w.lookAt(im.ID, link.Ref{})
			return
		}
	}
	if len(images) > 0 {
		w.lookAt(images[0].ID, link.Ref{})
	}
}

func (w *Window) undo() {
	if w.at != "" && w.asking == nil {
		w.review.Undo()
	}
}

func (w *Window) keys() {
	w.dropDialog()
	k := views.NewKeyList(w.dropDialog)
	w.asking = widget.NewModalPopUp(k.Root, w.win.Canvas())
	w.asking.Show()
	w.win.Canvas().Focus(k.Close)
}

// fileKey is Ctrl+Enter: once for the sheet, and once more to file.
func (w *Window) fileKey() {
	soon := w.now().Sub(w.pressed) < fileAgain
	w.pressed = w.now()
	switch {
	case w.sheet == nil:
		w.file()
	case !soon && !w.sheet.Do.Disabled():
		w.sheet.Do.OnTapped()
	}
}

// file shows what would go where. Nothing goes before the GP says so there.
func (w *Window) file() {
	if w.asking != nil || w.screen() != model.ScreenSession || !model.BarOf(w.snap).Enabled {
		return
	}
	sid := w.snap.SID
	w.prepared = map[string]bool{}
	w.sheet = views.NewSheet(model.CardOf(w.snap.Patient), w.snap.Left, w.dropDialog, func() { w.fileNow(sid) },
		func(name string) { w.send(link.Input{Kind: link.InputChoose, SID: sid, Value: name}) })
	w.asking = widget.NewModalPopUp(w.sheet.Root, w.win.Canvas())
	w.paintSheet()
	w.asking.Show()
	w.win.Canvas().Focus(w.sheet.Cancel)
}

// fileNow files what the sheet shows, or goes to the photo that keeps it from
// being filed.
func (w *Window) fileNow(sid string) {
	sheet := model.SheetOf(w.snap)
	switch {
	case sid != w.snap.SID:
	case sheet.Lacking != "":
		w.dropDialog()
		w.lookAt(sheet.Lacking, link.Ref{})
	case sheet.Blocked == "":
		w.dropDialog()
		w.send(link.Input{Kind: link.InputFileAll, SID: sid, Confirmed: sheet.Left})
	}
}

// paintSheet keeps the sheet true while it is open, and asks for the sizes
// that are not known.
func (w *Window) paintSheet() {
	if w.sheet == nil {
		return
	}
	sheet := model.SheetOf(w.snap)
	if len(sheet.Lines) == 0 { // filed, or taken back, meanwhile
		w.dropDialog()
		return
	}
	w.sheet.Set(sheet, w.picture)
	fresh := false
	for _, line := range sheet.Lines {
		fresh = fresh || line.Size == "" && !w.prepared[line.ID]
		w.prepared[line.ID] = true
	}
	if fresh || !sheet.Ready && w.now().Sub(w.asked) > askAgain {
		w.asked = w.now()
		w.send(link.Input{Kind: link.InputPrepare, SID: w.snap.SID})
	}
}
