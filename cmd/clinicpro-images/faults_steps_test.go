//go:build linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/clinicpro-nz/images/app"
	handset "github.com/clinicpro-nz/images/sync/phone"
)

// step is a point on an image's way, seen from outside: by what appears on
// the disk, by what the phone is answered, by what the test itself does.
type step string

const (
	stepKept     step = "session written to the index"
	stepCode     step = "code shown"
	stepPaired   step = "phone paired"
	stepSending  step = "upload begun"
	stepObject   step = "object in the bucket"
	stepPut      step = "upload answered"
	stepStored   step = "stored said"
	stepLanding  step = "sealed image being written"
	stepSpooled  step = "sealed image in the spool"
	stepIndexed  step = "landing in the index"
	stepTold     step = "phone told it has landed"
	stepDeleted  step = "object deleted"
	stepPressed  step = "File pressed"
	stepIntended step = "intent or frozen bytes in the index"
	stepStaged   step = "picture staged in the practice folder"
	stepRecorded step = "record of the delivery written"
	stepNamed    step = "picture given its name"
	stepReceipt  step = "receipt in the index"
	stepFiled    step = "phone told it is filed"
)

func allSteps() []step {
	return []step{stepKept, stepCode, stepPaired, stepSending, stepObject, stepPut, stepStored, stepLanding, stepSpooled,
		stepIndexed, stepTold, stepDeleted, stepPressed, stepIntended, stepStaged, stepRecorded, stepNamed, stepReceipt, stepFiled}
}

var killSum sync.Mutex // guards the sum of parallel set-ups

// round is one session of a kill test.
type round struct {
	*killing
	n          int
	consumes   bool // the practice's system takes files away as they appear
	sid        app.SessionID
	camera     *camera
	images     int
	eaten      int                  // files taken away
	unprovable map[app.ImageID]bool // nobody can tell whether it was filed

	at struct {
		sync.Mutex
		armed []kill
		over  bool
		times map[step]int
		phase step // the last of those that tell index writes apart
	}
}

func (k *killing) newRound(n int, armed []kill) *round {
	r := &round{killing: k, n: n, consumes: n%3 == 2, unprovable: map[app.ImageID]bool{}}
	r.at.armed, r.at.times = slices.Clone(armed), map[step]int{}
	return r
}

// begin watches for steps and brings back what was killed, until stop.
func (r *round) begin() (stop func()) {
	for _, dir := range []string{filepath.Join(r.data, "spool"), filepath.Join(r.sink, ".clinicpro"), r.killing.objects()} {
		_ = os.MkdirAll(dir, 0o700)
	}
	unwatch := watch(r.t, r.changedFile, filepath.Join(r.data, "spool"), r.sink, r.killing.objects())
	done := make(chan struct{})
	var reviving sync.WaitGroup
	for _, one := range r.at.armed {
		if one.step == "" {
			timer := time.AfterFunc(one.after, func() { r.make(one) })
			r.t.Cleanup(func() { timer.Stop() })
		}
	}
	reviving.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(30+r.n*37%300) * time.Millisecond):
				r.revive()
			}
		}
	})
	stop = sync.OnceFunc(func() {
		r.at.Lock()
		r.at.over = true
		r.at.Unlock()
		close(done)
		reviving.Wait()
		unwatch()
	})
	r.t.Cleanup(stop)
	return stop
}

func (r *round) expect(images int) { r.images = images }

// take notes that a step is taken, and makes the kills that wait for it.
func (r *round) take(s step) {
	r.at.Lock()
	n := r.at.times[s]
	r.at.times[s]++
	var due []kill
	for _, one := range r.at.armed {
		if one.step == s && n >= one.nth {
			due = append(due, one)
		}
	}
	r.at.Unlock()
	for _, one := range due {
		r.make(one)
	}
}

// make makes one kill, once.
func (r *round) make(one kill) {
	r.at.Lock()
	defer r.at.Unlock()
	for i, still := range r.at.armed {
		if still != one {
			continue
		}
		if r.at.over || !r.strike(one.victim) {
			return
		}
		r.at.armed = append(r.at.armed[:i:i], r.at.armed[i+1:]...)
		at := "at any moment"
		if one.step != "" {
			at = "at: " + string(one.step)
		}
		r.t.Logf("round %d: the %s is killed %s", r.n, one.victim, at)
		r.totals.kills++
		r.totals.at[string(one.victim)+"|"+string(one.step)]++
		return
	}
}

// unmade are the kills whose step never came, or not so often: the next time
// once is enough.
func (r *round) unmade() []kill {
	r.at.Lock()
	defer r.at.Unlock()
	for i := range r.at.armed {
		r.at.armed[i].nth = 0
	}
	return r.at.armed
}

// changed hears the phone.
func (r *round) changed(c handset.Change) {
	switch c.State {
	case handset.StateSending:
		r.take(stepSending)
	case handset.StatePut:
		r.take(stepPut)
	case handset.StateStored:
		r.take(stepStored)
	case handset.StateLanded:
		r.take(stepTold)
	case handset.StateFiled:
		r.take(stepFiled)
	}
}

// press notes that the GP pressed File.
func (r *round) press() {
	r.at.Lock()
	r.at.phase = stepPressed
	r.at.Unlock()
	r.take(stepPressed)
}

// changedFile hears the disk.
func (r *round) changedFile(path string, op fsnotify.Op) {
	base := filepath.Base(path)
	made, gone := op.Has(fsnotify.Create), op.Has(fsnotify.Remove)
	switch {
	case base == "index.db":
		r.at.Lock()
		phase := r.at.phase
		r.at.Unlock()
		switch phase {
		case "":
			r.take(stepKept)
		case stepSpooled:
			r.take(stepIndexed)
		case stepPressed:
			r.take(stepIntended)
		case stepNamed:
			r.take(stepReceipt)
		}
	case strings.HasPrefix(base, ".landing-") && made:
		r.take(stepLanding)
	case strings.HasSuffix(base, ".age") && strings.HasPrefix(path, r.data+"/spool/") && made:
		r.enter(stepSpooled)
	case strings.HasSuffix(base, ".age") && made:
		r.take(stepObject)
	case strings.HasSuffix(base, ".age") && gone:
		r.take(stepDeleted)
	case strings.HasSuffix(base, ".tmp") && made:
		r.enter(stepStaged)
	case strings.HasSuffix(base, ".json") && made:
		r.enter(stepRecorded)
	case strings.HasSuffix(base, ".jpg") && filepath.Dir(path) == r.sink && made:
		r.enter(stepNamed)
		if r.consumes {
			r.eaten++
			_ = os.Rename(path, filepath.Join(r.consumed, fmt.Sprintf("%d-%d-%s", r.n, r.eaten, base)))
		}
	}
}

// enter is take for a step that says what the next write of the index is.
func (r *round) enter(s step) {
	r.at.Lock()
	r.at.phase = s
	r.at.Unlock()
	r.take(s)
}
