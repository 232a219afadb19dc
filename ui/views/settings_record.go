package views

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// recordPage says what goes into the practice's record system, and what is
// chosen when the GP files.
type recordPage struct {
	root              fyne.CanvasObject
	body              *fyne.Container // there or none
	sinks             map[string]*widget.Check
	documents, format *widget.RadioGroup
	there, none       fyne.CanvasObject
	note              *widgets.Text
	now               link.RecordPrefs
	change            func(link.RecordPrefs)
}

// recordSinks are the places that can be chosen, in the order shown.
func recordSinks() []choice {
	return []choice{{"folder", text.RecordFolder}, {"alex-scan", text.RecordScan}, {"alex-media", text.RecordMedia}}
}

func documents() []choice {
	return []choice{{"session", text.RecordPerSession}, {"image", text.RecordPerImage}}
}

func formats() []choice {
	return []choice{{"pdf", text.RecordPDF}, {"tiff", text.RecordTIFF}}
}

func newRecordPage(acts SettingsActs) *recordPage {
	p := &recordPage{sinks: map[string]*widget.Check{}, note: note(""),
		change: func(r link.RecordPrefs) { acts.Change(link.Change{Record: &r}) }}
	places := container.New(layout.NewCustomPaddedVBoxLayout(0))
	for _, c := range recordSinks() {
		p.sinks[c.value] = widget.NewCheck(c.word, func(on bool) { p.choose(c.value, on) })
		places.Add(p.sinks[c.value])
	}
	p.documents = widget.NewRadioGroup(words(documents()), nil)
	p.format = widget.NewRadioGroup(words(formats()), nil)
	p.documents.Required, p.format.Required = true, true
	p.documents.OnChanged = func(word string) {
		p.now.Document = valueOf(documents(), word)
		p.change(p.now)
	}
	p.format.OnChanged = func(word string) {
		p.now.Format = valueOf(formats(), word)
		p.change(p.now)
	}
	hint := widget.NewLabel(text.RecordForGood)
	hint.Wrapping = fyne.TextWrapWord
	p.there = container.New(layout.NewCustomPaddedVBoxLayout(10), heading(text.RecordChosen), places, note(text.RecordChosenNote), gap(2),
		container.NewGridWithColumns(2,
			container.New(layout.NewCustomPaddedVBoxLayout(4), heading(text.RecordDocuments), p.documents),
			container.New(layout.NewCustomPaddedVBoxLayout(4), heading(text.RecordFormat), p.format)),
		container.New(layout.NewCustomPaddedLayout(0, 0, -9, 0), hint), p.note)
	absent := widget.NewLabel(text.RecordNone)
	absent.Wrapping = fyne.TextWrapWord
	p.none = widgets.NewBox(widgets.ColorWell, widgets.ColorNone, 10, 10, absent)
	p.body = container.NewStack(p.none)
	p.root = page(text.PageRecord, text.RecordSub, p.body)
	return p
}

// chosen are the places that are filed into; none named is the folder.
func (p *recordPage) chosen() []string {
	if len(p.now.Sinks) == 0 {
		return []string{"folder"}
	}
	return p.now.Sinks
}

// choose puts a place on or off; they stay in the order shown.
func (p *recordPage) choose(sink string, on bool) {
	was := p.chosen()
	p.now.Sinks = nil
	for _, c := range recordSinks() {
		if c.value == sink && on || c.value != sink && slices.Contains(was, c.value) {
			p.now.Sinks = append(p.now.Sinks, c.value)
		}
	}
	p.change(p.now)
}

// Object implements SettingsPage.
func (p *recordPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *recordPage) Set(s link.Settings) {
	p.now = s.Prefs.Record
	p.now.Sinks = slices.Clone(p.now.Sinks)
	p.body.Objects = []fyne.CanvasObject{p.none}
	if p.now.There {
		p.body.Objects = []fyne.CanvasObject{p.there}
	}
	for _, c := range recordSinks() {
		check := p.sinks[c.value]
		quietly(&check.OnChanged, func() { check.SetChecked(slices.Contains(p.chosen(), c.value)) })
		locked(s, "record.sinks", check)
	}
	show := func(g *widget.RadioGroup, all []choice, value, name string) {
		quietly(&g.OnChanged, func() { g.SetSelected(wordOf(all, value)) })
		locked(s, name, g)
	}
	show(p.documents, documents(), orFirst(documents(), p.now.Document), "record.document")
	show(p.format, formats(), orFirst(formats(), p.now.Format), "record.format")
	lockNote(s, p.note, "record.sinks", "record.document", "record.format")
	p.body.Refresh()
}

// orFirst is value, or the first of all: a setting that nobody has given.
func orFirst(all []choice, value string) string {
	if value == "" {
		return all[0].value
	}
	return value
}
