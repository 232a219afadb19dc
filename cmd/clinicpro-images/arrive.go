package main

import (
	"context"
	"errors"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// decodeFor bounds how long a record system may take to say who its patient is.
const decodeFor = 15 * time.Second

const (
	sourceForm     = "form"
	sourceHandover = "handover"
)

// arrivals is what has come from other systems; agent.mu guards it.
type arrivals struct {
	asked   *app.Launched // the GP has to say whether this is who sits there
	joins   app.SessionID // and then it is the patient of this session too; "": a session of their own begins
	asking  bool          // the record system has not answered yet
	problem []link.Problem
	latest  int // of several launches under way the last one counts
}

// arrived takes what a second start brings: nothing, a launch, or a patient.
func (a *agent) arrived(h instance.Hello) {
	switch h.Act {
	case instance.ActRaise:
		a.leaveSettings()
		a.refresh()
	case instance.ActLaunch:
		l := app.Launch{Context: app.Seal(h.Context), Signature: app.Seal(h.Signature)}
		a.leaveSettings()
		a.background(func(ctx context.Context) { a.launch(ctx, l) })
	case instance.ActPatient:
		p, err := handedOver(h.Patient)
		if err != nil {
			a.log.Warn("hand-over refused", "kind", string(app.KindOf(err)))
			a.tell(problem(text.PlaceHandover, app.KindOf(err)))
			return
		}
		a.leaveSettings()
		a.ask(app.Launched{Patient: p})
	}
}

// handedOver checks a patient that another system names, as the form does.
func handedOver(p *instance.Patient) (app.Patient, error) {
	if p == nil {
		return app.Patient{}, app.E("read a patient", app.KindCorrupt, nil)
	}
	return patientOf(link.Patient{Name: p.Name, NHI: p.NHI, BirthDate: p.BirthDate}, sourceHandover)
}

// launch asks the record system who a launch is about, and opens that
// patient's session: at once where nothing else waits for the GP, else once
// the GP has said that it is who sits there. The Launcher vouches for the
// launch being fresh, and for its being the first of its kind.
func (a *agent) launch(ctx context.Context, l app.Launch) {
	ctx, cancel := context.WithTimeout(ctx, decodeFor)
	defer cancel()
	a.mu.Lock()
	a.came.latest++
	mine := a.came.latest
	a.came.asked, a.came.problem, a.came.asking = nil, nil, true
	a.mu.Unlock()
	a.refresh()

	var about app.Launched
	launcher, err := a.whoDecodes(ctx)
	if launcher != nil {
		about, err = launcher.Decode(ctx, l)
	}
	a.mu.Lock()
	late := mine != a.came.latest // the GP has pressed the button again, for whom matters now
	if !late {
		a.came.asking = false
	}
	st := a.state
	a.mu.Unlock()
	switch {
	case late:
	case err != nil:
		a.log.Info("launch not decoded", "kind", string(app.KindOf(err)))
		s := text.Launch(app.CodeOf(err), app.KindOf(err))
		a.tell(link.Problem{What: s.What, Safe: s.Safe, Do: s.Do})
	case about.Patient.IsZero():
		a.showForm(true)
		a.tell(link.Problem{What: text.LaunchNobody, Do: text.LaunchNobodyDo})
	case isOpen(st, about):
		a.showForm(false)
	case joins(st, about):
		a.askWhether(about, st.Current)
	case unfiled(st):
		a.ask(about)
	default:
		a.startSession(about)
	}
}

// whoDecodes is what decodes launches, once that is known: a launch may be what
// started this agent. KindNotFound: nothing does.
func (a *agent) whoDecodes(ctx context.Context) (app.Launcher, error) {
	const op = "decode a launch"
	if a.settings().Record.System != "" {
		select {
		case <-a.recordKnown:
		case <-ctx.Done():
			return nil, app.E(op, app.KindOffline, errors.New("the agent is still starting"))
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.launcher == nil {
		return nil, app.E(op, app.KindNotFound, nil)
	}
	return a.launcher, nil
}

// isOpen reports whether the session on show is open, about this very patient,
// and files into this very record.
func isOpen(st app.State, about app.Launched) bool {
	s, ok := st.Sessions[st.Current]
	r := about.Record
	return ok && takesPhotos(s) && !r.IsZero() && s.Record.Facility == r.Facility && s.Record.Patient == r.Patient && s.Patient.Same(about.Patient)
}

// joins reports whether the session on show began without the record system,
// is still of use, and is by all that is known about the patient of a launch.
func joins(st app.State, about app.Launched) bool {
	s, ok := st.Sessions[st.Current]
	return ok && (takesPhotos(s) || unfiled(st)) && s.Record.IsZero() && !about.Record.IsZero() && s.Patient.Agrees(about.Patient)
}

// unfiled reports whether the session on show has photos that are not filed,
// or are still to come.
func unfiled(st app.State) bool {
	toFile, toCome := st.Sessions[st.Current].Outstanding()
	return toFile+toCome > 0
}

// ask shows a patient for the GP to confirm. The newest one counts.
func (a *agent) ask(about app.Launched) { a.askWhether(about, "") }

// askWhether is ask about a patient whom the GP has named for a session already.
func (a *agent) askWhether(about app.Launched, joins app.SessionID) {
	a.mu.Lock()
	a.came.asked, a.came.joins, a.came.problem = &about, joins, nil
	a.mu.Unlock()
	a.refresh()
}

// confirm takes the GP's answer, if it is about the patient that is asked
// about now: another may have come while the GP was reading.
func (a *agent) confirm(in link.Input) {
	a.mu.Lock()
	asked := a.came.asked
	if asked == nil || !samePatient(patientView(asked.Patient, time.Now()), in.Patient) {
		a.mu.Unlock()
		return
	}
	joins := a.came.joins
	a.came.asked, a.came.joins = nil, ""
	a.mu.Unlock()
	switch {
	case joins == "" && in.Confirmed:
		a.startSession(*asked)
	case joins == "":
		a.showForm(true)
	case in.Confirmed:
		a.send(joins, app.Refer{Patient: asked.Patient, Record: asked.Record})
		a.showSession(joins)
	default: // the session stays what it was
		a.showSession(joins)
	}
}

func samePatient(a, b link.Patient) bool {
	return a.Name == b.Name && a.NHI == b.NHI && a.BirthDate == b.BirthDate && a.Source == b.Source
}

// tell shows what became of a launch or a hand-over, until the next act.
func (a *agent) tell(p link.Problem) {
	p.Retry, p.Grave = false, false
	a.mu.Lock()
	a.came.problem, a.came.asking = []link.Problem{p}, false
	a.mu.Unlock()
	a.refresh()
}

// told is what stands about arrivals. a.mu is held.
func (a *agent) told() []link.Problem {
	if a.came.asking {
		return []link.Problem{{What: text.LaunchAsking}}
	}
	return a.came.problem
}

// leaveSettings makes room for what the GP has asked for elsewhere, unless
// there is nothing yet that could be shown in their place.
func (a *agent) leaveSettings() {
	a.mu.Lock()
	if a.o.local || a.cfg.Named() {
		a.prefs.shown = false
	}
	a.came.problem = nil
	a.mu.Unlock()
}
