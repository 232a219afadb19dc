package views

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// ReviewActs are what the GP can do in the review. Send gets inputs without a
// session: the window names the one on show.
type ReviewActs struct {
	Back, File, Keys func()
	Go               func(image string)
	Attest           func(image string)
	FileAgain        func(image string)
	Beside           func(link.Ref)
	Send             func(link.Input)
	Refocus          func() // the keys go to the review again
}

// Review is one photo at a time, large, with what is said of it.
type Review struct {
	Root    fyne.CanvasObject
	Caption *captionEntry
	File    *widget.Button

	acts    ReviewActs
	snap    link.Snapshot
	now     model.Review
	beside  link.Ref
	picture func(key string) image.Image
	reveal  string // the intimate photo that the GP has asked to see

	name, born, nhi   *widgets.Text
	place, when       *widgets.Text
	why               *widget.Label
	chip              *widgets.Chip
	left, right       *pane
	panes             *fyne.Container
	strip             *fyne.Container
	stripScroll       *container.Scroll
	frames            map[string]*widgets.Frame
	wantsCompare      bool // and may have nothing to compare with
	tools             map[widgets.Tool]*widgets.Key
	turn, undo, away  *widgets.Key
	compare           *widgets.Key
	percent, toolHint *widgets.Text
	rows              []*choiceRow
	unsure            *fyne.Container
	intimate, same    *widgets.Key
	count, to         *widgets.Text
	looks             looker
}

// frameWide is a photo of the strip, in Fyne's units.
const frameWide = 92

// choiceRow is a model.Row drawn.
type choiceRow struct {
	title *widgets.Text
	keys  map[string]*widgets.Key
}

// NewReview returns an empty review.
func NewReview(acts ReviewActs) *Review {
	r := &Review{acts: acts, frames: map[string]*widgets.Frame{}, tools: map[widgets.Tool]*widgets.Key{}}
	r.looks.ask = func(ref link.Ref, look link.Look) {
		acts.Send(link.Input{Kind: link.InputLook, Image: ref.Image, Of: ref.SID, Look: look})
	}
	fg, muted, bold := theme.ColorNameForeground, widgets.ColorMuted, fyne.TextStyle{Bold: true}
	r.name, r.born = widgets.NewText("", 18, fg, bold), widgets.NewText("", 14, muted, fyne.TextStyle{})
	r.nhi = widgets.NewText("", 18, fg, fyne.TextStyle{}).Figures()
	r.place, r.when = widgets.NewText("", 14, fg, bold), widgets.NewText("", 13, muted, fyne.TextStyle{})
	r.chip = widgets.NewChip("", "quiet")
	r.percent, r.toolHint = widgets.NewText("", 13, muted, fyne.TextStyle{}), widgets.NewText("", 13, fg, fyne.TextStyle{})
	back := widgets.NewKey(text.ReviewAll, "Esc", theme.NavigateBackIcon(), acts.Back)
	keys := widgets.NewKey(text.ReviewKeys, "?", nil, acts.Keys)
	head := widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 12, 10, container.NewBorder(nil, nil,
		container.NewHBox(container.NewCenter(back), gapW(12), container.NewCenter(r.name), gapW(8), container.NewCenter(r.nhi), gapW(8), container.NewCenter(r.born)),
		container.NewHBox(container.NewCenter(container.New(minSize{52, 18}, r.percent)), container.NewCenter(r.place), gapW(4), container.NewCenter(r.chip), gapW(4), container.NewCenter(keys))))

	r.turn = widgets.NewKey(text.Rotate, "R", nil, func() { r.retouch(link.Edit{Kind: app.EditTurn}) })
	tool := func(t widgets.Tool, label, key string) *widgets.Key {
		r.tools[t] = widgets.NewKey(label, key, nil, func() { r.take(t) })
		return r.tools[t]
	}
	r.undo = widgets.NewKey(text.UndoEdit, "Ctrl+Z", nil, r.Undo)
	r.away = widgets.NewKey(text.Delete, "Del", nil, r.putAside)
	r.compare = widgets.NewKey(text.Compare, "P", nil, r.toggleCompare)
	bar := container.NewHBox(r.turn, tool(widgets.ToolCrop, text.Crop, "C"), tool(widgets.ToolArrow, text.Arrow, "A"),
		tool(widgets.ToolMask, text.Mask, "M"), gapW(6), r.undo, r.away, gapW(6), r.compare, layout.NewSpacer())

	r.left, r.right = r.newPane(true), r.newPane(false)
	r.panes = container.NewGridWithColumns(1, r.left.root)
	r.strip = container.NewHBox()
	r.stripScroll = container.NewHScroll(r.strip)
	r.stripScroll.SetMinSize(fyne.NewSize(0, frameWide*3/4+4))
	below := container.New(layout.NewCustomPaddedVBoxLayout(4), container.NewHBox(r.toolHint), r.stripScroll)
	look := container.NewBorder(bar, below, nil, nil, container.New(layout.NewCustomPaddedLayout(8, 4, 0, 0), r.panes))

	r.Root = container.New(layout.NewCustomPaddedLayout(12, 12, 14, 14), container.NewBorder(head, nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(10, 0, 0, 0), container.NewBorder(nil, nil, nil,
			container.New(layout.NewCustomPaddedLayout(0, 0, 12, 0), container.New(fixedWide{356}, r.side())), look))))
	return r
}

