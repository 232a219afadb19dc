package picture

import (
	"context"
	"image"
)

// Opened is a decoded picture, to be looked at many times. It is read only:
// concurrent calls are fine.
type Opened struct {
	m           image.Image
	orientation int
}

// Open decodes the picture and keeps its pixels. Errors as Decode's.
func (d *Decoder) Open(ctx context.Context, b []byte) (*Opened, error) {
	m, release, err := d.open(ctx, "open picture", b)
	if err != nil {
		return nil, err
	}
	release()
	return &Opened{m, Orientation(b)}, nil
}

// OpenedOf is a picture that is upright already, a thumbnail.
func OpenedOf(m image.Image) *Opened { return &Opened{m, 1} }

// Bytes is about what the pixels hold in memory.
func (o *Opened) Bytes() int {
	if p, ok := o.m.(*image.YCbCr); ok {
		return len(p.Y) + len(p.Cb) + len(p.Cr)
	}
	return 4 * o.m.Bounds().Dx() * o.m.Bounds().Dy()
}

func (o *Opened) frame(c Changes) frameOf {
	across, down := sampling(o.m)
	return newFrame(o.m.Bounds().Dx(), o.m.Bounds().Dy(), o.orientation, across, down, c)
}

// Size is that of the picture as it leaves with changes made, in pixels.
func (o *Opened) Size(c Changes) (w, h int) { return o.frame(c).size() }

// Look returns a part of the picture as it leaves, with every change made, at
// most side pixels on its longer side and never enlarged. part is in pixels of
// the picture that leaves; nothing of it outside is shown. An empty part is
// all of it.
func (o *Opened) Look(c Changes, part image.Rectangle, side int) *image.NRGBA {
	f := o.frame(c)
	w, h := f.size()
	if part = part.Intersect(image.Rect(0, 0, w, h)); part.Empty() {
		part = image.Rect(0, 0, w, h)
	}
	from := f.source(part).Add(o.m.Bounds().Min)
	small := o.m
	if s, ok := o.m.(interface {
		SubImage(image.Rectangle) image.Image
	}); ok {
		small = s.SubImage(from)
	}
	out := upright(upright(shrink(small, max(side, 1)), f.orientation), f.turn)
	sx, sy := float64(out.Rect.Dx())/float64(part.Dx()), float64(out.Rect.Dy())/float64(part.Dy())
	for _, l := range f.layers(func(x, y float64) (float64, float64) {
		x, y = f.leaving(x, y)
		return (x - float64(part.Min.X)) * sx, (y - float64(part.Min.Y)) * sy
	}, sx, 1, 1) {
		layRGBA(out, l)
	}
	return &image.NRGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect} // opaque: both forms are the same bytes
}
