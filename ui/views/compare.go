package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"image"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// candidate is a photo that can be shown beside the one on show.
type candidate struct {
	lookAt
	thumb string // "" for one of an earlier session
	label string
}

// candidates are the other photos of this session, then the earlier ones.
func (r *Review) candidates() []candidate {
	var out []candidate
	for i, im := range model.Reviewable(r.snap) {
		if im.ID != r.now.Image.ID && !im.Hidden && !im.Aside {
			out = append(out, candidate{lookAt{link.Ref{Image: im.ID}, im.Rev}, im.Thumb, text.PhotoOf(i+1, r.now.Count)})
		}
	}
	for _, e := range r.snap.Earlier {
		label := e.Taken
		if e.About != "" {
			label += " · " + e.About
		}
		out = append(out, candidate{lookAt{e.Ref, e.Rev}, "", label})
	}
	return out
}

// setBeside shows another photo at the side of this one; none, or one that is
// not there any more, ends the comparing.
func (r *Review) setBeside(ref link.Ref) {
	all, at := r.candidates(), -1
	for i, c := range all {
		if c.ref == ref {
			at = i
		}
	}
	r.beside = link.Ref{}
	panes := []fyne.CanvasObject{r.left.root}
	if at >= 0 {
		r.beside = ref
		apart := func(left, right float32, o fyne.CanvasObject) fyne.CanvasObject {
			return container.New(layout.NewCustomPaddedLayout(0, 0, left, right), o)
		}
		panes = []fyne.CanvasObject{apart(0, 3, r.left.root), apart(3, 0, r.right.root)}
		r.right.show(ref, all[at].rev, r.picture(all[at].thumb), false)
		r.right.title.Set(all[at].label, widgets.ColorMuted)
		r.left.title.Set(r.now.Title, widgets.ColorMuted)
	} else {
		r.right.drop()
	}
	r.left.titled(at >= 0)
	r.right.titled(at >= 0)
	if len(r.panes.Objects) != len(panes) {
		r.panes.Layout, r.panes.Objects = layout.NewGridLayoutWithColumns(len(panes)), panes
		r.panes.Refresh()
	}
}

func (r *Review) toggleCompare() {
	if r.beside != (link.Ref{}) {
		r.wantsCompare = false
		r.acts.Beside(link.Ref{})
		return
	}
	r.wantsCompare = true
	if all := r.candidates(); len(all) > 0 {
		first := all[0]
		for _, c := range all { // what it is for: with last time, where there is one
			if c.ref.SID != "" {
				first = c
				break
			}
		}
		r.acts.Beside(first.ref)
		return
	}
	r.setTools()
}

// other shows the next of the photos to compare with.
func (r *Review) other(by int) {
	all := r.candidates()
	for i, c := range all {
		if c.ref == r.beside {
			r.acts.Beside(all[(i+by+len(all))%len(all)].ref)
			return
		}
	}
}

// pane is one picture on show, and what is known of it.
type pane struct {
	root   *fyne.Container
	loupe  *widgets.Loupe
	title  *widgets.Text
	head   *fyne.Container
	looks  *looker
	at     lookAt
	detail link.Look // asked for last
}

func (r *Review) newPane(main bool) *pane {
	p := &pane{looks: &r.looks, title: widgets.NewText("", 13, widgets.ColorMuted, fyne.TextStyle{Bold: true})}
	other := func() *pane {
		if main {
			return r.right
		}
		return r.left
	}
	sign := widget.NewIcon(theme.NewDisabledResource(theme.VisibilityOffIcon()))
	hidden := container.NewCenter(container.New(layout.NewCustomPaddedVBoxLayout(10), container.NewCenter(container.New(minSize{48, 48}, sign)),
		widgets.NewText(text.Intimate, 15, widgets.ColorMuted, fyne.TextStyle{}).Centered(),
		widgets.NewKey(text.ShowIntimate, "Space", nil, func() { r.show(true) })))
	hidden.Hide()
	p.loupe = widgets.NewLoupe(widgets.LoupeActs{
		Look: p.want,
		Drawn: func(t widgets.Tool, x0, y0, x1, y1 float64) {
			if main {
				r.drawn(t, x0, y0, x1, y1)
			}
		},
		Moved: func(zoom, cx, cy float64) {
			if o := other(); o.at.ref.Image != "" {
				o.loupe.Follow(zoom, cx, cy)
			}
			r.percent.Set(text.Percent(r.left.loupe.Percent()), widgets.ColorMuted)
		},
		Used: func() { r.setTools() },
	}, hidden)
	p.head = container.NewHBox(p.title)
	p.head.Hide()
	p.root = container.NewBorder(p.head, nil, nil, nil, p.loupe)
	return p
}

func (p *pane) titled(on bool) { p.head.Hidden = !on }

// show shows a photo as it is at a revision; what is there of it already at
// once.
func (p *pane) show(ref link.Ref, rev string, thumb image.Image, covered bool) {
	at := lookAt{ref, rev}
	if at != p.at {
		same := p.at.ref == ref // only edited: what was seen goes on being seen until the new pixels come
		p.at = at
		switch whole, size, ok := p.looks.have(at); {
		case ok && !same:
			p.loupe.ShowPicture(thumb)
			p.loupe.Whole(whole, size)
		case !same:
			p.loupe.ShowPicture(thumb)
		default:
			p.loupe.Again()
		}
	}
	p.loupe.Cover(covered)
}

// drop empties the pane.
func (p *pane) drop() {
	if p.at != (lookAt{}) {
		p.at = lookAt{}
		p.loupe.ShowPicture(nil)
	}
}

// pixels is how many pixels the whole of a picture is asked for.
func (p *pane) pixels() int { return p.detail.Side }

func (p *pane) want(part image.Rectangle, side int) {
	if p.at.ref.Image == "" || side < 1 {
		return
	}
	look := link.Look{X0: part.Min.X, Y0: part.Min.Y, X1: part.Max.X, Y1: part.Max.Y, Side: side}
	if part.Empty() {
		p.detail.Side = side
	}
	p.looks.want(p, p.at, look)
}

// take shows an answer that is still wanted.
func (p *pane) take(asked lookAsked, s link.Seen) {
	if asked.at != p.at || s.Width == 0 {
		return
	}
	if part := asked.look.Part(); !part.Empty() {
		p.loupe.Detail(s.Image, part)
		return
	}
	p.loupe.Whole(s.Image, image.Pt(s.Width, s.Height))
}
