// Package widgets holds the drawn primitives of the windows: they take plain
// values and callbacks, and know nothing of sessions.
package widgets

import (
	"image/color"
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Colours that Fyne has no name for; ui's theme gives them, light and dark.
const (
	ColorSurface fyne.ThemeColorName = "clinicproSurface" // cards
	ColorOutline fyne.ThemeColorName = "clinicproOutline" // their edge
	ColorMuted   fyne.ThemeColorName = "clinicproMuted"   // secondary text
	ColorWell    fyne.ThemeColorName = "clinicproWell"    // behind a picture that has not come
	ColorNotice  fyne.ThemeColorName = "clinicproNotice"  // banner: slower than usual
	ColorAlarm   fyne.ThemeColorName = "clinicproAlarm"   // banner: cannot go on
	ColorNone    fyne.ThemeColorName = "clinicproNone"
)

// Tone colours a chip or a dot: model.Tone's values.
type Tone string

// Colors returns the names of a tone's fill and of the text on it.
func (t Tone) Colors() (fill, ink fyne.ThemeColorName) {
	if t == "" {
		t = "quiet"
	}
	return fyne.ThemeColorName("clinicproFill-" + t), fyne.ThemeColorName("clinicproInk-" + t)
}

// Box is a rounded surface with padding around its content.
type Box struct {
	widget.BaseWidget
	Fill, Stroke fyne.ThemeColorName
	Radius, Pad  float32
	Content      fyne.CanvasObject
}

// NewCard returns the usual Box: the surface colour with a fine edge.
func NewCard(content fyne.CanvasObject) *Box {
	return NewBox(ColorSurface, ColorOutline, 12, 16, content)
}

// NewBox returns a Box; stroke ColorNone draws no edge.
func NewBox(fill, stroke fyne.ThemeColorName, radius, pad float32, content fyne.CanvasObject) *Box {
	b := &Box{Fill: fill, Stroke: stroke, Radius: radius, Pad: pad, Content: content}
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer implements fyne.Widget.
func (b *Box) CreateRenderer() fyne.WidgetRenderer {
	r := &boxRenderer{box: b, rect: &canvas.Rectangle{}}
	r.paint()
	return r
}

type boxRenderer struct {
	box  *Box
	rect *canvas.Rectangle
}

func (r *boxRenderer) paint() {
	r.rect.FillColor = named(r.box.Fill)
	r.rect.CornerRadius = r.box.Radius
	r.rect.StrokeWidth = 0
	if r.box.Stroke != ColorNone && r.box.Stroke != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = named(r.box.Stroke), 1
	}
}

func (r *boxRenderer) Layout(size fyne.Size) {
	r.rect.Resize(size)
	r.box.Content.Move(fyne.NewPos(r.box.Pad, r.box.Pad))
	r.box.Content.Resize(size.SubtractWidthHeight(2*r.box.Pad, 2*r.box.Pad))
}

func (r *boxRenderer) MinSize() fyne.Size {
	return r.box.Content.MinSize().AddWidthHeight(2*r.box.Pad, 2*r.box.Pad)
}

func (r *boxRenderer) Refresh() {
	r.paint()
	r.rect.Refresh()
	r.box.Content.Refresh()
	r.Layout(r.box.Size())
}

func (r *boxRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.rect, r.box.Content}
}
func (r *boxRenderer) Destroy() {}

func named(n fyne.ThemeColorName) color.Color {
	if n == ColorNone || n == "" {
		return color.Transparent
	}
	return theme.Color(n)
}

// Text is one line of text in a theme colour, without Label's padding.
type Text struct {
	widget.BaseWidget
	value string
	color fyne.ThemeColorName
	size  float32
	style fyne.TextStyle
	align fyne.TextAlign
	font  fyne.Resource // nil: the theme's for style
	least float32       // the width it may be cut to; 0: never cut
	drawn *canvas.Text
}

// NewText returns a line of text.
func NewText(value string, size float32, name fyne.ThemeColorName, style fyne.TextStyle) *Text {
	t := &Text{value: value, color: name, size: size, style: style}
	t.ExtendBaseWidget(t)
	return t
}

