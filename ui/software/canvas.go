package software

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/theme"
)

// canvas is Fyne's windowless canvas, told what Fyne's windows are told.
type canvas struct {
	software.WindowlessCanvas
	window             *window
	onKeyDown, onKeyUp func(*fyne.KeyEvent)
	least              map[fyne.CanvasObject]fyne.Size // as they were when last laid out
}

func newCanvas(w *window) *canvas {
	return &canvas{WindowlessCanvas: software.NewCanvasWithPainter(nil), window: w, least: map[fyne.CanvasObject]fyne.Size{}}
}

// Refresh implements fyne.Canvas: obj, or something in it, looks different now.
func (c *canvas) Refresh(obj fyne.CanvasObject) {
	c.window.scene.changed(obj)
	c.window.wake()
}

// SetContent implements fyne.Canvas.
func (c *canvas) SetContent(content fyne.CanvasObject) {
	c.WindowlessCanvas.SetContent(content)
	c.window.wake()
}

// Focus implements fyne.Canvas.
func (c *canvas) Focus(f fyne.Focusable) {
	c.WindowlessCanvas.Focus(f)
	c.window.wake()
}

// Unfocus implements fyne.Canvas.
func (c *canvas) Unfocus() {
	c.WindowlessCanvas.Unfocus()
	c.window.wake()
}

// Capture implements fyne.Canvas: what the window shows.
func (c *canvas) Capture() image.Image { return c.window.scene.capture() }

// PixelCoordinateForPosition implements fyne.Canvas.
func (c *canvas) PixelCoordinateForPosition(p fyne.Position) (x, y int) {
	return pixel(p.X, c.Scale()), pixel(p.Y, c.Scale())
}

// OnKeyDown, OnKeyUp and their setters implement desktop.Canvas.
func (c *canvas) OnKeyDown() func(*fyne.KeyEvent)     { return c.onKeyDown }
func (c *canvas) OnKeyUp() func(*fyne.KeyEvent)       { return c.onKeyUp }
func (c *canvas) SetOnKeyDown(f func(*fyne.KeyEvent)) { c.onKeyDown = f }
func (c *canvas) SetOnKeyUp(f func(*fyne.KeyEvent))   { c.onKeyUp = f }

// TypedShortcut implements fyne.Shortcutable.
func (c *canvas) TypedShortcut(s fyne.Shortcut) {
	if to, ok := c.WindowlessCanvas.(fyne.Shortcutable); ok {
		to.TypedShortcut(s)
	}
}

// minSize is the least that the content can be shown in.
func (c *canvas) minSize() fyne.Size {
	content := c.Content()
	if content == nil {
		return fyne.Size{}
	}
	size := content.MinSize()
	if c.Padded() {
		size = size.Add(fyne.NewSquareSize(2 * theme.Padding()))
	}
	return size
}

// layOut lays out again what holds an object whose least size has changed, from
// the innermost outwards: a text that grew pushes its neighbours. It reports
// whether the content has outgrown the canvas.
func (c *canvas) layOut() (outgrown bool) {
	seen := make(map[fyne.CanvasObject]fyne.Size, len(c.least))
	for _, root := range c.roots() {
		if c.layOutTree(root, seen) { // the root itself: nobody above it does
			layOutOne(root)
		}
	}
	c.least = seen
	least, size := c.minSize(), c.Size()
	return least.Width > size.Width || least.Height > size.Height
}

// layOutTree reports whether obj's least size has changed.
func (c *canvas) layOutTree(obj fyne.CanvasObject, seen map[fyne.CanvasObject]fyne.Size) (changed bool) {
	if obj == nil || !obj.Visible() {
		return false
	}
	children, _ := below(obj)
	stale := false
	for _, child := range children {
		stale = c.layOutTree(child, seen) || stale
	}
	if stale {
		layOutOne(obj)
	}
	before, known := c.least[obj]
	size := obj.MinSize()
	seen[obj] = size
	return !known || before != size
}

func layOutOne(obj fyne.CanvasObject) {
	switch o := obj.(type) {
	case *fyne.Container:
		if o.Layout != nil {
			o.Layout.Layout(o.Objects, o.Size())
		}
	case fyne.Widget:
		if r := rendererOf(o); r != nil {
			r.Layout(o.Size())
		}
	}
}
