package widgets

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"
)

// Tool is what dragging on a Loupe draws; "" moves the picture.
type Tool string

const (
	ToolNone  Tool = ""
	ToolCrop  Tool = "crop"
	ToolArrow Tool = "arrow"
	ToolMask  Tool = "mask"
)

const (
	maxScale  = 4   // device pixels a pixel of the picture
	zoomStep  = 1.3 // a key, or a notch of the wheel
	panStep   = 0.12
	drawnStep = 0.02

	wellRadius = 10 // of its corners
)

// Loupe shows a picture, whole or a part of it enlarged. It decodes nothing:
// it asks for the part that it shows, and until that comes enlarges what it
// has. One raster serves for its whole life. What it draws with a Tool it
// gives away; it does not change the picture.
type Loupe struct {
	widget.BaseWidget
	acts   LoupeActs
	raster *canvas.Raster
	band   *canvas.Rectangle
	shaft  *canvas.Line
	tip    *canvas.Circle
	hidden fyne.CanvasObject // stands in place of a picture that is not to be seen

	whole  *image.RGBA // all of the picture, at about the size shown
	size   image.Point // of the picture, in its own pixels; zero: not known
	rough  bool        // whole is a placeholder, and size its own
	detail *image.RGBA
	part   image.Rectangle // that detail shows
	buffer *image.RGBA
	px     float64 // device pixels a unit of Fyne's
	cover  bool

	zoom     float64 // 1: all of it is seen
	cx, cy   float64 // what is in the middle, as a share of the picture
	tool     Tool
	drawn    [4]float64 // x0, y0, x1, y1 as shares of the picture, while a tool is used
	using    bool
	dragging bool
}

// LoupeActs are what a Loupe asks for. A part in pixels of the picture; empty
// is all of it. Points are shares of the picture, 0 to 1.
type LoupeActs struct {
	Look  func(part image.Rectangle, side int)
	Drawn func(tool Tool, x0, y0, x1, y1 float64)
	Moved func(zoom, cx, cy float64) // by the GP, so that another can follow
	Used  func()                     // the tool was laid down
}

// NewLoupe returns an empty one; hidden stands where a picture is covered.
func NewLoupe(acts LoupeActs, hidden fyne.CanvasObject) *Loupe {
	l := &Loupe{acts: acts, zoom: 1, cx: .5, cy: .5, px: 1, hidden: hidden}
	l.raster = canvas.NewRaster(l.paint)
	l.raster.ScaleMode = canvas.ImageScalePixels // it has the pixels of the screen
	l.band = &canvas.Rectangle{StrokeWidth: 2}
	l.shaft = &canvas.Line{StrokeWidth: 4, StrokeColor: color.NRGBA{255, 214, 10, 255}}
	l.tip = &canvas.Circle{FillColor: color.NRGBA{255, 214, 10, 255}}
	l.ExtendBaseWidget(l)
	return l
}

// ShowPicture puts another picture in place, all of it seen: placeholder is what
// there is of it until Whole comes, nil for nothing.
func (l *Loupe) ShowPicture(placeholder image.Image) {
	l.size, l.detail, l.zoom, l.cx, l.cy = image.Point{}, nil, 1, .5, .5
	l.whole = AsRGBA(placeholder)
	if l.rough = true; l.whole != nil {
		l.size = l.whole.Rect.Size()
	}
	l.lay()
	l.ask()
	l.redraw()
}

// Whole gives all of the picture, which has size pixels.
func (l *Loupe) Whole(m image.Image, size image.Point) {
	switch {
	case l.rough:
		l.detail = nil
	case size != l.size: // it was cropped or turned
		l.detail, l.zoom, l.cx, l.cy = nil, 1, .5, .5
	}
	l.whole, l.size, l.rough = AsRGBA(m), size, false
	if l.Zoomed() {
		l.place(l.zoom, l.cx, l.cy)
	}
	l.redraw()
}

// Again asks for what is seen anew: the picture was changed.
func (l *Loupe) Again() {
	dw, dh := l.device()
	l.acts.Look(image.Rectangle{}, int(max(dw, dh)))
	l.ask()
}

// Detail gives a part of it.
func (l *Loupe) Detail(m image.Image, part image.Rectangle) {
	l.detail, l.part = AsRGBA(m), part
	l.redraw()
}

// Cover hides the picture, or shows it again.
func (l *Loupe) Cover(on bool) {
	l.cover = on
	if on {
		l.hidden.Show()
	} else {
		l.hidden.Hide()
	}
	l.redraw()
}

// Known reports whether the picture's own size is known: all of it has come.
func (l *Loupe) Known() bool { return !l.rough && l.size != image.Point{} }

