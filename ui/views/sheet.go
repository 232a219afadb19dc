package views

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Sheet shows what goes where, and how large, before it goes.
type Sheet struct {
	Root   fyne.CanvasObject
	Cancel *widget.Button
	Do     *widget.Button

	total, to, why *widgets.Text
	forever        *widgets.Text
	targets        *fyne.Container
	checks         map[string]*widget.Check
	choose         func(name string)
	lines          *fyne.Container
	drawn          map[string]*sheetLine
}

type sheetLine struct {
	root              fyne.CanvasObject
	frame             *widgets.Frame
	name, about, size *widgets.Text
}

// NewSheet names the patient in full: it is the last look before the record.
// left is not nil where the phone left the session.
func NewSheet(c model.Card, left *link.Left, cancel, do func(), choose func(name string)) *Sheet {
	s := &Sheet{choose: choose, checks: map[string]*widget.Check{}, Cancel: widget.NewButton(text.Cancel, cancel), Do: widget.NewButton("", do), drawn: map[string]*sheetLine{}}
	s.Do.Importance = widget.HighImportance
	fg, muted, bold := theme.ColorNameForeground, widgets.ColorMuted, fyne.TextStyle{Bold: true}
	nhiInk := fg
	if c.NHIMissing {
		nhiInk = muted
	}
	who := widgets.NewBox(widgets.ColorWell, widgets.ColorNone, 10, 14, container.NewBorder(nil, nil,
		container.New(layout.NewCustomPaddedVBoxLayout(2), widgets.NewText(c.Name, 22, fg, bold), widgets.NewText(c.Born, 15, fg, fyne.TextStyle{})), nil,
		container.NewHBox(layout.NewSpacer(), container.NewCenter(widgets.NewText(c.NHI, 22, nhiInk, fyne.TextStyle{}).Figures()))))
	s.total, s.to = widgets.NewText("", 14, fg, bold), widgets.NewText("", 14, muted, fyne.TextStyle{})
	s.why = widgets.NewText("", 14, theme.ColorNameError, bold)
	s.forever = widgets.NewText("", 13, muted, fyne.TextStyle{})
	s.targets = container.New(layout.NewCustomPaddedVBoxLayout(0))
	s.lines = container.New(layout.NewCustomPaddedVBoxLayout(4))
	title := text.FileTitle
	var warn fyne.CanvasObject = container.NewWithoutLayout()
	if left != nil {
		var more string
		title, more = text.LeftAsk(left.Declined)
		words := widget.NewLabel(more)
		words.Wrapping = fyne.TextWrapWord
		warn = widgets.NewBox(widgets.ColorAlarm, widgets.ColorNone, 10, 6, words)
		s.Do.Importance = widget.DangerImportance
	}
	foot := container.NewBorder(nil, nil, container.NewCenter(widgets.NewText(text.FileShortcut, 13, muted, fyne.TextStyle{})), nil,
		container.NewHBox(layout.NewSpacer(), container.New(minSize{120, 42}, s.Cancel), container.New(minSize{160, 42}, s.Do)))
	head := container.New(layout.NewCustomPaddedVBoxLayout(10), widgets.NewText(title, 20, fg, bold), who, warn,
		container.NewHBox(widgets.NewText(text.FileTo, 14, muted, fyne.TextStyle{}), s.to), s.targets, s.forever, s.total)
	s.Root = container.New(fixedSize{640, 610}, container.New(layout.NewCustomPaddedLayout(20, 16, 20, 20), container.NewBorder(head,
		container.New(layout.NewCustomPaddedVBoxLayout(10), s.why, foot), nil, nil,
		container.New(layout.NewCustomPaddedLayout(8, 8, 0, 0), container.NewVScroll(s.lines)))))
	return s
}

// Set shows the sheet as it is now.
func (s *Sheet) Set(m model.Sheet, picture func(key string) image.Image) {
	s.total.Set(m.Total, theme.ColorNameForeground)
	s.to.Set(m.To, theme.ColorNameForeground)
	s.why.Set(m.Blocked, theme.ColorNameError)
	s.setTargets(m)
	s.why.Hidden = m.Blocked == ""
	s.Do.SetText(m.Button)
	if (m.Blocked == "" && m.Ready || m.Lacking != "") && len(m.Lines) > 0 {
		s.Do.Enable()
	} else {
		s.Do.Disable()
	}
	objects := make([]fyne.CanvasObject, 0, len(m.Lines))
	for _, line := range m.Lines {
		drawn := s.drawn[line.ID]
		if drawn == nil {
			drawn = newSheetLine()
			s.drawn[line.ID] = drawn
		}
		cell := widgets.Cell{Picture: picture(line.Thumb), Covered: line.Covered}
		if line.Covered {
			cell.Picture = nil
		}
		drawn.frame.Set(cell)
		ink := widgets.ColorMuted
		if line.Bad {
			ink = theme.ColorNameError
		}
		drawn.name.Set(line.Name, theme.ColorNameForeground)
		drawn.about.Set(line.About, ink)
		drawn.size.Set(line.Size, theme.ColorNameForeground)
		objects = append(objects, drawn.root)
	}
	s.lines.Objects = objects
	s.lines.Refresh()
	s.Root.Refresh()
}

