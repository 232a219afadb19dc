package ui

import (
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/views"
)

// photoMenu is what can be done with one photo by hand, below its button.
func (w *Window) photoMenu(id string, below fyne.CanvasObject) {
	var items []*fyne.MenuItem
	hand := func(to link.HandTo) func() {
		sid := w.snap.SID
		return func() { w.send(link.Input{Kind: link.InputHand, SID: sid, Image: id, Hand: link.Hand{To: to}}) }
	}
	for _, im := range w.snap.Images {
		if im.ID != id {
			continue
		}
		if im.SaveAs != "" {
			items = append(items, fyne.NewMenuItem(text.HandPhoto, func() { w.saveCopy(text.SavePhotoTitle, im.SaveAs, id, link.HandPhoto) }))
		}
		if im.SaveAs != "" && w.snap.Hands.Copy {
			items = append(items, fyne.NewMenuItem(text.HandCopy, hand(link.HandCopy)))
		}
		if im.Filed {
			items = append(items, fyne.NewMenuItem(text.HandReveal, hand(link.HandReveal)))
		}
	}
	if len(items) > 0 {
		widget.ShowPopUpMenuAtRelativePosition(fyne.NewMenu("", items...), w.win.Canvas(), fyne.NewPos(0, below.Size().Height), below)
	}
}

// savePDF asks where the session's document goes.
func (w *Window) savePDF() {
	if w.snap.Hands.PDF != "" {
		w.saveCopy(text.SavePDFTitle, w.snap.Hands.PDF, "", link.HandPDF)
	}
}

// saveCopy asks for a place, and has the agent put the copy there: the window
// holds no picture as it leaves.
func (w *Window) saveCopy(title, name, image string, to link.HandTo) {
	w.dropDialog()
	sid := w.snap.SID
	if w.handDir == "" {
		w.handDir = documents()
	}
	var ask *views.SaveCopy
	ask = views.NewSaveCopy(title, name, w.handDir, func(path string) {
		w.dropDialog()
		w.handDir = filepath.Dir(path)
		w.send(link.Input{Kind: link.InputHand, SID: sid, Image: image, Hand: link.Hand{To: to, Path: path}})
	}, w.dropDialog, func() {
		dialog.NewFolderOpen(func(dir fyne.ListableURI, err error) {
			if err == nil && dir != nil {
				ask.Folder.SetText(filepath.FromSlash(dir.Path()))
			}
		}, w.win).Show()
	})
	w.asking = widget.NewModalPopUp(ask.Root, w.win.Canvas())
	w.asking.Show()
	w.win.Canvas().Focus(ask.Name)
}

// documents is the folder to begin with.
func documents() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if dir := filepath.Join(home, "Documents"); isDir(dir) {
		return dir
	}
	return home
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
