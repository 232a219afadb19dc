package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// simulation is what the flags ask for.
type simulation struct {
	workstations int
	phones       int           // sessions of each workstation, one after another
	images       int           // of each session
	size         int           // bytes of one JPEG, about
	spread       time.Duration // workstations begin evenly over it
	gap          time.Duration // between two shots
	together     bool          // a session's images are handed to the phone at once
	slow         bool          // each is taken once the one before has landed
	hurry        bool          // each is taken while the one before is on its way
	patience     time.Duration // for one session
	file         bool
	faults       []string
	seed         uint64
}

// The faults that need no control over anybody's servers, but redis-flush,
// which is refused where the servers are not our own.
const (
	faultFlush   = "redis-flush" // Redis emptied now and then
	faultRetry   = "phone-retry" // every fifth answer to a phone is lost after the server has acted
	faultHints   = "hint-drop"   // every second realtime hint never arrives
	faultSlow    = "slow"        // every request of a phone waits up to a second
	faultRestart = "restart"     // the workstation's engine stops in the middle and starts again
)

func allFaults() []string {
	return []string{faultFlush, faultRetry, faultHints, faultSlow, faultRestart}
}

func (s simulation) has(fault string) bool { return slices.Contains(s.faults, fault) }

// simulate runs workstations and phones against a cloud and says what became
// of every image.
func simulate(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var s simulation
	flags := flagSet("simulate", stderr)
	flags.IntVar(&s.workstations, "workstations", 10, "workstations at once, 1 to 1000")
	flags.IntVar(&s.phones, "phones", 1, "phones of each workstation, one after another: rounds of sessions")
	flags.IntVar(&s.images, "images", 5, "images of each session, 1 to 20")
	flags.IntVar(&s.size, "size", 1_000_000, "bytes of one JPEG, about; 20000 to 12000000")
	flags.DurationVar(&s.spread, "spread", 0, "the sessions of a round begin evenly over this time; 0: all at once")
	flags.DurationVar(&s.gap, "gap", 0, "time between two shots of a phone")
	flags.BoolVar(&s.together, "at-once", false, "a session's images are sent together, not one by one")
	flags.BoolVar(&s.slow, "slow-gp", false, "each picture is taken once the phone says that the one before is on the computer")
	flags.BoolVar(&s.hurry, "hurry", false, "each picture is taken while the one before is on its way, and asked for with its \"stored\"")
	flags.DurationVar(&s.patience, "patience", 3*time.Minute, "how long one session may take")
	flags.BoolVar(&s.file, "file", false, "file every image into a folder, and prove that it is there once")
	flags.Uint64Var(&s.seed, "seed", 1, "seed of everything that is drawn, but keys and ids")
	faults := flags.String("faults", "", "what goes wrong, separated by commas: "+strings.Join(allFaults(), ", "))
	cloud := flags.String("cloud", "", "another cloud: a file of mode 0600 with JSON, or \"env\" for the environment; the manual says which names")
	apart := flags.Bool("apart", false, "servers of our own, each a process: redis-server, versitygw ($CLINICPRO_VERSITYGW), hub, gateway")
	jsonFile := flags.String("json", "", "write the report to this file as well")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if *faults != "" {
		s.faults = strings.Split(*faults, ",")
	}
	if err := s.check(*cloud != "" && *apart); err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	dir, err := os.MkdirTemp("", "clinicpro-simulate-")
	if err != nil {
		fmt.Fprintln(stderr, "No temporary folder can be made. Nothing was started.")
		return exitFailed
	}
	defer os.RemoveAll(dir)
	on, err := s.servers(ctx, dir, *cloud, *apart)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	defer on.stop()
	rep, err := s.run(ctx, dir, on, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "The simulation ended early:", err)
		return exitFailed
	}
	rep.print(stdout)
	if *jsonFile != "" {
		if err := rep.write(*jsonFile); err != nil {
			fmt.Fprintln(stderr, "The report cannot be written to "+*jsonFile+".")
			return exitFailed
		}
	}
	if !rep.Good() {
		return exitFailed
	}
	return exitDone
}