// side is the panel of what is said of the photo, and the way out.
func (r *Review) side() fyne.CanvasObject {
	fg, muted, bold := theme.ColorNameForeground, widgets.ColorMuted, fyne.TextStyle{Bold: true}
	said := container.New(layout.NewCustomPaddedVBoxLayout(4))
	columns := map[link.Field]int{link.FieldSite: 2, link.FieldSide: 3, link.FieldView: 2, link.FieldType: 3}
	empty, _ := model.ReviewOf(link.Snapshot{Images: []link.Image{{ID: "0", State: app.ImageLanded, Reviewed: link.Reviewed{Rev: "0"}}}}, "0")
	for _, row := range empty.Rows {
		drawn := &choiceRow{widgets.NewText(row.Title, 12, muted, bold), map[string]*widgets.Key{}}
		grid := container.New(tightGrid{columns[row.Field]})
		for _, c := range row.Choices {
			field, value := row.Field, c.Value
			key := widgets.NewKey(c.Label, c.Key, nil, func() { r.choose(field, value) })
			drawn.keys[c.Value] = key
			grid.Add(key)
		}
		r.rows = append(r.rows, drawn)
		said.Add(drawn.title)
		said.Add(grid)
		said.Add(gap(2))
	}
	r.Caption = newCaptionEntry(func(s string) { r.describe(link.FieldCaption, s) }, r.acts.Refocus, func() { r.acts.File() })
	r.intimate = widgets.NewKey(text.IntimateTitle, "I", nil, r.toggleIntimate)
	r.same = widgets.NewKey(text.ApplyAll, "U", theme.ContentCopyIcon(), r.sameForAll)
	said.Add(widgets.NewText(text.Caption, 12, muted, bold))
	said.Add(r.Caption)
	said.Add(container.New(tightGrid{1}, container.NewBorder(nil, nil, r.intimate, nil, r.same)))
	r.why = widget.NewLabel("")
	r.why.Wrapping = fyne.TextWrapWord

	r.unsure = container.New(tightGrid{2}, widgets.NewKey(text.Attest, "", nil, func() { r.acts.Attest(r.now.Image.ID) }),
		widgets.NewKey(text.FileAgain, "", nil, func() { r.acts.FileAgain(r.now.Image.ID) }))
	r.File = widget.NewButtonWithIcon("", theme.ConfirmIcon(), r.acts.File)
	r.File.Importance = widget.HighImportance
	r.count, r.to = widgets.NewText("", 14, fg, bold), widgets.NewText("", 12, muted, fyne.TextStyle{})
	foot := container.New(layout.NewCustomPaddedVBoxLayout(3), r.count, r.to, gap(3), container.New(minSize{100, 42}, r.File))
	return widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 12, 12, container.NewBorder(nil, foot, nil, nil,
		container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 6, 0, 4), container.New(layout.NewCustomPaddedVBoxLayout(4), r.when, r.why, r.unsure, said)))))
}

