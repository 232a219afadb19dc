package phone

import (
	"context"
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
	unknown  int       // how often in a row the code was not known then
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
