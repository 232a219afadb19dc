package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Pictures on a tile are drawn this large; they come with twice as many pixels
// each way, for screens that have them.
const (
	TileWidth  = 240
	TileHeight = 180
)

// Tile is one picture with what became of it. One Picture serves for its whole
// life: a new one per change would cost the memory of all of them.
type Tile struct {
	widget.BaseWidget
	picture *Picture
	chip    *Chip
	sign    *widget.Icon
	about   *widget.Label
	note    *widget.Label
	reveal  *Button
	discard *widget.Button
	attest  *widget.Button
	again   *widget.Button
	more    *widget.Button
	body    fyne.CanvasObject

	acts     TileActs
	face     Face
	drawn    bool // face is what is on show
	revealed bool // the GP asked to see a picture that is hidden
}

// TileActs are what can be done on a tile; Show and Hide name the button that
// a hidden picture has.
type TileActs struct {
	Discard, Attest, Again Act
	Show, Hide             string
	Look                   func()                        // at it, large
	More                   func(below fyne.CanvasObject) // a menu of what else can be done
}

// Face is everything that a tile shows.
type Face struct {
	Picture             image.Image // nil leaves the grey well
	Hidden              bool        // a mark instead, until the GP asks
	Chip                string
	Tone                Tone
	About               string // what the phone says of it, in lines
	Note                string
	Discardable, Unsure bool
	Faded               bool
	More                bool
}

// Act is a button: its label and what it does.
type Act struct {
	Label string
	Do    func()
}

// NewTile returns an empty tile.
func NewTile(acts TileActs) *Tile {
	t := &Tile{acts: acts, picture: NewPicture(fyne.NewSize(TileWidth, TileHeight), 8), chip: NewChip("", "quiet")}
	t.about, t.note = widget.NewLabel(""), widget.NewLabel("")
	for _, l := range []*widget.Label{t.about, t.note} {
		l.Wrapping, l.SizeName = fyne.TextWrapWord, theme.SizeNameCaptionText
	}
	t.reveal = NewButton("", func() {
		t.revealed = !t.revealed
		t.draw()
	})
	t.discard = widget.NewButtonWithIcon(acts.Discard.Label, theme.DeleteIcon(), acts.Discard.Do)
	t.discard.Importance = widget.LowImportance
	t.sign = widget.NewIcon(nil)
	t.sign.Resize(fyne.NewSquareSize(40))
	well := NewBox(ColorWell, ColorNone, 8, 0, container.NewStack(container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(40), t.sign)), t.picture,
		container.NewVBox(layout.NewSpacer(), container.NewCenter(t.reveal))))
	t.attest, t.again = widget.NewButton(acts.Attest.Label, acts.Attest.Do), widget.NewButton(acts.Again.Label, acts.Again.Do)
	t.more = widget.NewButtonWithIcon("", theme.MoreHorizontalIcon(), func() { acts.More(t.more) })
	t.more.Importance = widget.LowImportance
	strut := &canvas.Rectangle{} // the foot keeps its height without the button
	strut.SetMinSize(fyne.NewSize(0, 36))
	foot := container.NewHBox(container.NewCenter(t.chip), layout.NewSpacer(), strut, t.more, t.discard)
	t.body = NewBox(ColorSurface, ColorOutline, 12, 6, container.NewBorder(well, nil, nil, nil, container.NewVBox(foot, t.about, t.note, container.NewGridWithColumns(2, t.attest, t.again))))
	t.ExtendBaseWidget(t)
	return t
}

// Set changes everything on the tile.
func (t *Tile) Set(f Face) {
	if t.drawn && t.face == f {
		return
	}
	t.face = f
	t.draw()
}

func (t *Tile) draw() {
	t.drawn = true
	f := t.face
	img, covered := f.Picture, f.Hidden && !t.revealed
	if covered {
		img = nil
	}
	t.picture.Set(img, map[bool]float64{true: 0.65}[f.Faded])
	if img == nil {
		t.sign.SetResource(theme.NewDisabledResource(signOf(f, covered)))
	}
	t.sign.Hidden = img != nil
	t.chip.Set(f.Chip, f.Tone)
	setLine(t.about, f.About)
	setLine(t.note, f.Note)
	if label := map[bool]string{true: t.acts.Show, false: t.acts.Hide}[covered]; t.reveal.Text != label {
		t.reveal.SetText(label)
	}
	t.reveal.Hidden = !f.Hidden || f.Picture == nil
	t.more.Hidden = !f.More
	t.discard.Hidden, t.attest.Hidden, t.again.Hidden = !f.Discardable, !f.Unsure, !f.Unsure
	t.body.Refresh()
}

// Clear makes the tile as good as new: no picture, and nothing that the GP
// asked to see of the last one holds for the next.
func (t *Tile) Clear() {
	t.revealed, t.drawn = false, false
	t.Set(Face{})
}

// signOf is what stands where no picture is shown.
func signOf(f Face, covered bool) fyne.Resource {
	switch {
	case covered:
		return theme.VisibilityOffIcon()
	case f.Tone == "bad":
		return theme.BrokenImageIcon()
	}
	return theme.MediaPhotoIcon()
}

func setLine(l *widget.Label, s string) {
	if l.Text != s {
		l.SetText(s)
	}
	l.Hidden = s == ""
}

// Covered reports whether a picture is there and not shown.
func (t *Tile) Covered() bool { return t.face.Picture != nil && !t.picture.Shown() }

// Chip returns the word shown.
func (t *Tile) Chip() string { return t.chip.Value() }

// Tapped implements fyne.Tappable.
func (t *Tile) Tapped(*fyne.PointEvent) {
	if t.face.Picture != nil && t.acts.Look != nil {
		t.acts.Look()
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Tile) CreateRenderer() fyne.WidgetRenderer { return stillRenderer{t.body} }
