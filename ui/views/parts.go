package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Banner says what is wrong, what is safe, and what to do.
type Banner struct {
	Root  *fyne.Container
	retry func()
	shown []link.Problem
}

// NewBanner returns a hidden banner.
func NewBanner(onRetry func()) *Banner {
	b := &Banner{Root: container.New(layout.NewCustomPaddedVBoxLayout(6)), retry: onRetry}
	b.Root.Hide()
	return b
}

// Set shows the problems, the first ones first.
func (b *Banner) Set(problems []link.Problem) {
	if len(problems) == len(b.shown) {
		same := true
		for i := range problems {
			same = same && problems[i] == b.shown[i]
		}
		if same {
			return
		}
	}
	b.shown = problems
	b.Root.RemoveAll()
	for _, p := range problems {
		what := widgets.NewText(p.What, 15, theme.ColorNameForeground, fyne.TextStyle{Bold: true})
		rest := widget.NewLabel(p.Safe + " " + p.Do)
		rest.Wrapping = fyne.TextWrapWord
		fill, icon := widgets.ColorNotice, theme.InfoIcon()
		if p.Grave {
			fill, icon = widgets.ColorAlarm, theme.WarningIcon()
		}
		var right fyne.CanvasObject
		if p.Retry {
			right = container.NewCenter(widget.NewButton(text.TryAgain, b.retry))
		}
		b.Root.Add(widgets.NewBox(fill, widgets.ColorNone, 12, 10, container.NewBorder(nil, nil, container.NewCenter(widget.NewIcon(icon)), right,
			container.New(layout.NewCustomPaddedVBoxLayout(0), container.New(layout.NewCustomPaddedLayout(0, 0, 8, 0), what), rest))))
	}
	b.Root.Hidden = len(problems) == 0
	b.Root.Refresh()
}

// Ask shows a patient that another system handed over.
type Ask struct {
	Root            fyne.CanvasObject
	name, born, nhi *widgets.Text
	unfiled         *widget.Label
	warning         fyne.CanvasObject
	yes, no         *widget.Button
}

// NewAsk returns the screen.
func NewAsk(answer func(yes bool)) *Ask {
	a := &Ask{}
	fg := theme.ColorNameForeground
	a.name = widgets.NewText("", 28, fg, fyne.TextStyle{Bold: true}).Centered()
	a.born = widgets.NewText("", 17, widgets.ColorMuted, fyne.TextStyle{}).Centered()
	a.nhi = widgets.NewText("", 22, fg, fyne.TextStyle{}).Figures().Centered()
	a.yes, a.no = widget.NewButton(text.AskYes, func() { answer(true) }), widget.NewButton(text.AskNo, func() { answer(false) })
	a.yes.Importance = widget.HighImportance
	a.unfiled = widget.NewLabel("")
	a.unfiled.Wrapping = fyne.TextWrapWord
	a.warning = container.New(fixedWidth(420), widgets.NewBox(widgets.ColorNotice, widgets.ColorNone, 10, 6, a.unfiled))
	a.Root = container.NewCenter(widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 14, 32, container.New(layout.NewCustomPaddedVBoxLayout(12),
		widgets.NewText(text.AskTitle, 16, widgets.ColorMuted, fyne.TextStyle{}).Centered(), gap(4), a.name, a.born, a.nhi, container.NewCenter(a.warning), gap(8),
		container.NewGridWithColumns(2, container.New(minSize{200, 44}, a.no), container.New(minSize{200, 44}, a.yes)))))
	return a
}

// Set shows the patient that a snapshot asks about, and what is left to do of
// the one before.
func (a *Ask) Set(s link.Snapshot) {
	c := model.CardOf(*s.Asked)
	a.name.Set(c.Name, theme.ColorNameForeground)
	a.born.Set(c.Under(), widgets.ColorMuted)
	a.warning.Hide()
	yes, no := text.AskYes, text.AskNo
	switch {
	case s.Joins:
		a.unfiled.SetText(text.AskJoin)
		a.warning.Show()
		yes, no = text.AskJoinYes, text.AskJoinNo
	case model.BarOf(s).Left > 0:
		a.unfiled.SetText(text.AskUnfiled(s.Patient.Name))
		a.warning.Show()
	}
	a.yes.SetText(yes)
	a.no.SetText(no)
	a.nhi.Set(c.NHI, theme.ColorNameForeground)
	a.Root.Refresh()
}

// Question asks before something that cannot be undone.
type Question struct {
	Root   fyne.CanvasObject
	Cancel *widgets.Button
}

// NewQuestion names the patient it is about.
func NewQuestion(title, more, do string, c model.Card, no, yes func()) *Question {
	words := widget.NewLabel(more)
	words.Wrapping = fyne.TextWrapWord
	q := &Question{Cancel: widgets.NewButton(text.Cancel, no)}
	ok := widgets.NewButton(do, yes)
	ok.Importance = widget.DangerImportance
	left := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(layout.NewCustomPaddedLayout(0, 0, 9, 9), o)
	}
	q.Root = container.New(fixedWidth(480), container.New(layout.NewCustomPaddedLayout(16, 16, 14, 14), container.New(layout.NewCustomPaddedVBoxLayout(8),
		left(widgets.NewText(title, 18, theme.ColorNameForeground, fyne.TextStyle{Bold: true})),
		left(widgets.NewText(c.Name+" · "+c.NHI, 14, widgets.ColorMuted, fyne.TextStyle{})),
		words, gap(4), container.NewHBox(layout.NewSpacer(), container.New(minSize{120, 40}, q.Cancel), container.New(minSize{120, 40}, ok)))))
	return q
}

