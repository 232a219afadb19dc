package main

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	// decodeFor bounds how long a record system may take to say who its patient is.
	decodeFor = 15 * time.Second
	// launchFresh is how old a launch may be to be believed without asking the
	// GP: older ones were kept by somebody.
	launchFresh = 2 * time.Minute
)

const (
	sourceForm     = "form"
	sourceHandover = "handover"
	sourceMedtech  = "medtech"
)

// arrivals is what has come from other systems; agent.mu guards it.
type arrivals struct {
	asked    *app.Patient // the GP has to say whether this is who sits there
	asking   bool         // the record system has not answered yet
	problem  []link.Problem
	launched map[[sha256.Size]byte]bool // launches seen: one that comes again is asked about
	latest   int                        // of several launches under way the last one counts
}

// arrived takes what a second start brings: nothing, a launch, or a patient.
func (a *agent) arrived(h instance.Hello) {
	switch h.Act {
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
		a.ask(p)
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
// patient's session: at once where the launch is fresh and nothing else waits
// for the GP, else once the GP has said that it is who sits there.
func (a *agent) launch(ctx context.Context, l app.Launch) {
	ctx, cancel := context.WithTimeout(ctx, decodeFor)
	defer cancel()
	id := sha256.Sum256([]byte(l.Context.Reveal()))
	a.mu.Lock()
	before := a.came.launched[id]
	if a.came.launched == nil || len(a.came.launched) > 1000 {
		a.came.launched = map[[sha256.Size]byte]bool{}
	}
	a.came.launched[id] = true
	a.came.latest++
	mine := a.came.latest
	a.came.asked, a.came.problem, a.came.asking = nil, nil, true
	launches := a.launches
	a.mu.Unlock()
	a.refresh()

	var about app.LaunchContext
	err := app.E("decode a launch", app.KindNotFound, nil)
	if launches != nil {
		about, err = launches.Decode(ctx, l)
	}
	a.mu.Lock()
	late := mine != a.came.latest // the GP has pressed the button again, for whom matters now
	if !late {
		a.came.asking = false
	}
	st := a.state
	a.mu.Unlock()
	switch age := time.Since(about.Created); {
	case late:
	case err != nil:
		a.log.Info("launch not decoded", "kind", string(app.KindOf(err)))
		a.tell(problem(text.PlaceLaunch, app.KindOf(err)))
	case about.Patient.IsZero():
		a.showForm(true)
		a.tell(link.Problem{What: text.LaunchNobody, Do: text.LaunchNobodyDo})
	case isOpen(st, about.Patient):
		a.refresh()
		a.showForm(false)
	case before || age > launchFresh || age < -launchFresh || unfiled(st):
		a.ask(about.Patient)
	default:
		a.startSession(about.Patient)
	}
}

// isOpen reports whether the session on show is open, and about this very
// patient.
func isOpen(st app.State, p app.Patient) bool {
	s, ok := st.Sessions[st.Current]
	return ok && takesPhotos(s) && !p.NHI.IsZero() && s.Patient.NHI == p.NHI
}

// unfiled reports whether the session on show has photos that are not filed,
// or are still to come.
func unfiled(st app.State) bool {
	toFile, toCome := st.Sessions[st.Current].Outstanding()
	return toFile+toCome > 0
}

// ask shows a patient for the GP to confirm. The newest one counts.
func (a *agent) ask(p app.Patient) {
	a.mu.Lock()
	a.came.asked, a.came.problem = &p, nil
	a.mu.Unlock()
	a.refresh()
}

// confirm takes the GP's answer, if it is about the patient that is asked
// about now: another may have come while the GP was reading.
func (a *agent) confirm(in link.Input) {
	a.mu.Lock()
	asked := a.came.asked
	if asked == nil || !samePatient(patientView(*asked, time.Now()), in.Patient) {
		a.mu.Unlock()
		return
	}
	a.came.asked = nil
	a.mu.Unlock()
	if in.Confirmed {
		a.startSession(*asked)
		return
	}
	a.showForm(true)
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
	if a.o.local || a.cfg.Enrolled() {
		a.prefs.shown = false
	}
	a.came.problem = nil
	a.mu.Unlock()
}
