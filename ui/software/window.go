package software

import (
	"image"

	"fyne.io/fyne/v2"
)

// window is the program's one window.
type window struct {
	app                                *app
	canvas                             *canvas
	screen                             screen
	scene                              *scene
	pointer                            pointer
	title                              string
	icon                               fyne.Resource
	menu                               *fyne.MainMenu
	fixed, full, shown, closed, active bool
	asked                              fyne.Size // that the screen was last asked to make room for

	onClosed, onClose func()
	onDropped         func(fyne.Position, []fyne.URI)
}

func newWindow(a *app, title string) *window {
	w := &window{app: a, title: title, scene: newScene()}
	w.canvas = newCanvas(w)
	w.pointer.window = w
	w.screen = a.open(w)
	w.screen.setTitle(title)
	return w
}

func (w *window) wake() {
	if w.screen != nil && !w.closed {
		w.screen.wake()
	}
}

// resized tells of the content's size in pixels and of the screen's scale; 1 is
// 96 dots an inch.
func (w *window) resized(size image.Point, scale float32) {
	if w.canvas.Scale() != scale {
		w.canvas.SetScale(scale)
		w.scene.forget()
	}
	w.canvas.Resize(fyne.NewSize(float32(size.X)/scale, float32(size.Y)/scale))
	w.scene.resize(size)
	w.wake()
}

// frame brings the scene up to date and returns what has changed on it, in
// pixels.
func (w *window) frame() []image.Rectangle {
	if outgrown := w.canvas.layOut(); outgrown {
		if least := w.canvas.minSize(); least != w.asked { // once: the screen may be too small for it
			w.asked = least
			w.screen.setMin(w.inPixels(least))
			w.screen.setSize(w.inPixels(w.canvas.Size().Max(least)))
		}
	}
	return w.scene.paint(w.canvas)
}

func (w *window) inPixels(size fyne.Size) image.Point {
	return image.Pt(pixel(size.Width, w.canvas.Scale()), pixel(size.Height, w.canvas.Scale()))
}

// focused tells whether keys come to this window now.
func (w *window) focused(has bool) {
	if w.active == has {
		return
	}
	w.active = has
	if f := w.canvas.Focused(); f != nil {
		if has {
			f.FocusGained()
		} else {
			f.FocusLost()
		}
	}
	if has {
		w.app.life.fire(w.app.life.entered)
	} else {
		w.pointer.left()
		w.app.life.fire(w.app.life.exited)
	}
	w.wake()
}

// asksToClose is the user's wish; the program decides.
func (w *window) asksToClose() {
	if w.onClose != nil {
		w.onClose()
		return
	}
	w.Close()
}

// The rest implements fyne.Window.

func (w *window) Title() string                                  { return w.title }
func (w *window) FullScreen() bool                               { return w.full }
func (w *window) FixedSize() bool                                { return w.fixed }
func (w *window) SetFixedSize(fixed bool)                        { w.fixed = fixed }
func (w *window) CenterOnScreen()                                {} // the system's window opens there
func (w *window) Padded() bool                                   { return w.canvas.Padded() }
func (w *window) SetPadded(padded bool)                          { w.canvas.SetPadded(padded); w.wake() }
func (w *window) SetIcon(icon fyne.Resource)                     { w.icon = icon }
func (w *window) SetMaster()                                     {}
func (w *window) MainMenu() *fyne.MainMenu                       { return w.menu }
func (w *window) SetMainMenu(menu *fyne.MainMenu)                { w.menu = menu }
func (w *window) SetOnClosed(f func())                           { w.onClosed = f }
func (w *window) SetCloseIntercept(f func())                     { w.onClose = f }
func (w *window) Content() fyne.CanvasObject                     { return w.canvas.Content() }
func (w *window) Canvas() fyne.Canvas                            { return w.canvas }
func (w *window) Clipboard() fyne.Clipboard                      { return w.app.clip }
func (w *window) RequestFocus()                                  { w.screen.raise() }
func (w *window) SetFullScreen(full bool)                        { w.full = full }
func (w *window) SetOnDropped(f func(fyne.Position, []fyne.URI)) { w.onDropped = f }

func (w *window) Icon() fyne.Resource {
	if w.icon == nil {
		return w.app.icon
	}
	return w.icon
}

func (w *window) SetTitle(title string) {
	w.title = title
	w.screen.setTitle(title)
}

func (w *window) SetContent(content fyne.CanvasObject) {
	w.canvas.SetContent(content)
	w.screen.setMin(w.inPixels(w.canvas.minSize()))
}

func (w *window) Resize(size fyne.Size) {
	w.screen.setSize(w.inPixels(size.Max(w.canvas.minSize())))
}

func (w *window) Show() {
	w.shown = true
	w.screen.show()
	w.wake()
}

func (w *window) Hide() {
	w.shown = false
	w.screen.hide()
}

func (w *window) Close() {
	if w.closed {
		return
	}
	w.closed = true
	w.screen.close()
	if w.onClosed != nil {
		w.onClosed()
	}
	w.app.Quit()
}

func (w *window) ShowAndRun() {
	w.Show()
	w.app.Run()
}
