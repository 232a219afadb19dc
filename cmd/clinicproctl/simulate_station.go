package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/workstation"
)

// station is one simulated workstation: an engine on the real drivers, with a
// spool and a folder of its own, and the phones that come to it. One session
// at a time.
type station struct {
	sim      simulation
	on       *servers
	ledger   *ledger
	pictures *pictures
	client   *http.Client  // the phones'
	hangUp   func()        // ends its idle connections
	taken    chan struct{} // -hurry: one for each upload that may go on
	rng      *rand.Rand    // work's goroutine only
	ahead    atomic.Int64  // by how much its clock is ahead, in nanoseconds

	dir, folder string
	identity    *age.X25519Identity // in memory: nobody else needs this spool
	darkroom    *workstation.Darkroom

	spool  *diskspool.Spool
	engine *app.Engine
	states <-chan app.State
	wrap   func(app.Ports) app.Ports // the benchmark's; nil: as they are
	last   app.State                 // await's
	halt   func()                    // ends engine, connections and spool
}

// byItself is how long a session whose phone is done may take to end without
// the GP.
const byItself = 5 * time.Second

// newDarkroom is one for all workstations: a decode takes as much of a
// processor as anything here, and a hundred machines would have theirs.
func newDarkroom() *workstation.Darkroom {
	return workstation.NewDarkroom(config.Default().NameTemplate, time.UTC, 0)
}

// practiceNumbers are valid NHIs that nobody has.
var practiceNumbers = []string{"ZZZ0016", "ZZZ0024", "ZAC5361"}

func newStation(sim simulation, n int, dir string, on *servers, l *ledger, p *pictures, d *workstation.Darkroom) (*station, error) {
	st := &station{sim: sim, on: on, ledger: l, pictures: p, darkroom: d, dir: dir, folder: filepath.Join(dir, "filed"),
		rng: rand.New(rand.NewPCG(sim.seed, uint64(n)))}
	if err := os.MkdirAll(st.folder, 0o700); err != nil {
		return nil, err
	}
	var err error
	if st.identity, err = age.GenerateX25519Identity(); err != nil {
		return nil, err
	}
	st.openLine(n)
	return st, st.start()
}

// openLine makes the phones' line. Each workstation's phones have an address of
// their own where the gateway is on this machine: a practice has one address,
// and the gateway limits what one may ask.
func (st *station) openLine(n int) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if u, err := url.Parse(st.on.cloud.Base); err == nil {
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() && ip.To4() != nil {
			dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8), byte(n))}
		}
	}
	good := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4,
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute}
	st.hangUp = good.CloseIdleConnections
	var line http.RoundTripper = good
	if st.sim.has(faultRetry) || st.sim.has(faultSlow) {
		line = &badLine{next: line, lose: st.sim.has(faultRetry), slow: st.sim.has(faultSlow),
			rng: rand.New(rand.NewPCG(st.sim.seed, 1_000_000+uint64(n)))}
	}
	if st.sim.hurry {
		st.taken = make(chan struct{}, st.sim.images)
		line = &unhurriedPuts{line, st.taken}
	}
	st.client = &http.Client{Transport: line}
}

// start opens the spool and runs an engine on it.
func (st *station) start() error {
	log := slog.New(slog.DiscardHandler)
	spool, err := diskspool.Open(filepath.Join(st.dir, "spool"), diskspool.Keys{Identity: st.identity}, log)
	if err != nil {
		return err
	}
	ports, closePorts, err := st.on.cloud.Connect(workstation.Parts{
		Spool: landingSpool{spool, st.ledger}, Darkroom: st.darkroom, Folder: folder.Config{Dir: st.folder}, Log: log})
	if err != nil {
		_ = spool.Close()
		return err
	}
	ports.Now = func() time.Time { return time.Now().Add(time.Duration(st.ahead.Load())) }
	if st.sim.has(faultHints) {
		ports.Feed = &deafFeed{Feed: ports.Feed}
	}
	st.spool = spool
	if st.wrap != nil {
		ports = st.wrap(ports)
	}
	ctx, cancel := context.WithCancel(context.Background()) // ended by halt, after everything else
	st.engine = app.NewEngine(ports)
	st.states = st.engine.Watch(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = st.engine.Run(ctx) // its end shows as a session that is stuck
	}()
	st.halt = sync.OnceFunc(func() {
		cancel()
		<-ended
		closePorts()
		_ = spool.Close()
	})
	return nil
}

