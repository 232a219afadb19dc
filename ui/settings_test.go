package ui

import (
	"reflect"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// shown finds the one enabled thing on show that ok accepts.
func shown[T fyne.CanvasObject](t *testing.T, w *Window, what string, ok func(T) bool) T {
	t.Helper()
	for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
		if c, is := o.(T); is && o.Visible() && ok(c) {
			return c
		}
	}
	t.Fatalf("not on show: %s", what)
	panic("unreachable")
}

func buttonOf(t *testing.T, w *Window, label string) *widget.Button {
	t.Helper()
	return shown(t, w, label, func(b *widget.Button) bool { return b.Text == label })
}

// Each control says what it changes, once, and a snapshot that shows what
// holds says nothing.
func TestSettingsSayWhatTheyChange(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := settingsScreens()["20-settings"]
	w.Show(s)
	w.Show(s)
	if len(*sent) != 0 {
		t.Fatalf("showing them changed something: %s", kinds(*sent))
	}
	last := func(what string) link.Input {
		t.Helper()
		if len(*sent) != 1 {
			t.Fatalf("%s sent %s", what, kinds(*sent))
		}
		in := (*sent)[0]
		*sent = nil
		return in
	}
	check := func(label string) *widget.Check {
		return shown(t, w, label, func(c *widget.Check) bool { return c.Text == label })
	}
	test.Tap(buttonOf(t, w, text.LightsCheck))
	if in := last("check now"); in.Kind != link.InputCheck {
		t.Error(in.Kind)
	}
	test.Tap(buttonOf(t, w, text.PageComputer))
	test.Tap(check(text.ComputerSound))
	if c := last("sound").Change; c.Sound == nil || *c.Sound {
		t.Error("the sound was not switched off")
	}
	test.Tap(check(text.ComputerAutostart))
	if c := last("autostart").Change; c.Autostart == nil || *c.Autostart {
		t.Error("the autostart was not switched off")
	}
	shown(t, w, "languages", func(s *widget.Select) bool { return true }).SetSelected(text.LanguageName("mi"))
	if c := last("language").Change; c.Language == nil || *c.Language != "mi" {
		t.Error("not te reo Māori")
	}
	test.Tap(buttonOf(t, w, text.PageKeeping))
	shown(t, w, "days", func(s *widget.Select) bool { return true }).SetSelected(text.Days(30))
	if c := last("keeping").Change; c.RetentionDays == nil || *c.RetentionDays != 30 {
		t.Error("not 30 days")
	}
	test.Tap(buttonOf(t, w, text.PageRules))
	test.Tap(check(text.RulesView))
	if c := last("rules").Change; c.Require == nil || len(*c.Require) != 3 {
		t.Error("the view is not asked for besides the others")
	}
	test.Tap(buttonOf(t, w, text.PageSupport))
	test.Tap(buttonOf(t, w, text.SupportMake))
	if in := last("diagnostics"); in.Kind != link.InputDiagnose {
		t.Error(in.Kind)
	}
	s.Settings.Locked = []string{"autostart"}
	s.Settings.Bundle = &link.Bundle{Text: "version 1"}
	w.Show(s)
	test.Tap(buttonOf(t, w, text.SupportSave))
	if in := last("save"); in.Kind != link.InputSaveBundle {
		t.Error(in.Kind)
	}
	test.Tap(buttonOf(t, w, text.PageComputer))
	if !check(text.ComputerAutostart).Disabled() || check(text.ComputerSound).Disabled() {
		t.Error("what IT has decided can be changed, or what it has not cannot")
	}
	test.Tap(buttonOf(t, w, text.SettingsBack))
	if in := last("back"); in.Kind != link.InputCloseSettings {
		t.Error(in.Kind)
	}
}