// Set shows the photo with an id; false when it is not there to be looked at.
func (r *Review) Set(snap link.Snapshot, id string, beside link.Ref, picture func(key string) image.Image) bool {
	now, ok := model.ReviewOf(snap, id)
	if !ok {
		return false
	}
	before := r.now.Image
	r.snap, r.now, r.picture = snap, now, picture
	card := model.CardOf(snap.Patient)
	r.name.Set(card.Name, theme.ColorNameForeground)
	r.nhi.Set(card.NHI, theme.ColorNameForeground)
	r.born.Set(card.Born, widgets.ColorMuted)
	r.place.Set(now.Title, theme.ColorNameForeground)
	r.chip.Set(now.Chip, widgets.Tone(now.Tone))
	r.when.Set(now.When, widgets.ColorMuted)
	if before.ID != id {
		r.reveal = ""
		r.left.loupe.Take(widgets.ToolNone)
	}
	r.left.show(link.Ref{Image: id}, now.Image.Rev, picture(now.Image.Thumb), r.covered())
	r.setBeside(beside)
	r.setSide()
	r.setStrip()
	r.setTools()
	r.looks.next(r.neighbours(), r.left.pixels())
	r.Root.Refresh()
	return true
}

func (r *Review) covered() bool { return r.now.Intimate && r.reveal != r.now.Image.ID }

// Image is the id of the photo on show.
func (r *Review) Image() string { return r.now.Image.ID }

// neighbours are the photos that the GP is likely to look at next.
func (r *Review) neighbours() []lookAt {
	var out []lookAt
	for _, step := range []int{1, -1} {
		if i := r.now.Index + step; i >= 0 && i < len(r.now.Strip) {
			im := model.Reviewable(r.snap)[i]
			out = append(out, lookAt{link.Ref{Image: im.ID}, im.Rev})
		}
	}
	return out
}

func (r *Review) setSide() {
	for i, row := range r.now.Rows {
		title := row.Title
		if key := map[link.Field]string{link.FieldView: "V", link.FieldType: "T"}[row.Field]; key != "" {
			title += " (" + key + ")"
		}
		ink := widgets.ColorMuted
		if row.Required {
			title += " · " + text.Required
		}
		if row.Wanted {
			ink = theme.ColorNameError
		}
		r.rows[i].title.Set(title, ink)
		for _, c := range row.Choices {
			r.rows[i].keys[c.Value].Set(c.On, r.now.Editable)
		}
	}
	r.Caption.load(r.now.Image.ID, r.now.Caption, r.now.Editable)
	r.intimate.Set(r.now.Intimate, r.now.Editable)
	r.same.Set(false, r.now.Editable && len(r.now.Strip) > 1)
	r.why.Importance = widget.MediumImportance
	if r.now.Bad {
		r.why.Importance = widget.DangerImportance
	}
	r.why.SetText(r.now.Why)
	r.why.Hidden = r.now.Why == ""
	r.unsure.Hidden = !r.now.Unsure
	bar := model.BarOf(r.snap)
	r.File.SetText(bar.Button)
	if bar.Enabled {
		r.File.Enable()
	} else {
		r.File.Disable()
	}
	r.count.Set(bar.Note, theme.ColorNameForeground)
	r.count.Hidden = bar.Note == ""
	r.to.Set(bar.To, widgets.ColorMuted)
}

