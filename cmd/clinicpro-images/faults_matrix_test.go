//go:build linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

const (
	recoverWithin = 15 * time.Second // from a fault's end to every image landed
	mostMemory    = 250              // MiB, of the agent
)

// soaking reports whether outages last as long as they really do.
func soaking() bool { return os.Getenv("CLINICPRO_SOAK") != "" }

// fault is one row of the matrix.
type fault struct {
	name string
	// brief and full are how long it lasts, in make test and in make soak.
	brief, full time.Duration
	// strike makes the fault and returns what ends it. Pictures are taken
	// before it, during it and after it.
	strike func(r *rig) (end func())
	// says is a part of the sentence the GP must have been shown; "" where
	// nothing need be said.
	says string
	// play, instead of strike, is a row with a course of its own: it returns
	// when the fault ended and every picture has landed after.
	play func(r *rig)
	// disks gives spool and practice folder small disks of their own.
	disks bool
}

// rig is a workstation, its cloud and a phone, for one row.
type rig struct {
	*workstation
	cloud  *cloud
	disks  *disks // nil: the desk's own
	fault  fault
	sid    app.SessionID
	camera *camera
	lasts  time.Duration
	ended  time.Time     // when the fault ended
	landed time.Time     // when every picture was on the workstation
	worst  time.Duration // of several recoveries in one row; zero: landed less ended
	note   string
}

func newRig(t *testing.T, f fault) *rig {
	t.Helper()
	d := newDesk(t, false)
	c := newCloud(t, filepath.Join(d.scratch, "cloud"))
	d.enrol(c)
	r := &rig{workstation: newWorkstation(d, "-no-window"), cloud: c, fault: f, lasts: f.brief}
	if f.disks {
		r.disks = newDisks(d)
		r.through = r.disks.enter
	}
	if soaking() {
		r.lasts = f.full
	}
	return r
}

// begin starts the agent, a session and a phone, and lands one picture: the
// row begins from a session that works.
func (r *rig) begin() {
	r.t.Helper()
	r.start()
	var address app.Sealed
	r.sid, address = r.session()
	r.camera = newCamera(r.t, address, uint64(len(r.fault.name)), nil)
	r.see(20*time.Second, "a live line", func(s link.Snapshot) bool { return s.Line == link.LineLive }, nil)
	r.camera.take(1)
	r.allLanded(30 * time.Second)
	r.said()
}

// at is where a path of the desk is found from outside its disks.
func (r *rig) at(path string) string {
	if r.disks == nil {
		return path
	}
	return filepath.Join(r.disks.root, path)
}

// end notes that the fault is over.
func (r *rig) end() { r.ended = time.Now() }

// allLanded waits until every picture taken is on the workstation, opened and
// ready to file (or filed), and notes when.
func (r *rig) allLanded(within time.Duration) {
	r.t.Helper()
	shots := r.camera.taken()
	r.see(within, "every picture", func(s link.Snapshot) bool {
		have := images(s, r.sid)
		return !slices.ContainsFunc(shots, func(one shot) bool {
			switch have[one.id] {
			case app.ImageLanded, app.ImageFiled, app.ImageUnconfirmed:
				return false
			}
			return true
		})
	}, r.open(r.sid))
	r.landed = time.Now()
}

// fileAll presses File until every picture is filed or said to be unconfirmed.
func (r *rig) fileAll(within time.Duration) {
	r.t.Helper()
	shots := r.camera.taken()
	var pressed time.Time
	r.see(within, "every picture filed", func(s link.Snapshot) bool {
		have := images(s, r.sid)
		return len(shots) > 0 && !slices.ContainsFunc(shots, func(one shot) bool {
			return have[one.id] != app.ImageFiled && have[one.id] != app.ImageUnconfirmed
		})
	}, func() {
		r.open(r.sid)()
		if time.Since(pressed) > 2*time.Second && r.send(link.Input{Kind: link.InputFileAll, SID: string(r.sid)}) {
			pressed = time.Now()
		}
	})
}

