package views

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// SettingsActs are what the GP can do in the settings and the first run.
type SettingsActs struct {
	Change         func(link.Change)
	Close, Check   func()
	Diagnose, Save func()
	SetUp          func(step int) // the first run, at a step
	TestImage      func()
}

// SettingsPage is one section of the settings. Set shows what holds now, and
// calls no act.
type SettingsPage interface {
	Object() fyne.CanvasObject
	Set(s link.Settings)
}

// Settings is the screen of the settings: sections at the left, one of them
// open at the right.
type Settings struct {
	Root  fyne.CanvasObject
	Close *widget.Button

	pages   []SettingsPage
	rail    []*widget.Button
	body    *fyne.Container
	scroll  *container.Scroll
	refused *widgets.Text
}

// NewSettings returns the screen with its first section open.
func NewSettings(now func() time.Time, acts SettingsActs) *Settings {
	s := &Settings{}
	s.Close = widget.NewButtonWithIcon(text.SettingsBack, theme.NavigateBackIcon(), acts.Close)
	rail := container.New(layout.NewCustomPaddedVBoxLayout(4))
	for i, p := range []struct {
		title string
		page  SettingsPage
	}{
		{text.PageConnections, newLightsPage(now, acts)},
		{text.PageFolder, newFolderPage(acts)},
		{text.PageRecord, newRecordPage(acts)},
		{text.PageRules, newRulesPage(acts)},
		{text.PageKeeping, newKeepingPage(acts)},
		{text.PageComputer, newComputerPage(acts)},
		{text.PageSupport, newSupportPage(acts)},
	} {
		b := widget.NewButton(p.title, func() { s.Open(i) })
		b.Alignment = widget.ButtonAlignLeading
		s.rail, s.pages = append(s.rail, b), append(s.pages, p.page)
		rail.Add(b)
	}
	again := widget.NewButtonWithIcon(text.SetUpAgain, theme.MediaReplayIcon(), func() { acts.SetUp(0) })
	again.Importance, again.Alignment = widget.LowImportance, widget.ButtonAlignLeading
	s.refused = widgets.NewText("", 14, theme.ColorNameError, fyne.TextStyle{Bold: true})
	s.body = container.NewStack()
	s.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), s.body))
	head := container.NewBorder(nil, nil, container.NewHBox(s.Close, gapW(8),
		container.NewCenter(widgets.NewText(text.SettingsTitle, 24, theme.ColorNameForeground, fyne.TextStyle{Bold: true}))), nil,
		container.NewHBox(layout.NewSpacer(), container.NewCenter(s.refused)))
	left := container.New(fixedWidth(232), container.NewBorder(nil, again, nil, nil, rail))
	s.Root = container.New(layout.NewCustomPaddedLayout(16, 16, 16, 16), container.NewBorder(
		container.New(layout.NewCustomPaddedLayout(0, 16, 0, 0), head), nil, container.NewHBox(left, gapW(12)), nil,
		widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 14, 24, s.scroll)))
	s.Open(0)
	return s
}

// Set shows what holds now.
func (s *Settings) Set(st link.Settings) {
	for _, p := range s.pages {
		p.Set(st)
	}
	s.refused.Set(st.Refused, theme.ColorNameError)
	s.Root.Refresh()
}

// Open opens a section, counted from 0 at the top.
func (s *Settings) Open(i int) {
	for n, b := range s.rail {
		b.Importance = widget.LowImportance
		if n == i {
			b.Importance = widget.MediumImportance
		}
		b.Refresh()
	}
	s.body.Objects = []fyne.CanvasObject{s.pages[i].Object()}
	s.body.Refresh()
	s.scroll.ScrollToTop()
}

// page puts a title, what it is about, and its rows in a column.
func page(title, about string, rows ...fyne.CanvasObject) fyne.CanvasObject {
	words := widget.NewLabel(about)
	words.Wrapping = fyne.TextWrapWord
	column := container.New(layout.NewCustomPaddedVBoxLayout(10),
		widgets.NewText(title, 20, theme.ColorNameForeground, fyne.TextStyle{Bold: true}),
		container.New(layout.NewCustomPaddedLayout(-6, 0, -9, 0), words))
	for _, r := range rows {
		column.Add(r)
	}
	return column
}

// row puts a name before what sets it.
func row(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, container.NewCenter(widgets.NewText(name, 14, theme.ColorNameForeground, fyne.TextStyle{})),
		container.New(minSize{190, 36}, o))
}

// heading stands over rows that belong together.
func heading(words string) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(6, 0, 0, 0), widgets.NewText(words, 14, theme.ColorNameForeground, fyne.TextStyle{Bold: true}))
}
