package software

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// dragThreshold is how far a pressed pointer goes before it drags.
const dragThreshold = 2

// wheelStep is how far one notch of the wheel scrolls.
const wheelStep = 40

// pointer turns the mouse into what widgets know of it, in Fyne's order of
// events.
type pointer struct {
	window  *window
	at      fyne.Position
	buttons desktop.MouseButton // held
	over    desktop.Hoverable
	pressed fyne.CanvasObject // that a tap may end on

	from     fyne.Position // where the button went down, then the drag's last position
	dragged  fyne.Draggable
	grip     fyne.Position // of dragged on the canvas when the drag began
	gripped  fyne.Position // its own position then
	dragging bool

	tapped   fyne.CanvasObject // once, and it takes double taps
	tappedAt *fyne.PointEvent
	waits    *time.Timer
}

func (p *pointer) moved(to fyne.Position) {
	c := p.window.canvas
	before := p.at
	p.at = to
	cursor := desktop.DefaultCursor
	obj, within := c.find(to, func(o fyne.CanvasObject) bool {
		if shaped, ok := o.(desktop.Cursorable); ok {
			if standard, ok := shaped.Cursor().(desktop.StandardCursor); ok {
				cursor = standard
			}
		}
		_, ok := o.(desktop.Hoverable)
		return ok
	})
	p.window.screen.setCursor(cursor)
	if p.buttons&desktop.MouseButtonPrimary != 0 && !p.dragging {
		p.startDrag(before)
	}
	p.hover(obj, within)
	if p.dragged != nil && p.dragging {
		moved := p.gripped.Subtract(p.dragged.(fyne.CanvasObject).Position())
		p.dragged.Dragged(&fyne.DragEvent{
			PointEvent: fyne.PointEvent{AbsolutePosition: to, Position: to.Subtract(p.grip).Add(moved)},
			Dragged:    fyne.NewDelta(to.X-p.from.X, to.Y-p.from.Y),
		})
		p.from = to
	}
	p.window.wake()
}

// startDrag begins a drag of what the button went down on, once the pointer has
// gone far enough.
func (p *pointer) startDrag(before fyne.Position) {
	if math.Abs(float64(p.at.X-p.from.X)) < dragThreshold && math.Abs(float64(p.at.Y-p.from.Y)) < dragThreshold {
		return
	}
	obj, within := p.window.canvas.find(before, func(o fyne.CanvasObject) bool {
		_, ok := o.(fyne.Draggable)
		return ok
	})
	if obj == nil {
		return
	}
	p.dragged, p.dragging = obj.(fyne.Draggable), true
	p.grip, p.gripped = before.Subtract(within), obj.Position()
}

func (p *pointer) hover(obj fyne.CanvasObject, within fyne.Position) {
	if obj == nil || p.isDragged(obj) {
		if p.over != nil && !p.isDragged(p.over) {
			p.out()
		}
		return
	}
	e := &desktop.MouseEvent{Button: p.buttons, Modifier: p.window.screen.modifiers(), PointEvent: fyne.PointEvent{AbsolutePosition: p.at, Position: within}}
	h := obj.(desktop.Hoverable)
	if h == p.over {
		h.MouseMoved(e)
		return
	}
	p.out()
	p.over = h
	h.MouseIn(e)
}

func (p *pointer) isDragged(obj any) bool { return p.dragged != nil && obj == any(p.dragged) }

func (p *pointer) out() {
	if p.over != nil {
		over := p.over
		p.over = nil
		over.MouseOut()
	}
}

// left tells that the pointer has gone elsewhere.
func (p *pointer) left() {
	if p.buttons == 0 {
		p.out()
		p.window.wake()
	}
}

