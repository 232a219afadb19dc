package phone

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// step does what can be done now and returns how long nothing more can be.
func (q *Queue) step(ctx context.Context, puts *sync.WaitGroup) (time.Duration, error) {
	q.mu.Lock()
	now := time.Now()
	q.startPuts(ctx, puts, now)
	stored, wanted := q.due(now)
	canCall := !now.Before(q.callAt)
	poll := canCall && !q.pollAt.IsZero() && !now.Before(q.pollAt)
	wait := q.nextDue(now)
	q.mu.Unlock()
	switch {
	case canCall && q.refused != nil:
		return 0, q.reclaim(ctx)
	case canCall && len(stored)+len(wanted) > 0:
		return 0, q.call(ctx, stored, wanted)
	case poll:
		return 0, q.poll(ctx)
	}
	return wait, nil
}

// startPuts sends what has a link; mu is held.
func (q *Queue) startPuts(ctx context.Context, puts *sync.WaitGroup, now time.Time) {
	for _, ph := range q.photos {
		if ph.state != StateQueued || ph.link == nil || now.Before(ph.retryAt) || q.sending >= q.opt.AtOnce {
			continue
		}
		link := *ph.link
		ph.link = nil
		if time.UnixMilli(link.Expires).Before(now.Add(q.offset + linkMargin)) {
			continue
		}
		q.sending++
		q.counts.Puts++
		if ph.repeat {
			q.counts.Repeats++
		}
		ph.repeat = true
		q.set(ph, StateSending, "")
		sealed := ph.image.Sealed
		puts.Go(func() { q.put(ctx, ph, link, sealed) })
	}
}

func (q *Queue) put(ctx context.Context, ph *photo, link Upload, sealed []byte) {
	err := q.phone.Put(ctx, link, sealed)
	q.mu.Lock()
	q.sending--
	switch {
	case ph.state != StateSending: // the status was faster
	case err == nil:
		ph.attempts, ph.retryAt = 0, time.Time{}
		q.set(ph, StatePut, "")
	case app.KindOf(err) == app.KindConflict: // there already; the waits go on growing where the gateway says it is not
		ph.retryAt = time.Time{}
		q.set(ph, StatePut, "")
	default: // the next link is a fresh one
		q.again(ph)
	}
	q.mu.Unlock()
	q.stir()
}

// due returns the images to be said stored and those that need a link; mu is
// held.
func (q *Queue) due(now time.Time) (stored, wanted []*photo) {
	busy := q.sending > 0
	for _, ph := range q.photos {
		busy = busy || ph.state == StateQueued && ph.link != nil
		if now.Before(ph.retryAt) {
			continue
		}
		switch {
		case ph.state == StatePut && len(stored) < batch:
			stored = append(stored, ph)
		case q.sending > 0 && now.Before(ph.since.Add(q.opt.Carry)): // the next "stored" asks for it
		case ph.state == StateQueued && ph.link == nil && len(wanted) < batch:
			wanted = append(wanted, ph)
		}
	}
	if q.opt.Together && busy {
		stored = nil
	}
	if q.single && len(stored)+len(wanted) > 1 {
		if len(stored) > 0 {
			return stored[:1], nil
		}
		return nil, wanted[:1]
	}
	return stored, wanted
}

// nextDue is how long to sleep; mu is held.
func (q *Queue) nextDue(now time.Time) time.Duration {
	wait := time.Minute
	sooner := func(at time.Time) {
		if at.After(now) {
			wait = min(wait, at.Sub(now))
		}
	}
	for _, ph := range q.photos {
		sooner(ph.retryAt)
		sooner(ph.since.Add(q.opt.Carry))
	}
	if q.callAt.After(now) {
		sooner(q.callAt)
	} else if !q.pollAt.IsZero() {
		sooner(q.pollAt)
	}
	return max(wait, 5*time.Millisecond)
}