// setTargets shows the places to choose among. A box follows the agent's word,
// not the click.
func (s *Sheet) setTargets(m model.Sheet) {
	s.forever.Set(m.Forever, widgets.ColorMuted)
	s.forever.Hidden, s.targets.Hidden, s.to.Hidden = m.Forever == "", len(m.Targets) == 0, len(m.Targets) > 0
	rows := make([]fyne.CanvasObject, 0, len(m.Targets))
	for _, t := range m.Targets {
		check := s.checks[t.Name]
		if check == nil {
			check = widget.NewCheck("", nil)
			s.checks[t.Name] = check
		}
		label := t.Label
		if t.WhyNot != "" {
			label += ": " + t.WhyNot
		}
		check.OnChanged = nil
		check.SetText(label)
		check.SetChecked(t.On)
		check.OnChanged = func(bool) { s.choose(t.Name) }
		if t.WhyNot == "" {
			check.Enable()
		} else {
			check.Disable()
		}
		rows = append(rows, check)
	}
	s.targets.Objects = rows
	s.targets.Refresh()
}

// Choose ticks a place, as a click does; false where there is no such place.
func (s *Sheet) Choose(name string) bool {
	check := s.checks[name]
	if check == nil || check.Disabled() {
		return false
	}
	check.SetChecked(!check.Checked)
	return true
}

func newSheetLine() *sheetLine {
	l := &sheetLine{frame: widgets.NewFrame(72, func() {}), name: widgets.NewText("", 14, theme.ColorNameForeground, fyne.TextStyle{}),
		about: widgets.NewText("", 13, widgets.ColorMuted, fyne.TextStyle{}), size: widgets.NewText("", 14, theme.ColorNameForeground, fyne.TextStyle{Bold: true})}
	l.root = container.NewBorder(nil, nil, l.frame, container.NewCenter(container.New(layout.NewCustomPaddedLayout(0, 0, 8, 12), l.size)),
		container.NewBorder(nil, nil, container.NewCenter(container.New(layout.NewCustomPaddedVBoxLayout(1), l.name, l.about)), nil))
	return l
}

// Lines returns what each line says, in order: its name and its size.
func (s *Sheet) Lines() (out [][2]string) {
	for _, o := range s.lines.Objects {
		for _, l := range s.drawn {
			if l.root == o {
				out = append(out, [2]string{l.name.Value(), l.size.Value()})
			}
		}
	}
	return out
}

// KeyList says which keys do what.
type KeyList struct {
	Root  fyne.CanvasObject
	Close *widgets.Button
}

// NewKeyList returns the list; onClose closes it.
func NewKeyList(onClose func()) *KeyList {
	k := &KeyList{Close: widgets.NewButton(text.Close, onClose)}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(5))
	for _, pair := range text.KeyHelp() {
		rows.Add(container.NewBorder(nil, nil, container.New(fixedWide{210}, container.NewHBox(widgets.NewChip(pair[0], "quiet"))), nil,
			container.NewHBox(widgets.NewText(pair[1], 14, theme.ColorNameForeground, fyne.TextStyle{}))))
	}
	k.Root = container.New(layout.NewCustomPaddedLayout(18, 16, 20, 20), container.New(layout.NewCustomPaddedVBoxLayout(12),
		widgets.NewText(text.KeysTitle, 20, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), rows,
		container.NewHBox(layout.NewSpacer(), container.New(minSize{120, 40}, k.Close))))
	return k
}

// captionEntry is one line about one photo. What is typed leaves at once; Esc
// and Enter give the keys back to the review, and Ctrl+Enter files.
type captionEntry struct {
	widget.Entry
	of    string
	done  func()
	file  func()
	saved string
}

func newCaptionEntry(changed func(string), done, file func()) *captionEntry {
	e := &captionEntry{done: done, file: file}
	e.ExtendBaseWidget(e)
	e.PlaceHolder = text.CaptionHint
	e.OnChanged = func(s string) {
		if s != e.saved {
			e.saved = s
			changed(s)
		}
	}
	e.OnSubmitted = func(string) { done() }
	return e
}

// load shows the caption of a photo; what the GP is typing about the same
// photo stays.
func (e *captionEntry) load(of, caption string, editable bool) {
	if e.of != of || !e.focused() {
		e.of, e.saved = of, caption
		if e.Text != caption {
			e.SetText(caption)
		}
	}
	if editable {
		e.Enable()
	} else {
		e.Disable()
	}
}

func (e *captionEntry) focused() bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(e)
	return c != nil && c.Focused() == e
}

// TypedKey implements fyne.Focusable.
func (e *captionEntry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.done()
		return
	}
	e.Entry.TypedKey(k)
}

// TypedShortcut implements fyne.Shortcutable.
func (e *captionEntry) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && c.Modifier == fyne.KeyModifierControl && (c.KeyName == fyne.KeyReturn || c.KeyName == fyne.KeyEnter) {
		e.file()
		return
	}
	e.Entry.TypedShortcut(s)
}

// fixedWide gives its child a width and as much height as there is.
type fixedWide struct{ width float32 }

func (f fixedWide) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.width, o[0].MinSize().Height)
}

func (f fixedWide) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }

// fixedSize gives its child a size.
type fixedSize struct{ w, h float32 }

func (f fixedSize) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(f.w, f.h) }

func (f fixedSize) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }

// tightGrid sets buttons in columns, close together.
type tightGrid struct{ columns int }

const tightGap = 5

func (g tightGrid) MinSize(o []fyne.CanvasObject) fyne.Size {
	var cell fyne.Size
	for _, c := range o {
		cell = cell.Max(c.MinSize())
	}
	n := float32((len(o) + g.columns - 1) / g.columns)
	return fyne.NewSize(float32(g.columns)*(cell.Width+tightGap)-tightGap, n*(cell.Height+tightGap)-tightGap)
}

func (g tightGrid) Layout(o []fyne.CanvasObject, size fyne.Size) {
	w := (size.Width - tightGap*float32(g.columns-1)) / float32(g.columns)
	for i, c := range o {
		h := c.MinSize().Height
		c.Resize(fyne.NewSize(w, h))
		c.Move(fyne.NewPos(float32(i%g.columns)*(w+tightGap), float32(i/g.columns)*(h+tightGap)))
	}
}