// Figures writes the line in a fixed pitch, and returns it. It is for numbers:
// no font of the system is looked through for them.
func (t *Text) Figures() *Text {
	t.font, t.style.Monospace = FiguresFont(), true // the style is for a painter that goes by that alone
	return t
}

// FiguresFont is what Figures are written in.
func FiguresFont() fyne.Resource { return theme.DefaultTextMonospaceFont() }

// Centered centres the line and returns it.
func (t *Text) Centered() *Text {
	t.align = fyne.TextAlignCenter
	return t
}

// Yielding lets the line be cut, ending in "…", to as little as so wide where
// there is no room for all of it, and returns it. What says who the patient is
// stands in what is left.
func (t *Text) Yielding(least float32) *Text {
	t.least = least
	return t
}

// Value returns the whole line, cut or not.
func (t *Text) Value() string { return t.value }

// Set changes text and colour.
func (t *Text) Set(value string, name fyne.ThemeColorName) {
	if t.value == value && t.color == name {
		return
	}
	t.value, t.color = value, name
	t.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	t.drawn = &canvas.Text{}
	t.paint()
	return &textRenderer{t}
}

type textRenderer struct{ *Text }

func (r *textRenderer) Layout(size fyne.Size) {
	r.drawn.Resize(size)
	r.cut(size.Width)
}

func (r *textRenderer) MinSize() fyne.Size {
	size := r.whole()
	if r.least > 0 {
		size.Width = min(size.Width, r.least)
	}
	return size
}

func (r *textRenderer) Refresh() {
	r.cut(r.Size().Width)
	r.drawn.Refresh()
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.drawn} }
func (r *textRenderer) Destroy()                     {}

// whole is the size of the whole line.
func (t *Text) whole() fyne.Size { return t.measure(t.value) }

func (t *Text) measure(s string) fyne.Size {
	size, _ := fyne.CurrentApp().Driver().RenderedTextSize(s, t.size, t.style, t.font)
	return size
}

// cut draws as much of the line as a width has room for.
func (t *Text) cut(width float32) {
	t.drawn.Text = t.value
	if t.least == 0 || width >= t.whole().Width {
		return
	}
	runes := []rune(t.value)
	fits := sort.Search(len(runes), func(n int) bool {
		return t.measure(string(runes[:n+1])+"…").Width > width
	})
	t.drawn.Text = strings.TrimRight(string(runes[:fits]), " ") + "…"
}

// Refresh implements fyne.Widget.
func (t *Text) Refresh() {
	if t.drawn != nil {
		t.paint()
	}
	t.BaseWidget.Refresh()
}

func (t *Text) paint() {
	t.drawn.Text, t.drawn.TextSize, t.drawn.TextStyle = t.value, t.size, t.style
	t.drawn.Color, t.drawn.Alignment, t.drawn.FontSource = named(t.color), t.align, t.font
}

// Chip is a small pill with a word.
type Chip struct {
	widget.BaseWidget
	text *Text
	box  *Box
}

// NewChip returns a pill of a tone.
func NewChip(value string, tone Tone) *Chip {
	fill, ink := tone.Colors()
	c := &Chip{text: NewText(value, 12, ink, fyne.TextStyle{Bold: true})}
	c.box = NewBox(fill, ColorNone, 10, 0, &fyne.Container{Layout: pillLayout{}, Objects: []fyne.CanvasObject{c.text}})
	c.ExtendBaseWidget(c)
	return c
}

// Set changes word and tone.
func (c *Chip) Set(value string, tone Tone) {
	fill, ink := tone.Colors()
	c.box.Fill = fill
	c.text.Set(value, ink)
	c.box.Refresh()
}

// Value returns the word.
func (c *Chip) Value() string { return c.text.Value() }

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.box) }

type pillLayout struct{}

func (pillLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().AddWidthHeight(20, 4)
}
func (pillLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	m := o[0].MinSize()
	o[0].Resize(m)
	o[0].Move(fyne.NewPos((size.Width-m.Width)/2, (size.Height-m.Height)/2))
}
