package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
)

// preferences is what the settings screen and the first run show; agent.mu
// guards it.
type preferences struct {
	shown     bool
	first     bool // the first run, as against the settings
	step      int
	lights    []link.Light
	checking  bool
	autostart bool // read when the screen is opened: it lies with the system
	refused   string
	bundle    *link.Bundle
	trial     app.SessionID // the first run's test session
}

// settings are those that hold now.
func (a *agent) settings() config.Config {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cfg
}

// settingsView is the settings as windows show them; nil while they are not
// on show. a.mu is held.
func (a *agent) settingsView() *link.Settings {
	p := a.prefs
	if !p.shown {
		return nil
	}
	out := &link.Settings{First: p.first, Step: p.step, Lights: slices.Clone(p.lights), Checking: p.checking, Refused: p.refused, Bundle: p.bundle,
		Prefs: link.Prefs{Sound: a.cfg.Desktop.Sound, Autostart: p.autostart, Language: a.cfg.Desktop.Language, RetentionDays: a.cfg.RetentionDays,
			Consent: a.cfg.Phone.Consent, Require: a.cfg.Phone.Require, TargetKB: a.cfg.Phone.Target, Folder: a.cfg.Folder, Local: a.o.local,
			Filing: link.FiledAs{As: string(a.cfg.Filing.As), Size: string(a.cfg.Filing.Size), Template: a.cfg.NameTemplate, Sidecar: a.cfg.Filing.Sidecar},
			Record: link.RecordPrefs{There: a.cfg.Record.System != "", Sinks: slices.Clone(a.cfg.Record.Sinks),
				Document: a.cfg.Record.Document, Format: a.cfg.Record.Format},
			Enrolled: !a.o.local && a.ports != nil}}
	out.Locked = a.decided()
	return out
}

