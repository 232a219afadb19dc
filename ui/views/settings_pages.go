package views

import (
	"slices"
	"time"

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

// lightsPage shows whether each part answers.
type lightsPage struct {
	root  fyne.CanvasObject
	rows  *fyne.Container
	check *widget.Button
	now   func() time.Time
	shown []model.LightRow
}

func newLightsPage(now func() time.Time, acts SettingsActs) *lightsPage {
	p := &lightsPage{now: now, rows: container.New(layout.NewCustomPaddedVBoxLayout(2))}
	p.check = widget.NewButtonWithIcon(text.LightsCheck, theme.ViewRefreshIcon(), acts.Check)
	p.root = page(text.PageConnections, text.LightsSub, p.rows, gap(4), container.NewHBox(p.check))
	return p
}

// Object implements SettingsPage.
func (p *lightsPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *lightsPage) Set(s link.Settings) {
	label, rows := text.LightsCheck, model.LightsOf(s, p.now())
	if s.Checking {
		label = text.LightsAsking
		p.check.Disable()
	} else {
		p.check.Enable()
	}
	p.check.SetText(label)
	if slices.Equal(rows, p.shown) {
		return
	}
	p.shown = rows
	p.rows.RemoveAll()
	for _, l := range rows {
		line := container.NewBorder(nil, nil,
			container.NewHBox(container.New(minSize{132, 0}, container.NewHBox(container.NewCenter(widgets.NewChip(l.State, widgets.Tone(l.Tone))))),
				container.NewCenter(widgets.NewText(l.Name, 15, theme.ColorNameForeground, fyne.TextStyle{}))),
			container.NewCenter(widgets.NewText(l.When, 13, widgets.ColorMuted, fyne.TextStyle{})))
		p.rows.Add(container.New(minSize{0, 34}, line))
		if l.Reason != "" {
			why := widget.NewLabel(l.Reason)
			why.Wrapping = fyne.TextWrapWord
			p.rows.Add(container.New(layout.NewCustomPaddedLayout(0, 4, 128, 0), why))
		}
	}
	p.rows.Refresh()
}

// isLocked reports whether IT has decided a setting.
func isLocked(s link.Settings, name string) bool { return slices.Contains(s.Locked, name) }

// locked keeps a control from being used where IT has decided.
func locked(s link.Settings, name string, o fyne.Disableable) { able(o, !isLocked(s, name)) }

// lockNote says that IT has decided one of names.
func lockNote(s link.Settings, note *widgets.Text, names ...string) {
	words := ""
	for _, n := range names {
		if isLocked(s, n) {
			words = text.SettingsByIT
		}
	}
	note.Set(words, widgets.ColorMuted)
	note.Hidden = words == ""
}

// quietly runs set with the callback of a control out of the way: Fyne calls
// it for what the program sets, too.
func quietly[F any](callback *F, set func()) {
	kept := *callback
	var none F
	*callback = none
	set()
	*callback = kept
}

// rulesPage is what the practice asks of the phone.
type rulesPage struct {
	root    fyne.CanvasObject
	consent *widget.Check
	require map[app.Detail]*widget.Check
	target  *widget.Select
	kb      []int64
	now     []app.Detail
	note    *widgets.Text
}

func newRulesPage(acts SettingsActs) *rulesPage {
	p := &rulesPage{require: map[app.Detail]*widget.Check{}, note: note("")}
	p.consent = widget.NewCheck(text.RulesConsent, func(on bool) { acts.Change(link.Change{Consent: &on}) })
	asked := container.NewGridWithColumns(2)
	for _, d := range []struct {
		detail app.Detail
		label  string
	}{{app.DetailSite, text.RulesSite}, {app.DetailSide, text.RulesSide}, {app.DetailView, text.RulesView}, {app.DetailType, text.RulesType}} {
		p.require[d.detail] = widget.NewCheck(d.label, func(on bool) {
			want := slices.DeleteFunc(slices.Clone(p.now), func(have app.Detail) bool { return have == d.detail })
			if on {
				want = append(want, d.detail)
			}
			acts.Change(link.Change{Require: &want})
		})
		asked.Add(p.require[d.detail])
	}
	p.target = widget.NewSelect(nil, nil)
	p.target.OnChanged = func(string) {
		kb := p.kb[p.target.SelectedIndex()]
		acts.Change(link.Change{TargetKB: &kb})
	}
	p.root = page(text.PageRules, text.RulesSub, p.consent, heading(text.RulesRequire), asked, gap(2), row(text.RulesTarget, p.target), p.note)
	return p
}

// Object implements SettingsPage.
func (p *rulesPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *rulesPage) Set(s link.Settings) {
	quietly(&p.consent.OnChanged, func() { p.consent.SetChecked(s.Prefs.Consent) })
	p.now = s.Prefs.Require
	for d, c := range p.require {
		quietly(&c.OnChanged, func() { c.SetChecked(slices.Contains(s.Prefs.Require, d)) })
		locked(s, "phone.require", c)
	}
	c := model.TargetOf(s)
	p.kb = c.Values
	quietly(&p.target.OnChanged, func() { p.target.SetOptions(c.Words); p.target.SetSelectedIndex(c.At) })
	locked(s, "phone.consent", p.consent)
	locked(s, "phone.target_kb", p.target)
	lockNote(s, p.note, "phone.consent", "phone.require", "phone.target_kb")
}

// keepingPage is how long things stay on the workstation.
type keepingPage struct {
	root fyne.CanvasObject
	days *widget.Select
	each []int
	note *widgets.Text
}

func newKeepingPage(acts SettingsActs) *keepingPage {
	p := &keepingPage{note: note("")}
	p.days = widget.NewSelect(nil, nil)
	p.days.OnChanged = func(string) {
		n := p.each[p.days.SelectedIndex()]
		acts.Change(link.Change{RetentionDays: &n})
	}
	p.root = page(text.PageKeeping, text.KeepingSub, row(text.KeepingDays, p.days), p.note)
	return p
}

// Object implements SettingsPage.
func (p *keepingPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *keepingPage) Set(s link.Settings) {
	c := model.RetentionOf(s)
	p.each = c.Values
	quietly(&p.days.OnChanged, func() { p.days.SetOptions(c.Words); p.days.SetSelectedIndex(c.At) })
	locked(s, "retention_days", p.days)
	lockNote(s, p.note, "retention_days")
}

// computerPage is how the program behaves on this computer.
type computerPage struct {
	root             fyne.CanvasObject
	autostart, sound *widget.Check
	language         *widget.Select
	note             *widgets.Text
}

// languages are the ones that there are words for.
var languages = []string{"en", "mi"}

func newComputerPage(acts SettingsActs) *computerPage {
	p := &computerPage{note: note("")}
	p.autostart = widget.NewCheck(text.ComputerAutostart, func(on bool) { acts.Change(link.Change{Autostart: &on}) })
	p.sound = widget.NewCheck(text.ComputerSound, func(on bool) { acts.Change(link.Change{Sound: &on}) })
	var names []string
	for _, l := range languages {
		names = append(names, text.LanguageName(l))
	}
	p.language = widget.NewSelect(names, nil)
	p.language.OnChanged = func(string) {
		code := languages[p.language.SelectedIndex()]
		acts.Change(link.Change{Language: &code})
	}
	p.root = page(text.PageComputer, text.ComputerSub, p.autostart, p.sound, row(text.ComputerLanguage, p.language), note(text.ComputerRestart), p.note)
	return p
}

// Object implements SettingsPage.
func (p *computerPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *computerPage) Set(s link.Settings) {
	quietly(&p.autostart.OnChanged, func() { p.autostart.SetChecked(s.Prefs.Autostart) })
	quietly(&p.sound.OnChanged, func() { p.sound.SetChecked(s.Prefs.Sound) })
	at := max(slices.Index(languages, s.Prefs.Language), 0)
	quietly(&p.language.OnChanged, func() { p.language.SetSelectedIndex(at) })
	locked(s, "autostart", p.autostart)
	locked(s, "desktop.sound", p.sound)
	locked(s, "desktop.language", p.language)
	lockNote(s, p.note, "autostart", "desktop.sound", "desktop.language")
}

// supportPage shows the diagnostics before they are saved.
type supportPage struct {
	root  fyne.CanvasObject
	make  *widget.Button
	save  *widget.Button
	where *widgets.Text
	lines *widget.TextGrid
	box   *container.Scroll
	shown string
}

func newSupportPage(acts SettingsActs) *supportPage {
	p := &supportPage{lines: widget.NewTextGrid(), where: note("")}
	p.make = widget.NewButtonWithIcon(text.SupportMake, theme.SearchIcon(), acts.Diagnose)
	p.save = widget.NewButtonWithIcon(text.SupportSave, theme.DocumentSaveIcon(), acts.Save)
	p.save.Importance = widget.HighImportance
	p.box = container.NewScroll(p.lines)
	p.box.SetMinSize(fyne.NewSize(0, 330))
	p.root = page(text.PageSupport, text.SupportSub, container.NewHBox(p.make, p.save),
		p.where, widgets.NewBox(widgets.ColorWell, widgets.ColorNone, 8, 10, p.box), note(text.SupportVersion+" "+link.Build()))
	return p
}

// Object implements SettingsPage.
func (p *supportPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage.
func (p *supportPage) Set(s link.Settings) {
	if s.Bundle == nil {
		p.save.Hide()
		p.where.Set("", widgets.ColorMuted)
		p.lines.SetText("")
		p.shown = ""
		return
	}
	p.save.Show()
	if s.Bundle.Text != p.shown {
		p.shown = s.Bundle.Text
		p.lines.SetText(p.shown)
		p.box.ScrollToTop()
	}
	saved := ""
	if s.Bundle.Saved != "" {
		saved = text.SupportSaved(s.Bundle.Saved)
	}
	p.where.Set(saved, widgets.ColorMuted)
}
