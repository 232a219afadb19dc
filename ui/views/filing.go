package views

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Filing is what the practice files, how large, and under which name. The
// values of Form and Size are those of the settings file.
type Filing struct {
	Form, Size, Template string
	Sidecar              bool
	Locked               FilingLocks
}

// FilingLocks are the parts of a Filing that IT has decided.
type FilingLocks struct{ Form, Size, Template, Sidecar bool }

// FilingEditor changes a Filing. The name is given to the caller once it can
// be used and the GP saves it; everything else at once.
type FilingEditor struct {
	Root fyne.CanvasObject

	Template     *widget.Entry
	Save, Usual  *widget.Button
	Insert       []*widget.Button // by app.Placeholders
	Sidecar      *widget.Check
	Forms, Sizes *widget.RadioGroup

	fault, first, second, taken, pdf *widgets.Text
	hints                            *fyne.Container
	rows                             *fyne.Container
	shown                            Filing
	quiet                            bool
	onChange                         func(Filing)
}

type choice struct{ value, word string }

func forms() []choice {
	return []choice{{"images", text.FilingImages}, {"pdf", text.FilingPDF}, {"both", text.FilingBoth}}
}

func sizes() []choice {
	return []choice{{"original", text.SizeOriginal}, {"1MB", text.Size1MB}, {"500KB", text.Size500KB}}
}

func words(all []choice) (out []string) {
	for _, c := range all {
		out = append(out, c.word)
	}
	return out
}

func wordOf(all []choice, value string) string {
	if i := slices.IndexFunc(all, func(c choice) bool { return c.value == value }); i >= 0 {
		return all[i].word
	}
	return ""
}

func valueOf(all []choice, word string) string {
	if i := slices.IndexFunc(all, func(c choice) bool { return c.word == word }); i >= 0 {
		return all[i].value
	}
	return ""
}

// NewFilingEditor returns the editor with nothing in it; onChange gets the
// whole of what is wanted now.
func NewFilingEditor(onChange func(Filing)) *FilingEditor {
	e := &FilingEditor{onChange: onChange}
	muted, fg := widgets.ColorMuted, theme.ColorNameForeground
	e.Forms = widget.NewRadioGroup(words(forms()), func(string) { e.changed() })
	e.Sizes = widget.NewRadioGroup(words(sizes()), func(string) { e.changed() })
	e.Forms.Required, e.Sizes.Required = true, true
	e.Sidecar = widget.NewCheck(text.FilingSidecar, func(bool) { e.changed() })

	e.Template = widget.NewEntry()
	e.Template.TextStyle = fyne.TextStyle{Monospace: true}
	e.Template.OnChanged = func(string) { e.typed() }
	e.Template.OnSubmitted = func(string) { e.save() }
	e.Save = widget.NewButton(text.NameSave, e.save)
	e.Save.Importance = widget.HighImportance
	e.Usual = widget.NewButton(text.NameDefault, func() { e.Template.SetText(app.DefaultTemplate) })
	e.Usual.Importance = widget.LowImportance
	chips := container.New(layout.NewCustomPaddedHBoxLayout(6))
	for _, p := range app.Placeholders {
		b := widget.NewButton(text.PlaceholderWord(p), func() { e.insert(p) })
		e.Insert = append(e.Insert, b)
		chips.Add(b)
	}
	e.fault = widgets.NewText("", 13, theme.ColorNameError, fyne.TextStyle{Bold: true})
	mono := fyne.TextStyle{Monospace: true}
	e.first, e.second = widgets.NewText("", 14, fg, mono), widgets.NewText("", 14, fg, mono)
	e.taken, e.pdf = widgets.NewText("", 14, fg, mono), widgets.NewText("", 14, fg, mono)
	e.hints = container.New(layout.NewCustomPaddedVBoxLayout(2))
	row := func(name string, values ...fyne.CanvasObject) fyne.CanvasObject {
		return container.NewBorder(nil, nil, container.New(fixedWidth(170), widgets.NewText(name, 13, muted, fyne.TextStyle{})), nil,
			container.New(layout.NewCustomPaddedVBoxLayout(4), values...))
	}
	e.rows = container.New(layout.NewCustomPaddedVBoxLayout(10),
		row(text.NamePreview, e.first, e.second, e.pdf), row(text.NameTaken, e.taken),
		widgets.NewText(text.NameNever, 13, muted, fyne.TextStyle{}), e.hints)
	small := func(s string) fyne.CanvasObject { return widgets.NewText(s, 13, muted, fyne.TextStyle{}) }
	e.Root = container.New(layout.NewCustomPaddedVBoxLayout(10),
		title(text.NameTitle), container.NewBorder(nil, nil, nil, container.NewHBox(gapW(4), e.Save), e.Template),
		container.NewBorder(nil, nil, chips, e.Usual),
		widgets.NewBox(widgets.ColorWell, widgets.ColorNone, 10, 16, container.NewVBox(e.fault, e.rows)), gap(4),
		container.NewGridWithColumns(2,
			container.New(layout.NewCustomPaddedVBoxLayout(6), title(text.FilingAs), e.Forms),
			container.New(layout.NewCustomPaddedVBoxLayout(6), title(text.FilingSize), e.Sizes, small(text.SizeNote))),
		gap(4), e.Sidecar, container.New(layout.NewCustomPaddedLayout(0, 0, 34, 0), small(text.SidecarNote)))
	e.typed()
	return e
}

