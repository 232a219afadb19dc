// Command gen draws the icons: `go run ./assets/icons/gen assets/icons`. They
// are committed, so that a build needs nothing.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
)

type shape func(x, y float64) float64 // signed distance on a 64 by 64 field

func roundBox(x0, y0, x1, y1, r float64) shape {
	return func(x, y float64) float64 {
		dx := math.Abs(x-(x0+x1)/2) - (x1-x0)/2 + r
		dy := math.Abs(y-(y0+y1)/2) - (y1-y0)/2 + r
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - r
	}
}

func disc(cx, cy, r float64) shape {
	return func(x, y float64) float64 { return math.Hypot(x-cx, y-cy) - r }
}

func union(a, b shape) shape {
	return func(x, y float64) float64 { return min(a(x, y), b(x, y)) }
}

func cut(a, b shape) shape {
	return func(x, y float64) float64 { return max(a(x, y), -b(x, y)) }
}

// fill paints a shape with an edge as soft as one pixel.
func fill(img *image.NRGBA, s shape, c color.NRGBA) {
	n := img.Rect.Dx()
	scale := float64(n) / 64
	for y := range n {
		for x := range n {
			d := s((float64(x)+.5)/scale, (float64(y)+.5)/scale) * scale
			a := min(max(.5-d, 0), 1) * float64(c.A) / 255
			if a == 0 {
				continue
			}
			under := img.NRGBAAt(x, y)
			ua := float64(under.A) / 255
			out := a + ua*(1-a)
			mix := func(t, u uint8) uint8 {
				return uint8(math.Round((float64(t)*a + float64(u)*ua*(1-a)) / out))
			}
			img.SetNRGBA(x, y, color.NRGBA{mix(c.R, under.R), mix(c.G, under.G), mix(c.B, under.B), uint8(math.Round(out * 255))})
		}
	}
}

// camera is the glyph: a body with a hump, and a lens ring.
func camera() shape {
	body := union(roundBox(6, 18, 58, 53, 8), roundBox(21, 10, 43, 28, 6))
	ring := cut(disc(32, 35, 12.5), disc(32, 35, 7))
	return cut(body, ring)
}

func tray(n int, dark bool, badge *color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	ink := color.NRGBA{0x24, 0x33, 0x38, 0xff}
	if dark {
		ink = color.NRGBA{0xf2, 0xf6, 0xf5, 0xff}
	}
	glyph := camera()
	if badge != nil {
		glyph = cut(glyph, disc(49, 48, 16.5))
	}
	fill(img, glyph, ink)
	if badge != nil {
		fill(img, disc(49, 48, 13), *badge)
	}
	return img
}

func app(n int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	fill(img, roundBox(2, 2, 62, 62, 14), color.NRGBA{0x0b, 0x6b, 0x67, 0xff})
	small := camera()
	fill(img, func(x, y float64) float64 { return small((x-32)/.72+32, (y-32)/.72+32) * .72 }, color.NRGBA{0xff, 0xff, 0xff, 0xff})
	return img
}

// ico writes uncompressed 32-bit entries, which every Windows reads at every size.
func ico(imgs ...*image.NRGBA) []byte {
	var dir, data bytes.Buffer
	le := func(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.LittleEndian, v) }
	le(&dir, [3]uint16{0, 1, uint16(len(imgs))})
	for _, m := range imgs {
		n := m.Rect.Dx()
		maskRow := (n + 31) / 32 * 4
		size := 40 + 4*n*n + maskRow*n
		dir.Write([]byte{byte(n), byte(n), 0, 0})
		le(&dir, [2]uint16{1, 32})
		le(&dir, [2]uint32{uint32(size), uint32(6 + 16*len(imgs) + data.Len())})
		le(&data, [3]uint32{40, uint32(n), uint32(2 * n)})
		le(&data, [2]uint16{1, 32})
		le(&data, [6]uint32{})
		for y := n - 1; y >= 0; y-- {
			for x := range n {
				c := m.NRGBAAt(x, y)
				data.Write([]byte{c.B, c.G, c.R, c.A})
			}
		}
		data.Write(make([]byte, maskRow*n))
	}
	return append(dir.Bytes(), data.Bytes()...)
}

func run(dir string) error {
	write := func(name string, b []byte) error { return os.WriteFile(filepath.Join(dir, name), b, 0o644) }
	encode := func(m image.Image) []byte {
		var b bytes.Buffer
		_ = png.Encode(&b, m) // a bytes.Buffer takes everything
		return b.Bytes()
	}
	badges := map[string]*color.NRGBA{
		"idle": nil, "waiting": {R: 0x2f, G: 0x7f, B: 0xd1, A: 0xff}, "to-file": {R: 0x1f, G: 0xa8, B: 0x9c, A: 0xff}, "problem": {R: 0xd9, G: 0x3a, B: 0x2f, A: 0xff},
	}
	for state, badge := range badges {
		for look, dark := range map[string]bool{"light": false, "dark": true} {
			name := "tray-" + state + "-" + look
			if err := write(name+".png", encode(tray(64, dark, badge))); err != nil {
				return err
			}
			if err := write(name+".ico", ico(tray(16, dark, badge), tray(20, dark, badge), tray(24, dark, badge), tray(32, dark, badge))); err != nil {
				return err
			}
		}
	}
	if err := write("app.png", encode(app(256))); err != nil {
		return err
	}
	return write("app.ico", ico(app(16), app(24), app(32), app(48), app(64)))
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen <folder>")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