// decided are the settings that IT has set for this machine, and those that
// were given to this start. a.mu is held.
func (a *agent) decided() []string {
	out := a.cfg.ByPolicy()
	if a.cfg.Autostart != nil {
		out = append(out, "autostart")
	}
	if a.o.folder != "" {
		out = append(out, "folder")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// showSettings puts the settings, or the first run at a step, into the window.
func (a *agent) showSettings(first bool, step int) {
	on := autostarts()
	a.mu.Lock()
	a.prefs.shown, a.prefs.first, a.prefs.autostart, a.prefs.refused = true, first, on, ""
	a.prefs.step = min(max(step, 0), model.Steps-1)
	a.mu.Unlock()
	a.refresh()
	if !first || step == model.StepConnections {
		a.askParts()
	}
}

// hideSettings gives the window back to what was there before. The first run
// is over for good once its last step has been seen.
func (a *agent) hideSettings() {
	a.mu.Lock()
	done := a.prefs.shown && a.prefs.first && a.prefs.step == model.StepDone
	a.prefs.shown, a.prefs.refused, a.prefs.bundle = false, "", nil
	a.mu.Unlock()
	if done {
		a.save(map[string]any{"desktop.set_up": true})
	}
	a.refresh()
}

// prefer carries out what the GP did in the settings; false: it was nothing
// of theirs.
func (a *agent) prefer(in link.Input) bool {
	switch in.Kind {
	case link.InputOpenSettings:
		a.showSettings(false, 0)
	case link.InputCloseSettings:
		a.hideSettings()
	case link.InputSetUp:
		a.showSettings(true, in.Step)
	case link.InputChange:
		a.change(in.Change)
	case link.InputCheck:
		a.askParts()
	case link.InputTestImage:
		a.startTrial()
	case link.InputDiagnose:
		a.diagnose()
	case link.InputSaveBundle:
		a.saveBundle()
	default:
		return false
	}
	return true
}

// change takes one change of the GP's, or says why not.
func (a *agent) change(c link.Change) {
	set := map[string]any{}
	put := func(name string, given bool, value func() any) {
		if given {
			set[name] = value()
		}
	}
	put("desktop.sound", c.Sound != nil, func() any { return *c.Sound })
	put("desktop.language", c.Language != nil, func() any { return *c.Language })
	put("retention_days", c.RetentionDays != nil, func() any { return *c.RetentionDays })
	put("phone.consent", c.Consent != nil, func() any { return *c.Consent })
	put("phone.target_kb", c.TargetKB != nil, func() any { return *c.TargetKB })
	put("phone.require", c.Require != nil, func() any { return namesOf(*c.Require) })
	put("folder", c.Folder != nil, func() any { return *c.Folder })
	if f := c.Filing; f != nil {
		set["name_template"], set["filing.as"], set["filing.size"], set["filing.sidecar"] = f.Template, f.As, f.Size, f.Sidecar
	}
	if r := c.Record; r != nil {
		set["record.sinks"], set["record.document"], set["record.format"] = namesOf(r.Sinks), r.Document, r.Format
	}
	put("local_mode", c.Local != nil, func() any { return *c.Local })
	a.mu.Lock()
	locked := a.decided()
	a.mu.Unlock()
	asked := len(set)
	for _, name := range locked { // a form says all of its settings at once, these as they are
		delete(set, name)
	}
	byIT := asked > 0 && len(set) == 0 || c.Autostart != nil && slices.Contains(locked, "autostart")
	refused := ""
	switch {
	case byIT:
		refused = text.RefusedByIT
	case c.Folder != nil && tryFolder(*c.Folder) != nil:
		refused = text.RefusedFolder
	case c.Autostart != nil && startWithUser(*c.Autostart) != nil:
		refused = text.RefusedChange
	case len(set) > 0 && !a.save(set):
		refused = text.RefusedChange
	}
	on := autostarts()
	a.mu.Lock()
	a.prefs.refused, a.prefs.autostart = refused, on
	a.mu.Unlock()
	a.refresh()
	switch {
	case refused != "":
	case c.Local != nil && *c.Local != a.o.local:
		a.replace() // the same program, with another cloud
	case c.Folder != nil, c.Filing != nil, c.Record != nil:
		a.reconnect()
	}
}

// namesOf is what a list of names is in the file.
func namesOf[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// save writes settings into the user's file and lets them hold; false when
// nothing was changed.
func (a *agent) save(set map[string]any) bool {
	err := config.Change(a.o.dir, set)
	var cfg config.Config
	if err == nil {
		o := a.o
		cfg, err = settings(&o)
	}
	if err != nil {
		a.log.Error("settings not changed", "kind", string(app.KindOf(err)))
		return false
	}
	a.mu.Lock()
	a.cfg = cfg
	a.mu.Unlock()
	a.darkroom.Develop(cfg.NameTemplate, cfg.Filing.Size.MaxBytes())
	return true
}

// tryFolder reports whether filed photos could be put into a folder.
func tryFolder(dir string) error {
	if !filepath.IsAbs(dir) {
		return app.E("try a folder", app.KindNotFound, nil)
	}
	f, err := os.CreateTemp(dir, ".clinicpro-*")
	if err != nil {
		return err
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// reconnect lets the engine run on the settings as they now are.
func (a *agent) reconnect() {
	select {
	case a.reload <- struct{}{}:
	default:
	}
}

// startTrial opens the first run's session, about nobody's record.
func (a *agent) startTrial() {
	sid := a.newSession(link.Patient{Name: text.SetUpTestName, NHI: text.TestNHI}, sourceTest)
	a.mu.Lock()
	a.prefs.trial, a.prefs.shown = sid, sid == ""
	a.mu.Unlock()
	a.refresh()
}

const sourceTest = "test"

// watchTrial ends the first run once its test image is filed. a.mu is held.
func (a *agent) watchTrial(st app.State) {
	for _, im := range st.Sessions[a.prefs.trial].Images {
		if im.State == app.ImageFiled {
			a.prefs.trial, a.prefs.shown, a.prefs.first, a.prefs.step = "", true, true, model.StepDone
			return
		}
	}
}

// firstRun shows the first run to a user who has not been through it. Local
// mode asked for by flag is no installation and needs none.
func (a *agent) firstRun() {
	if a.cfg.Desktop.SetUp || a.o.localFlag || a.o.noWindow {
		return
	}
	a.prefs.shown, a.prefs.first = true, true
	if a.o.local { // chosen in its first step, by the agent before this one
		a.prefs.step = model.StepConnections
	}
}

// applyAutostart does what IT has decided, and mends what an update or a move
// of the programs has left of the user's own entry.
func (a *agent) applyAutostart() {
	exe, err := ownPath()
	if entry := usersEntry(); err == nil && entry != "" && staleEntry(entry, exe) {
		if err := startWithUser(true); err != nil {
			a.log.Error("autostart not set", "kind", string(app.KindOf(err)))
		}
	}
	if word := a.cfg.Autostart; word != nil && autostarts() != *word {
		if err := startWithUser(*word); err != nil {
			a.log.Error("autostart not set", "kind", string(app.KindOf(err)))
		}
	}
}

// askParts asks every part that photos need, in the background.
func (a *agent) askParts() {
	a.mu.Lock()
	asking := a.prefs.checking
	a.prefs.checking = true
	a.mu.Unlock()
	if asking {
		return
	}
	a.refresh()
	a.background(func(ctx context.Context) {
		lights := a.lights(ctx)
		a.mu.Lock()
		a.prefs.lights, a.prefs.checking = lights, false
		a.mu.Unlock()
		a.refresh()
	})
}