// button tells of a mouse button that went down or came up at the pointer.
func (p *pointer) button(button desktop.MouseButton, down bool) {
	c := p.window.canvas
	p.from = p.at
	dragging := p.dragging
	obj, within := c.find(p.at, func(o fyne.CanvasObject) bool {
		switch o.(type) {
		case fyne.Tappable, fyne.SecondaryTappable, fyne.DoubleTappable, fyne.Focusable, desktop.Mouseable:
			return true
		case fyne.Draggable:
			return dragging
		}
		return false
	})
	e := &fyne.PointEvent{AbsolutePosition: p.at, Position: within}
	p.tellMouseable(obj, e, button, down)
	p.unfocusOutside(obj)
	if down {
		p.buttons |= button
		switch obj.(type) {
		case fyne.Tappable, fyne.SecondaryTappable, fyne.DoubleTappable:
			p.pressed = obj
		}
		p.window.wake()
		return
	}
	p.buttons &^= button
	if p.dragged != nil {
		was := p.dragged
		p.dragged, p.dragging = nil, false
		was.DragEnd()
		if p.over != nil && any(p.over) == any(was) && any(obj) != any(was) {
			p.out()
		}
	}
	switch {
	case button == desktop.MouseButtonSecondary && obj != nil && obj == p.pressed:
		if s, ok := obj.(fyne.SecondaryTappable); ok {
			s.TappedSecondary(e)
		}
		p.pressed = nil
	case button == desktop.MouseButtonPrimary && !dragging:
		p.tap(obj, e)
	default:
		p.pressed = nil
	}
	p.window.wake()
}

func (p *pointer) tellMouseable(obj fyne.CanvasObject, e *fyne.PointEvent, button desktop.MouseButton, down bool) {
	to, ok := obj.(desktop.Mouseable)
	if !ok {
		to = nil
	}
	me := &desktop.MouseEvent{PointEvent: *e, Button: button, Modifier: p.window.screen.modifiers()}
	if !down && p.dragged != nil { // the release belongs to what was dragged, wherever the pointer is now
		if dragged, ok := p.dragged.(desktop.Mouseable); ok {
			to = dragged
			me.Position = p.at.Subtract(p.grip)
		}
	}
	switch {
	case to == nil:
	case down:
		to.MouseDown(me)
	default:
		to.MouseUp(me)
	}
}

// unfocusOutside takes the focus from a widget that was clicked beside.
func (p *pointer) unfocusOutside(obj fyne.CanvasObject) {
	c := p.window.canvas
	focused, ok := c.Focused().(fyne.CanvasObject)
	if !ok || obj == focused {
		return
	}
	if under, _ := c.find(p.at, func(o fyne.CanvasObject) bool { return o == focused }); under == nil {
		c.Unfocus()
	}
}

// tap waits, for what takes double taps, whether a second one comes.
func (p *pointer) tap(obj fyne.CanvasObject, e *fyne.PointEvent) {
	double, takesTwo := obj.(fyne.DoubleTappable)
	if p.waits != nil && p.waits.Stop() {
		p.waits = nil
		if p.tapped == obj {
			p.tapped, p.pressed = nil, nil
			double.DoubleTapped(e)
			return
		}
		p.single(p.tapped, p.tappedAt)
	}
	if !takesTwo {
		if obj == p.pressed {
			p.single(obj, e)
		}
		p.pressed = nil
		return
	}
	if _, takesOne := obj.(fyne.Tappable); takesOne && obj != p.pressed {
		p.pressed = nil
		return
	}
	p.tapped, p.tappedAt, p.pressed = obj, e, nil
	p.waits = time.AfterFunc(p.window.app.driver.DoubleTapDelay(), func() {
		p.window.app.post(func() {
			if p.tapped == obj && p.tappedAt == e {
				p.tapped, p.waits = nil, nil
				p.single(obj, e)
				p.window.wake()
			}
		})
	})
}

func (p *pointer) single(obj fyne.CanvasObject, e *fyne.PointEvent) {
	if t, ok := obj.(fyne.Tappable); ok {
		t.Tapped(e)
	}
}

// scrolled tells of the wheel: notches up, and to the right.
func (p *pointer) scrolled(right, up float32) {
	obj, within := p.window.canvas.find(p.at, func(o fyne.CanvasObject) bool {
		_, ok := o.(fyne.Scrollable)
		return ok
	})
	if s, ok := obj.(fyne.Scrollable); ok {
		s.Scrolled(&fyne.ScrollEvent{
			PointEvent: fyne.PointEvent{AbsolutePosition: p.at, Position: within},
			Scrolled:   fyne.NewDelta(-right*wheelStep, up*wheelStep),
		})
		p.moved(p.at) // something else is under the pointer now
	}
}
