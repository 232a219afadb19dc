// Package views holds the screens: view models in, callbacks out.
package views

import (
	"time"

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

// Form asks who the photos are of.
type Form struct {
	Root fyne.CanvasObject

	Name, NHI, Birth *widget.Entry
	Start            *widget.Button
	nhiNote, born    *widgets.Text
	suggest          *widget.Button
	why              *widgets.Text
	waiting          *Waiting
	now              func() time.Time
	checked          model.Form
	loading          bool
	title, sub       *widgets.Text
	nobody, cancel   *widget.Button
	banner           *Banner
	acts             FormActs
	assigning        bool
}

// FormActs are what the GP can do on the form.
type FormActs struct {
	Draft                         func(link.Draft)
	Start                         func(link.Patient) // the zero Patient: nobody yet
	Assign                        func(link.Patient)
	Cancel, Retry, Settings, Help func()
	Open                          func(sid string)
}

// NewForm returns an empty form.
func NewForm(now func() time.Time, acts FormActs) *Form {
	f := &Form{now: now, acts: acts, banner: NewBanner(acts.Retry)}
	f.Name, f.NHI, f.Birth = widget.NewEntry(), widget.NewEntry(), widget.NewEntry()
	f.Name.PlaceHolder, f.NHI.PlaceHolder, f.Birth.PlaceHolder = text.FormNameHint, text.FormNHIHint, text.FormBirthHint
	for _, e := range []*widget.Entry{f.Name, f.NHI, f.Birth} {
		e.OnChanged = func(string) { f.changed() }
		e.OnSubmitted = func(string) { f.submit() }
	}
	muted := widgets.ColorMuted
	f.nhiNote, f.born, f.why = note(""), note(""), widgets.NewText("", 13, muted, fyne.TextStyle{})
	f.suggest = widget.NewButton("", func() { f.NHI.SetText(f.checked.Suggest) })
	f.suggest.Importance = widget.LowImportance
	f.suggest.Hide()
	f.Start = widget.NewButtonWithIcon(text.FormStart, theme.NavigateNextIcon(), f.submit)
	f.Start.Importance, f.Start.IconPlacement = widget.HighImportance, widget.ButtonIconTrailingText
	f.nobody = widget.NewButton(text.NoPatientNow, func() { acts.Start(link.Patient{}) })
	f.nobody.Importance = widget.LowImportance
	f.cancel = widget.NewButton(text.Cancel, acts.Cancel)
	f.cancel.Importance = widget.LowImportance
	f.title = widgets.NewText(text.FormTitle, 24, theme.ColorNameForeground, fyne.TextStyle{Bold: true})
	f.sub = widgets.NewText(text.FormSub, 14, muted, fyne.TextStyle{})
	f.waiting = NewWaiting(now, acts.Open)

	field := func(name string, e fyne.CanvasObject, under ...fyne.CanvasObject) fyne.CanvasObject {
		return container.New(layout.NewCustomPaddedVBoxLayout(4),
			widgets.NewText(name, 13, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), e, container.NewHBox(under...))
	}
	card := widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 14, 28, container.New(layout.NewCustomPaddedVBoxLayout(10),
		f.title, f.sub, gap(8),
		field(text.FormName, f.Name),
		container.New(layout.NewGridLayoutWithColumns(2),
			field(text.FormNHI, f.NHI, f.nhiNote, f.suggest), field(text.FormBirthDate, f.Birth, f.born)),
		gap(4), f.Start, container.NewCenter(f.why), container.NewCenter(container.NewHBox(f.nobody, f.cancel))))
	help := widget.NewButtonWithIcon(text.TrayHelp, theme.HelpIcon(), acts.Help)
	settings := widget.NewButtonWithIcon(text.SettingsTitle, theme.SettingsIcon(), acts.Settings)
	help.Importance, settings.Importance = widget.LowImportance, widget.LowImportance
	column := container.New(fixedWidth(600), container.New(layout.NewCustomPaddedVBoxLayout(16), f.banner.Root, card, f.waiting.Root,
		container.NewCenter(container.NewHBox(settings, help))))
	f.check()
	f.Root = container.NewCenter(column)
	return f
}

// Load puts back what was typed before this window opened, once.
func (f *Form) Load(d link.Draft) {
	if f.draft() == d {
		return
	}
	f.loading = true
	f.Name.SetText(d.Name)
	f.NHI.SetText(d.NHI)
	f.Birth.SetText(d.BirthDate)
	f.loading = false
	f.check()
}

