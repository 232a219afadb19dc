package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// grounds are one scene in every form that a JPEG decodes to: a ground of which
// each pixel says where it is.
func grounds(w, h int) map[string]image.Image {
	at := func(x, y int) color.RGBA { return color.RGBA{byte(60 + 120*x/w), byte(60 + 120*y/h), 90, 255} }
	out := map[string]image.Image{}
	for name, ratio := range map[string]image.YCbCrSubsampleRatio{"420": image.YCbCrSubsampleRatio420, "422": image.YCbCrSubsampleRatio422,
		"440": image.YCbCrSubsampleRatio440, "444": image.YCbCrSubsampleRatio444, "411": image.YCbCrSubsampleRatio411} {
		m := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
		for y := range h {
			for x := range w {
				c := at(x, y)
				yy, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
				m.Y[m.YOffset(x, y)], m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = yy, cb, cr
			}
		}
		out[name] = m
	}
	rgb, cmyk := image.NewRGBA(image.Rect(0, 0, w, h)), image.NewCMYK(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			rgb.Set(x, y, at(x, y))
			cmyk.Set(x, y, at(x, y))
		}
	}
	out["rgb"], out["cmyk"] = rgb, cmyk
	return out
}

func copyOf(m image.Image) image.Image {
	if p, ok := m.(*image.YCbCr); ok {
		c := *p
		c.Y, c.Cb, c.Cr = bytes.Clone(p.Y), bytes.Clone(p.Cb), bytes.Clone(p.Cr)
		return &c
	}
	out := image.NewRGBA(m.Bounds())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			out.Set(x, y, m.At(x, y))
		}
	}
	return out
}

func unit(f float64) int { return int(math.Round(f * app.Unit)) }

func far(a, b color.Color) int {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	d := func(x, y uint32) int { return max(int(x>>8)-int(y>>8), int(y>>8)-int(x>>8)) }
	return max(d(ar, br), d(ag, bg), d(ab, bb))
}

// TestWhatIsLookedAtIsWhatLeaves: for every form, orientation and turn, with a
// crop, a mask and an arrow, each pixel that the GP is shown is the one that
// leaves.
func TestWhatIsLookedAtIsWhatLeaves(t *testing.T) {
	for name, m := range grounds(96, 64) {
		for orientation := 1; orientation <= 8; orientation++ {
			for _, degrees := range []int{0, 90, 180, 270} {
				im := app.Image{Details: app.Details{Rotate: degrees}, Edits: []app.Edit{
					{Kind: app.EditCrop, X0: unit(.1), Y0: unit(.25), X1: unit(.9), Y1: unit(.95)},
					{Kind: app.EditMask, X0: unit(.15), Y0: unit(.5), X1: unit(.4), Y1: unit(.7)},
					{Kind: app.EditArrow, X0: unit(.8), Y0: unit(.4), X1: unit(.55), Y1: unit(.8)},
				}}
				c := ChangesOf(im)
				shown := (&Opened{m, orientation}).Look(c, image.Rectangle{}, 1000)
				left := paintable(copyOf(m))
				across, down := sampling(left)
				f := newFrame(96, 64, orientation, across, down, c)
				f.burn(left)
				left = oriented(oriented(cut(left, f.crop), orientation), f.turn)
				if w, h := (&Opened{m, orientation}).Size(c); left.Bounds() != shown.Bounds() || left.Bounds() != image.Rect(0, 0, w, h) {
					t.Fatalf("%s, %d, %d: shown %v, leaves %v, said to be %d × %d", name, orientation, degrees, shown.Bounds(), left.Bounds(), w, h)
				}
				differ := 0
				for y := range shown.Rect.Dy() {
					for x := range shown.Rect.Dx() {
						if far(shown.At(x, y), left.At(x, y)) > 40 {
							differ++
						}
					}
				}
				// Coarse colour samples bleed at the rim of a mark and nowhere else.
				if bound := shown.Rect.Dx() * shown.Rect.Dy() / 12; differ > bound {
					t.Errorf("%s, orientation %d, %d degrees: %d pixels differ", name, orientation, degrees, differ)
				}
			}
		}
	}
}

// TestAMaskLeavesNothingBehind: not one pixel under it is anything but black.
func TestAMaskLeavesNothingBehind(t *testing.T) {
	for name, m := range grounds(96, 64) {
		edit := app.Edit{Kind: app.EditMask, X0: unit(.3), Y0: unit(.8), X1: unit(.7), Y1: unit(.2)} // drawn upwards
		left := paintable(copyOf(m))
		across, down := sampling(left)
		f := newFrame(96, 64, 1, across, down, ChangesOf(app.Image{Edits: []app.Edit{edit}}))
		f.burn(left)
		for y := int(math.Ceil(.2 * 64)); y < 51; y++ {
			for x := int(math.Ceil(.3 * 96)); x < 67; x++ {
				if far(left.At(x, y), color.Black) > 1 {
					t.Fatalf("%s: pixel %d, %d is %v", name, x, y, left.At(x, y))
				}
			}
		}
		if far(left.At(2, 2), m.At(2, 2)) > 2 {
			t.Errorf("%s: the mask reaches further than it was drawn", name)
		}
	}
}

