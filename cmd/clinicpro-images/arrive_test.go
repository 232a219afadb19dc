//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

func TestWhatAStartBrings(t *testing.T) {
	good := `{"name":"Aroha Testperson","nhi":"ZZZ0016","birthDate":"1979-05-17"}`
	for name, c := range map[string]struct {
		args  []string
		stdin string
		file  string // "": none
		act   string
		says  string
	}{
		"nothing":            {},
		"a launch":           {args: []string{"clinicpro-images://launch?context=abc&signature=def"}, act: instance.ActLaunch},
		"a patient":          {stdin: good, act: instance.ActPatient},
		"a patient's file":   {file: good, act: instance.ActPatient},
		"another link":       {args: []string{"https://images.example.nz"}, says: text.StartBadLink},
		"a link with a name": {args: []string{"clinicpro-images://launch?context=a&signature=b&name=Aroha"}, says: text.StartBadLink},
		"two things":         {args: []string{"a", "b"}, says: text.StartOneThing},
		"no JSON":            {stdin: "Aroha", says: text.StartBadPatient},
		"a file of none":     {file: "Aroha", says: text.StartBadPatient},
		"no name":            {stdin: `{"name":" ","nhi":"ZZZ0016"}`, says: text.StartBadPatient},
		"an unknown member":  {stdin: `{"name":"Aroha","address":"x"}`, says: text.StartBadPatient},
		"two patients":       {stdin: good + good, says: text.StartBadPatient},
		"too long":           {stdin: `{"name":"` + strings.Repeat("a", 5000) + `"}`, says: text.StartBadPatient},
	} {
		from := ""
		switch {
		case c.stdin != "":
			from = "-"
		case c.file != "":
			from = filepath.Join(t.TempDir(), "patient.json")
			if err := os.WriteFile(from, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, err := taken(c.args, from, strings.NewReader(c.stdin))
		if h.Act != c.act && c.says == "" || (err == nil) != (c.says == "") || err != nil && err.Error() != c.says {
			t.Errorf("%s: %q, %v", name, h.Act, err)
		}
		if err == nil && c.act == instance.ActPatient && *h.Patient != (instance.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17"}) {
			t.Errorf("%s: another patient", name)
		}
		if _, err := os.Stat(from); c.file != "" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the file is still there", name)
		}
	}
	if _, err := taken(nil, filepath.Join(t.TempDir(), "none"), nil); err == nil || err.Error() != text.StartNoPatient {
		t.Errorf("no file: %v", err)
	}
}

// A start whose hand-over is wrong says so, repeats nothing of it, and starts
// nothing.
func TestAWrongHandOverStartsNothing(t *testing.T) {
	for _, args := range [][]string{{"clinicpro-images://launch?nhi=ZZZ0016"}, {"-patient-from", "-"}} {
		var said bytes.Buffer
		code := run(t.Context(), args, strings.NewReader("Aroha ZZZ0016"), &said, &said)
		if code != exitUsage || strings.Contains(said.String(), "ZZZ0016") || said.Len() == 0 {
			t.Errorf("%q: left with %d, said %q", args, code, said.String())
		}
	}
}

// recordSystem decodes launches as it is told to.
type recordSystem struct {
	mu      sync.Mutex
	answers map[string]app.Launched
	err     error
	wait    map[string]chan struct{}
}

func (r *recordSystem) Decode(ctx context.Context, l app.Launch) (app.Launched, error) {
	r.mu.Lock()
	wait := r.wait[l.Context.Reveal()]
	r.mu.Unlock()
	if wait != nil {
		<-wait
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answers[l.Context.Reveal()], r.err
}

func aPatient(name, nhi string) app.Patient {
	p, err := patientOf(link.Patient{Name: name, NHI: nhi, BirthDate: "1979-05-17"}, app.SourceMedtech)
	if err != nil {
		panic(err)
	}
	return p
}

func launchOf(context string) app.Launch {
	return app.Launch{Context: app.Seal(context), Signature: app.Seal("s")}
}

// A launch opens its patient's session at once only where nothing can be
// mixed up; everything else is asked or said.
func TestLaunches(t *testing.T) {
	aroha, wiremu := aPatient("Aroha Testperson", "ZZZ0016"), aPatient("Wiremu Testcase", "ZZZ0024")
	fresh := func(p app.Patient) app.Launched {
		return app.Launched{Patient: p, Record: app.RecordRef{Facility: "F2N060-E", Patient: app.Seal("record of " + p.NHI.Reveal())}}
	}
	open := func(a *agent, toFile int) {
		s := sessionOf("open", 1, app.SessionPaired, []app.ImageState{app.ImageLanded, app.ImageStored}[:toFile]...)
		s.Patient, s.Record = aroha, fresh(aroha).Record
		a.state.Current, a.state.Sessions = "open", map[app.SessionID]app.Session{"open": s}
	}
	typed := func(a *agent, toFile int, p app.Patient) {
		open(a, toFile)
		s := a.state.Sessions["open"]
		s.Patient, s.Record = p, app.RecordRef{}
		a.state.Sessions["open"] = s
	}
	elsewhere := fresh(aroha)
	elsewhere.Record.Facility = "F99669-C"
	for name, c := range map[string]struct {
		before  func(a *agent)
		context app.Launched
		err     error
		started string // whose session begins at once
		asked   string // who is asked about
		joins   bool   // and that it is who was typed in
		says    string
	}{
		"nothing open":              {context: fresh(aroha), started: "Aroha Testperson"},
		"too old":                   {err: app.E("", app.KindExpired, nil), says: text.Problem(text.PlaceLaunch, app.KindExpired).What},
		"used before":               {err: app.E("", app.KindConflict, nil), says: text.Problem(text.PlaceLaunch, app.KindConflict).What},
		"nobody's photos are left":  {before: func(a *agent) { open(a, 0) }, context: fresh(wiremu), started: "Wiremu Testcase"},
		"another's photos are left": {before: func(a *agent) { open(a, 2) }, context: fresh(wiremu), asked: "Wiremu Testcase"},
		"the same patient":          {before: func(a *agent) { open(a, 2) }, context: fresh(aroha)},
		"of another facility":       {before: func(a *agent) { open(a, 2) }, context: elsewhere, asked: "Aroha Testperson"},
		"the same, typed in":        {before: func(a *agent) { typed(a, 2, aroha) }, context: fresh(aroha), asked: "Aroha Testperson", joins: true},
		"typed in, no photo yet":    {before: func(a *agent) { typed(a, 0, aroha) }, context: fresh(aroha), asked: "Aroha Testperson", joins: true},
		"typed in with a slip":      {before: func(a *agent) { typed(a, 2, aPatient("Aroha Testpersom", "ZZZ0016")) }, context: fresh(aroha), asked: "Aroha Testperson"},
		"no patient is open there":  {context: app.Launched{}, says: text.LaunchNobody},
		"refused":                   {err: app.E("", app.KindAuth, nil), says: text.Problem(text.PlaceLaunch, app.KindAuth).What},
		"no answer":                 {err: app.E("", app.KindOffline, nil), says: text.Problem(text.PlaceLaunch, app.KindOffline).What},
		"nobody to decode it":       {says: text.Problem(text.PlaceLaunch, app.KindNotFound).What},
	} {
		a := testAgent(t)
		if c.err != nil || name != "nobody to decode it" {
			a.launcher = &recordSystem{answers: map[string]app.Launched{"c": c.context}, err: c.err}
		}
		if c.before != nil {
			c.before(a)
		}
		a.launch(t.Context(), launchOf("c"))
		started := ""
		if a.pending != nil {
			started = a.pending.What.(app.Start).Patient.Name.Reveal()
			if a.pending.What.(app.Start).Record != c.context.Record {
				t.Errorf("%s: the record is lost", name)
			}
		}
		asked := ""
		if a.came.asked != nil {
			asked = a.came.asked.Patient.Name.Reveal()
		}
		says := ""
		if told := a.told(); len(told) > 0 {
			says = told[0].What
		}
		if started != c.started || asked != c.asked || says != c.says || (asked != "" && a.came.joins != "") != c.joins {
			t.Errorf("%s: started %q, asked %q, said %q", name, started, asked, says)
		}
	}
}

// A launch may be what started the agent: it waits until it is known what
// decodes launches, and no longer than a launch may take.
func TestALaunchThatStartedTheAgent(t *testing.T) {
	a := testAgent(t)
	a.cfg.Record.System = config.SystemRelay
	done := make(chan struct{})
	go func() { defer close(done); a.launch(t.Context(), launchOf("c")) }()
	a.mu.Lock()
	a.launcher = &recordSystem{answers: map[string]app.Launched{"c": {Patient: aPatient("Aroha Testperson", "ZZZ0016")}}}
	a.mu.Unlock()
	a.knowRecord.Do(func() { close(a.recordKnown) })
	<-done
	if a.pending == nil || len(a.told()) != 0 {
		t.Error("the launch opened nobody")
	}
	never := testAgent(t)
	never.cfg.Record.System = config.SystemRelay
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	never.launch(gone, launchOf("c"))
	if told := never.told(); never.pending != nil || len(told) != 1 || told[0].What != text.Launch("", app.KindOffline).What {
		t.Errorf("said %v", told)
	}
}

// Of two launches the later one counts, however late the first is answered.
func TestAnEarlierLaunchDoesNotOvertake(t *testing.T) {
	a := testAgent(t)
	hold := make(chan struct{})
	a.launcher = &recordSystem{wait: map[string]chan struct{}{"first": hold}, answers: map[string]app.Launched{
		"first":  {Patient: aPatient("Aroha Testperson", "ZZZ0016")},
		"second": {Patient: aPatient("Wiremu Testcase", "ZZZ0024")}}}
	done := make(chan struct{})
	go func() { defer close(done); a.launch(t.Context(), launchOf("first")) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		a.mu.Lock()
		there := a.came.asking
		a.mu.Unlock()
		if there {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first was not asked about")
		}
	}
	a.launch(t.Context(), launchOf("second"))
	close(hold)
	<-done
	if got := a.pending.What.(app.Start).Patient.Name.Reveal(); got != "Wiremu Testcase" || a.came.asked != nil {
		t.Errorf("the session is %s's", got)
	}
}

// A yes is about the patient that was on show, and about nobody else.
func TestAnAnswerIsAboutThePatientOnShow(t *testing.T) {
	a := testAgent(t)
	aroha, wiremu := aPatient("Aroha Testperson", "ZZZ0016"), aPatient("Wiremu Testcase", "ZZZ0024")
	a.ask(app.Launched{Patient: aroha})
	shown := patientView(aroha, time.Now())
	a.ask(app.Launched{Patient: wiremu}) // comes while the GP reads the first
	a.confirm(link.Input{Kind: link.InputConfirmPatient, Patient: shown, Confirmed: true})
	if a.pending != nil || a.came.asked == nil {
		t.Fatal("a yes to one began the session of another")
	}
	a.confirm(link.Input{Kind: link.InputConfirmPatient, Patient: patientView(wiremu, time.Now()), Confirmed: true})
	if a.pending == nil || a.pending.What.(app.Start).Patient.Name.Reveal() != "Wiremu Testcase" {
		t.Fatal("the yes was not taken")
	}
	a.pending = nil
	a.ask(app.Launched{Patient: aroha})
	a.confirm(link.Input{Kind: link.InputConfirmPatient, Patient: shown})
	if a.pending != nil || a.came.asked != nil || !a.form {
		t.Error("a no does not lead to the form")
	}
}

// A yes about who was typed in goes to that session, and begins none; a no
// leaves it as it is.
func TestAnAnswerAboutWhoWasTypedIn(t *testing.T) {
	aroha := aPatient("Aroha Testperson", "ZZZ0016")
	about := app.Launched{Patient: aroha, Record: app.RecordRef{Facility: "F2N060-E", Patient: app.Seal("1")}}
	shown := patientView(aroha, time.Now())
	for _, yes := range []bool{true, false} {
		a := testAgent(t)
		a.form = true
		a.askWhether(about, "typed")
		a.confirm(link.Input{Kind: link.InputConfirmPatient, Patient: shown, Confirmed: yes})
		if a.pending != nil || a.came.asked != nil || a.form {
			t.Errorf("yes %v: a session began, or the form is on show", yes)
		}
	}
}

// A patient handed over is checked, and always asked about.
func TestAPatientHandedOver(t *testing.T) {
	a := testAgent(t)
	a.arrived(instance.Hello{Act: instance.ActPatient, Patient: &instance.Patient{Name: "Aroha Testperson", NHI: "ZZZ0017"}})
	if told := a.told(); len(told) != 1 || a.came.asked != nil {
		t.Error("a wrong NHI was taken")
	}
	a.arrived(instance.Hello{Act: instance.ActPatient, Patient: &instance.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17"}})
	if a.came.asked == nil || a.came.asked.Patient.Source != sourceHandover || a.pending != nil || len(a.told()) != 0 {
		t.Error("not asked about")
	}
	a.arrived(instance.Hello{Act: instance.ActPatient})
	if len(a.told()) != 1 {
		t.Error("nobody was handed over, and nothing is said")
	}
}
