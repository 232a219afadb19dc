package software

import (
	"image"
	"image/color"
	stddraw "image/draw"
	"reflect"

	"fyne.io/fyne/v2"
	fynecanvas "fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"golang.org/x/image/draw"

	"github.com/clinicpro-nz/images/ui"
)

// Bitmaps that nothing shows are kept for what comes back: at most spareBytes
// of them, the longest unseen dropped first, and none over spareFrames old.
const (
	spareBytes  = 32 << 20
	spareFrames = 600
)

// cache holds the bitmaps that a canvas is made of.
type cache struct {
	bitmaps map[look]*bitmap
	objects map[look]fyne.CanvasObject // of this frame: what a missing bitmap is made from
	turns   map[any]uint64             // see look.turn
	turn    uint64
	frame   int
	bytes   int
}

type bitmap struct {
	*image.RGBA // premultiplied, blue first; its origin is the object's place less look.inset
	seen        int
}

func newCache() *cache {
	return &cache{bitmaps: map[look]*bitmap{}, objects: map[look]fyne.CanvasObject{}, turns: map[any]uint64{}}
}

// changed makes what only obj itself can say be drawn anew.
func (c *cache) changed(obj fyne.CanvasObject) {
	var source any = obj
	switch o := obj.(type) {
	case *fynecanvas.Image:
		if o.Image == nil {
			return
		}
		if source = sourceOf(o); !c.knows(source) {
			return
		}
	case *fynecanvas.Raster, *fynecanvas.ArbitraryPolygon, *fynecanvas.BezierCurve:
	default:
		return
	}
	c.turn++
	c.turns[source] = c.turn
}

// sourceOf is what tells a picture from others: the picture itself, so that an
// object that is given another finds that one's bitmap again.
func sourceOf(o *fynecanvas.Image) any {
	if reflect.TypeOf(o.Image).Comparable() {
		return o.Image
	}
	return o
}

// knows reports whether a bitmap of source is held, or was forgotten with its turn.
func (c *cache) knows(source any) bool {
	if _, turned := c.turns[source]; turned {
		return true
	}
	for l := range c.bitmaps {
		if l.source == source {
			return true
		}
	}
	return false
}

// sweep ends a frame: it drops what has not been seen for long.
func (c *cache) sweep() {
	c.frame++
	clear(c.objects)
	if c.bytes <= spareBytes && c.frame%spareFrames != 0 {
		return
	}
	oldest := c.frame - spareFrames
	for c.drop(oldest); c.bytes > spareBytes && oldest < c.frame-1; c.drop(oldest) {
		oldest += (c.frame-1-oldest)/2 + 1
	}
	held := map[any]bool{}
	for l := range c.bitmaps {
		held[l.source] = true
	}
	for source := range c.turns {
		if !held[source] {
			delete(c.turns, source)
		}
	}
}

// drop forgets what was last seen before frame.
func (c *cache) drop(frame int) {
	for l, b := range c.bitmaps {
		if b.seen < frame {
			c.bytes -= len(b.Pix)
			delete(c.bitmaps, l)
		}
	}
}

// put draws part of a stroke.
func (c *cache) put(onto *image.RGBA, part image.Rectangle, st stroke, scale float32) {
	if st.look.kind == kindFill {
		op := stddraw.Over
		if st.look.fill.A == 0xff {
			op = stddraw.Src
		}
		stddraw.Draw(onto, part, image.NewUniform(st.look.fill), image.Point{}, op)
		return
	}
	b := c.bitmaps[st.look]
	if b == nil {
		b = &bitmap{RGBA: c.make(st.look, scale)}
		c.bitmaps[st.look] = b
		c.bytes += len(b.Pix)
	}
	b.seen = c.frame
	if st.look.kind == kindPanel && st.at.Size() != b.Rect.Size() {
		nine(onto, part, b.RGBA, st.at)
		return
	}
	stddraw.Draw(onto, part, b, part.Min.Sub(st.at.Min), stddraw.Over)
}

// nine draws b at where: its corners as they are, the line through its middle
// drawn out along each edge, and its middle pixel over all between.
func nine(onto *image.RGBA, part image.Rectangle, b *image.RGBA, where image.Rectangle) {
	mx, my := b.Rect.Dx()/2, b.Rect.Dy()/2
	right, bottom := where.Max.X-(b.Rect.Dx()-mx-1), where.Max.Y-(b.Rect.Dy()-my-1)
	left, top := where.Min.X+mx, where.Min.Y+my
	at := func(r image.Rectangle, from image.Point) {
		if p := r.Intersect(part); !p.Empty() {
			stddraw.Draw(onto, p, b, from.Add(p.Min.Sub(r.Min)), stddraw.Over)
		}
	}
	at(image.Rect(where.Min.X, where.Min.Y, left, top), image.Point{})
	at(image.Rect(right, where.Min.Y, where.Max.X, top), image.Pt(mx+1, 0))
	at(image.Rect(where.Min.X, bottom, left, where.Max.Y), image.Pt(0, my+1))
	at(image.Rect(right, bottom, where.Max.X, where.Max.Y), image.Pt(mx+1, my+1))
	row := func(r image.Rectangle, y0 int) {
		r = r.Intersect(part)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			flat(onto, image.Rect(r.Min.X, y, r.Max.X, y+1), b.RGBAAt(mx, y0+y))
		}
	}
	row(image.Rect(left, where.Min.Y, right, top), -where.Min.Y)
	row(image.Rect(left, bottom, right, where.Max.Y), my+1-bottom)
	column := func(r image.Rectangle, x0 int) {
		r = r.Intersect(part)
		for x := r.Min.X; x < r.Max.X; x++ {
			flat(onto, image.Rect(x, r.Min.Y, x+1, r.Max.Y), b.RGBAAt(x0+x, my))
		}
	}
	column(image.Rect(where.Min.X, top, left, bottom), -where.Min.X)
	column(image.Rect(right, top, where.Max.X, bottom), mx+1-right)
	flat(onto, image.Rect(left, top, right, bottom).Intersect(part), b.RGBAAt(mx, my))
}