// TestDevelopedBurnsTheEditsIn goes through whole JPEGs; what came is not touched.
func TestDevelopedBurnsTheEditsIn(t *testing.T) {
	ground := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range ground.Pix {
		ground.Pix[i] = 200
	}
	gray := image.NewGray(ground.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = 200
	}
	for name, m := range map[string]image.Image{"colour": ground, "gray": gray} {
		var in bytes.Buffer
		if err := jpeg.Encode(&in, m, &jpeg.Options{Quality: 95}); err != nil {
			t.Fatal(err)
		}
		came := bytes.Clone(in.Bytes())
		im := app.Image{Edits: []app.Edit{
			{Kind: app.EditMask, X0: unit(.5), Y0: unit(.5), X1: unit(.75), Y1: unit(.75)},
			{Kind: app.EditCrop, X0: unit(.25), Y0: unit(.25), X1: unit(1), Y1: unit(1)},
			{Kind: app.EditTurn},
		}}
		out, err := NewDecoder().Developed(t.Context(), in.Bytes(), ChangesOf(im), 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil || got.Bounds() != image.Rect(0, 0, 360, 480) {
			t.Fatalf("%s: %v, %v", name, err, got.Bounds())
		}
		// The mask's middle is at 240, 180 of the crop of 480 × 360; turned clockwise it lies at 180, 240.
		if far(got.At(180-1, 240), color.Black) > 12 || far(got.At(20, 20), color.Gray{200}) > 12 {
			t.Errorf("%s: the mask is not where it was drawn: %v, %v", name, got.At(179, 240), got.At(20, 20))
		}
		if !bytes.Equal(in.Bytes(), came) {
			t.Errorf("%s: what came was changed", name)
		}
		if same, err := NewDecoder().Developed(t.Context(), came, ChangesOf(app.Image{}), 0); err != nil || &same[0] != &came[0] {
			t.Errorf("%s: a picture without changes was coded anew", name)
		}
	}
}

// TestAPartLooksLikeThatPartOfTheWhole: zooming in shows the same pixels.
func TestAPartLooksLikeThatPartOfTheWhole(t *testing.T) {
	m := grounds(96, 64)["420"]
	for orientation := 1; orientation <= 8; orientation++ {
		c := ChangesOf(app.Image{Details: app.Details{Rotate: 90}, Edits: []app.Edit{{Kind: app.EditCrop, X0: unit(.25), Y0: 0, X1: unit(1), Y1: unit(.5)}}})
		o := &Opened{m, orientation}
		whole := o.Look(c, image.Rectangle{}, 1000)
		part := image.Rect(4, 6, whole.Rect.Dx()-8, whole.Rect.Dy()-10)
		got := o.Look(c, part, 1000)
		if got.Rect.Dx() != part.Dx() || got.Rect.Dy() != part.Dy() {
			t.Fatalf("orientation %d: %v for %v", orientation, got.Rect, part)
		}
		for y := range part.Dy() {
			for x := range part.Dx() {
				if a, b := got.At(x, y), whole.At(part.Min.X+x, part.Min.Y+y); far(a, b) > 8 {
					t.Fatalf("orientation %d: %v at %d, %d of the part, %v in the whole", orientation, a, x, y, b)
				}
			}
		}
		if small := o.Look(c, part, 10); max(small.Rect.Dx(), small.Rect.Dy()) != 10 {
			t.Errorf("orientation %d: %v for a side of 10", orientation, small.Rect)
		}
	}
}

func TestAnArrowPointsWhereItWasDrawn(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 600, 400))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	out := OpenedOf(m).Look(ChangesOf(app.Image{Edits: []app.Edit{{Kind: app.EditArrow, X0: unit(.1), Y0: unit(.5), X1: unit(.9), Y1: unit(.5)}}}), image.Rectangle{}, 600)
	wide := func(x int) (n int) {
		for y := range 400 {
			if far(out.At(x, y), arrowInk) < 60 {
				n++
			}
		}
		return n
	}
	if tail, head, tip := wide(100), wide(520), wide(536); tail == 0 || head < 2*tail || tip == 0 || tip > head || wide(560) > 0 || wide(40) > 0 {
		t.Error(fmt.Sprint("widths: tail ", tail, ", head ", head, ", tip ", tip, ", beyond ", wide(560), " and ", wide(40)))
	}
}

func FuzzEditsNeverPanic(f *testing.F) {
	f.Add(uint8(6), 90, 0, 0, app.Unit, app.Unit)
	f.Add(uint8(1), 0, 10, 60_000, 500, 61_000)
	f.Fuzz(func(t *testing.T, orientation uint8, degrees, x0, y0, x1, y1 int) {
		var edits []app.Edit
		for _, kind := range []app.EditKind{app.EditArrow, app.EditMask, app.EditCrop} {
			if e := (app.Edit{Kind: kind, X0: x0, Y0: y0, X1: x1, Y1: y1}); e.Valid() {
				edits = append(edits, e)
			}
		}
		m := grounds(33, 21)["420"]
		o := &Opened{m, int(orientation)%8 + 1}
		c := ChangesOf(app.Image{Edits: edits, Details: app.Details{Rotate: degrees}.Known()})
		w, h := o.Size(c)
		if got := o.Look(c, image.Rectangle{}, 100); w < 1 || h < 1 || got.Rect != image.Rect(0, 0, w, h) {
			t.Fatalf("%v, want %d × %d", got.Rect, w, h)
		}
		left := paintable(m)
		f := o.frame(c)
		f.burn(left)
		if cut(left, f.crop).Bounds().Size() != f.crop.Size() {
			t.Fatal("cut to another size")
		}
	})
}
