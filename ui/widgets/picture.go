package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Picture shows one image after another in one canvas.Image, which is drawn
// anew only when the image changes. Fyne scales an image and gives it to the
// graphics system whenever something around it is refreshed, which with twenty
// photos takes longer than anybody waits for a key.
type Picture struct {
	widget.BaseWidget
	drawn *canvas.Image
}

// NewPicture returns an empty one of at least a size, with rounded corners.
func NewPicture(least fyne.Size, radius float32) *Picture {
	p := &Picture{drawn: &canvas.Image{FillMode: canvas.ImageFillContain, CornerRadius: radius}}
	p.drawn.SetMinSize(least)
	p.ExtendBaseWidget(p)
	return p
}

// Set shows m, nil for nothing, so far faded: 0 not at all, 1 wholly.
func (p *Picture) Set(m image.Image, faded float64) {
	if p.drawn.Image == m && p.drawn.Translucency == faded {
		return
	}
	p.drawn.Image, p.drawn.Translucency = m, faded
	p.drawn.Refresh()
}

// Shown reports whether there is an image.
func (p *Picture) Shown() bool { return p.drawn.Image != nil }

// CreateRenderer implements fyne.Widget.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer { return stillRenderer{p.drawn} }
