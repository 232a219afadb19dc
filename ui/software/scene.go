package software

import (
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// scene is the picture of a canvas, and what it was painted from. Each frame
// lists anew what stands where, compares that with the list before, and paints
// only where they differ: nobody has to say what has changed, and nothing is
// painted because somebody said so.
//
// Pixels are premultiplied and have blue first, as Windows takes them: colours
// and cached bitmaps are made that way, and compositing does not mind.
type scene struct {
	frame  *image.RGBA
	shown  []stroke // what frame was painted from
	back   color.RGBA
	cache  *cache
	scale  float32
	counts counts
}

// counts are for the benchmark and for tests.
type counts struct{ frames, painted int }

// stroke is one bitmap, or one colour, at its place.
type stroke struct {
	look look
	at   image.Rectangle // where all of it would lie
	clip image.Rectangle // what of that shows
}

func newScene() *scene { return &scene{frame: image.NewRGBA(image.Rectangle{}), cache: newCache()} }

// resize makes the picture size pixels large; all of it is painted next.
func (s *scene) resize(size image.Point) {
	if s.frame.Bounds().Size() == size {
		return
	}
	s.frame = image.NewRGBA(image.Rectangle{Max: size})
	s.shown, s.back = nil, color.RGBA{}
}

// forget drops every bitmap: the scale has changed.
func (s *scene) forget() {
	s.cache = newCache()
	s.shown, s.back = nil, color.RGBA{}
}

// changed is told that obj draws itself otherwise than its fields can say.
func (s *scene) changed(obj fyne.CanvasObject) { s.cache.changed(obj) }

// paint brings the picture up to date and returns the parts that changed.
func (s *scene) paint(c *canvas) []image.Rectangle {
	s.scale = c.Scale()
	list := s.list(c)
	back := pigment(theme.Color(theme.ColorNameBackground))
	var dirty []image.Rectangle
	if back != s.back {
		dirty = []image.Rectangle{s.frame.Bounds()}
	} else {
		dirty = s.differences(list)
	}
	s.back = back
	for i, r := range dirty {
		dirty[i] = r.Intersect(s.frame.Bounds())
		s.draw(list, dirty[i])
		s.counts.painted += dirty[i].Dx() * dirty[i].Dy()
	}
	s.shown = list
	s.counts.frames++
	s.cache.sweep()
	return dirty
}

// list is everything to draw, the lowest first.
func (s *scene) list(c *canvas) []stroke {
	list := make([]stroke, 0, len(s.shown)+16)
	bounds := s.frame.Bounds()
	for _, root := range c.roots() {
		walk(root, fyne.Position{}, everywhere, func(at placed) bool {
			clip := at.clip.pixels(s.scale).Intersect(bounds)
			if clip.Empty() {
				return false
			}
			if look, where, ok := s.cache.lookOf(at, s.scale); ok {
				if show := where.Intersect(clip); !show.Empty() {
					list = append(list, stroke{look, where, show})
				}
			}
			return true
		})
	}
	return list
}

// maxDirty is how many separate parts are told apart; more are joined.
const maxDirty = 8

// differences are the parts of the picture where list and what is shown differ.
// What both have in the same order is left alone, which is right: where no
// other stroke lies, the same ones lie over each other the same way.
func (s *scene) differences(list []stroke) []image.Rectangle {
	later := make(map[stroke][]int, len(list))
	for i, st := range list {
		later[st] = append(later[st], i)
	}
	var dirty []image.Rectangle
	next := 0
	for _, st := range s.shown {
		places := later[st]
		for len(places) > 0 && places[0] < next {
			places = places[1:]
		}
		later[st] = places
		if len(places) == 0 {
			dirty = join(dirty, st.clip)
			continue
		}
		for ; next < places[0]; next++ {
			dirty = join(dirty, list[next].clip)
		}
		next++
	}
	for ; next < len(list); next++ {
		dirty = join(dirty, list[next].clip)
	}
	return dirty
}

// join adds r, in one with whatever it touches.
func join(dirty []image.Rectangle, r image.Rectangle) []image.Rectangle {
	for i := 0; i < len(dirty); {
		if r.Overlaps(dirty[i]) {
			r = r.Union(dirty[i])
			dirty = append(dirty[:i], dirty[i+1:]...)
			i = 0
			continue
		}
		i++
	}
	if len(dirty) == maxDirty {
		for _, d := range dirty {
			r = r.Union(d)
		}
		dirty = dirty[:0]
	}
	return append(dirty, r)
}

// draw paints what of list lies in r.
func (s *scene) draw(list []stroke, r image.Rectangle) {
	draw.Draw(s.frame, r, image.NewUniform(s.back), image.Point{}, draw.Src)
	for _, st := range list {
		if part := st.clip.Intersect(r); !part.Empty() {
			s.cache.put(s.frame, part, st, s.scale)
		}
	}
}

// capture is the picture with red first.
func (s *scene) capture() image.Image {
	out := image.NewRGBA(s.frame.Bounds())
	copy(out.Pix, s.frame.Pix)
	swap(out.Pix)
	return out
}

// swap exchanges red and blue.
func swap(pix []byte) {
	for i := 0; i+3 < len(pix); i += 4 {
		pix[i], pix[i+2] = pix[i+2], pix[i]
	}
}

// pigment is c, premultiplied, blue first; nil is nothing.
func pigment(c color.Color) color.RGBA {
	if c == nil {
		return color.RGBA{}
	}
	p := color.RGBAModel.Convert(c).(color.RGBA)
	p.R, p.B = p.B, p.R
	return p
}