func (r *Review) setStrip() {
	kept := map[string]*widgets.Frame{}
	objects := make([]fyne.CanvasObject, 0, len(r.now.Strip))
	for _, small := range r.now.Strip {
		f := r.frames[small.ID]
		if f == nil {
			f = widgets.NewFrame(frameWide, func() { r.acts.Go(small.ID) })
		}
		cell := widgets.Cell{Picture: r.picture(small.Thumb), Covered: small.Covered, Faded: small.Faded, Chosen: small.Chosen, Tone: widgets.Tone(small.Tone)}
		if small.Covered && r.reveal != small.ID {
			cell.Picture = nil
		}
		f.Set(cell)
		kept[small.ID] = f
		objects = append(objects, f)
	}
	r.frames, r.strip.Objects = kept, objects
	r.strip.Refresh()
	if f := kept[r.now.Image.ID]; f != nil && r.stripScroll.Size().Width > 0 {
		x := f.Position().X
		if at := r.stripScroll.Offset.X; x < at || x+f.Size().Width > at+r.stripScroll.Size().Width {
			r.stripScroll.ScrollToOffset(fyne.NewPos(max(x-r.stripScroll.Size().Width/2, 0), 0))
		}
	}
}

func (r *Review) setTools() {
	can := r.now.Editable && !r.covered()
	r.turn.Set(false, can)
	for t, key := range r.tools {
		key.Set(r.left.loupe.Tool() == t, can)
	}
	r.undo.Set(false, can && r.now.Image.Edits > 0)
	r.away.Set(false, r.now.Editable || r.now.Image.Aside)
	r.away.SetLabel(map[bool]string{true: text.PutBack, false: text.Delete}[r.now.Image.Aside])
	r.compare.Set(r.beside != link.Ref{}, true)
	r.percent.Set(text.Percent(r.left.loupe.Percent()), widgets.ColorMuted)
	hint := map[widgets.Tool]string{widgets.ToolCrop: text.DrawCrop, widgets.ToolArrow: text.DrawArrow, widgets.ToolMask: text.DrawMask}[r.left.loupe.Tool()]
	if r.beside == (link.Ref{}) && len(r.candidates()) == 0 && r.wantsCompare {
		hint = text.CompareNone
	}
	r.toolHint.Set(hint, theme.ColorNameForeground)
	r.toolHint.Hidden = hint == ""
}

// Seen takes the answer to a look.
func (r *Review) Seen(s link.Seen) {
	asked, ok := r.looks.seen(s)
	if !ok {
		return
	}
	for _, p := range []*pane{r.left, r.right} {
		p.take(asked, s)
	}
	r.percent.Set(text.Percent(r.left.loupe.Percent()), widgets.ColorMuted)
}

// Tick asks again for what has not been answered.
func (r *Review) Tick() { r.looks.tick() }

// Leave forgets the pixels: another photo, or none, is on show.
func (r *Review) Leave() {
	r.looks.forget()
	r.left.drop()
	r.right.drop()
	r.now, r.beside, r.reveal, r.wantsCompare = model.Review{}, link.Ref{}, "", false
}

func (r *Review) send(in link.Input) {
	in.Image = r.now.Image.ID
	r.acts.Send(in)
}

func (r *Review) retouch(e link.Edit) {
	if r.now.Editable && !r.covered() {
		r.send(link.Input{Kind: link.InputRetouch, Edit: e})
	}
}

// Undo takes the last change back.
func (r *Review) Undo() {
	if r.now.Editable && r.now.Image.Edits > 0 {
		r.send(link.Input{Kind: link.InputUndo})
	}
}

func (r *Review) take(t widgets.Tool) {
	if r.now.Editable && !r.covered() {
		if r.left.loupe.Tool() == t {
			t = widgets.ToolNone
		}
		r.left.loupe.Take(t)
		r.setTools()
		r.Root.Refresh() // the hint takes a line
	}
}

// drawn makes an edit of what a tool drew on the picture that leaves.
func (r *Review) drawn(t widgets.Tool, x0, y0, x1, y1 float64) {
	e := link.Edit{Kind: app.EditKind(t)}
	e.X0, e.Y0 = model.ToUpright(r.now.Image, x0, y0)
	e.X1, e.Y1 = model.ToUpright(r.now.Image, x1, y1)
	if (app.Edit{Kind: e.Kind, X0: e.X0, Y0: e.Y0, X1: e.X1, Y1: e.Y1}).Valid() {
		r.retouch(e)
	}
}

