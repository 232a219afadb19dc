package software

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// placed is an object where it stands on the canvas; what lies outside clip
// does not show and takes no click.
type placed struct {
	object fyne.CanvasObject
	pos    fyne.Position
	clip   area
}

// area is a rectangle in device-independent pixels.
type area struct{ x0, y0, x1, y1 float32 }

var everywhere = area{-math.MaxFloat32, -math.MaxFloat32, math.MaxFloat32, math.MaxFloat32}

func areaOf(pos fyne.Position, size fyne.Size) area {
	return area{pos.X, pos.Y, pos.X + size.Width, pos.Y + size.Height}
}

func (a area) intersect(b area) area {
	return area{max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1)}
}

func (a area) has(p fyne.Position) bool {
	return p.X >= a.x0 && p.X < a.x1 && p.Y >= a.y0 && p.Y < a.y1
}

// pixels is the area at scale; edges go to the nearest pixel, so that
// neighbours meet.
func (a area) pixels(scale float32) image.Rectangle {
	return image.Rect(pixel(a.x0, scale), pixel(a.y0, scale), pixel(a.x1, scale), pixel(a.y1, scale))
}

// pixel rounds to a whole pixel, at most as far as an int32 reaches.
func pixel(v, scale float32) int {
	return int(math.Round(min(max(float64(v)*float64(scale), math.MinInt32), math.MaxInt32)))
}

// walk visits obj and all visible below it, parents first. visit returns false
// to leave out what is below.
func walk(obj fyne.CanvasObject, offset fyne.Position, clip area, visit func(placed) bool) {
	if obj == nil || !obj.Visible() {
		return
	}
	at := placed{obj, obj.Position().Add(offset), clip}
	children, clips := below(obj)
	if clips {
		at.clip = clip.intersect(areaOf(at.pos, obj.Size()))
	}
	if !visit(at) {
		return
	}
	for _, child := range children {
		walk(child, at.pos, at.clip, visit)
	}
}

// below is what an object is made of, and whether it hides what reaches out of
// it, as whatever scrolls does.
func below(obj fyne.CanvasObject) (children []fyne.CanvasObject, clips bool) {
	switch o := obj.(type) {
	case *fyne.Container:
		return o.Objects, false
	case fyne.Widget:
		r := test.WidgetRenderer(o)
		if r == nil {
			return nil, false
		}
		_, clips = r.(interface{ IsClip() })
		if _, scrolls := obj.(fyne.Scrollable); scrolls {
			clips = true
		}
		return r.Objects(), clips
	}
	return nil, false
}

// find is the topmost object at p that matches, with p in its own coordinates;
// nil when there is none. An overlay keeps what is under it from being found.
func (c *canvas) find(p fyne.Position, matches func(fyne.CanvasObject) bool) (found fyne.CanvasObject, within fyne.Position) {
	root := c.Overlays().Top()
	if root == nil {
		root = c.Content()
	}
	walk(root, fyne.Position{}, everywhere, func(at placed) bool {
		if at.clip.has(p) && areaOf(at.pos, at.object.Size()).has(p) && matches(at.object) {
			found, within = at.object, p.Subtract(at.pos)
		}
		return true
	})
	return found, within
}

// positionOf is where obj stands on the canvas; the origin when it does not.
func (c *canvas) positionOf(obj fyne.CanvasObject) (pos fyne.Position) {
	for _, root := range c.roots() {
		found := false
		walk(root, fyne.Position{}, everywhere, func(at placed) bool {
			if at.object == obj {
				pos, found = at.pos, true
			}
			return !found
		})
		if found {
			break
		}
	}
	return pos
}

// roots are the trees on show, the lowest first.
func (c *canvas) roots() []fyne.CanvasObject {
	var roots []fyne.CanvasObject
	if content := c.Content(); content != nil {
		roots = append(roots, content)
	}
	return append(roots, c.Overlays().List()...)
}