// Blank reports that nothing has been typed.
func (f *Form) Blank() bool { return f.draft() == link.Draft{} }

// Set shows what a snapshot says beside the form. With assigning the form names
// the patient of the session on show, as against starting one.
func (f *Form) Set(s link.Snapshot, assigning bool) {
	f.assigning = assigning
	title, sub, do := text.FormTitle, text.FormSub, text.FormStart
	if assigning {
		title, sub, do = text.AssignTitle, text.AssignSub, text.AssignDo
		f.waiting.Set(nil)
	} else {
		f.waiting.Set(s.Waiting)
	}
	f.title.Set(title, theme.ColorNameForeground)
	f.sub.Set(sub, widgets.ColorMuted)
	if f.Start.Text != do {
		f.Start.SetText(do)
	}
	f.nobody.Hidden, f.cancel.Hidden = assigning, !assigning
	f.banner.Set(s.Problems)
	f.Root.Refresh()
}

func (f *Form) draft() link.Draft {
	return link.Draft{Name: f.Name.Text, NHI: f.NHI.Text, BirthDate: f.Birth.Text}
}

func (f *Form) changed() {
	if f.loading {
		return
	}
	f.check()
	f.acts.Draft(f.draft())
}

func (f *Form) check() {
	f.checked = model.CheckForm(f.draft(), f.now())
	c := f.checked
	f.nhiNote.Set(c.NHI.Note, noteColor(c.NHI))
	f.born.Set(c.Birth.Note, noteColor(c.Birth))
	f.suggest.Hidden = c.Suggest == ""
	f.nhiNote.Hidden = c.Suggest != ""
	f.suggest.SetText(c.NHI.Note)
	f.why.Set(c.WhyNot, widgets.ColorMuted)
	if f.Root != nil {
		f.Root.Refresh()
	}
	if c.Ready {
		f.Start.Enable()
	} else {
		f.Start.Disable()
	}
}

func (f *Form) submit() {
	switch {
	case !f.checked.Ready:
	case f.assigning:
		f.acts.Assign(f.checked.Patient)
	default:
		f.acts.Start(f.checked.Patient)
	}
}

func note(s string) *widgets.Text {
	return widgets.NewText(s, 13, widgets.ColorMuted, fyne.TextStyle{})
}

func noteColor(f model.Field) fyne.ThemeColorName {
	if f.Bad {
		return theme.ColorNameError
	}
	return widgets.ColorMuted
}

// Waiting lists the sessions that are open or whose photos nobody has filed.
type Waiting struct {
	Root  fyne.CanvasObject
	title *widgets.Text
	rows  *fyne.Container
	now   func() time.Time
	open  func(sid string)
}

// NewWaiting returns an empty, hidden list.
func NewWaiting(now func() time.Time, onOpen func(sid string)) *Waiting {
	w := &Waiting{now: now, rows: container.New(layout.NewCustomPaddedVBoxLayout(4)), open: onOpen,
		title: widgets.NewText(text.WaitingTitle, 13, theme.ColorNameForeground, fyne.TextStyle{Bold: true})}
	w.Root = widgets.NewBox(widgets.ColorNotice, widgets.ColorNone, 12, 14, container.New(layout.NewCustomPaddedVBoxLayout(6),
		w.title, w.rows))
	w.Root.Hide()
	return w
}

// Set replaces the list.
func (w *Waiting) Set(list []link.Waiting) {
	w.rows.RemoveAll()
	title := text.OpenTitle
	for _, s := range list {
		if s.Images > 0 {
			title = text.WaitingTitle
		}
		open := widget.NewButton(text.Open, func() { w.open(s.SID) })
		line := widgets.NewText(text.Waiting(s.Images, s.Patient.Name)+" · "+text.WaitingSince(time.UnixMilli(s.Since), w.now()), 14, theme.ColorNameForeground, fyne.TextStyle{})
		w.rows.Add(container.NewBorder(nil, nil, container.NewCenter(line), open))
	}
	w.title.Set(title, theme.ColorNameForeground)
	if len(list) == 0 {
		w.Root.Hide()
	} else {
		w.Root.Show()
	}
}

func gap(h float32) fyne.CanvasObject { return container.New(fixedHeight(h)) }

type fixedHeight float32

func (h fixedHeight) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, float32(h)) }
func (fixedHeight) Layout([]fyne.CanvasObject, fyne.Size)   {}

// fixedWidth gives its one child a width and the height it wants.
type fixedWidth float32

func (w fixedWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), o[0].MinSize().Height)
}
func (w fixedWidth) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }
