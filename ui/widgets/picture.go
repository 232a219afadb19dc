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

// Large says that the images come about twice as large as they are drawn, and
// returns p. Whoever draws scales them then as well as Fyne would have before,
// which takes longer than the rest of a frame.
func (p *Picture) Large() *Picture {
	p.drawn.ScaleMode = canvas.ImageScaleFastest
	return p
}

// Set shows m, nil for nothing, so far faded: 0 not at all, 1 wholly. What is
// opaque is handed on the quickest as an *image.RGBA.
func (p *Picture) Set(m image.Image, faded float64) {
	if p.drawn.Image == m && p.drawn.Translucency == faded {
		return
	}
	p.drawn.Image, p.drawn.Translucency = m, faded
	p.drawn.Refresh()
	canvas.Refresh(p) // which may not have been drawn yet: Fyne knows no canvas of it then
}

// Shown reports whether there is an image.
func (p *Picture) Shown() bool { return p.drawn.Image != nil }

// CreateRenderer implements fyne.Widget.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer { return &pictureRenderer{p} }

type pictureRenderer struct{ *Picture }

func (r *pictureRenderer) Layout(size fyne.Size) { r.drawn.Resize(size) }
func (r *pictureRenderer) MinSize() fyne.Size    { return r.drawn.MinSize() }
func (r *pictureRenderer) Refresh()              {}
func (r *pictureRenderer) Destroy()              {}

// Objects is empty without an image: one that Fyne has not drawn before makes
// it draw the next frame twice.
func (r *pictureRenderer) Objects() []fyne.CanvasObject {
	if r.drawn.Image == nil {
		return nil
	}
	return []fyne.CanvasObject{r.drawn}
}