func title(s string) fyne.CanvasObject {
	return widgets.NewText(s, 15, theme.ColorNameForeground, fyne.TextStyle{Bold: true})
}

// Set shows what holds now; what is being typed stays.
func (e *FilingEditor) Set(f Filing) {
	if f == e.shown {
		return
	}
	e.quiet = true
	if f.Template != e.shown.Template {
		e.Template.SetText(f.Template)
	}
	e.shown = f
	e.Forms.SetSelected(wordOf(forms(), f.Form))
	e.Sizes.SetSelected(wordOf(sizes(), f.Size))
	e.Sidecar.SetChecked(f.Sidecar)
	e.quiet = false
	for w, locked := range map[fyne.Disableable]bool{e.Template: f.Locked.Template, e.Usual: f.Locked.Template,
		e.Forms: f.Locked.Form, e.Sizes: f.Locked.Size, e.Sidecar: f.Locked.Sidecar} {
		able(w, !locked)
	}
	e.typed()
}

func (e *FilingEditor) changed() {
	if e.quiet {
		return
	}
	e.shown.Form, e.shown.Size, e.shown.Sidecar = valueOf(forms(), e.Forms.Selected), valueOf(sizes(), e.Sizes.Selected), e.Sidecar.Checked
	e.typed()
	e.onChange(e.shown)
}

func (e *FilingEditor) save() {
	if e.Save.Disabled() {
		return
	}
	e.shown.Template = e.Template.Text
	e.typed()
	e.onChange(e.shown)
}

func (e *FilingEditor) insert(placeholder string) {
	s, at := model.Insert(e.Template.Text, e.Template.CursorColumn, placeholder)
	e.Template.SetText(s)
	e.Template.CursorColumn = at
	e.Template.Refresh()
}

// typed shows what the template as it stands comes to.
func (e *FilingEditor) typed() {
	names := model.FileNamesOf(e.Template.Text)
	e.fault.Set(names.Fault, theme.ColorNameError)
	e.fault.Hidden, e.rows.Hidden = names.Fault == "", names.Fault != ""
	show := func(t *widgets.Text, value string, when bool) {
		t.Set(value, theme.ColorNameForeground)
		t.Hidden = value == "" || !when
	}
	show(e.first, names.First, e.shown.Form != "pdf")
	show(e.second, names.Second, e.shown.Form != "pdf")
	show(e.pdf, names.PDF, e.shown.Form == "pdf" || e.shown.Form == "both")
	taken := names.Taken
	if e.shown.Form == "pdf" && names.PDF != "" {
		taken = app.NumberedName(names.PDF, app.EndingPDF, 2)
	}
	show(e.taken, taken, true)
	e.hints.RemoveAll()
	for _, hint := range names.Hints {
		e.hints.Add(widgets.NewText(hint, 13, theme.ColorNameWarning, fyne.TextStyle{}))
	}
	able(e.Save, names.Fault == "" && e.Template.Text != e.shown.Template && !e.shown.Locked.Template)
	left := model.PlaceholdersLeft(e.Template.Text)
	for i, p := range app.Placeholders {
		able(e.Insert[i], slices.Contains(left, p) && !e.shown.Locked.Template)
	}
	e.rows.Refresh()
	e.Root.Refresh()
}

func able(w fyne.Disableable, on bool) {
	if on {
		w.Enable()
	} else {
		w.Disable()
	}
}
