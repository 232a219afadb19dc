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

// State is where an image stands on the phone; the states and their order are
// the page's (assets/phone/src/queue.ts).
type State string

const (
	StateQueued  State = "queued"
	StateSending State = "sending"
	StatePut     State = "put"    // the store answered the PUT
	StateStored  State = "stored" // the gateway has verified and recorded it
	StateLanded  State = "landed" // durable on the workstation: the phone lets go
	StateFiled   State = "filed"
	StateGone    State = "gone"   // retracted, discarded or quarantined
	StateFailed  State = "failed" // refused for good; still held
)

func (s State) rank() int {
	return slices.Index([]State{StateQueued, StateSending, StatePut, StateStored, StateLanded, StateFiled}, s)
}

func (s State) over() bool { return s == StateGone || s == StateFailed }

// Change is one step of one image. At is when the answer came.
type Change struct {
	Image app.ImageID
	State State
	At    time.Time
	Code  string // of StateFailed: why
}

// Options change how a Queue works; the zero value is the page's way.
type Options struct {
	// Changed hears every step, one at a time. It must return at once and may
	// not call the Queue.
	Changed   func(Change)
	FirstPoll time.Duration // from an image on its way to the first status call; 0: 2 s
	MaxPoll   time.Duration // gaps grow by half up to this; 0: 60 s
	MaxWait   time.Duration // longest wait after failures in a row; 0: 30 s
	AtOnce    int           // PUTs at once; 0: 2
	// Carry is how long an image that needs a link waits for an upload under
	// way, so that the call that says that one stored asks for it as well; 0
	// asks at once, as the page does.
	Carry time.Duration
	// Together waits with "stored" until no PUT is under way or due, so that
	// images sent together are said together.
	Together bool
}

// Counts are the requests a Queue has made.
type Counts struct {
	Reserves int // "uploads"
	Storeds  int // "images"
	Polls    int // "status"
	Puts     int
	Repeats  int // of these: sent again after a failure
}

// Queue sends a phone's images and abandons none: each is held until the
// status says that it has landed (or is wanted no more), every failure is
// tried again with backoff, a link that is refused or about to end is asked
// for anew, 409 and 412 to a PUT count as stored, and a session that the
// registry has lost is waited for. Run drives it; everything else may be
// called from anywhere.
type Queue struct {
	phone *Phone
	opt   Options
	wake  chan struct{}

	mu       sync.Mutex
	photos   []*photo
	offset   time.Duration // registry's clock minus ours
	sending  int
	failures int // calls in a row
	callAt   time.Time
	pollGap  time.Duration
	pollAt   time.Time // zero: nothing to ask
	single   bool      // a batch was refused: ask one by one, so that only the culprit fails
	refused  error     // the session is not this phone's: to be claimed again
	counts   Counts
	trouble  string
	moved    chan struct{} // closed at the next change
}

type photo struct {
	image    Image // Sealed is nil once the phone has let go
	state    State
	attempts int
	retryAt  time.Time
	since    time.Time // when it was added
	link     *Upload
	repeat   bool
}

const (
	batch      = 20 // images a call
	linkMargin = 10 * time.Second
)

// NewQueue returns an empty queue of a phone that has claimed its session.
func NewQueue(p *Phone, o Options) *Queue {
	if o.FirstPoll <= 0 {
		o.FirstPoll = 2 * time.Second
	}
	if o.MaxPoll <= 0 {
		o.MaxPoll = time.Minute
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 30 * time.Second
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 2
	}
	return &Queue{phone: p, opt: o, wake: make(chan struct{}, 1), pollGap: o.FirstPoll, moved: make(chan struct{})}
}

// Join claims the session, again and again with backoff while nobody answers.
// A refusal that repeating cannot help is returned.
func (p *Phone) Join(ctx context.Context) error {
	for n := 1; ; n++ {
		_, err := p.Claim(ctx)
		if err == nil || ctx.Err() != nil || !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backoff(n, 5*time.Second)):
		}
	}
}

// Add takes images up, all at once.
func (q *Queue) Add(images ...Image) {
	q.mu.Lock()
	for _, im := range images {
		q.photos = append(q.photos, &photo{image: im, state: StateQueued, since: time.Now()})
	}
	q.mu.Unlock()
	q.stir()
}

// Counts returns the requests made so far.
func (q *Queue) Counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counts
}

// State returns where an image stands, "" for one that was never added.
func (q *Queue) State(id app.ImageID) State {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ph := q.find(id); ph != nil {
		return ph.state
	}
	return ""
}

// Trouble is why the last call got no useful answer: the gateway's code, or
// the error's kind; "" when it did.
func (q *Queue) Trouble() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.trouble
}

// Held counts the sealed copies that the phone still keeps.
func (q *Queue) Held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, ph := range q.photos {
		if ph.image.Sealed != nil {
			n++
		}
	}
	return n
}

// Until waits until every image has come as far as state, or is gone or
// failed. The error is ctx's.
func (q *Queue) Until(ctx context.Context, state State) error {
	for {
		q.mu.Lock()
		reached := !slices.ContainsFunc(q.photos, func(ph *photo) bool {
			return !ph.state.over() && ph.state.rank() < state.rank()
		})
		moved := q.moved
		q.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// Wake forgets every wait and asks for the status at once, as the page does
// when it is seen again.
func (q *Queue) Wake() {
	q.mu.Lock()
	q.callAt, q.failures, q.pollAt, q.pollGap = time.Time{}, 0, time.Now(), q.opt.FirstPoll
	for _, ph := range q.photos {
		ph.retryAt = time.Time{}
	}
	q.mu.Unlock()
	q.stir()
}

func (q *Queue) stir() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends and returns nil then, or until no call of this
// phone can ever work again: KindExpired when the session is over, KindAuth
// when another phone was paired. Uploads under way end with it.
func (q *Queue) Run(ctx context.Context) error {
	var puts sync.WaitGroup
	defer puts.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		wait, err := q.step(ctx, &puts)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if wait <= 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

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
// another phone's, or another code is shown.
func (q *Queue) reclaim(ctx context.Context) error {
	a, err := q.phone.Claim(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case err == nil:
		q.refused = nil
		q.accept(a)
		return nil
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
	q.failures, q.callAt, q.trouble = 0, time.Time{}, ""
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
