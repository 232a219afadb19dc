package picture

import "image"

// shrink returns m as RGBA with its longer side at most side pixels: each
// pixel is the mean of the box it covers. The two kinds that image/jpeg gives
// for nearly every photograph are averaged as stored, and only what is left
// is turned into RGB.
func shrink(m image.Image, side int) *image.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	dw, dh := w, h
	if longer := max(w, h); longer > side {
		dw, dh = max(1, (w*side+longer/2)/longer), max(1, (h*side+longer/2)/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	switch m := m.(type) {
	case *image.YCbCr:
		first := m.COffset(b.Min.X, b.Min.Y)
		cw, ch := m.COffset(b.Max.X-1, b.Min.Y)-first+1, (m.COffset(b.Min.X, b.Max.Y-1)-first)/m.CStride+1
		light := newPlane(m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride, w, h, dw)
		blue, red := newPlane(m.Cb[first:], m.CStride, cw, ch, dw), newPlane(m.Cr[first:], m.CStride, cw, ch, dw)
		for y := range dh {
			line := out.Pix[y*out.Stride:]
			lights, blues, reds := light.means(y, dh), blue.means(y, dh), red.means(y, dh)
			for x := range dw {
				line[4*x], line[4*x+1], line[4*x+2] = rgb(lights[x], blues[x], reds[x])
				line[4*x+3] = 255
			}
		}
	case *image.Gray:
		light := newPlane(m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, w, h, dw)
		for y := range dh {
			line := out.Pix[y*out.Stride:]
			for x, v := range light.means(y, dh) {
				line[4*x], line[4*x+1], line[4*x+2], line[4*x+3] = v, v, v, 255
			}
		}
	case image.RGBA64Image: // RGB and CMYK
		shrinkOther(out, m)
	}
	return out
}

// plane is one component of a picture, a byte a sample, on its way to a row
// of means.
type plane struct {
	samples       []byte
	stride        int
	width, height int
	left, right   []int // of the samples that each mean covers
	sums          []uint64
	row           []byte
}

func newPlane(samples []byte, stride, width, height, columns int) *plane {
	p := &plane{samples: samples, stride: stride, width: width, height: height,
		left: make([]int, columns), right: make([]int, columns), sums: make([]uint64, columns), row: make([]byte, columns)}
	for x := range columns {
		p.left[x], p.right[x] = covers(x, columns, width)
	}
	return p
}

// means returns row y of rows, until the next call.
func (p *plane) means(y, rows int) []byte {
	clear(p.sums)
	top, bottom := covers(y, rows, p.height)
	for sy := top; sy < bottom; sy++ {
		line := p.samples[sy*p.stride:][:p.width]
		for x, left := range p.left {
			var sum uint32
			for _, v := range line[left:p.right[x]] {
				sum += uint32(v)
			}
			p.sums[x] += uint64(sum)
		}
	}
	for x, sum := range p.sums {
		n := uint64((p.right[x] - p.left[x]) * (bottom - top))
		p.row[x] = byte((sum + n/2) / n)
	}
	return p.row
}

// covers returns which of n samples the i-th of parts covers: at least one,
// for a subsampled component has fewer samples than there may be parts.
func covers(i, parts, n int) (from, to int) {
	from, to = i*n/parts, (i+1)*n/parts
	return from, max(to, from+1)
}

func shrinkOther(out *image.RGBA, m image.RGBA64Image) {
	b := m.Bounds()
	dw, dh := out.Rect.Dx(), out.Rect.Dy()
	sums := make([]uint64, 3*dw)
	for y := range dh {
		clear(sums)
		top, bottom := covers(y, dh, b.Dy())
		for x := range dw {
			left, right := covers(x, dw, b.Dx())
			for sy := top; sy < bottom; sy++ {
				for sx := left; sx < right; sx++ {
					c := m.RGBA64At(b.Min.X+sx, b.Min.Y+sy)
					sums[3*x] += uint64(c.R >> 8)
					sums[3*x+1] += uint64(c.G >> 8)
					sums[3*x+2] += uint64(c.B >> 8)
				}
			}
			n := uint64((right - left) * (bottom - top))
			o := out.PixOffset(x, y)
			out.Pix[o], out.Pix[o+1], out.Pix[o+2], out.Pix[o+3] =
				byte((sums[3*x]+n/2)/n), byte((sums[3*x+1]+n/2)/n), byte((sums[3*x+2]+n/2)/n), 255
		}
	}
}

// rgb is color.YCbCrToRGB, small enough to be inlined.
func rgb(y, cb, cr byte) (r, g, b byte) {
	yy, cb1, cr1 := int32(y)*0x10101, int32(cb)-128, int32(cr)-128
	return clamp(yy + 91881*cr1), clamp(yy - 22554*cb1 - 46802*cr1), clamp(yy + 116130*cb1)
}

func clamp(v int32) byte { return byte(min(max(v>>16, 0), 255)) }

// upright turns m by an EXIF orientation, 1 to 8.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	t := newTurn(orientation, m.Bounds().Dx(), m.Bounds().Dy())
	out := image.NewRGBA(image.Rect(0, 0, t.w, t.h))
	for y := range t.h {
		for x := range t.w {
			sx, sy := t.from(x, y)
			copy(out.Pix[out.PixOffset(x, y):][:4], m.Pix[m.PixOffset(sx, sy):][:4])
		}
	}
	return out
}
