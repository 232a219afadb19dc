package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// QR draws a code in whole device pixels, black on white in every theme:
// phones read that best.
type QR struct {
	widget.BaseWidget
	least  float32
	size   int
	dark   func(x, y int) bool
	raster *canvas.Raster
}

// quietModules is the light margin that ISO/IEC 18004 asks for.
const quietModules = 4

// NewQR returns an empty code whose side is at least so many device-independent
// pixels; it fills what it is given.
func NewQR(least float32) *QR {
	q := &QR{least: least}
	q.ExtendBaseWidget(q)
	return q
}

// Set changes the code; size 0 empties it.
func (q *QR) Set(size int, dark func(x, y int) bool) {
	q.size, q.dark = size, dark
	q.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (q *QR) CreateRenderer() fyne.WidgetRenderer {
	q.raster = canvas.NewRaster(q.paint)
	back := &canvas.Rectangle{FillColor: color.White, CornerRadius: 10}
	return widget.NewSimpleRenderer(&fyne.Container{Layout: fill{inset: 5}, Objects: []fyne.CanvasObject{back, q.raster}})
}

// MinSize implements fyne.Widget.
func (q *QR) MinSize() fyne.Size { return fyne.NewSquareSize(q.least) }

// Refresh implements fyne.Widget.
func (q *QR) Refresh() {
	if q.raster != nil {
		q.raster.Refresh()
	}
	q.BaseWidget.Refresh()
}

func (q *QR) paint(w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	if q.size == 0 {
		return img
	}
	scale := max(min(w, h)/(q.size+2*quietModules-2), 1) // the white tile lends one module
	x0, y0 := (w-scale*q.size)/2, (h-scale*q.size)/2
	for y := range scale * q.size {
		for x := range scale * q.size {
			if q.dark(x/scale, y/scale) {
				img.SetGray(x0+x, y0+y, color.Gray{})
			}
		}
	}
	return img
}

// fill stretches the first object over all, the others with an inset.
type fill struct{ inset float32 }

func (f fill) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
func (f fill) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for i, obj := range o {
		in := f.inset
		if i == 0 {
			in = 0
		}
		obj.Move(fyne.NewPos(in, in))
		obj.Resize(size.SubtractWidthHeight(2*in, 2*in))
	}
}

// Meter is a thin bar that runs down.
type Meter struct {
	widget.BaseWidget
	part float32
	rail *Box
	mark *Box
}

// NewMeter returns a full bar.
func NewMeter() *Meter {
	m := &Meter{part: 1}
	m.rail = NewBox(ColorWell, ColorNone, 2, 0, &fyne.Container{})
	m.mark = NewBox(fyne.ThemeColorName("primary"), ColorNone, 2, 0, &fyne.Container{})
	m.ExtendBaseWidget(m)
	return m
}

// Set changes the part shown, 0 to 1, and its colour.
func (m *Meter) Set(part float32, ink fyne.ThemeColorName) {
	m.part, m.mark.Fill = part, ink
	m.mark.Refresh()
	m.mark.Resize(fyne.NewSize(m.Size().Width*m.part, 4))
}

// CreateRenderer implements fyne.Widget.
func (m *Meter) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(&fyne.Container{Layout: meterLayout{m}, Objects: []fyne.CanvasObject{m.rail, m.mark}})
}

type meterLayout struct{ m *Meter }

func (l meterLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 4) }
func (l meterLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.m.rail.Resize(fyne.NewSize(size.Width, 4))
	l.m.mark.Resize(fyne.NewSize(size.Width*l.m.part, 4))
}
