package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Key is a button that says which key does the same. It never takes the
// focus: the keys of the review stay the review's after a click.
type Key struct {
	widget.BaseWidget
	do       func()
	icon     *widget.Icon
	label    *Text
	cap      *Text
	back     *canvas.Rectangle
	capBack  *canvas.Rectangle
	on       bool
	disabled bool
	hovered  bool
}

// NewKey returns a button of a label and its key, "" for none; icon may be nil.
func NewKey(label, key string, icon fyne.Resource, do func()) *Key {
	k := &Key{do: do, label: NewText(label, 13, theme.ColorNameForeground, fyne.TextStyle{}),
		cap: NewText(key, 11, ColorMuted, fyne.TextStyle{Bold: true}), back: &canvas.Rectangle{CornerRadius: 7},
		capBack: &canvas.Rectangle{CornerRadius: 4}}
	if icon != nil {
		k.icon = widget.NewIcon(icon)
	}
	k.ExtendBaseWidget(k)
	return k
}

// Set changes what it shows: on is chosen.
func (k *Key) Set(on, enabled bool) {
	if k.on == on && k.disabled == !enabled {
		return
	}
	k.on, k.disabled = on, !enabled
	k.Refresh()
}

// SetLabel changes the words.
func (k *Key) SetLabel(label string) {
	if k.label.Value() != label {
		k.label.Set(label, k.label.color)
		k.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (k *Key) Tapped(*fyne.PointEvent) {
	if !k.disabled {
		k.do()
	}
}

// MouseIn implements desktop.Hoverable.
func (k *Key) MouseIn(*desktop.MouseEvent) { k.hover(true) }

// MouseMoved implements desktop.Hoverable.
func (k *Key) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (k *Key) MouseOut() { k.hover(false) }

func (k *Key) hover(in bool) {
	k.hovered = in
	k.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (k *Key) CreateRenderer() fyne.WidgetRenderer {
	r := &keyRenderer{k: k, objects: []fyne.CanvasObject{k.back, k.label, k.capBack, k.cap}}
	if k.icon != nil {
		r.objects = append(r.objects, k.icon)
	}
	r.paint()
	return r
}

type keyRenderer struct {
	k       *Key
	objects []fyne.CanvasObject
}

const (
	keyPad  = 9
	keyIcon = 18
	keyHigh = 27
)

func (r *keyRenderer) paint() {
	k := r.k
	fill, ink := theme.ColorNameButton, theme.ColorNameForeground
	k.back.StrokeWidth, k.back.StrokeColor = 0, named(ColorNone)
	switch {
	case k.on:
		fill, ink = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	case k.disabled:
		fill, ink = theme.ColorNameDisabledButton, theme.ColorNameDisabled
	}
	k.back.FillColor = theme.Color(fill)
	if k.hovered && !k.disabled && !k.on {
		k.back.StrokeWidth, k.back.StrokeColor = 1.5, theme.Color(theme.ColorNamePrimary)
	}
	k.label.Set(k.label.value, ink)
	capInk := ColorMuted
	k.capBack.FillColor = theme.Color(theme.ColorNameBackground)
	if k.on {
		capInk = theme.ColorNamePrimary
	}
	if k.disabled {
		capInk = theme.ColorNameDisabled
	}
	k.cap.Set(k.cap.value, capInk)
	k.cap.Hidden = k.cap.value == ""
	k.capBack.Hidden = k.cap.Hidden
}

func (r *keyRenderer) MinSize() fyne.Size {
	w := r.k.label.MinSize().Width + 2*keyPad
	if r.k.icon != nil {
		w += keyIcon + 6
	}
	if r.k.cap.value != "" {
		w += r.k.cap.MinSize().Width + 8 + 6
	}
	return fyne.NewSize(w, keyHigh)
}

func (r *keyRenderer) Layout(size fyne.Size) {
	k := r.k
	k.back.Resize(size)
	x := float32(keyPad)
	middle := func(h float32) float32 { return (size.Height - h) / 2 }
	if k.icon != nil {
		k.icon.Resize(fyne.NewSquareSize(keyIcon))
		k.icon.Move(fyne.NewPos(x, middle(keyIcon)))
		x += keyIcon + 6
	}
	m := k.label.MinSize()
	k.label.Resize(m)
	k.label.Move(fyne.NewPos(x, middle(m.Height)))
	if k.cap.value == "" {
		return
	}
	c := k.cap.MinSize()
	k.capBack.Resize(fyne.NewSize(c.Width+8, 18))
	k.capBack.Move(fyne.NewPos(size.Width-keyPad-c.Width-5, middle(18)))
	k.cap.Resize(c)
	k.cap.Move(fyne.NewPos(size.Width-keyPad-c.Width-1, middle(c.Height)))
}

func (r *keyRenderer) Refresh() {
	r.paint()
	r.Layout(r.k.Size())
	r.k.back.Refresh()
	r.k.capBack.Refresh()
	if r.k.icon != nil {
		r.k.icon.Refresh()
	}
}
func (r *keyRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *keyRenderer) Destroy()                     {}

// Frame is a small picture that can be chosen, with a mark in its corner.
type Frame struct {
	widget.BaseWidget
	do      func()
	picture *Picture
	rim     *canvas.Rectangle
	back    *canvas.Rectangle
	mark    *canvas.Circle
	sign    *widget.Icon
	wide    float32
}

// NewFrame returns an empty frame, wide units wide and three quarters as high.
func NewFrame(wide float32, do func()) *Frame {
	f := &Frame{do: do, wide: wide, picture: NewPicture(fyne.Size{}, 5), back: &canvas.Rectangle{CornerRadius: 6},
		rim: &canvas.Rectangle{CornerRadius: 8, StrokeWidth: 3}, mark: &canvas.Circle{StrokeWidth: 2}, sign: widget.NewIcon(nil)}
	f.ExtendBaseWidget(f)
	return f
}

// Set changes everything; a nil picture shows a sign in its place.
func (f *Frame) Set(c Cell) {
	f.picture.Set(c.Picture, map[bool]float64{true: 0.7}[c.Faded])
	f.sign.Hidden = c.Picture != nil
	if c.Picture == nil {
		f.sign.SetResource(theme.NewDisabledResource(signOf(Face{Tone: c.Tone}, c.Covered)))
	}
	fill, ink := c.Tone.Colors()
	f.mark.FillColor, f.mark.StrokeColor, f.mark.Hidden = theme.Color(ink), theme.Color(fill), c.Tone == ""
	f.back.FillColor = theme.Color(ColorWell)
	f.rim.FillColor, f.rim.StrokeColor = named(ColorNone), named(ColorNone)
	if c.Chosen {
		f.rim.StrokeColor = theme.Color(theme.ColorNamePrimary)
	}
	f.Refresh()
}

// Cell is what a Frame shows.
type Cell struct {
	Picture                image.Image
	Covered, Faded, Chosen bool
	Tone                   Tone // of the mark; "" for none
}

// Tapped implements fyne.Tappable.
func (f *Frame) Tapped(*fyne.PointEvent) { f.do() }

// MinSize implements fyne.Widget.
func (f *Frame) MinSize() fyne.Size { return fyne.NewSize(f.wide, f.wide*3/4) }

// CreateRenderer implements fyne.Widget.
func (f *Frame) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(&fyne.Container{Layout: frameLayout{}, Objects: []fyne.CanvasObject{f.rim, f.back, f.sign, f.picture, f.mark}})
}

type frameLayout struct{}

func (frameLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
func (frameLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(2, 2))
	o[0].Resize(size.SubtractWidthHeight(4, 4))
	for _, inner := range []fyne.CanvasObject{o[1], o[3]} {
		inner.Move(fyne.NewPos(5, 5))
		inner.Resize(size.SubtractWidthHeight(10, 10))
	}
	o[2].Resize(fyne.NewSquareSize(22))
	o[2].Move(fyne.NewPos(size.Width/2-11, size.Height/2-11))
	o[4].Resize(fyne.NewSquareSize(13))
	o[4].Move(fyne.NewPos(size.Width-19, 6))
}