func (q *Queue) call(ctx context.Context, stored, wanted []*photo) error {
	q.mu.Lock()
	next := make([]Image, len(wanted))
	for i, ph := range wanted {
		next[i] = ph.image
	}
	ids := make([]app.ImageID, len(stored))
	for i, ph := range stored {
		ids[i] = ph.image.ID
	}
	q.mu.Unlock()
	var a Answer
	var err error
	if len(ids) > 0 {
		a, err = q.phone.Stored(ctx, ids, next...)
	} else {
		a, err = q.phone.Reserve(ctx, next...)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(ids) > 0 {
		q.counts.Storeds++
	} else {
		q.counts.Reserves++
	}
	if err != nil {
		return q.failed(err, stored, wanted)
	}
	q.accept(a)
	for _, ph := range wanted { // answered with neither link nor state: else it would be asked for at once, for ever
		if ph.link == nil && ph.state == StateQueued {
			q.again(ph)
		}
	}
	return nil
}

// reclaim asks, after the session said that it is another phone's, whether it
// is nobody's: a registry that lost a claim before the workstation knew of it
// has the session unclaimed again. The refusal stands where the code is
// another phone's, or another code is shown; a code that is not known is asked
// for twice, since the registry may have been lost again.
func (q *Queue) reclaim(ctx context.Context) error {
	a, err := q.phone.Claim(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	var no *Problem
	unknown := errors.As(err, &no) && no.Code == "link-unknown"
	if unknown {
		q.unknown++
	}
	switch {
	case err == nil:
		q.refused = nil
		q.accept(a)
		return nil
	case unknown && q.unknown == 1:
		q.refused = nil
		q.pollAt = time.Now()
		return q.failed(err, nil, nil)
	case retryable(err):
		return q.failed(err, nil, nil)
	}
	return q.refused
}

func (q *Queue) poll(ctx context.Context) error {
	a, err := q.phone.Status(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.counts.Polls++
	if err != nil {
		return q.failed(err, nil, nil)
	}
	q.accept(a)
	if s := a.Session.State; s == app.SessionClosed || s == app.SessionExpired {
		return app.E("phone queue", app.KindExpired, errors.New("the session is over"))
	}
	return nil
}

// accept takes an answer in; mu is held.
func (q *Queue) accept(a Answer) {
	q.failures, q.unknown, q.callAt, q.trouble = 0, 0, time.Time{}, ""
	q.offset = time.Until(time.UnixMilli(a.Session.Now))
	moved := false
	images := a.Session.Images
	for _, u := range a.Uploads {
		if ph := q.find(u.ID); ph != nil && u.URL != "" && ph.state == StateQueued {
			ph.link = &u
		} else if u.URL == "" && !slices.ContainsFunc(images, func(im StatusImage) bool { return im.ID == u.ID }) {
			images = append(images, StatusImage{ID: u.ID, State: u.State})
		}
	}
	for _, im := range images {
		ph := q.find(im.ID)
		state := stateOf(im.State)
		if ph == nil || state == "" || ph.state.over() || !state.over() && state.rank() <= ph.state.rank() {
			continue // the registry only ever moves an image forward
		}
		ph.attempts, ph.retryAt, moved = 0, time.Time{}, true
		q.set(ph, state, "")
	}
	q.pollGap = min(q.pollGap*3/2, q.opt.MaxPoll)
	if moved {
		q.pollGap = q.opt.FirstPoll
	}
	q.pollAt = time.Time{}
	if slices.ContainsFunc(q.photos, func(ph *photo) bool {
		return ph.state == StatePut || ph.state == StateStored || ph.state == StateLanded
	}) {
		q.pollAt = time.Now().Add(q.pollGap)
	}
}

func stateOf(s app.ImageState) State {
	switch s {
	case app.ImageStored:
		return StateStored
	case app.ImageLanded, app.ImageUnconfirmed:
		return StateLanded
	case app.ImageFiled:
		return StateFiled
	case app.ImageRetracted, app.ImageDiscarded, app.ImageQuarantined:
		return StateGone
	}
	return ""
}

// failed decides what a refusal means; mu is held. The error returned ends Run.
func (q *Queue) failed(err error, stored, wanted []*photo) error {
	code := ""
	var no *Problem
	if errors.As(err, &no) {
		code = no.Code
	}
	if q.trouble = code; code == "" {
		q.trouble = string(app.KindOf(err))
	}
	alone := len(stored)+len(wanted) == 1
	switch code {
	case "session-over":
		return err
	case "phone-replaced":
		q.refused = err
	case "session-draining", "too-many-images", "image-too-large", "bad-request":
		switch {
		case !alone:
			q.single = true
		case len(wanted) == 1:
			q.set(wanted[0], StateFailed, code)
			q.pollAt = time.Now() // the status says what the session still allows
		default:
			q.again(stored[0])
		}
	case "not-uploaded", "image-mismatch":
		switch {
		case !alone:
			q.single = true
		case code == "image-mismatch" && stored[0].attempts >= 3:
			q.set(stored[0], StateFailed, code)
		default:
			q.again(stored[0])
		}
	default: // no answer, session-missing, rate-limited, unavailable: waiting loses nothing
		q.failures++
		q.counts.Repeats++
		pause := backoff(q.failures, q.opt.MaxWait)
		if no != nil {
			pause = max(pause, no.RetryAfter)
		}
		q.callAt = time.Now().Add(pause)
	}
	return nil
}

// again puts an image back to be sent; mu is held.
func (q *Queue) again(ph *photo) {
	ph.attempts++
	ph.retryAt = time.Now().Add(backoff(ph.attempts, q.opt.MaxWait))
	ph.link = nil
	q.set(ph, StateQueued, "")
}

// set moves an image and lets go of its bytes when the workstation has it; mu
// is held.
func (q *Queue) set(ph *photo, s State, code string) {
	ph.state = s
	if s == StateGone || s.rank() >= StateLanded.rank() {
		ph.image.Sealed = nil
	}
	close(q.moved)
	q.moved = make(chan struct{})
	if q.opt.Changed != nil {
		q.opt.Changed(Change{Image: ph.image.ID, State: s, At: time.Now(), Code: code})
	}
}

func (q *Queue) find(id app.ImageID) *photo {
	for _, ph := range q.photos {
		if ph.image.ID == id {
			return ph
		}
	}
	return nil
}

func retryable(err error) bool {
	var no *Problem
	if errors.As(err, &no) && no.Code == "session-missing" {
		return true
	}
	return app.KindOf(err) == app.KindOffline
}

// backoff is the page's: 0.5 s doubling up to most, half of it drawn at
// random, so that many phones do not come back in step.
func backoff(n int, most time.Duration) time.Duration {
	full := min(most, 500*time.Millisecond<<min(max(n-1, 0), 10))
	return full/2 + rand.N(full/2+1)
}
