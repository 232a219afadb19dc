package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Still holds what is drawn anew when it says so itself, and not whenever
// something around it is: a refresh goes down to every button, and each reads
// its icon's XML again. What it holds is never hidden by itself.
type Still struct {
	widget.BaseWidget
	body fyne.CanvasObject
}

// NewStill returns a Still around body.
func NewStill(body fyne.CanvasObject) *Still {
	s := &Still{body: body}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *Still) CreateRenderer() fyne.WidgetRenderer { return stillRenderer{s.body} }

type stillRenderer struct{ body fyne.CanvasObject }

func (r stillRenderer) Layout(size fyne.Size)        { r.body.Resize(size) }
func (r stillRenderer) MinSize() fyne.Size           { return r.body.MinSize() }
func (r stillRenderer) Refresh()                     {}
func (r stillRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.body} }
func (r stillRenderer) Destroy()                     {}
