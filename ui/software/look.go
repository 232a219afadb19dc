package software

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	fynecanvas "fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// kind says what a look is made of.
type kind byte

const (
	kindFill   kind = iota // one colour
	kindPanel              // a rectangle with corners, a border or a shadow, cut from nine parts
	kindFyne               // whatever Fyne's painter makes of one object
	kindPhoto              // a picture scaled to its place
	kindRaster             // what a program draws for itself
)

// look is everything that a bitmap's pixels depend on but the scale, which all
// share: what looks the same shares one bitmap.
type look struct {
	kind       kind
	what       byte // which of Fyne's objects
	text, font string
	style      fyne.TextStyle
	fill, line color.RGBA
	shade      color.RGBA // of the shadow
	n          [9]float32
	size       image.Point // pixels; of a panel, of its nine parts together
	inset      int         // pixels around the object's own size
	source     any         // what the picture is, where that is not said by its values
	turn       uint64      // counts what source has drawn otherwise since
}

// lookOf says how the object at its place is drawn, and where. ok is false
// where it draws nothing itself.
func (c *cache) lookOf(at placed, scale float32) (l look, where image.Rectangle, ok bool) {
	where = areaOf(at.pos, at.object.Size()).pixels(scale)
	switch o := at.object.(type) {
	case *fynecanvas.Rectangle:
		return panelLook(o, where, scale)
	case *fynecanvas.Text:
		return textLook(o, at.pos, scale)
	case *fynecanvas.Image:
		return c.picture(o, where)
	case *fynecanvas.Raster:
		l = look{kind: kindRaster, source: o, turn: c.turns[o], n: [9]float32{float32(o.Translucency)}, size: where.Size()}
		c.objects[l] = o
		return l, where, !where.Empty()
	case *fynecanvas.Circle:
		l = look{what: 'c', fill: pigment(o.FillColor), line: pigment(o.StrokeColor), n: [9]float32{o.StrokeWidth}}
		shadow(&l, o.Shadow)
		return c.fyne(l, o, where, o.StrokeWidth+2+reach(o.Shadow), scale)
	case *fynecanvas.Ellipse:
		l = look{what: 'e', fill: pigment(o.FillColor), line: pigment(o.StrokeColor), n: [9]float32{o.StrokeWidth}}
		shadow(&l, o.Shadow)
		return c.fyne(l, o, where, o.StrokeWidth+2+reach(o.Shadow), scale)
	case *fynecanvas.Line:
		d := o.Position2.Subtract(o.Position1)
		l = look{what: 'l', line: pigment(o.StrokeColor), n: [9]float32{o.StrokeWidth, d.X, d.Y}}
		return c.fyne(l, o, where, o.StrokeWidth+2, scale)
	case *fynecanvas.LinearGradient:
		l = look{what: 'g', fill: pigment(o.StartColor), line: pigment(o.EndColor), n: [9]float32{float32(o.Angle)}}
		return c.fyne(l, o, where, 0, scale)
	case *fynecanvas.RadialGradient:
		l = look{what: 'r', fill: pigment(o.StartColor), line: pigment(o.EndColor), n: [9]float32{float32(o.CenterOffsetX), float32(o.CenterOffsetY)}}
		return c.fyne(l, o, where, 0, scale)
	case *fynecanvas.Arc:
		l = look{what: 'a', fill: pigment(o.FillColor), line: pigment(o.StrokeColor),
			n: [9]float32{o.StrokeWidth, o.StartAngle, o.EndAngle, o.CornerRadius, o.CutoutRatio}}
		return c.fyne(l, o, where, o.StrokeWidth+2, scale)
	case *fynecanvas.RegularPolygon:
		l = look{what: 'p', fill: pigment(o.FillColor), line: pigment(o.StrokeColor),
			n: [9]float32{o.StrokeWidth, o.CornerRadius, o.Angle, float32(o.Sides)}}
		return c.fyne(l, o, where, o.StrokeWidth+2, scale)
	case *fynecanvas.ArbitraryPolygon, *fynecanvas.BezierCurve:
		return c.fyne(look{what: 'x', source: o, turn: c.turns[o]}, o, where, 8, scale)
	}
	// A blur of what lies below (under Fyne's dialogs) is left to OpenGL: the
	// dialog's shade stands without it, and every frame would pay for it.
	return look{}, image.Rectangle{}, false
}

// fyne completes a look that Fyne's painter makes: pad is how far it may reach
// out of the object.
func (c *cache) fyne(l look, o fyne.CanvasObject, where image.Rectangle, pad, scale float32) (look, image.Rectangle, bool) {
	l.kind, l.size = kindFyne, where.Size()
	l.inset = int(math.Ceil(float64(pad * scale)))
	c.objects[l] = o
	return l, where.Inset(-l.inset), true
}