func (s simulation) check(twoClouds bool) error {
	switch {
	case s.workstations < 1 || s.workstations > 1000 || s.phones < 1 || s.images < 1 || s.images > 20:
		return sentence("-workstations is 1 to 1000, -phones at least 1, -images 1 to 20.")
	case s.size < 20_000 || s.size > 12_000_000:
		return sentence("-size is 20000 to 12000000.")
	case s.hurry && (s.together || s.slow || s.has(faultRetry)), s.slow && s.together:
		return sentence("Choose one of -at-once, -hurry and -slow-gp; -hurry does not go with phone-retry.")
	case twoClouds:
		return sentence("Choose one of -cloud and -apart.")
	}
	for _, f := range s.faults {
		if !slices.Contains(allFaults(), f) {
			return sentence("There is no fault " + f + ". Choose from " + strings.Join(allFaults(), ", ") + ".")
		}
	}
	return nil
}

func (s simulation) servers(ctx context.Context, dir, cloud string, apart bool) (*servers, error) {
	switch {
	case cloud != "" && s.has(faultFlush):
		return nil, sentence("redis-flush is refused: this Redis may be somebody's. Nothing was started.")
	case cloud != "":
		return givenServers(cloud)
	case apart:
		return apartServers(ctx, dir)
	}
	return localServers(dir)
}

// run lets every workstation work through its sessions.
func (s simulation) run(ctx context.Context, dir string, on *servers, stderr io.Writer) (*loadReport, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	before, err := on.counted()
	if err != nil {
		return nil, err
	}
	l := newLedger(s.workstations*s.phones, on)
	pictures := newPictures(s.size, s.seed)
	darkroom := newDarkroom()
	stations := make([]*station, s.workstations)
	for n := range stations {
		st, err := newStation(s, n, filepath.Join(dir, fmt.Sprintf("workstation-%04d", n)), on, l, pictures, darkroom)
		if err != nil {
			return nil, err
		}
		stations[n] = st
		defer st.close()
	}
	stopWatching := l.watch(ctx, stderr)
	stopFlushing := s.flushing(ctx, on)
	started := time.Now()
	for k := range s.phones {
		group, ctx := errgroup.WithContext(ctx)
		for n, st := range stations {
			group.Go(func() error {
				if err := pause(ctx, s.spread*time.Duration(n)/time.Duration(s.workstations)); err != nil {
					return err
				}
				return st.session(ctx, k)
			})
		}
		if err = group.Wait(); err != nil {
			break
		}
		l.sampleMemory()
	}
	for _, st := range stations {
		err = errors.Join(err, st.proveFolder())
	}
	took := time.Since(started)
	stopFlushing()
	stopWatching()
	if err != nil {
		return nil, err
	}
	after, err := on.counted()
	if err != nil {
		return nil, err
	}
	return s.report(l, on, took, before, after), nil
}

// flushing empties Redis soon after the start and then twice a minute or so:
// not faster than a phone that has waited comes back.
func (s simulation) flushing(ctx context.Context, on *servers) (stop func()) {
	if !s.has(faultFlush) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	r := rand.New(rand.NewPCG(s.seed, 7))
	between := func(low, high time.Duration) time.Duration { return low + time.Duration(r.Int64N(int64(high-low))) }
	go func() {
		defer close(done)
		wait := between(500*time.Millisecond, 2*time.Second)
		for pause(ctx, wait) == nil {
			_ = on.flush(ctx) // a failure is a flush that did not happen
			wait = between(20*time.Second, 40*time.Second)
		}
	}()
	return func() { cancel(); <-done }
}

// pause sleeps; the error is ctx's.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

var errStuck = errors.New("not within the session's patience")