func (st *station) close() {
	st.halt()
	st.hangUp()
}

// await returns the session once it is as wanted.
func (st *station) await(ctx context.Context, sid app.SessionID, ok func(app.Session) bool) (app.Session, error) {
	for {
		if s, there := st.last.Sessions[sid]; there && ok(s) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return app.Session{}, errStuck
		case state, open := <-st.states:
			if !open {
				return app.Session{}, errStuck
			}
			st.last = state
		}
	}
}

// session holds one session from the code to the end. One that is stuck is the
// ledger's to judge; an error here ends the simulation.
func (st *station) session(ctx context.Context, k int) error {
	nhi, _, err := app.ParseNHI(practiceNumbers[k%len(practiceNumbers)])
	if err != nil {
		return err
	}
	start, err := workstation.NewSession(app.Patient{Name: app.Seal(fmt.Sprintf("Simulated Person %d", k+1)), NHI: nhi, Source: "form"}, "Simulated practice", app.Asks{}, 0)
	if err != nil {
		return err
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, st.sim.patience)
	defer cancel()
	defer st.ledger.sessionOver()
	st.engine.Send(start)
	shots, err := st.capture(ctx, start.SID)
	if whole.Err() != nil {
		return whole.Err()
	}
	if err != nil {
		st.ledger.stuck(err)
	}
	st.darkroom.KeepOnly(func(sid app.SessionID) bool { return sid != start.SID })
	return st.proveSpool(start.SID, shots)
}

// capture pairs a phone, sends its images, files them and ends the session.
// It returns what was sent, also when it is stuck.
func (st *station) capture(ctx context.Context, sid app.SessionID) ([]*shot, error) {
	p, err := st.pair(ctx, sid)
	if err != nil {
		return nil, err
	}
	options := phone.Options{Changed: st.ledger.changed, Together: st.sim.together}
	if st.sim.hurry {
		options.Carry = time.Minute
	}
	queue := phone.NewQueue(p, options)
	running := make(chan struct{})
	queueCtx, stopQueue := context.WithCancel(ctx)
	go func() {
		defer close(running)
		_ = queue.Run(queueCtx) // its end shows as images that never come
	}()
	defer func() {
		stopQueue()
		<-running
		st.ledger.requests(queue.Counts())
	}()
	shots, err := st.shoot(ctx, p, queue)
	if err != nil {
		return shots, err
	}
	if st.sim.has(faultRestart) {
		if err := st.restart(ctx); err != nil {
			return shots, err
		}
	}
	if err := queue.Until(ctx, phone.StateLanded); err != nil {
		return shots, stuckAt("landed", queue)
	}
	if st.sim.file {
		if err := st.fileAll(ctx, sid, queue); err != nil {
			return shots, err
		}
	}
	return shots, st.end(ctx, sid, p)
}

// pair shows a code to a new phone, and another one when the phone says that
// it does not know it, as the GP does.
func (st *station) pair(ctx context.Context, sid app.SessionID) (*phone.Phone, error) {
	for {
		s, err := st.await(ctx, sid, func(s app.Session) bool {
			return s.Stage == app.StageLive && !s.CodePending && s.Row.State == app.SessionWaiting
		})
		if err != nil {
			return nil, fmt.Errorf("no code: %w", err)
		}
		link, err := workstation.Link(st.on.cloud.Base, st.on.cloud.Practice, s, time.Now())
		if err != nil {
			return nil, err
		}
		p, err := phone.New(link, st.client)
		if err != nil {
			return nil, err
		}
		err = p.Join(ctx)
		if err == nil {
			return p, nil
		}
		if app.KindOf(err) != app.KindNotFound || ctx.Err() != nil {
			return nil, fmt.Errorf("no claim: %w", err)
		}
		token := app.NewToken()
		st.engine.Send(app.Input{SID: sid, What: app.NewCode{Token: token, Code: token.Hash()}})
		if _, err := st.await(ctx, sid, func(s app.Session) bool { return s.Code == token.Hash() }); err != nil {
			return nil, fmt.Errorf("no new code: %w", err)
		}
	}
}