func flat(onto *image.RGBA, r image.Rectangle, c color.RGBA) {
	switch {
	case r.Empty() || c.A == 0:
	case c.A == 0xff:
		stddraw.Draw(onto, r, image.NewUniform(c), image.Point{}, stddraw.Src)
	default:
		stddraw.Draw(onto, r, image.NewUniform(c), image.Point{}, stddraw.Over)
	}
}

// make draws a bitmap.
func (c *cache) make(l look, scale float32) *image.RGBA {
	switch l.kind {
	case kindPhoto:
		return photo(c.objects[l].(*fynecanvas.Image), l, scale)
	case kindRaster:
		out := image.NewRGBA(image.Rectangle{Max: l.size})
		r := c.objects[l].(*fynecanvas.Raster)
		img := r.Generator(l.size.X, l.size.Y)
		if img != nil {
			draw.ApproxBiLinear.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
		}
		swap(out.Pix)
		return out
	case kindPanel:
		return byFyne(panelOf(l, scale), l, scale)
	case kindFyne:
		if l.what == 't' {
			return byFyne(textOf(l), l, scale)
		}
		return byFyne(c.objects[l], l, scale)
	}
	return image.NewRGBA(image.Rectangle{})
}

// unpigment is pigment undone.
func unpigment(c color.RGBA) color.Color {
	c.R, c.B = c.B, c.R
	return c
}

func panelOf(l look, scale float32) fyne.CanvasObject {
	r := &fynecanvas.Rectangle{FillColor: unpigment(l.fill), StrokeWidth: l.n[0],
		TopLeftCornerRadius: l.n[1], TopRightCornerRadius: l.n[2], BottomLeftCornerRadius: l.n[3], BottomRightCornerRadius: l.n[4]}
	if l.n[0] > 0 {
		r.StrokeColor = unpigment(l.line)
	}
	if l.shade.A > 0 {
		r.Shadow = fynecanvas.Shadow{Color: unpigment(l.shade), BlurRadius: l.n[5], Spread: l.n[6],
			Offset: fyne.NewPos(l.n[7], l.n[8]), Variant: fynecanvas.ShadowVariant(l.turn)}
	}
	r.Resize(fyne.NewSize(float32(l.size.X)/scale, float32(l.size.Y)/scale))
	return r
}

func textOf(l look) fyne.CanvasObject {
	t := &fynecanvas.Text{Text: l.text, TextStyle: l.style, TextSize: l.n[0], Color: unpigment(l.fill)}
	return t
}

// hair keeps a whole number of pixels whole where Fyne rounds up what a
// division and a multiplication have left of it.
const hair = 0.01

// byFyne is an object as Fyne's software painter draws it, alone, at its place
// in a bitmap of l's size and inset. obj itself stays where it is.
func byFyne(obj fyne.CanvasObject, l look, scale float32) *image.RGBA {
	size := l.size.Add(image.Pt(2*l.inset, 2*l.inset))
	points := func(px int) float32 { return (float32(px) - hair) / scale }
	alone := &fyne.Container{Objects: []fyne.CanvasObject{obj}}
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetScale(scale)
	c.SetContent(alone)
	c.Resize(fyne.NewSize(points(size.X), points(size.Y)))
	alone.Move(fyne.NewPos(0, 0).Subtract(obj.Position()).AddXY(points(l.inset), points(l.inset)))
	if l.inset == 0 {
		alone.Move(fyne.NewPos(0, 0).Subtract(obj.Position()))
	}
	drawn := c.Capture()
	out := image.NewRGBA(image.Rectangle{Max: size})
	stddraw.Draw(out, out.Rect, drawn, image.Point{}, stddraw.Src)
	swap(out.Pix)
	return out
}

// photo scales a picture once, averaging what becomes one pixel.
func photo(o *fynecanvas.Image, l look, scale float32) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: l.size})
	from := o.Image.Bounds()
	if o.FillMode == fynecanvas.ImageFillCover && l.size.Y > 0 {
		from = fit(from, float32(l.size.X)/float32(l.size.Y))
	}
	switch {
	case from.Size() == l.size:
		stddraw.Draw(out, out.Rect, o.Image, from.Min, stddraw.Src)
	case o.ScaleMode == fynecanvas.ImageScalePixels:
		draw.NearestNeighbor.Scale(out, out.Rect, o.Image, from, draw.Src, nil)
	case o.ScaleMode == fynecanvas.ImageScaleFastest:
		draw.ApproxBiLinear.Scale(out, out.Rect, o.Image, from, draw.Src, nil)
	default:
		draw.BiLinear.Scale(out, out.Rect, o.Image, from, draw.Src, nil)
	}
	swap(out.Pix)
	if r := min(o.CornerRadius*scale, float32(min(l.size.X, l.size.Y))/2); r >= 0.5 {
		ui.RoundOff(out, r)
	}
	if o.Translucency > 0 {
		for i, v := range out.Pix {
			out.Pix[i] = uint8(float64(v) * (1 - min(o.Translucency, 1)))
		}
	}
	return out
}
