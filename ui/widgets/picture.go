package widgets

import (
	"image"
	"math"

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

// halves reports whether an image of a size comes at most twice as large as it
// is drawn: whoever draws then scales it as well as Fyne would have before,
// which takes longer than the rest of a frame.
func (p *Picture) halves(size image.Point) bool {
	least := p.drawn.MinSize()
	return float32(size.X) <= 2*least.Width && float32(size.Y) <= 2*least.Height
}

// Set shows m, nil for nothing, so far faded: 0 not at all, 1 wholly. What is
// opaque is handed on the quickest as an *image.RGBA.
func (p *Picture) Set(m image.Image, faded float64) {
	if p.drawn.Image == m && p.drawn.Translucency == faded {
		return
	}
	p.drawn.Image, p.drawn.Translucency, p.drawn.ScaleMode = m, faded, canvas.ImageScaleSmooth
	if m != nil && p.halves(m.Bounds().Size()) {
		p.drawn.ScaleMode = canvas.ImageScaleFastest
	}
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

// RoundOff makes what lies outside quarter circles in the corners see-through.
// The radius is in pixels, and at most half of the shorter side.
func RoundOff(img *image.RGBA, radius float32) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	n := int(math.Ceil(float64(radius)))
	for y := range n {
		for x := range n {
			dx, dy := float64(radius)-float64(x)-0.5, float64(radius)-float64(y)-0.5
			keep := min(max(float64(radius)+0.5-math.Hypot(dx, dy), 0), 1)
			if keep == 1 {
				continue
			}
			for _, p := range []image.Point{{x, y}, {w - 1 - x, y}, {x, h - 1 - y}, {w - 1 - x, h - 1 - y}} {
				px := img.Pix[img.PixOffset(p.X, p.Y):][:4]
				for i := range px {
					px[i] = uint8(float64(px[i]) * keep)
				}
			}
		}
	}
}
