package ui

import (
	"fyne.io/fyne/v2"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/views"
)

// settings returns the settings or the first run as the snapshot has them.
// Most windows never show either, so they are made at the first asking.
func (w *Window) settings() fyne.CanvasObject {
	if w.snap.Settings.First {
		if w.setUp == nil {
			w.setUp = views.NewSetUp(w.now, w.settingsActs())
		}
		w.setUp.Set(*w.snap.Settings)
		return w.setUp.Root
	}
	if w.setting == nil {
		w.setting = views.NewSettings(w.now, w.settingsActs())
	}
	w.setting.Set(*w.snap.Settings)
	return w.setting.Root
}

func (w *Window) settingsActs() views.SettingsActs {
	say := func(kind link.InputKind) func() { return func() { w.send(link.Input{Kind: kind}) } }
	return views.SettingsActs{
		Change:   func(c link.Change) { w.send(link.Input{Kind: link.InputChange, Change: c}) },
		Close:    say(link.InputCloseSettings),
		Check:    say(link.InputCheck),
		Diagnose: say(link.InputDiagnose), Save: say(link.InputSaveBundle), TestImage: say(link.InputTestImage),
		SetUp: func(step int) { w.send(link.Input{Kind: link.InputSetUp, Step: step}) },
	}
}
