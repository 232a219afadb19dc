package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	callDeadline    = 10 * time.Second // one registry call
	objectDeadline  = 60 * time.Second // one image fetched, or one listing
	deliverDeadline = 10 * time.Minute

	// handedBytes bounds what one call of a sink holds in memory.
	handedBytes = 16 << 20
)

var errListenOver = errors.New("the session no longer listens")

// run starts one effect; its outcome comes back through Send. Called by the
// loop's goroutine only.
func (e *Engine) run(ctx context.Context, st State, eff Effect) {
	switch do := eff.Do.(type) {
	case SaveSession, SaveImage, SaveKept, DropFrozen, RemoveSession:
		e.saves <- eff
	case Listen:
		e.listen(ctx, eff.SID)
	case StopListen:
		if cancel, ok := e.listeners[eff.SID]; ok {
			cancel(errListenOver)
			delete(e.listeners, eff.SID)
		}
	case OfferNext:
		s := st.Sessions[do.Kept.Next]
		e.goDo(ctx, eff.SID, callDeadline, nil, func(ctx context.Context) What { return e.offerNext(ctx, do.Kept, s) })
	case LandImage:
		e.goLand(ctx, eff.SID, do)
	case Deliver:
		s := st.Sessions[eff.SID]
		e.goDo(ctx, eff.SID, deliverDeadline, e.delivers[e.sinkName(do.Sink)], func(ctx context.Context) What { return e.deliver(ctx, s, do) })
	case ExamineImage: // its time begins when its turn comes
		s := st.Sessions[eff.SID]
		e.goLater(ctx, eff.SID, objectDeadline, e.examines, func(ctx context.Context) What { return e.call(ctx, s, do) })
	case DeleteObject:
		s := st.Sessions[eff.SID]
		e.goLater(ctx, eff.SID, callDeadline, e.deletes, func(ctx context.Context) What { return e.call(ctx, s, do) })
	default:
		deadline := callDeadline
		if _, list := do.(ListObjects); list {
			deadline = objectDeadline
		}
		s := st.Sessions[eff.SID]
		e.goDo(ctx, eff.SID, deadline, nil, func(ctx context.Context) What { return e.call(ctx, s, do) })
	}
}

// goDo runs one effect beside the loop, within a deadline and, where slots is
// given, waiting for one of its places.
func (e *Engine) goDo(ctx context.Context, sid SessionID, deadline time.Duration, slots chan struct{}, do func(context.Context) What) {
	e.group.Go(func() error {
		if slots != nil {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil
			}
		}
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		if out := do(ctx); out != nil {
			e.Send(Input{SID: sid, What: out})
		}
		return nil
	})
}

// call runs one short effect.
func (e *Engine) call(ctx context.Context, s Session, do Do) What {
	p := e.ports
	switch do := do.(type) {
	case OpenSession:
		row, err := p.Registry.Open(ctx, do.Opening)
		return SessionOpened{Row: row, Restore: do.Opening.Restore != nil, Err: err}
	case ReadRow:
		row, err := p.Registry.Read(ctx, s.ID)
		return RowRead{row, err}
	case RenewCode:
		row, err := p.Registry.Renew(ctx, s.ID, do.Code, do.DropPhone)
		return CodeRenewed{row, err}
	case EndSession:
		row, err := p.Registry.Close(ctx, s.ID)
		return SessionEnded{row, err}
	case TellMarks:
		row, err := p.Registry.Mark(ctx, s.ID, do.Marks)
		return MarksTold{do.Marks, row, err}
	case DeleteObject:
		return ObjectDeleted{do.Image, p.Objects.Delete(ctx, s.ID, do.Image)}
	case ListObjects:
		objects, err := p.Objects.List(ctx, s.ID)
		return ObjectsListed{objects, err}
	case ExamineImage:
		sealed, err := p.Spool.Sealed(ctx, s.ID, do.Image)
		if err != nil {
			return Examined{Image: do.Image, Err: err}
		}
		out, err := p.Darkroom.Examine(ctx, s, do.Image, sealed)
		out.Image, out.Err = do.Image, err
		return out
	case FetchDetails:
		return e.fetchDetails(ctx, s, do.Image)
	case AskToKeep:
		if err := p.Inviter.Offered(s); err != nil {
			return PhoneKept{Key: do.Key, Err: err}
		}
		row, err := p.Kept.Keep(ctx, s.ID, do.Key, do.Until)
		return PhoneKept{do.Key, row, err}
	case KeepAgain:
		return KeptAgain{do.Key, p.Kept.Rekeep(ctx, do.Key, do.Until, do.Sessions...)}
	case TellForgotten:
		return PhoneForgotten{do.Key, p.Kept.Forget(ctx, do.Key, do.Sessions...)}
	}
	e.ports.Log.Error("unknown effect", "effect", fmt.Sprintf("%T", do))
	return nil
}

// fetchDetails reads and opens one amendment. One that does not open is
// logged: somebody who never saw this session's code wrote it, or it came to
// harm.
func (e *Engine) fetchDetails(ctx context.Context, s Session, id ImageID) What {
	out := Amended{Image: id}
	a, err := e.ports.Amendments.Details(ctx, s.ID, id)
	if err == nil {
		out.N = a.N
		out.Details, err = e.ports.Darkroom.Amendment(s, a)
	}
	if KindOf(err) == KindCorrupt {
		e.ports.Log.Warn("amendment ignored", "kind", string(KindCorrupt))
	}
	out.Err = err
	return out
}

// offerNext puts the link of s on offer, or nothing where the phone is to be
// told of no session.
func (e *Engine) offerNext(ctx context.Context, k KeptPhone, s Session) What {
	next, err := NextLink{N: k.N}, error(nil)
	if k.Next != "" {
		next, err = e.ports.Inviter.Invite(k, s, k.N)
	}
	if err == nil {
		err = e.ports.Kept.Next(ctx, k.Key, next)
	}
	return NextOffered{k.Key, k.N, err}
}

// listen keeps the feed of one session until StopListen.
func (e *Engine) listen(ctx context.Context, sid SessionID) {
	ctx, cancel := context.WithCancelCause(ctx)
	e.listeners[sid] = cancel
	e.group.Go(func() error {
		defer cancel(nil)
		err := e.ports.Feed.Listen(ctx, sid, func(sig Signal) { e.Send(Input{SID: sid, What: Heard{sig}}) })
		if err != nil { // refused for good: the timer carries the session alone
			e.ports.Log.Error("realtime refused", "kind", string(KindOf(err)))
			e.Send(Input{SID: sid, What: Heard{Signal{}}})
			e.Send(Input{What: Health{AreaFeed, KindOf(err)}})
		}
		return nil
	})
}
