package widgets

import (
	"image"
	"image/color"
	"image/draw"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// QR draws a code in whole device pixels, black on white in every theme:
// phones read that best.
type QR struct {
	widget.BaseWidget
	least   float32
	size    int
	modules []bool // row by row, true for dark
	raster  *canvas.Raster
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
	modules := make([]bool, size*size)
	for i := range modules {
		modules[i] = dark(i%size, i/size)
	}
	if size != q.size || !slices.Equal(modules, q.modules) {
		q.size, q.modules = size, modules
		q.Refresh()
	}
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

// paint draws in the kind of pixels that Fyne hands on as they are: the window's
// first frame waits for it.
func (q *QR) paint(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	scale := max(min(w, h)/(q.size+2*quietModules-2), 1) // the white tile lends one module
	at := image.Pt((w-scale*q.size)/2, (h-scale*q.size)/2)
	for y := range q.size {
		for x := range q.size {
			if q.modules[y*q.size+x] {
				module := image.Rect(x*scale, y*scale, (x+1)*scale, (y+1)*scale).Add(at)
				draw.Draw(img, module, image.Black, image.Point{}, draw.Src)
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