// Zoomed reports whether a part is enlarged.
func (l *Loupe) Zoomed() bool { return l.zoom > 1.001 }

// Percent is the size shown, of the picture's own pixels; 0 while they are not known.
func (l *Loupe) Percent() int {
	if !l.Known() {
		return 0
	}
	return int(l.scale()*100 + .5)
}

// Tool returns the tool in the hand.
func (l *Loupe) Tool() Tool { return l.tool }

// Take takes a tool, which stands ready in the middle for the keyboard; none
// lays it down.
func (l *Loupe) Take(t Tool) {
	l.tool, l.using = t, t != ToolNone
	l.drawn = [4]float64{.25, .25, .75, .75}
	if t == ToolArrow {
		l.drawn = [4]float64{.3, .3, .5, .5}
	}
	l.redraw()
}

// Apply gives away what is drawn.
func (l *Loupe) Apply() {
	if t, d := l.tool, l.drawn; t != ToolNone {
		l.Take(ToolNone)
		l.acts.Drawn(t, d[0], d[1], d[2], d[3])
		l.acts.Used()
	}
}

// Arrow moves what is drawn or, with resize, its second point; without a tool
// the part that is seen. It reports whether there was anything to move.
func (l *Loupe) Arrow(dx, dy float64, resize bool) bool {
	switch {
	case l.tool != ToolNone:
		for i, d := range [4]float64{dx, dy, dx, dy} {
			if i >= 2 || !resize {
				l.drawn[i] = min(max(l.drawn[i]+d*drawnStep, 0), 1)
			}
		}
		l.redraw()
	case l.Zoomed():
		l.move(l.zoom, l.cx+dx*panStep/l.zoom, l.cy+dy*panStep/l.zoom)
	default:
		return false
	}
	return true
}

// Zoom enlarges by steps, negative for less.
func (l *Loupe) Zoom(steps float64) { l.move(l.zoom*math.Pow(zoomStep, steps), l.cx, l.cy) }

// Toggle goes between all of the picture and its own pixels around a point,
// given as shares.
func (l *Loupe) Toggle(x, y float64) {
	if l.Zoomed() {
		l.move(1, .5, .5)
		return
	}
	l.move(max(1/max(l.fit(), .001), 2), x, y)
}

// Follow moves as another Loupe did.
func (l *Loupe) Follow(zoom, cx, cy float64) { l.place(zoom, cx, cy) }

func (l *Loupe) move(zoom, cx, cy float64) {
	l.place(zoom, cx, cy)
	l.acts.Moved(l.zoom, l.cx, l.cy)
}

func (l *Loupe) place(zoom, cx, cy float64) {
	l.zoom = min(max(zoom, 1), max(maxScale/max(l.fit(), .001), 1))
	w, h := l.seen()
	clampTo := func(c, half float64) float64 {
		if half >= .5 {
			return .5
		}
		return min(max(c, half), 1-half)
	}
	l.cx, l.cy = clampTo(cx, w/2), clampTo(cy, h/2)
	l.ask()
	l.redraw()
}

// device is the widget's size in device pixels.
func (l *Loupe) device() (w, h float64) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		l.px = float64(c.Scale())
	}
	return float64(l.Size().Width) * l.px, float64(l.Size().Height) * l.px
}

// fit is the scale at which all of the picture is seen.
func (l *Loupe) fit() float64 {
	w, h := l.device()
	if l.size.X == 0 || w == 0 {
		return 1
	}
	return min(w/float64(l.size.X), h/float64(l.size.Y))
}

func (l *Loupe) scale() float64 { return l.fit() * l.zoom }

// seen is the share of the picture that the widget spans.
func (l *Loupe) seen() (w, h float64) {
	dw, dh := l.device()
	s := l.scale()
	return dw / max(s*float64(l.size.X), 1), dh / max(s*float64(l.size.Y), 1)
}

// ask asks for what is seen.
func (l *Loupe) ask() {
	dw, dh := l.device()
	if dw < 1 {
		return
	}
	if !l.Zoomed() || !l.Known() {
		l.acts.Look(image.Rectangle{}, int(max(dw, dh)))
		return
	}
	w, h := l.seen()
	x, y := float64(l.size.X), float64(l.size.Y)
	part := image.Rect(int((l.cx-w/2)*x), int((l.cy-h/2)*y), int((l.cx+w/2)*x)+1, int((l.cy+h/2)*y)+1).Intersect(image.Rectangle{Max: l.size})
	if part.Empty() {
		return
	}
	l.acts.Look(part, int(math.Ceil(float64(max(part.Dx(), part.Dy()))*min(l.scale(), 1))))
}

func (l *Loupe) redraw() {
	l.lay()
	l.raster.Refresh()
}

