package desktop

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// stayBack makes a window that is not shown yet appear without the focus: a
// window that comes back by itself must not catch what the GP types elsewhere.
// Fyne has no way to say so. GLFW has, and keeps the hint, which Fyne does not
// set, for the window that Fyne makes; the native window has to be told between
// its making and its showing, and asking its content for its size is the one
// thing that happens there.
func stayBack(w fyne.Window) {
	glfw.WindowHint(glfw.FocusOnShow, glfw.False)
	content := w.Content()
	w.SetContent(container.New(&beforeShown{layout.NewStackLayout(), func() bool { return neverUsed(w) }}, content))
}

// beforeShown calls do whenever its size is asked for, until do says that it
// is done.
type beforeShown struct {
	inner fyne.Layout
	do    func() (done bool)
}

func (b *beforeShown) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	b.inner.Layout(objects, size)
}

func (b *beforeShown) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if b.do != nil && b.do() {
		b.do = nil
	}
	return b.inner.MinSize(objects)
}
