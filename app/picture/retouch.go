package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/clinicpro-nz/images/app"
)

// Changes are what is done to a picture before it leaves.
type Changes struct {
	marks   []app.Edit // arrows and masks, in the order in which they were made
	kept    app.Edit
	degrees int
}

// ChangesOf are the changes that an image's edits and details come to.
func ChangesOf(im app.Image) Changes {
	c := Changes{kept: im.Kept(), degrees: im.Turned()}
	for _, e := range im.Edits {
		if e.Kind == app.EditArrow || e.Kind == app.EditMask {
			c.marks = append(c.marks, e)
		}
	}
	return c
}

// Nothing reports whether the picture leaves as it came.
func (c Changes) Nothing() bool {
	return len(c.marks) == 0 && c.degrees == 0 && c.kept == app.Image{}.Kept()
}

// frameOf is where a picture's pixels, as stored, come to stand.
type frameOf struct {
	w, h        int             // as stored
	orientation int             // EXIF's
	crop        image.Rectangle // the part that leaves, as stored
	turn        int             // a further orientation
	changes     Changes
}

// newFrame reckons for a picture of w by h pixels as stored. Crops begin and
// end between two samples of colour, so that none of them has to be moved.
func newFrame(w, h, orientation, across, down int, c Changes) frameOf {
	f := frameOf{w: w, h: h, orientation: orientation, turn: orientationOf(c.degrees), changes: c}
	x0, y0 := f.stored(c.kept.X0, c.kept.Y0)
	x1, y1 := f.stored(c.kept.X1, c.kept.Y1)
	f.crop = outward(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), across, down).Intersect(image.Rect(0, 0, w, h))
	return f
}

// stored is where a point of the upright picture lies among the pixels.
func (f frameOf) stored(unitX, unitY int) (x, y float64) {
	fx, fy := float64(unitX)/app.Unit, float64(unitY)/app.Unit
	switch f.orientation {
	case 2:
		fx = 1 - fx
	case 3:
		fx, fy = 1-fx, 1-fy
	case 4:
		fy = 1 - fy
	case 5:
		fx, fy = fy, fx
	case 6:
		fx, fy = fy, 1-fx
	case 7:
		fx, fy = 1-fy, 1-fx
	case 8:
		fx, fy = 1-fy, fx
	}
	return fx * float64(f.w), fy * float64(f.h)
}

// size is that of the picture that leaves.
func (f frameOf) size() (w, h int) {
	t := newTurn(f.orientation, f.crop.Dx(), f.crop.Dy())
	t = newTurn(f.turn, t.w, t.h)
	return t.w, t.h
}

// leaving is where a stored point comes to lie in the picture that leaves.
func (f frameOf) leaving(x, y float64) (float64, float64) {
	x, y = x-float64(f.crop.Min.X), y-float64(f.crop.Min.Y)
	w, h := float64(f.crop.Dx()), float64(f.crop.Dy())
	x, y = forward(f.orientation, x, y, w, h)
	if f.orientation >= 5 {
		w, h = h, w
	}
	return forward(f.turn, x, y, w, h)
}

// forward is turn.from the other way: where a point of a picture of w by h
// comes to lie.
func forward(orientation int, x, y, w, h float64) (float64, float64) {
	switch orientation {
	case 2:
		return w - x, y
	case 3:
		return w - x, h - y
	case 4:
		return x, h - y
	case 5:
		return y, x
	case 6:
		return h - y, x
	case 7:
		return h - y, w - x
	case 8:
		return y, w - x
	}
	return x, y
}

// source is the stored rectangle behind a rectangle of the picture that leaves.
func (f frameOf) source(r image.Rectangle) image.Rectangle {
	first := newTurn(f.orientation, f.crop.Dx(), f.crop.Dy())
	second := newTurn(f.turn, first.w, first.h)
	corner := func(x, y int) (int, int) {
		x, y = second.from(x, y)
		return first.from(x, y)
	}
	x0, y0 := corner(r.Min.X, r.Min.Y)
	x1, y1 := corner(r.Max.X-1, r.Max.Y-1)
	return image.Rect(min(x0, x1), min(y0, y1), max(x0, x1)+1, max(y0, y1)+1).Add(f.crop.Min)
}

// outward is the least rectangle around four numbers whose sides lie on
// multiples of across and down.
func outward(x0, y0, x1, y1 float64, across, down int) image.Rectangle {
	floor := func(v float64, n int) int { return int(math.Floor(v+1e-6)) / n * n }
	ceil := func(v float64, n int) int { return (int(math.Ceil(v-1e-6)) + n - 1) / n * n }
	return image.Rect(floor(x0, across), floor(y0, down), ceil(x1, across), ceil(y1, down))
}

// layer is one colour laid over a part of a picture.
type layer struct {
	bounds image.Rectangle
	cover  func(x, y float64) float64 // 0 to 1, at the middle of a pixel
	ink    color.RGBA
}

var (
	maskInk = color.RGBA{0, 0, 0, 255}
	// An arrow has to be seen on any skin, in a wound, and on a dark ground.
	arrowInk  = color.RGBA{255, 214, 10, 255}
	arrowEdge = color.RGBA{20, 20, 20, 255}
)

// arrowShare is an arrow's thickness, as a share of the picture's longer side.
const arrowShare = 0.006

