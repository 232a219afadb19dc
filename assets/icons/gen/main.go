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

// body is the camera's outline, with a hump.
func body() shape {
	return union(roundBox(4, 17, 60, 54, 8), roundBox(20, 8, 44, 28, 6))
}

// camera is the glyph: the body and a lens ring.
func camera() shape {
	return cut(body(), cut(disc(32, 35, 13), disc(32, 35, 7)))
}

// triangle points up, its corners as round as r.
func triangle(cx, top, half, bottom, r float64) shape {
	side := math.Hypot(half, bottom-top)
	return func(x, y float64) float64 {
		slope := (math.Abs(x-cx)*(bottom-top) - (y-top)*half) / side
		return max(slope, y-bottom) - r
	}
}

// grown is a shape with a margin around it.
func grown(s shape, by float64) shape {
	return func(x, y float64) float64 { return s(x, y) - by }
}

// badge tells a state by its form as much as by its colour: a red that one GP
// in twenty cannot tell from green is no warning.
type badge struct {
	form shape
	ink  color.NRGBA
	mark shape // in white; nil for none
}

var badges = map[string]*badge{
	"idle":    nil,
	"waiting": {disc(48, 47, 13.5), color.NRGBA{0x2f, 0x8f, 0xe6, 0xff}, nil},
	"to-file": {roundBox(34, 33, 62, 61, 4), color.NRGBA{0x14, 0xa3, 0x8b, 0xff},
		union(roundBox(45.5, 37.5, 50.5, 50, 1), triangle(48, -57, 9.5, -47, 0).flip())},
	"problem": {triangle(44, 33, 13, 59, 3), color.NRGBA{0xe5, 0x3b, 0x2e, 0xff},
		union(roundBox(42, 41, 46, 51, 1.5), disc(44, 55.5, 2.3))},
}

// flip turns a shape upside down about y = 0.
func (s shape) flip() shape { return func(x, y float64) float64 { return s(x, -y) } }

// tray draws for a dark panel, a light one, or ("any") one whose colour nobody
// knows: white with a dark edge.
func tray(n int, panel string, b *badge) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	dark, white := color.NRGBA{0x1c, 0x29, 0x2e, 0xff}, color.NRGBA{0xf4, 0xf8, 0xf7, 0xff}
	ink, glyph, edge := white, camera(), 3.5
	if panel == "light" {
		ink = dark
	}
	if panel == "any" {
		fill(img, grown(body(), edge), dark)
		if b != nil {
			fill(img, grown(b.form, edge), dark)
		}
	}
	if b != nil {
		glyph = cut(glyph, grown(b.form, edge))
	}
	fill(img, glyph, ink)
	if b != nil {
		fill(img, b.form, b.ink)
		if b.mark != nil {
			fill(img, b.mark, color.NRGBA{0xff, 0xff, 0xff, 0xff})
		}
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
	for state, b := range badges {
		for _, panel := range []string{"light", "dark", "any"} {
			name := "tray-" + state + "-" + panel
			if err := write(name+".png", encode(tray(64, panel, b))); err != nil {
				return err
			}
			if panel == "any" { // Windows says which it is
				continue
			}
			if err := write(name+".ico", ico(tray(16, panel, b), tray(20, panel, b), tray(24, panel, b), tray(32, panel, b))); err != nil {
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
