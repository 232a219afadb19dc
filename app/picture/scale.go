package picture

import (
	"image"
)

// shrink returns m as RGBA with its longer side at most side pixels: each
// pixel is the mean of the box it covers.
func shrink(m image.Image, side int) *image.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	dw, dh := w, h
	if longer := max(w, h); longer > side {
		dw, dh = max(1, (w*side+longer/2)/longer), max(1, (h*side+longer/2)/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := rowReader(m)
	line, sums := make([]byte, 3*w), make([]uint32, 3*dw)
	column := make([]int, dw+1)
	for x := range column {
		column[x] = x * w / dw
	}
	for y := range dh {
		clear(sums)
		top, bottom := y*h/dh, (y+1)*h/dh
		for sy := top; sy < bottom; sy++ {
			row(b.Min.Y+sy, line)
			for x := range dw {
				var r, g, bl uint32
				for i := 3 * column[x]; i < 3*column[x+1]; i += 3 {
					r, g, bl = r+uint32(line[i]), g+uint32(line[i+1]), bl+uint32(line[i+2])
				}
				sums[3*x] += r
				sums[3*x+1] += g
				sums[3*x+2] += bl
			}
		}
		for x := range dw {
			n := uint32((column[x+1] - column[x]) * (bottom - top))
			o := out.PixOffset(x, y)
			out.Pix[o], out.Pix[o+1], out.Pix[o+2], out.Pix[o+3] =
				byte((sums[3*x]+n/2)/n), byte((sums[3*x+1]+n/2)/n), byte((sums[3*x+2]+n/2)/n), 255
		}
	}
	return out
}

// rowReader returns a function that fills line with row y as RGB triples. The
// two types image/jpeg gives for nearly every photograph have a fast path.
func rowReader(m image.Image) func(y int, line []byte) {
	b := m.Bounds()
	switch m := m.(type) {
	case *image.YCbCr:
		column := make([]int, b.Dx()) // of the chroma sample, from the row's first
		for x := range column {
			column[x] = m.COffset(b.Min.X+x, b.Min.Y) - m.COffset(b.Min.X, b.Min.Y)
		}
		return func(y int, line []byte) {
			luma := m.Y[m.YOffset(b.Min.X, y):]
			first := m.COffset(b.Min.X, y)
			cb, cr := m.Cb[first:], m.Cr[first:]
			for x, c := range column {
				line[3*x], line[3*x+1], line[3*x+2] = rgb(luma[x], cb[c], cr[c])
			}
		}
	case *image.Gray:
		return func(y int, line []byte) {
			for x := range b.Dx() {
				v := m.Pix[m.PixOffset(b.Min.X+x, y)]
				line[3*x], line[3*x+1], line[3*x+2] = v, v, v
			}
		}
	}
	return func(y int, line []byte) {
		for x := range b.Dx() {
			r, g, bl, _ := m.At(b.Min.X+x, y).RGBA()
			line[3*x], line[3*x+1], line[3*x+2] = byte(r>>8), byte(g>>8), byte(bl>>8)
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
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if orientation <= 1 || orientation > 8 {
		return m
	}
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], m.Pix[m.PixOffset(sx, sy):][:4])
		}
	}
	return out
}