// layers are the marks in the pixels of a picture that at puts stored points
// into, of which a stored pixel has scale.
func (f frameOf) layers(at func(x, y float64) (float64, float64), scale float64, across, down int) []layer {
	var out []layer
	thick := max(arrowShare*float64(max(f.w, f.h))*scale, 1.5)
	for _, e := range f.changes.marks {
		x0, y0 := at(f.stored(e.X0, e.Y0))
		x1, y1 := at(f.stored(e.X1, e.Y1))
		if e.Kind == app.EditMask {
			r := outward(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), across, down)
			out = append(out, layer{r, func(float64, float64) float64 { return 1 }, maskInk})
			continue
		}
		out = append(out, arrow(x0, y0, x1, y1, thick)...)
	}
	return out
}

// arrow is two layers: a dark edge, and the arrow itself.
func arrow(x0, y0, x1, y1, thick float64) []layer {
	dx, dy := x1-x0, y1-y0
	length := math.Hypot(dx, dy)
	dx, dy = dx/length, dy/length
	head := min(6*thick, length*0.6)
	half := head * 0.5
	distance := func(x, y float64) float64 { // to the arrow's rim, negative inside
		along, beside := (x-x0)*dx+(y-y0)*dy, math.Abs((y-y0)*dx-(x-x0)*dy)
		onShaft := min(max(along, 0), max(length-head, 0))
		shaft := math.Hypot(along-onShaft, beside) - thick/2
		slope := math.Hypot(half, head)
		flank := ((along-(length-head))*half + beside*head - half*head) / slope
		return min(shaft, max(flank, length-head-along))
	}
	edge := max(thick*0.35, 1)
	reach := half + thick + 2*edge + 2
	bounds := image.Rect(int(min(x0, x1)-reach), int(min(y0, y1)-reach), int(max(x0, x1)+reach)+1, int(max(y0, y1)+reach)+1)
	within := func(rim float64) func(x, y float64) float64 {
		return func(x, y float64) float64 { return min(max(rim-distance(x, y)+0.5, 0), 1) }
	}
	return []layer{{bounds, within(edge), arrowEdge}, {bounds, within(0), arrowInk}}
}

func mix(under, over byte, cover float64) byte {
	return byte(float64(under) + (float64(over)-float64(under))*cover + 0.5)
}

// layRGBA lays a layer over m.
func layRGBA(m *image.RGBA, l layer) {
	r := l.bounds.Intersect(m.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := l.cover(float64(x)+0.5, float64(y)+0.5)
			if c == 0 {
				continue
			}
			p := m.Pix[m.PixOffset(x, y):][:3]
			p[0], p[1], p[2] = mix(p[0], l.ink.R, c), mix(p[1], l.ink.G, c), mix(p[2], l.ink.B, c)
		}
	}
}

// layYCbCr lays a layer over m as it is stored, which takes no memory.
func layYCbCr(m *image.YCbCr, l layer, across, down int) {
	r := l.bounds.Intersect(m.Rect)
	yy, cb, cr := color.RGBToYCbCr(l.ink.R, l.ink.G, l.ink.B)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if c := l.cover(float64(x)+0.5, float64(y)+0.5); c > 0 {
				p := &m.Y[m.YOffset(x, y)]
				*p = mix(*p, yy, c)
			}
		}
	}
	for y := r.Min.Y / down * down; y < r.Max.Y; y += down {
		for x := r.Min.X / across * across; x < r.Max.X; x += across {
			if c := l.cover(float64(x)+float64(across)/2, float64(y)+float64(down)/2); c > 0 {
				i := m.COffset(x, y)
				m.Cb[i], m.Cr[i] = mix(m.Cb[i], cb, c), mix(m.Cr[i], cr, c)
			}
		}
	}
}

// sampling is how many pixels a sample of colour spans, across and down.
func sampling(m image.Image) (across, down int) {
	p, ok := m.(*image.YCbCr)
	if !ok {
		return 1, 1
	}
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// paintable is m in a form that marks can be laid over: m itself where that
// is possible. A grey picture lends its samples.
func paintable(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr, *image.RGBA:
		return m
	case *image.Gray:
		out := image.NewYCbCr(m.Rect, image.YCbCrSubsampleRatio420)
		out.Y, out.YStride = m.Pix, m.Stride
		for i := range out.Cb {
			out.Cb[i], out.Cr[i] = 128, 128
		}
		return out
	}
	out := image.NewRGBA(m.Bounds())
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	return out
}

// burn lays the marks over m, which is a whole picture as stored.
func (f frameOf) burn(m image.Image) {
	across, down := sampling(m)
	for _, l := range f.layers(func(x, y float64) (float64, float64) { return x, y }, 1, across, down) {
		switch m := m.(type) {
		case *image.YCbCr:
			layYCbCr(m, l, across, down)
		case *image.RGBA:
			layRGBA(m, l)
		}
	}
}

// cut copies a part of m to a picture of its own, that begins at 0, 0.
func cut(m image.Image, r image.Rectangle) image.Image {
	if r == m.Bounds() {
		return m
	}
	p, ok := m.(*image.YCbCr)
	if !ok {
		out := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
		draw.Draw(out, out.Rect, m, r.Min, draw.Src)
		return out
	}
	out := image.NewYCbCr(image.Rect(0, 0, r.Dx(), r.Dy()), p.SubsampleRatio)
	for y := range r.Dy() {
		copy(out.Y[y*out.YStride:][:r.Dx()], p.Y[p.YOffset(r.Min.X, r.Min.Y+y):])
	}
	first := p.COffset(r.Min.X, r.Min.Y)
	for y := range len(out.Cb) / out.CStride {
		from := first + y*p.CStride
		copy(out.Cb[y*out.CStride:][:out.CStride], p.Cb[from:min(from+out.CStride, len(p.Cb))])
		copy(out.Cr[y*out.CStride:][:out.CStride], p.Cr[from:min(from+out.CStride, len(p.Cr))])
	}
	return out
}