// run plays the row and says what came of it.
func (r *rig) run() result {
	r.t.Helper()
	if r.fault.play != nil {
		r.fault.play(r)
	} else {
		r.begin()
		finish := r.fault.strike(r)
		r.camera.take(2)
		time.Sleep(r.lasts) // the outage itself: there is nothing to wait for
		finish()
		r.end()
		r.camera.take(1)
		r.allLanded(r.lasts + time.Minute)
	}
	out := result{name: r.fault.name, lasted: r.lasts, recovered: max(r.worst, r.landed.Sub(r.ended))}
	r.fileAll(time.Minute)
	// The phone lets go, or has been told that the session is over.
	eventually(r.t, time.Minute, func() bool {
		select {
		case <-r.camera.done:
			return true
		default:
			return r.camera.queue.Held() == 0
		}
	}, func() string { return "the phone still holds pictures that are filed" })
	out.says, out.memory, out.note = r.said(), r.peak(), r.note
	out.tally = count(r.t, r.camera.taken(), r.at(r.sink))
	return out
}

// result is a row of the report.
type result struct {
	name      string
	lasted    time.Duration
	recovered time.Duration
	says      []string
	memory    int
	note      string
	tally
}

// check fails the row where a figure is not what the product promises.
func (r *rig) check(out result) {
	r.t.Helper()
	if out.lost > 0 || out.doubled > 0 || out.foreign > 0 {
		r.t.Errorf("of %d images %d are lost, %d filed twice; %d files are nobody's", out.sent, out.lost, out.doubled, out.foreign)
	}
	if out.recovered > recoverWithin {
		r.t.Errorf("recovered after %.1f s, and must within %v", out.recovered.Seconds(), recoverWithin)
	}
	if out.memory >= mostMemory {
		r.t.Errorf("the agent took %d MiB, and must stay under %d", out.memory, mostMemory)
	}
	if r.fault.says != "" && !slices.ContainsFunc(out.says, func(s string) bool { return strings.Contains(s, r.fault.says) }) {
		r.t.Errorf("the workstation should have said %q and said %q", r.fault.says, out.says)
	}
	for _, leak := range r.leaks(r.camera.taken(), r.at(r.scratch), r.at(r.sink)) {
		r.t.Errorf("found %s", leak)
	}
}

// TestEndToEndFaults is the fault matrix: one row, one fault, one figure.
func TestEndToEndFaults(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rows := map[string]result{}
	all := slices.Concat(serviceFaults(), storeFaults(), realtimeFaults(), workstationFaults(), diskFaults(), clockFaults())
	t.Run("row", func(t *testing.T) {
		for _, f := range all {
			t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, f)
				out := r.run()
				r.check(out)
				mu.Lock()
				rows[f.name] = out
				mu.Unlock()
			})
		}
	})
	var table []result
	for _, f := range all {
		if row, ok := rows[f.name]; ok {
			table = append(table, row)
		}
	}
	report(t, "faults", faultTable(table))
}

func faultTable(rows []result) string {
	var b strings.Builder
	b.WriteString("| fault | lasted | images | lost | doubled | back after | agent's peak | what the workstation said |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		said := strings.Join(r.says, " · ")
		if said == "" {
			said = "nothing: nobody need do anything"
		}
		if r.note != "" {
			said += " (" + r.note + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %.1f s | %d MiB | %s |\n",
			r.name, r.lasted, r.sent, r.lost, r.doubled, max(0, r.recovered.Seconds()), r.memory, said)
	}
	return b.String()
}

// report prints a part of the report and keeps it: with the artefacts, and
// from a soak in docs/soak.
func report(t *testing.T, name, body string) {
	t.Helper()
	t.Log("\n" + body)
	if err := os.WriteFile(filepath.Join(artefacts(t), name+".md"), []byte(body), 0o644); err != nil {
		t.Error(err)
	}
}