// shoot seals one picture after another and hands them to the queue.
func (st *station) shoot(ctx context.Context, p *phone.Phone, queue *phone.Queue) ([]*shot, error) {
	var shots []*shot
	var images []phone.Image
	for range st.sim.images {
		picture := st.pictures.next()
		im, err := p.Seal(picture, time.Now())
		if err != nil {
			return shots, err
		}
		sh, err := newShot(im, picture)
		if err != nil {
			return shots, err
		}
		st.ledger.expect(sh)
		shots, images = append(shots, sh), append(images, im)
		if st.sim.together {
			continue
		}
		queue.Add(im)
		reach := phone.StateStored
		if st.sim.slow {
			reach = phone.StateLanded
		}
		if st.sim.hurry {
			reach = phone.StateSending
			if len(shots) > 1 {
				st.taken <- struct{}{}
			}
		}
		if err := queue.Until(ctx, reach); err != nil {
			return shots, stuckAt(string(reach), queue)
		}
		if err := pause(ctx, st.sim.gap); err != nil {
			return shots, errStuck
		}
	}
	if st.sim.hurry {
		st.taken <- struct{}{}
	}
	if st.sim.together {
		queue.Add(images...)
	}
	return shots, nil
}

// fileAll files what has landed, once it has been opened.
func (st *station) fileAll(ctx context.Context, sid app.SessionID, queue *phone.Queue) error {
	_, err := st.await(ctx, sid, func(s app.Session) bool {
		n := 0
		for _, im := range s.Images {
			if im.CanFile() {
				n++
			}
		}
		return n == st.sim.images
	})
	if err != nil {
		return fmt.Errorf("not opened: %w", err)
	}
	st.engine.Send(app.Input{SID: sid, What: app.File{Delivery: string(app.NewSessionID())}})
	if err := queue.Until(ctx, phone.StateFiled); err != nil {
		return stuckAt("filed", queue)
	}
	return nil
}

// end says goodbye on the phone, closes on the workstation, and waits until
// the registry has closed the session.
func (st *station) end(ctx context.Context, sid app.SessionID, p *phone.Phone) error {
	for n := range 20 {
		if _, err := p.Done(ctx); err == nil || ctx.Err() != nil {
			break
		}
		if err := pause(ctx, time.Duration(n)*50*time.Millisecond); err != nil {
			return errStuck
		}
	}
	closed := func(s app.Session) bool { return s.Row.State == app.SessionClosed }
	if st.sim.file { // with nothing left to file it ends by itself, when the hint arrives
		soon, cancel := context.WithTimeout(ctx, byItself)
		defer cancel()
		if _, err := st.await(soon, sid, closed); err == nil {
			return nil
		}
	}
	st.engine.Send(app.Input{SID: sid, What: app.End{}})
	if _, err := st.await(ctx, sid, closed); err != nil {
		return fmt.Errorf("not closed: %w", err)
	}
	return nil
}

// restart stops the engine at a moment that is drawn and starts another on
// the same spool.
func (st *station) restart(ctx context.Context) error {
	if err := pause(ctx, time.Duration(st.rng.Int64N(int64(100*time.Millisecond)))); err != nil {
		return errStuck
	}
	st.halt()
	return st.start()
}

// stuckAt says how far a phone did not come, and what it heard last.
func stuckAt(state string, queue *phone.Queue) error {
	heard := queue.Trouble()
	if heard == "" {
		heard = "no trouble"
	}
	return fmt.Errorf("not %s, the phone has %s: %w", state, heard, errStuck)
}