// point is where a share of the picture lies on the widget.
func (l *Loupe) point(x, y float64) fyne.Position {
	dw, dh := l.device()
	s := l.scale()
	return fyne.NewPos(float32((dw/2+(x-l.cx)*float64(l.size.X)*s)/l.px), float32((dh/2+(y-l.cy)*float64(l.size.Y)*s)/l.px))
}

// share is point the other way, kept within the picture.
func (l *Loupe) share(p fyne.Position) (x, y float64) {
	dw, dh := l.device()
	s := l.scale()
	if l.size.X == 0 {
		return .5, .5
	}
	x = l.cx + (float64(p.X)*l.px-dw/2)/(s*float64(l.size.X))
	y = l.cy + (float64(p.Y)*l.px-dh/2)/(s*float64(l.size.Y))
	return min(max(x, 0), 1), min(max(y, 0), 1)
}

// lay puts what is being drawn in its place.
func (l *Loupe) lay() {
	a, b := l.point(l.drawn[0], l.drawn[1]), l.point(l.drawn[2], l.drawn[3])
	l.band.Hidden = !l.using || l.tool == ToolArrow
	l.shaft.Hidden = !l.using || l.tool != ToolArrow
	l.tip.Hidden = l.shaft.Hidden
	l.band.StrokeColor = theme.Color(theme.ColorNamePrimary)
	l.band.FillColor = color.Transparent
	if l.tool == ToolMask {
		l.band.FillColor = color.NRGBA{0, 0, 0, 210}
	}
	l.band.Move(fyne.NewPos(min(a.X, b.X), min(a.Y, b.Y)))
	l.band.Resize(fyne.NewSize(max(a.X, b.X)-min(a.X, b.X), max(a.Y, b.Y)-min(a.Y, b.Y)))
	l.shaft.Position1, l.shaft.Position2 = a, b
	l.tip.Move(b.SubtractXY(7, 7))
	l.tip.Resize(fyne.NewSquareSize(14))
	for _, o := range []fyne.CanvasObject{l.band, l.shaft, l.tip} {
		o.Refresh()
	}
}

// paint draws the picture, in device pixels, in a well with rounded corners: a
// box behind it would be painted, and hidden, in every frame.
func (l *Loupe) paint(w, h int) image.Image {
	if l.buffer == nil || l.buffer.Rect.Dx() != w || l.buffer.Rect.Dy() != h {
		l.buffer = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	draw.Draw(l.buffer, l.buffer.Rect, image.NewUniform(theme.Color(ColorWell)), image.Point{}, draw.Src)
	if l.whole != nil && !l.cover {
		l.picture()
	}
	if l.using && l.tool == ToolCrop {
		l.dim(w, h)
	}
	RoundOff(l.buffer, min(wellRadius*float32(l.px), float32(min(w, h))/2))
	return l.buffer
}

// picture draws what is there of the picture: all of it where no detail lies
// over it, and the detail.
func (l *Loupe) picture() {
	detailed := l.detail != nil && l.Zoomed()
	var hole image.Rectangle
	if detailed {
		hole = l.where(l.part)
		hole.Max = hole.Max.Sub(image.Pt(1, 1)) // it may come a pixel smaller than its place
	}
	for _, r := range outside(l.buffer.Rect, hole) {
		l.enlarge(l.whole, image.Rectangle{Max: l.size}, r)
	}
	if detailed {
		l.enlarge(l.detail, l.part, l.buffer.Rect)
	}
}

// outside is what of r does not lie in hole.
func outside(r, hole image.Rectangle) (rest []image.Rectangle) {
	hole = hole.Intersect(r)
	if hole.Empty() {
		return []image.Rectangle{r}
	}
	for _, part := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, hole.Min.Y)}, {image.Pt(r.Min.X, hole.Max.Y), r.Max},
		{image.Pt(r.Min.X, hole.Min.Y), image.Pt(hole.Min.X, hole.Max.Y)}, {image.Pt(hole.Max.X, hole.Min.Y), image.Pt(r.Max.X, hole.Max.Y)},
	} {
		if !part.Empty() {
			rest = append(rest, part)
		}
	}
	return rest
}

// where is the place of a part of the picture in the buffer.
func (l *Loupe) where(part image.Rectangle) image.Rectangle {
	s, w, h := l.scale(), l.buffer.Rect.Dx(), l.buffer.Rect.Dy()
	at := func(x, y int) image.Point {
		return image.Pt(int(math.Round(float64(w)/2+(float64(x)-l.cx*float64(l.size.X))*s)), int(math.Round(float64(h)/2+(float64(y)-l.cy*float64(l.size.Y))*s)))
	}
	return image.Rectangle{at(part.Min.X, part.Min.Y), at(part.Max.X, part.Max.Y)}
}

