package main

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
)

// receive queues what a window or terminal sent; it returns at once.
func (a *agent) receive(in link.Input) {
	select {
	case a.acts <- in:
	default: // 256 acts unanswered: no person does that
		a.log.Warn("acts dropped", "count", len(a.acts))
	}
}

// act carries out the GP's acts, one after another.
func (a *agent) act(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-a.acts:
			a.do(in)
		}
	}
}

func (a *agent) do(in link.Input) {
	sid := app.SessionID(in.SID)
	if a.prefer(in) {
		return
	}
	switch in.Kind {
	case link.InputDraft:
		a.mu.Lock()
		a.draft = in.Draft
		a.mu.Unlock()
	case link.InputNewSession:
		a.newSession(in.Patient, sourceForm)
	case link.InputConfirmPatient:
		a.confirm(in)
	case link.InputAssign:
		a.assign(sid, in.Patient)
	case link.InputNewCode:
		token := app.NewToken()
		a.send(sid, app.NewCode{Token: token, Code: token.Hash(), Insist: in.Insist})
	case link.InputFileAll:
		a.send(sid, app.File{Delivery: string(app.NewSessionID()), Sinks: workstation.SinksOf(a.cfg, a.chosen(sid)), Confirmed: in.Confirmed})
	case link.InputDiscard:
		a.send(sid, app.Discard{Images: []app.ImageID{app.ImageID(in.Image)}})
	case link.InputAttest:
		a.send(sid, app.Attest{Images: []app.ImageID{app.ImageID(in.Image)}})
	case link.InputFileAgain:
		a.send(sid, app.File{Delivery: string(app.NewSessionID()), Images: []app.ImageID{app.ImageID(in.Image)},
			Sinks: workstation.SinksOf(a.cfg, a.chosen(sid)), Confirmed: in.Confirmed})
	case link.InputHand:
		a.hands.ask(in)
	case link.InputChoose:
		a.choose(sid, in.Value)
	case link.InputKeepPhone:
		a.keepPhone(sid)
	case link.InputForgetPhone:
		a.send("", app.ForgetPhone{})
	case link.InputCloseSession:
		a.send(sid, app.End{})
		a.showForm(true)
	case link.InputOpenSession:
		a.showSession(sid)
	case link.InputRetry, link.InputRefresh:
		select {
		case a.kick <- struct{}{}:
		default:
		}
		a.mu.Lock()
		sessions := a.state.Newest()
		a.mu.Unlock()
		for _, s := range sessions {
			if s.Stage != app.StageSettled {
				a.send(s.ID, app.Refresh{})
			}
		}
	default:
		a.review(in)
	}
}

// showSession puts a session into the window.
func (a *agent) showSession(sid app.SessionID) {
	a.send(sid, app.Show{})
	a.showForm(false)
}

// keepPhone keeps the session's phone until the end of the practice's day.
func (a *agent) keepPhone(sid app.SessionID) {
	a.mu.Lock()
	s, known := a.state.Sessions[sid]
	a.mu.Unlock()
	if known {
		a.send(sid, app.KeepPhone{Until: app.EndOfDay(s.ServerNow(time.Now()), a.settings().Zone())})
	}
}

// send passes an act to the engine. A new session is kept besides until a State
// shows it, for an engine that is yet to run or takes the place of one that was
// just ending; a second time it changes nothing. Whatever else was meant while
// there was none, its session was not on show.
func (a *agent) send(sid app.SessionID, what app.What) {
	a.mu.Lock()
	defer a.mu.Unlock()
	in := app.Input{SID: sid, What: what}
	if _, start := what.(app.Start); start {
		a.pending = &in
	}
	if a.engine != nil {
		a.engine.Send(in)
	}
}

// newSession starts a session about the patient that the form named, or about
// nobody yet. The form has checked it; what does not pass here too is dropped,
// and the answer is "".
func (a *agent) newSession(p link.Patient, source string) app.SessionID {
	patient, err := patientOf(p, source)
	if err != nil {
		a.log.Warn("session refused", "kind", string(app.KindOf(err)))
		return ""
	}
	return a.startSession(app.Launched{Patient: patient})
}

// startSession starts a session about a patient who has been checked, and
// whose record the photos may go into where a record system named it.
func (a *agent) startSession(about app.Launched) app.SessionID {
	cfg := a.settings()
	start, err := workstation.NewSession(about.Patient, cfg.PracticeName, cfg.Asks(), cfg.Keep())
	if err != nil {
		a.log.Error("session refused", "kind", string(app.KindOf(err)))
		return ""
	}
	if what, ok := start.What.(app.Start); ok {
		what.Record = about.Record
		start.What = what
	}
	a.mu.Lock()
	a.draft, a.fresh, a.came.problem = link.Draft{}, start.SID, nil
	a.mu.Unlock()
	a.send(start.SID, start.What)
	return start.SID
}

// assign says who a session without a patient is about.
func (a *agent) assign(sid app.SessionID, p link.Patient) {
	patient, err := patientOf(p, sourceForm)
	if err != nil {
		a.log.Warn("patient refused", "kind", string(app.KindOf(err)))
		return
	}
	a.mu.Lock()
	a.draft = link.Draft{}
	a.mu.Unlock()
	a.send(sid, app.Assign{Patient: patient})
}

// patientOf seals a patient; KindCorrupt for an NHI or a date of birth that is
// none. Without a name and an NHI it is nobody.
func patientOf(p link.Patient, source string) (app.Patient, error) {
	out := app.Patient{Name: app.Seal(p.Name), BirthDate: app.Seal(p.BirthDate), Source: source}
	if p.NHI != "" {
		nhi, _, err := app.ParseNHI(p.NHI)
		if err != nil {
			return app.Patient{}, err
		}
		out.NHI = nhi
	}
	if p.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil {
			return app.Patient{}, app.E("read date of birth", app.KindCorrupt, nil)
		}
	}
	if out.IsZero() {
		return app.Patient{}, nil
	}
	return out, nil
}
