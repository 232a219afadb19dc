package desktop

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/layout"
	"github.com/go-gl/glfw/v3.4/glfw"

	"github.com/clinicpro-nz/images/ui"
)

// titleBar is what a window has above its content, in device-independent
// pixels, edges included.
const titleBar = 40

// prepare has a window that is not shown yet open as large as its screen has
// room for, with quiet without the focus. Its content is made once the native
// window is there, and given to it before it shows; then entered is called.
func prepare(w fyne.Window, quiet bool, content func() fyne.CanvasObject, entered func()) {
	if quiet {
		// A window that comes back by itself must not catch what the GP types
		// elsewhere. Fyne has no way to say so. GLFW has, and keeps the hint,
		// which Fyne does not set, for the window that Fyne makes.
		glfw.WindowHint(glfw.FocusOnShow, glfw.False)
	}
	if c, ok := w.Canvas().(interface{ Resize(fyne.Size) }); ok {
		// Or the native window is made for Smallest, and the first frame painted
		// for that. Not the window's own Resize: Fyne would carry that out last.
		c.Resize(ui.Size)
	}
	w.CenterOnScreen()
	onceMade(w, func(holder *fyne.Container, native any) {
		holder.Objects = []fyne.CanvasObject{content()}
		entered()
		w.Resize(room(w.Canvas().Scale()))
		if quiet {
			neverUsed(native)
		}
	})
}

// room is ui.Size, or what of it the first screen has room for beside the
// taskbar: the buttons of a larger window lie beyond the screen's edge.
func room(scale float32) fyne.Size {
	size := ui.Size
	if screen := glfw.GetPrimaryMonitor(); screen != nil && scale > 0 {
		if _, _, width, height := screen.GetWorkarea(); width > 0 && height > 0 {
			size = fyne.NewSize(min(size.Width, float32(width)/scale), min(size.Height, float32(height)/scale-titleBar))
		}
	}
	return size
}

// onceMade calls do between the making and the showing of the native window,
// which is when Fyne knows the scale of its screen, with what holds the
// content. Asking the content for its size is the one thing that happens there.
func onceMade(w fyne.Window, do func(holder *fyne.Container, native any)) {
	holder := container.New(nil)
	holder.Layout = &beforeShown{layout.NewStackLayout(), func() (done bool) {
		native, ok := w.(driver.NativeWindow)
		if !ok {
			do(holder, nil)
			return true
		}
		native.RunNative(func(context any) {
			if done = exists(context); done {
				do(holder, context)
			}
		})
		return done
	}}
	w.SetContent(holder)
}

// exists reports whether a native window has been made.
func exists(native any) bool {
	switch n := native.(type) {
	case driver.X11WindowContext:
		return n.WindowHandle != 0
	case driver.WaylandWindowContext:
		return n.WaylandSurface != 0
	case driver.WindowsWindowContext:
		return n.HWND != 0
	case driver.MacWindowContext:
		return n.NSWindow != 0
	}
	return true
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
	if do := b.do; do != nil {
		b.do = nil // what it does may ask for the size
		if !do() {
			b.do = do
		}
		return ui.Smallest // objects are those of before
	}
	return b.inner.MinSize(objects)
}