// What goes into the record is chosen in the window: places, documents and
// their form, and with no place ticked it is the folder.
func TestSettingsOfTheRecord(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := settingsScreens()["20-settings"]
	w.Show(s)
	test.Tap(buttonOf(t, w, text.PageRecord))
	check := func(label string) *widget.Check {
		return shown(t, w, label, func(c *widget.Check) bool { return c.Text == label })
	}
	radio := func(label string) *widget.RadioGroup {
		return shown(t, w, label, func(g *widget.RadioGroup) bool { return slices.Contains(g.Options, label) })
	}
	// The agent takes what is said, and shows it.
	said := func(what string, want link.RecordPrefs) {
		t.Helper()
		if len(*sent) != 1 || (*sent)[0].Change.Record == nil {
			t.Fatalf("%s sent %+v", what, *sent)
		}
		got := *(*sent)[0].Change.Record
		want.There = true
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
		*sent = nil
		s.Settings.Prefs.Record = got
		w.Show(s)
		if len(*sent) != 0 {
			t.Fatalf("showing it changed something: %+v", *sent)
		}
	}
	test.Tap(check(text.RecordMedia))
	said("Media", link.RecordPrefs{Sinks: []string{"folder", "alex-scan", "alex-media"}, Document: "session", Format: "pdf"})
	test.Tap(check(text.RecordFolder))
	said("no folder", link.RecordPrefs{Sinks: []string{"alex-scan", "alex-media"}, Document: "session", Format: "pdf"})
	radio(text.RecordPerImage).SetSelected(text.RecordPerImage)
	said("a document each", link.RecordPrefs{Sinks: []string{"alex-scan", "alex-media"}, Document: "image", Format: "pdf"})
	radio(text.RecordTIFF).SetSelected(text.RecordTIFF)
	said("TIFF", link.RecordPrefs{Sinks: []string{"alex-scan", "alex-media"}, Document: "image", Format: "tiff"})
	test.Tap(check(text.RecordMedia))
	said("no Media", link.RecordPrefs{Sinks: []string{"alex-scan"}, Document: "image", Format: "tiff"})
	test.Tap(check(text.RecordScan))
	said("nothing", link.RecordPrefs{Document: "image", Format: "tiff"})
	if !check(text.RecordFolder).Checked {
		t.Error("with nothing ticked it does not show that photos go into the folder")
	}
	s.Settings.Locked = []string{"record.sinks"}
	w.Show(s)
	if !check(text.RecordScan).Disabled() || radio(text.RecordPDF).Disabled() {
		t.Error("what IT has decided can be changed, or what it has not cannot")
	}
	s.Settings.Prefs.Record = link.RecordPrefs{}
	w.Show(s)
	shown(t, w, "that there is no Medtech", func(l *widget.Label) bool { return l.Text == text.RecordNone })
	for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
		if c, is := o.(*widget.Check); is && c.Visible() && c.Text == text.RecordScan {
			t.Error("Inbox Scan can be chosen where there is no Medtech")
		}
	}
}

// Every setting that the policy has set cannot be changed in the window, and
// the page says whose it is; the others can.
func TestSettingsThatITHasSetAreLocked(t *testing.T) {
	pages := map[string][]string{
		text.PageFolder:   {"folder", "name_template", "filing.as", "filing.size", "filing.sidecar"},
		text.PageRecord:   {"record.sinks", "record.document", "record.format"},
		text.PageRules:    {"phone.consent", "phone.require", "phone.target_kb"},
		text.PageKeeping:  {"retention_days"},
		text.PageComputer: {"autostart", "desktop.sound", "desktop.language"},
	}
	w, _ := newTestWindow(t, theme.VariantLight)
	s := settingsScreens()["20-settings"]
	controls := func() (all, off int, note bool) {
		for _, o := range test.LaidOutObjects(w.setting.Root) {
			if l, is := o.(*widgets.Text); is && o.Visible() && l.Value() == text.SettingsByIT {
				note = true
			}
			if _, button := o.(*widget.Button); button {
				continue
			}
			if c, is := o.(fyne.Disableable); is && o.Visible() {
				all++
				if c.Disabled() {
					off++
				}
			}
		}
		return all, off, note
	}
	for page, names := range pages {
		s.Settings.Locked = nil
		w.Show(s)
		test.Tap(buttonOf(t, w, page))
		all, off, note := controls()
		if off != 0 || note || all < len(names) {
			t.Errorf("%s: %d of %d locked with nothing set by IT, note %v", page, off, all, note)
		}
		before := 0
		for i := range names {
			s.Settings.Locked = names[:i+1]
			w.Show(s)
			_, off, note = controls()
			if off <= before || !note {
				t.Errorf("%s: %s set by IT locks nothing, or no word of it: %d, note %v", page, names[i], off-before, note)
			}
			before = off
		}
		if before != all {
			t.Errorf("%s: %d of %d locked where IT has set everything", page, before, all)
		}
	}
}

