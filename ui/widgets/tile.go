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

// Pictures on a tile are this large; the agent scales them before they come.
const (
	TileWidth  = 240
	TileHeight = 180
)

// Tile is one picture with what became of it. One canvas.Image serves for its
// whole life: a new one per change would cost the memory of all of them.
type Tile struct {
	widget.BaseWidget
	picture *canvas.Image
	chip    *Chip
	sign    *widget.Icon
	note    *widget.Label
	discard *widget.Button
	attest  *widget.Button
	again   *widget.Button
	body    fyne.CanvasObject
}

// TileActs are what can be done on a tile.
type TileActs struct{ Discard, Attest, Again Act }

// Act is a button: its label and what it does.
type Act struct {
	Label string
	Do    func()
}

// NewTile returns an empty tile.
func NewTile(acts TileActs) *Tile {
	t := &Tile{picture: &canvas.Image{FillMode: canvas.ImageFillContain, CornerRadius: 8}, chip: NewChip("", "quiet")}
	t.note = widget.NewLabel("")
	t.note.Wrapping, t.note.SizeName = fyne.TextWrapWord, theme.SizeNameCaptionText
	t.discard = widget.NewButtonWithIcon(acts.Discard.Label, theme.DeleteIcon(), acts.Discard.Do)
	t.discard.Importance = widget.LowImportance
	t.picture.SetMinSize(fyne.NewSize(TileWidth, TileHeight))
	t.sign = widget.NewIcon(nil)
	t.sign.Resize(fyne.NewSquareSize(40))
	well := NewBox(ColorWell, ColorNone, 8, 0, container.NewStack(container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(40), t.sign)), t.picture))
	t.attest, t.again = widget.NewButton(acts.Attest.Label, acts.Attest.Do), widget.NewButton(acts.Again.Label, acts.Again.Do)
	strut := &canvas.Rectangle{} // the foot keeps its height without the button
	strut.SetMinSize(fyne.NewSize(0, 36))
	foot := container.NewHBox(container.NewCenter(t.chip), layout.NewSpacer(), strut, t.discard)
	t.body = NewBox(ColorSurface, ColorOutline, 12, 6, container.NewBorder(well, nil, nil, nil, container.NewVBox(foot, t.note, container.NewGridWithColumns(2, t.attest, t.again))))
	t.ExtendBaseWidget(t)
	return t
}

// Set changes everything on the tile; img nil leaves the grey well.
func (t *Tile) Set(img image.Image, chip string, tone Tone, note string, discardable, unsure, faded bool) {
	if t.picture.Image != img {
		t.picture.Image = img
		t.picture.Refresh()
	}
	if img == nil {
		icon := theme.MediaPhotoIcon()
		if tone == "bad" {
			icon = theme.BrokenImageIcon()
		}
		t.sign.SetResource(theme.NewDisabledResource(icon))
	}
	t.sign.Hidden = img != nil
	if fade := map[bool]float64{true: 0.65}[faded]; t.picture.Translucency != fade {
		t.picture.Translucency = fade
		t.picture.Refresh()
	}
	t.chip.Set(chip, tone)
	if t.note.Text != note {
		t.note.SetText(note)
	}
	t.discard.Hidden, t.attest.Hidden, t.again.Hidden = !discardable, !unsure, !unsure
	t.note.Hidden = note == ""
	t.Refresh()
}

// Chip returns the word shown.
func (t *Tile) Chip() string { return t.chip.Value() }

// CreateRenderer implements fyne.Widget.
func (t *Tile) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.body) }