// enlarge draws m, which shows a part of the picture, where that part lies, as
// far as it is within a part of the buffer.
func (l *Loupe) enlarge(m *image.RGBA, part, within image.Rectangle) {
	to, onto := l.where(part), l.buffer.SubImage(within).(*image.RGBA)
	if d := to.Size().Sub(m.Rect.Size()); max(d.X, -d.X) <= 1 && max(d.Y, -d.Y) <= 1 {
		draw.Draw(onto, to, m, m.Rect.Min, draw.Src) // as it came, pixel for pixel
		return
	}
	draw.ApproxBiLinear.Scale(onto, to, m, m.Rect, draw.Src, nil)
}

// dim darkens what a crop would take away.
func (l *Loupe) dim(w, h int) {
	px := func(p fyne.Position) image.Point { return image.Pt(int(float64(p.X)*l.px), int(float64(p.Y)*l.px)) }
	keep := image.Rectangle{px(l.point(l.drawn[0], l.drawn[1])), px(l.point(l.drawn[2], l.drawn[3]))}.Canon()
	for y := range h {
		line := l.buffer.Pix[y*l.buffer.Stride:][:4*w]
		for x := range w {
			if !(image.Point{x, y}).In(keep) {
				line[4*x], line[4*x+1], line[4*x+2] = line[4*x]/3, line[4*x+1]/3, line[4*x+2]/3
			}
		}
	}
}

// AsRGBA is an opaque picture in the form that draws fastest; the pipe's needs
// no copy.
func AsRGBA(m image.Image) *image.RGBA {
	switch m := m.(type) {
	case nil:
		return nil
	case *image.NRGBA:
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	case *image.RGBA:
		return m
	}
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return out
}

// Dragged implements fyne.Draggable.
func (l *Loupe) Dragged(e *fyne.DragEvent) {
	if l.tool == ToolNone {
		if l.Zoomed() && l.Known() {
			s := l.scale() / l.px
			l.move(l.zoom, l.cx-float64(e.Dragged.DX)/(s*float64(l.size.X)), l.cy-float64(e.Dragged.DY)/(s*float64(l.size.Y)))
		}
		return
	}
	if !l.dragging {
		l.dragging = true
		l.drawn[0], l.drawn[1] = l.share(e.Position.Subtract(e.Dragged))
	}
	l.drawn[2], l.drawn[3] = l.share(e.Position)
	l.redraw()
}

// DragEnd implements fyne.Draggable.
func (l *Loupe) DragEnd() {
	if l.dragging {
		l.dragging = false
		l.Apply()
	}
}

// Scrolled implements fyne.Scrollable: the point under the pointer stays.
func (l *Loupe) Scrolled(e *fyne.ScrollEvent) {
	x, y := l.share(e.Position)
	zoom := l.zoom * math.Pow(zoomStep, float64(e.Scrolled.DY)/10)
	zoom = min(max(zoom, 1), max(maxScale/max(l.fit(), .001), 1))
	f := l.zoom / zoom
	l.move(zoom, x+(l.cx-x)*f, y+(l.cy-y)*f)
}

// DoubleTapped implements fyne.DoubleTappable.
func (l *Loupe) DoubleTapped(e *fyne.PointEvent) { l.Toggle(l.share(e.Position)) }

// Cursor implements desktop.Cursorable.
func (l *Loupe) Cursor() desktop.Cursor {
	switch {
	case l.tool != ToolNone:
		return desktop.CrosshairCursor
	case l.Zoomed():
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// MinSize implements fyne.Widget.
func (l *Loupe) MinSize() fyne.Size { return fyne.NewSize(240, 200) }

// Resize implements fyne.CanvasObject: another size wants other pixels.
func (l *Loupe) Resize(s fyne.Size) {
	if s == l.Size() {
		return
	}
	l.BaseWidget.Resize(s)
	l.place(l.zoom, l.cx, l.cy)
}

// CreateRenderer implements fyne.Widget.
func (l *Loupe) CreateRenderer() fyne.WidgetRenderer {
	return &loupeRenderer{l, []fyne.CanvasObject{l.raster, l.band, l.shaft, l.tip, l.hidden}}
}

type loupeRenderer struct {
	l       *Loupe
	objects []fyne.CanvasObject
}

func (r *loupeRenderer) Layout(size fyne.Size) {
	r.l.raster.Resize(size)
	r.l.hidden.Resize(size)
	r.l.lay()
}
func (r *loupeRenderer) MinSize() fyne.Size           { return r.l.MinSize() }
func (r *loupeRenderer) Refresh()                     { r.l.redraw() }
func (r *loupeRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *loupeRenderer) Destroy()                     {}