// The first run goes step by step, waits for where photos come from, and ends
// with a test.
func TestTheFirstRunGoesStepByStep(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	set := *settingsScreens()["30-set-up-1"].Settings
	show := func() { w.Show(link.Snapshot{Settings: &set}) }
	show()
	if !w.setUp.Next.Disabled() {
		t.Error("goes on without a service")
	}
	test.Tap(buttonOf(t, w, text.SetUpUse))
	set.Prefs.Local = true
	for step := range model.StepTry {
		set.Step = step
		show()
		test.Tap(w.setUp.Next)
	}
	set.Step = model.StepTry
	show()
	test.Tap(w.setUp.Next)
	set.Step = model.StepDone
	show()
	test.Tap(w.setUp.Next)
	if got := kinds(*sent); got != "change set-up set-up set-up set-up test-image close-settings" {
		t.Errorf("sent %q", got)
	}
	for i, in := range (*sent)[1:5] {
		if in.Step != i+1 {
			t.Errorf("step %d leads to %d", i, in.Step)
		}
	}
}

// A session without a patient offers to name one; the form then names, and
// starts nothing.
func TestAPatientIsNamedLater(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(link.Snapshot{Phase: link.PhaseNone})
	test.Tap(buttonOf(t, w, text.NoPatientNow))
	if in := (*sent)[0]; in.Kind != link.InputNewSession || in.Patient != (link.Patient{}) {
		t.Fatalf("sent %+v", in)
	}
	*sent = nil
	s := screens(t)["15-nobody"]
	w.Show(s)
	test.Tap(buttonOf(t, w, text.NoPatientDo))
	test.Type(w.form.Name, "Aroha Testperson")
	test.Type(w.form.NHI, "ZZZ0016")
	test.Tap(buttonOf(t, w, text.AssignDo))
	in := (*sent)[len(*sent)-1]
	if in.Kind != link.InputAssign || in.SID != s.SID || in.Patient.NHI != "ZZZ0016" {
		t.Fatalf("sent %s", kinds(*sent))
	}
	if w.screen() != model.ScreenSession {
		t.Error("the form stays")
	}
	// Another session comes into the window while the form is open: what is
	// typed then names nobody.
	test.Tap(buttonOf(t, w, text.NoPatientDo))
	s.SID = "7ZZZZZZZZZZZZZZZZZZZZZZZZY"
	w.Show(s)
	if w.assigning != "" || w.screen() != model.ScreenSession {
		t.Error("the form would name another session's patient")
	}
}

// The answer to "is this the patient?" carries the patient that was on show.
func TestAnAnswerNamesThePatientOnShow(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := screens(t)["16-asks-between"]
	w.Show(s)
	test.Tap(buttonOf(t, w, text.AskYes))
	if in := (*sent)[0]; in.Kind != link.InputConfirmPatient || !in.Confirmed || in.Patient != *s.Asked {
		t.Errorf("sent %+v", in)
	}
}
