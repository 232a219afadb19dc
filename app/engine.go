package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

func sortImageIDs(ids []ImageID) { slices.Sort(ids) }

// Darkroom opens sealed images. It holds no state of a session; what it
// shows (thumbnails) it gives to the window itself. Calls may be concurrent.
type Darkroom interface {
	// Examine opens the seal, checks HMAC and bounds, decodes, and keeps a
	// thumbnail. A bad image is a Reason, not an error.
	Examine(ctx context.Context, s Session, id ImageID, sealed []byte) (Examined, error)
	// Amendment opens changed details. One that is not this session's, or
	// cannot be read, is KindCorrupt.
	Amendment(s Session, a Amendment) (Details, error)
	// Prepare returns the picture as it leaves: EXIF-free, named. n counts
	// from 1 within the session.
	// The image's Details in s are what it is named after and turned by.
	Prepare(ctx context.Context, s Session, id ImageID, n int, sealed []byte) (DeliveryItem, error)
}

// Ports are the parts that an Engine drives.
type Ports struct {
	Registry   Registry
	Amendments Amendments
	Kept       KeptRegistry
	Inviter    Inviter
	Objects    Objects
	Feed       Feed
	Spool      Spool
	Sinks      []Sink // of the practice; the first is asked where none is named
	Audit      Audit  // nil: nothing is noted
	Darkroom   Darkroom
	Now        func() time.Time
	Log        *slog.Logger
}

// Engine owns the State: one goroutine steps it, effects run beside it and
// come back as Inputs. Send and Watch may be called from anywhere.
type Engine struct {
	ports Ports

	mu       sync.Mutex
	queue    []Input
	wake     chan struct{}
	watchers map[chan State]struct{}
	last     State

	group     *errgroup.Group
	saves     chan Effect
	landings  chan struct{}                         // a slot per image being fetched
	backlog   backlog                               // images that wait for one
	deletes   chan struct{}                         // a slot per object being deleted
	landBytes *semaphore.Weighted                   // what landings hold in memory together
	memory    memory                                // that memory
	examines  chan struct{}                         // one image opened at a time: its bytes, and its pixels
	delivers  map[string]chan struct{}              // one hand-over at a time to each sink
	freezing  chan struct{}                         // one delivery frozen at a time: sinks share its pictures
	listeners map[SessionID]context.CancelCauseFunc // Run's goroutine only
}

// NewEngine returns an engine that does nothing until Run.
func NewEngine(p Ports) *Engine {
	delivers := map[string]chan struct{}{}
	for _, s := range p.Sinks {
		delivers[s.Name()] = make(chan struct{}, 1)
	}
	return &Engine{
		ports: p, wake: make(chan struct{}, 1), watchers: map[chan State]struct{}{},
		saves: make(chan Effect, 4096), landings: make(chan struct{}, landsAtOnce), deletes: make(chan struct{}, deletesAtOnce),
		landBytes: semaphore.NewWeighted(landingBytes), examines: make(chan struct{}, 1), delivers: delivers, freezing: make(chan struct{}, 1),
		listeners: map[SessionID]context.CancelCauseFunc{},
	}
}

// Send queues an Input and returns at once. A hint equal to one still in the
// queue is dropped: ten thousand of them are one look.
func (e *Engine) Send(in Input) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if heard, ok := in.What.(Heard); ok {
		for _, q := range e.queue {
			if was, ok := q.What.(Heard); ok && q.SID == in.SID && was == heard {
				return
			}
		}
	}
	e.queue = append(e.queue, in)
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Watch delivers the State now and after every change until ctx ends; a slow
// reader sees the newest and misses those between.
func (e *Engine) Watch(ctx context.Context) <-chan State {
	ch := make(chan State, 1)
	e.mu.Lock()
	ch <- e.last
	e.watchers[ch] = struct{}{}
	e.mu.Unlock()
	context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.watchers, ch)
		close(ch)
	})
	return ch
}

func (e *Engine) publish(st State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = st
	for ch := range e.watchers {
		select {
		case <-ch:
		default:
		}
		ch <- st
	}
}

func (e *Engine) drain() []Input {
	e.mu.Lock()
	defer e.mu.Unlock()
	q := e.queue
	e.queue = nil
	return q
}

// Run loads the spool and steps until ctx ends; then it waits for what is
// under way. A spool that cannot be read is returned as an error: nothing may
// be written beside it.
func (e *Engine) Run(ctx context.Context) error {
	boot, err := e.index(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	e.group = group
	group.Go(func() error { return e.save(ctx) })
	group.Go(func() error { return e.loop(ctx, boot) })
	return group.Wait()
}

const (
	// tickEvery is how often the loop looks at the clock while a session is
	// under way, restEvery while none is: a workstation at rest wakes nobody.
	tickEvery = time.Second
	restEvery = 15 * time.Second
	// slept is how late such a look must be before the machine, or this
	// process, is taken to have slept.
	slept = 5 * time.Second
)

// Reload takes up sessions that have come into the spool since: another
// spool was adopted.
func (e *Engine) Reload(ctx context.Context) error {
	boot, err := e.index(ctx)
	if err == nil {
		e.Send(Input{What: boot})
	}
	return err
}

// index is what the spool's index holds.
func (e *Engine) index(ctx context.Context) (Boot, error) {
	records, err := e.ports.Spool.Load(ctx, func(_ SessionID, kind, _ string) bool {
		return kind == RecordSession || kind == RecordImage || kind == RecordKept
	})
	if err != nil {
		return Boot{}, err
	}
	sessions, unreadable := restoreSessions(records)
	if unreadable > 0 {
		e.ports.Log.Error("index records left unread", "count", unreadable)
	}
	return Boot{Sessions: sessions, Kept: restoreKept(records)}, nil
}

func (e *Engine) loop(ctx context.Context, boot Boot) error {
	wait := tickEvery
	ticker := time.NewTicker(wait)
	defer ticker.Stop()
	st := State{}
	step := func(in Input) {
		var effects []Effect
		if in.At.IsZero() {
			in.At = e.ports.Now()
		}
		st, effects = Step(st, in)
		e.publish(st)
		for _, eff := range effects {
			e.run(ctx, st, eff)
		}
	}
	step(Input{What: boot})
	last := e.ports.Now()
	minute := last
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
			for _, in := range e.drain() {
				step(in)
			}
			if wait == restEvery && st.busy(e.ports.Now()) {
				wait, last = tickEvery, e.ports.Now()
				ticker.Reset(wait)
			}
		case <-ticker.C:
			now := e.ports.Now()
			if passed := now.Round(0).Sub(last.Round(0)); passed > wait+slept || passed < -slept { // by the wall clock: the other stands still in sleep
				step(Input{What: Woke{}})
			}
			last = now
			if now.Sub(minute) >= time.Minute || st.busy(now) {
				minute = now
				step(Input{What: Tick{}})
			}
			next := restEvery
			if st.busy(now) {
				next = tickEvery
			}
			if next != wait {
				wait = next
				ticker.Reset(wait)
			}
		}
	}
}

// busy reports whether anything may have to be done within a minute.
func (st State) busy(now time.Time) bool {
	return st.Kept.busy() || slices.ContainsFunc(sessionsOf(st), func(s Session) bool { return !s.idle(now) })
}

func sessionsOf(st State) []Session {
	out := make([]Session, 0, len(st.Sessions))
	for _, s := range st.Sessions {
		out = append(out, s)
	}
	return out
}