func (r *Review) putAside() {
	switch {
	case r.now.Image.Aside:
		r.send(link.Input{Kind: link.InputPutBack})
	case r.now.Editable:
		r.send(link.Input{Kind: link.InputPutAside})
	}
}

func (r *Review) describe(field link.Field, value string) {
	if r.now.Editable {
		r.send(link.Input{Kind: link.InputDescribe, Field: field, Value: value})
	}
}

// choose says a choice, or takes back the one that is on.
func (r *Review) choose(field link.Field, value string) {
	for _, row := range r.now.Rows {
		if row.Field == field && slices.ContainsFunc(row.Choices, func(c model.Choice) bool { return c.Value == value && c.On }) {
			value = ""
		}
	}
	r.describe(field, value)
}

func (r *Review) toggleIntimate() {
	r.describe(link.FieldIntimate, map[bool]string{true: "", false: "yes"}[r.now.Intimate])
}

// sameForAll says of every photo that can still be changed what is said of
// this one, but for its caption and whether it is intimate, which are its own.
func (r *Review) sameForAll() {
	if !r.now.Editable {
		return
	}
	for _, row := range r.now.Rows {
		for _, c := range row.Choices {
			if c.On {
				r.send(link.Input{Kind: link.InputDescribe, Field: row.Field, Value: c.Value, All: true})
			}
		}
	}
}

// step goes to another photo; beyond the last it goes back to all of them.
func (r *Review) step(by int) {
	switch i := r.now.Index + by; {
	case i >= 0 && i < len(r.now.Strip):
		r.acts.Go(r.now.Strip[i].ID)
	case by > 0:
		r.acts.Back()
	}
}

// Key does what a key does, and reports whether it does anything.
func (r *Review) Key(name fyne.KeyName, shift bool) bool {
	l := r.left.loupe
	move := map[fyne.KeyName][2]float64{fyne.KeyLeft: {-1, 0}, fyne.KeyRight: {1, 0}, fyne.KeyUp: {0, -1}, fyne.KeyDown: {0, 1}}
	if d, ok := move[name]; ok {
		if !l.Arrow(d[0], d[1], shift) {
			r.step(int(d[0] + d[1]))
		}
		return true
	}
	if field, value, ok := r.now.Pressed(string(name), shift); ok {
		r.describe(field, value)
		return true
	}
	switch name {
	case fyne.KeyEscape:
		switch {
		case l.Tool() != widgets.ToolNone:
			r.take(l.Tool())
		case l.Zoomed():
			l.Toggle(.5, .5)
		default:
			r.acts.Back()
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		if l.Tool() != widgets.ToolNone {
			l.Apply()
			return true
		}
		r.step(1)
	case fyne.KeySpace:
		if r.covered() {
			r.show(true)
			return true
		}
		l.Toggle(.5, .5)
	case fyne.KeyPlus, fyne.KeyEqual:
		l.Zoom(1)
	case fyne.KeyMinus:
		l.Zoom(-1)
	case fyne.KeyR:
		if !shift {
			r.retouch(link.Edit{Kind: app.EditTurn})
		}
	case fyne.KeyC:
		r.take(widgets.ToolCrop)
	case fyne.KeyA:
		r.take(widgets.ToolArrow)
	case fyne.KeyM:
		r.take(widgets.ToolMask)
	case fyne.KeyDelete, fyne.KeyBackspace:
		r.putAside()
	case fyne.KeyV:
		r.describe(link.FieldView, r.now.Rows[2].Following())
	case fyne.KeyT:
		r.describe(link.FieldType, r.now.Rows[3].Following())
	case fyne.KeyI:
		r.toggleIntimate()
	case fyne.KeyU:
		r.sameForAll()
	case fyne.KeyP:
		r.toggleCompare()
	case fyne.KeyLeftBracket:
		r.other(-1)
	case fyne.KeyRightBracket:
		r.other(1)
	default:
		return false
	}
	return true
}

// show uncovers an intimate photo, or covers it again.
func (r *Review) show(on bool) {
	r.reveal = map[bool]string{true: r.now.Image.ID}[on]
	r.left.loupe.Cover(r.covered())
	r.setStrip()
	r.setTools()
}