func textLook(o *fynecanvas.Text, pos fyne.Position, scale float32) (look, image.Rectangle, bool) {
	if o.Text == "" {
		return look{}, image.Rectangle{}, false
	}
	ink := o.Color
	if ink == nil {
		ink = theme.Color(theme.ColorNameForeground)
	}
	l := look{kind: kindFyne, what: 't', text: o.Text, style: o.TextStyle, fill: pigment(ink), n: [9]float32{o.TextSize}}
	if o.FontSource != nil {
		l.font = o.FontSource.Name()
	}
	// Fyne's painter puts it into the middle of its height, and by its
	// alignment into its width; the bitmap is of the text alone.
	least, size := o.MinSize(), o.Size()
	switch o.Alignment {
	case fyne.TextAlignTrailing:
		pos.X += size.Width - least.Width
	case fyne.TextAlignCenter:
		pos.X += (size.Width - least.Width) / 2
	}
	pos.Y += max(size.Height-least.Height, 0) / 2
	overhang := float32(1)
	if o.TextStyle.Italic {
		overhang += o.TextSize / 5
	}
	where := areaOf(pos, least).pixels(scale)
	l.size = image.Pt(int(math.Ceil(float64((least.Width+overhang)*scale))), int(math.Ceil(float64((least.Height+1)*scale))))
	where.Max = where.Min.Add(l.size)
	return l, where, true
}

func panelLook(o *fynecanvas.Rectangle, where image.Rectangle, scale float32) (look, image.Rectangle, bool) {
	if o.Aspect > 0 {
		where = fit(where, o.Aspect)
	}
	l := look{kind: kindFill, fill: pigment(o.FillColor)}
	corners := [4]float32{o.TopLeftCornerRadius, o.TopRightCornerRadius, o.BottomLeftCornerRadius, o.BottomRightCornerRadius}
	radius := o.CornerRadius
	for i, r := range corners {
		if r == 0 {
			corners[i] = o.CornerRadius
		}
		radius = max(radius, r)
	}
	bordered := o.StrokeWidth > 0 && o.StrokeColor != nil && pigment(o.StrokeColor).A > 0
	shaded := pigment(o.Shadow.Color).A > 0
	if where.Empty() || !bordered && !shaded && l.fill.A == 0 {
		return l, where, false
	}
	if radius == 0 && !bordered && !shaded {
		return l, where, true
	}
	l.kind, l.what = kindPanel, 'q'
	l.n = [9]float32{0, corners[0], corners[1], corners[2], corners[3]}
	var pad float32
	if bordered {
		l.line, l.n[0], pad = pigment(o.StrokeColor), o.StrokeWidth, o.StrokeWidth+2
	}
	if shaded {
		shadow(&l, o.Shadow)
		pad += reach(o.Shadow)
	}
	l.inset = int(math.Ceil(float64(pad * scale)))
	// The middle of a large one is one colour, or a line along an edge: nine
	// parts of a small one make it at any size.
	l.size = where.Size()
	if part := 2*int(math.Ceil(float64((radius+pad+2)*scale))) + 2; l.size.X > part && l.size.Y > part {
		l.size = image.Pt(part, part)
	}
	return l, where.Inset(-l.inset), true
}

// shadow adds what a shadow depends on.
func shadow(l *look, s fynecanvas.Shadow) {
	l.shade = pigment(s.Color)
	l.n[5], l.n[6], l.n[7], l.n[8] = s.BlurRadius, s.Spread, s.Offset.X, s.Offset.Y
	l.turn = uint64(s.Variant)
}

// reach is how far a shadow may show beyond its object.
func reach(s fynecanvas.Shadow) float32 {
	if pigment(s.Color).A == 0 {
		return 0
	}
	return 2*s.BlurRadius + float32(math.Abs(float64(s.Spread))) + max(float32(math.Abs(float64(s.Offset.X))), float32(math.Abs(float64(s.Offset.Y)))) + 2
}

// fit is the largest part of r, in its middle, of an aspect (width by height).
func fit(r image.Rectangle, aspect float32) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w == 0 || h == 0 || aspect == 0 {
		return r
	}
	if float32(w) > float32(h)*aspect {
		w = int(float32(h) * aspect)
	} else {
		h = int(float32(w) / aspect)
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// picture is a photo, scaled here once, or an icon, which Fyne draws.
func (c *cache) picture(o *fynecanvas.Image, where image.Rectangle) (look, image.Rectangle, bool) {
	l := look{kind: kindPhoto, n: [9]float32{float32(o.Translucency), o.CornerRadius, float32(o.FillMode), float32(o.ScaleMode)}}
	switch {
	case o.Image != nil && o.Resource == nil && o.File == "":
		switch o.FillMode {
		case fynecanvas.ImageFillContain:
			if b := o.Image.Bounds(); b.Dy() > 0 {
				where = fit(where, float32(b.Dx())/float32(b.Dy()))
			}
		case fynecanvas.ImageFillOriginal:
			at := where.Min.Add(where.Size().Sub(o.Image.Bounds().Size()).Div(2))
			where = image.Rectangle{at, at.Add(o.Image.Bounds().Size())}
		}
		l.source = sourceOf(o)
		l.turn = c.turns[l.source]
	case o.Resource != nil:
		// An icon's resource is made anew with each theme; its content says
		// what it is.
		l.kind, l.what, l.text, l.font = kindFyne, 'i', o.Resource.Name(), string(o.Resource.Content())
	case o.File != "":
		l.kind, l.what, l.text = kindFyne, 'i', o.File
	default:
		return l, where, false
	}
	l.size = where.Size()
	c.objects[l] = o
	return l, where, !where.Empty()
}