// lineLeast is what a line that yields keeps of its width: of the one under a
// patient's name the whole date of birth, which stands first.
const lineLeast = 160

// middled has a line as wide as there is room, in the middle of the height.
func middled(line fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(layout.NewSpacer(), line, layout.NewSpacer())
}

func gapW(w float32) fyne.CanvasObject { return container.New(minSize{w, 0}) }

// minSize gives its child at least a size.
type minSize struct{ w, h float32 }

func (m minSize) MinSize(o []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(m.w, m.h)
	for _, obj := range o {
		size = size.Max(obj.MinSize())
	}
	return size
}

func (m minSize) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for _, obj := range o {
		obj.Resize(size)
	}
}

// bodyLayout: the code alone in the middle, or on the left of the pictures,
// or pictures alone.
type bodyLayout struct{}

const (
	bodyGap       = 16
	picturesLeast = 220 // high, a tile and what scrolling shows of the next
)

func (bodyLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	if o[0].Visible() {
		return fyne.NewSize(640, o[0].MinSize().Height)
	}
	return fyne.NewSize(640, picturesLeast)
}

func (bodyLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	code, pictures := o[0], o[1]
	want := code.MinSize()
	want.Height = max(min(want.Height+codeBest-codeLeast, size.Height), want.Height)
	alone := pairingAlone(code)
	switch {
	case !code.Visible():
		pictures.Move(fyne.Position{})
		pictures.Resize(size)
	case alone:
		code.Resize(want)
		code.Move(fyne.NewPos(max((size.Width-want.Width)/2, 0), max((size.Height-want.Height)/2, 0)))
		pictures.Resize(fyne.Size{})
	default:
		code.Resize(want)
		code.Move(fyne.Position{})
		pictures.Move(fyne.NewPos(want.Width+bodyGap, 0))
		pictures.Resize(fyne.NewSize(size.Width-want.Width-bodyGap, size.Height))
	}
}

func pairingAlone(code fyne.CanvasObject) bool {
	steps := code.(*fyne.Container).Objects[1].(*fyne.Container).Objects[0].(*fyne.Container).Objects[0]
	return steps.Visible()
}

// codeLayout gives the code a square, as large as what is beneath leaves it on
// a low screen, and no larger than reads best.
type codeLayout struct{}

const (
	codeBest  = 340 // scanned at arm's length
	codeLeast = 180 // scanned from a hand's breadth
	codeGap   = 10
)

func (codeLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	beneath := o[1].MinSize()
	return fyne.NewSize(max(codeBest, beneath.Width), codeLeast+codeGap+beneath.Height)
}

func (codeLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	beneath := o[1].MinSize().Height
	side := min(max(size.Height-codeGap-beneath, codeLeast), codeBest)
	o[0].Resize(fyne.NewSquareSize(side))
	o[0].Move(fyne.NewPos((size.Width-side)/2, 0))
	o[1].Resize(fyne.NewSize(size.Width, beneath))
	o[1].Move(fyne.NewPos(0, side+codeGap))
}

// pairingLayout puts the steps at the right of the code while they show.
type pairingLayout struct{}

const stepsGap = 36

func (pairingLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := o[0].MinSize()
	if s := o[1].(*fyne.Container).Objects[0].(*fyne.Container).Objects[0]; s.Visible() {
		m.Width += stepsGap + o[1].MinSize().Width
		m.Height = max(m.Height, o[1].MinSize().Height)
	}
	return m
}

func (pairingLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	width := o[0].MinSize().Width
	o[0].Resize(fyne.NewSize(width, size.Height))
	o[1].Move(fyne.NewPos(width+stepsGap, 0))
	o[1].Resize(fyne.NewSize(max(size.Width-width-stepsGap, 0), size.Height))
}

// tilesLayout sets tiles in rows with air between them; all are as tall as
// the tallest. It remembers its width, which its height follows from.
type tilesLayout struct{ width float32 }

const tileGap = 12

func (l *tilesLayout) cell(o []fyne.CanvasObject) (cell fyne.Size, perRow int) {
	for _, t := range o {
		cell = cell.Max(t.MinSize())
	}
	return cell, max(int((l.width+tileGap)/(cell.Width+tileGap)), 1)
}

func (l *tilesLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	cell, n := l.cell(o)
	rows := (len(o) + n - 1) / n
	return fyne.NewSize(cell.Width, max(float32(rows)*(cell.Height+tileGap)-tileGap, 0))
}

func (l *tilesLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	cell, n := l.cell(o)
	for i, t := range o {
		t.Resize(cell)
		t.Move(fyne.NewPos(float32(i%n)*(cell.Width+tileGap), float32(i/n)*(cell.Height+tileGap)))
	}
}
