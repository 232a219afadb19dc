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
	switch in.Kind {
	case link.InputDraft:
		a.mu.Lock()
		a.draft = in.Draft
		a.mu.Unlock()
	case link.InputNewSession:
		a.newSession(in.Patient)
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
		a.send(sid, app.Show{})
		a.showForm(false)
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

// keepPhone keeps the session's phone until the end of the practice's day.
func (a *agent) keepPhone(sid app.SessionID) {
	a.mu.Lock()
	s, known := a.state.Sessions[sid]
	a.mu.Unlock()
	if known {
		a.send(sid, app.KeepPhone{Until: app.EndOfDay(s.ServerNow(time.Now()), a.cfg.Zone())})
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

// newSession starts a session about the patient that the form named. The form
// has checked it; what does not pass here too is dropped.
func (a *agent) newSession(p link.Patient) {
	patient := app.Patient{Name: app.Seal(p.Name), BirthDate: app.Seal(p.BirthDate), Source: "form"}
	if p.NHI != "" {
		nhi, _, err := app.ParseNHI(p.NHI)
		if err != nil {
			a.log.Warn("session refused", "kind", string(app.KindOf(err)))
			return
		}
		patient.NHI = nhi
	}
	if p.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil {
			a.log.Warn("session refused", "kind", string(app.KindCorrupt))
			return
		}
	}
	start, err := workstation.NewSession(patient, a.cfg.PracticeName, a.cfg.Asks(), a.cfg.Keep())
	if err != nil {
		a.log.Error("session refused", "kind", string(app.KindOf(err)))
		return
	}
	a.mu.Lock()
	a.draft, a.fresh = link.Draft{}, start.SID
	a.mu.Unlock()
	a.send(start.SID, start.What)
}
