//go:build linux

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	handset "github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/ui/link"
)

// What the GP reads; ui/text has the rest of each sentence.
const (
	saysService  = "The image service is not answering."
	saysFetch    = "Images cannot be fetched just now."
	saysSlower   = "Images may take a few seconds longer to appear."
	saysDiskFull = "This computer's disk is full, or cannot be written to."
	saysLocked   = "The computer's password store is locked or missing."
	saysFolder   = "The practice folder is full."
	saysNoFolder = "The practice folder is not there."
)

// all joins ends.
func all(ends ...func()) func() {
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// cut takes wires away, and puts them back.
func cut(wires ...*wire) func() {
	for _, w := range wires {
		w.cut()
	}
	return func() {
		for _, w := range wires {
			w.join()
		}
	}
}

// serviceFaults are those of Redis and the gateway.
func serviceFaults() []fault {
	return []fault{
		{name: "Redis down", brief: 5 * time.Second, full: time.Minute, strike: func(r *rig) func() {
			return cut(r.cloud.agentRedis, r.cloud.gatewayRedis)
		}},
		{name: "Redis stalled", brief: 12 * time.Second, full: time.Minute, strike: func(r *rig) func() {
			r.cloud.redis.stall()
			return r.cloud.redis.wake
		}},
		{name: "Redis emptied mid-session", brief: 2 * time.Second, full: 20 * time.Second, strike: func(r *rig) func() {
			r.cloud.ask("FLUSHALL")
			return func() {}
		}},
		{name: "Redis restarted with nothing in it", brief: 3 * time.Second, full: 20 * time.Second, strike: func(r *rig) func() {
			r.cloud.redis.kill()
			return r.cloud.redis.start
		}},
		{name: "gateway down", brief: 5 * time.Second, full: time.Minute, strike: func(r *rig) func() {
			r.cloud.gateway.kill()
			return r.cloud.gateway.start
		}},
		{name: "gateway restarted between PUT and stored", play: betweenPutAndStored},
		{name: "gateway killed as it answers stored", play: hintDiesWithGateway},
	}
}

// betweenPutAndStored holds "stored" back until the gateway has been killed
// and started again.
func betweenPutAndStored(r *rig) {
	r.begin()
	im := r.camera.one()
	a, err := r.camera.phone.Reserve(r.t.Context(), im)
	if err != nil || len(a.Uploads) != 1 {
		r.t.Fatalf("reserve: %v", err)
	}
	if err := r.camera.phone.Put(r.t.Context(), a.Uploads[0], im.Sealed); err != nil {
		r.t.Fatal(err)
	}
	r.cloud.gateway.kill()
	r.cloud.gateway.start()
	r.end()
	r.camera.queue.Add(im)
	r.allLanded(time.Minute)
}

// hintDiesWithGateway is an image that the registry has as stored while the
// hint that says so is never published.
func hintDiesWithGateway(r *rig) {
	r.begin()
	finish := cut(r.cloud.gatewayHub)
	r.camera.take(1)
	r.camera.reach(20*time.Second, handset.StateStored)
	r.cloud.gateway.kill()
	finish()
	r.cloud.gateway.start()
	r.end()
	r.allLanded(time.Minute)
}

// storeFaults are those of S3.
func storeFaults() []fault {
	fetch := func(b bend) func(r *rig) func() {
		return func(r *rig) func() { return r.cloud.fetched.with(b) }
	}
	const brief, full = 4 * time.Second, time.Minute
	return []fault{
		{name: "S3 answers 500", brief: brief, full: full, says: saysFetch, strike: fetch(answering(500, "InternalError"))},
		{name: "S3 answers 503", brief: brief, full: full, says: saysFetch, strike: fetch(answering(503, "SlowDown"))},
		{name: "S3 slow", brief: brief, full: full, strike: func(r *rig) func() {
			return r.cloud.agentStore.toxic("bandwidth", `{"rate":8}`)
		}},
		{name: "S3 resets mid-body", brief: brief, full: full, says: saysFetch, strike: fetch(onBody(brokenOff))},
		{name: "S3 truncates", brief: brief, full: full, strike: fetch(onBody(truncated))},
		{name: "S3 corrupts a byte", brief: brief, full: full, strike: fetch(onBody(oneByteWrong))},
		{name: "S3 answers the phone 500", brief: brief, full: full, strike: func(r *rig) func() {
			return r.cloud.uploaded.with(answering(500, "InternalError"))
		}},
		{name: "S3 resets the phone's upload", brief: brief, full: full, strike: func(r *rig) func() {
			return r.cloud.phoneStore.toxic("limit_data", `{"bytes":20000}`)
		}},
		{name: "S3 down", brief: 6 * time.Second, full: 5 * time.Minute, strike: func(r *rig) func() {
			return cut(r.cloud.agentStore, r.cloud.gatewayStore, r.cloud.phoneStore)
		}},
		{name: "S3 down for the workstation only", brief: 6 * time.Second, full: 5 * time.Minute, says: saysFetch, strike: func(r *rig) func() {
			return cut(r.cloud.agentStore)
		}},
	}
}

// realtimeFaults are those of Ably.
func realtimeFaults() []fault {
	bent := func(send func(*rig) func([]byte, func([]byte))) func(r *rig) func() {
		return func(r *rig) func() { return r.cloud.hinted.with(hints(send(r))) }
	}
	return []fault{
		{name: "hub dropped", brief: 13 * time.Second, full: time.Minute, says: saysSlower, strike: func(r *rig) func() {
			return cut(r.cloud.agentHub, r.cloud.gatewayHub)
		}},
		{name: "hub stalled", brief: 8 * time.Second, full: time.Minute, strike: func(r *rig) func() {
			r.cloud.hub.stall()
			return r.cloud.hub.wake
		}},
		{name: "hub restarted with lost state", brief: time.Second, full: 20 * time.Second, strike: func(r *rig) func() {
			r.cloud.hub.kill()
			return r.cloud.hub.start
		}},
		{name: "hub out of the gateway's reach", brief: 4 * time.Second, full: time.Minute, strike: func(r *rig) func() {
			return cut(r.cloud.gatewayHub)
		}},
		{name: "hints duplicated", brief: 2 * time.Second, full: 20 * time.Second, strike: bent(func(*rig) func([]byte, func([]byte)) { return thrice })},
		{name: "hints reordered", brief: 4 * time.Second, full: 20 * time.Second, strike: bent(func(r *rig) func([]byte, func([]byte)) {
			return backwards(r.t, 1500*time.Millisecond)
		})},
		{name: "hints delayed", brief: 4 * time.Second, full: time.Minute, strike: bent(func(*rig) func([]byte, func([]byte)) { return late(3 * time.Second) })},
		{name: "ten thousand hints in a second", play: tenThousandHints},
	}
}

// workstationFaults are those of the workstation's network, sleep and absence.
func workstationFaults() []fault {
	return []fault{
		{name: "network gone on the workstation", brief: 30 * time.Second, full: 3 * time.Minute, says: saysSlower, strike: func(r *rig) func() {
			var ends []func()
			for _, w := range r.cloud.agentWires() {
				ends = append(ends, w.silence())
			}
			return all(ends...)
		}},
		{name: "laptop asleep past the session's time", brief: 3 * time.Second, full: time.Minute, play: asleep},
		{name: "workstation off for three days, images stored", play: threeDaysOff},
		{name: "workstation off for three days, store swept", play: threeDaysSwept},
		{name: "keyring locked at the start", brief: 4 * time.Second, full: time.Minute, says: saysLocked, play: keyringLocked},
		{name: "agent killed and started again", brief: time.Second, full: 20 * time.Second, strike: func(r *rig) func() {
			r.kill()
			return r.workstation.start
		}},
	}
}

// later moves every clock but the phone's. The store writes the Date of its
// answers once a second: a workstation that saw an old one would take its own
// clock for wrong, so it comes last.
func (r *rig) later(by time.Duration) {
	for _, p := range r.cloud.programs() {
		p.shift(by)
	}
	time.Sleep(1500 * time.Millisecond)
	r.skew = by
	if r.running() {
		pid, _ := r.process()
		shiftClock(r.t, pid, by)
	}
}

// asleep stops the agent's process; the phone sends; hours pass.
func asleep(r *rig) {
	r.begin()
	pid, _ := r.process()
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	r.camera.take(2)
	r.camera.reach(30*time.Second, handset.StateStored)
	time.Sleep(r.lasts) // asleep
	r.later(2 * time.Hour)
	_ = syscall.Kill(pid, syscall.SIGCONT)
	r.end()
	r.allLanded(time.Minute)
	r.note = "two hours by every clock; the session's time is one"
}

// threeDaysOff is a workstation that was switched off with images in the
// store: the registry has forgotten the session by the time it is back.
func threeDaysOff(r *rig) {
	r.begin()
	r.kill()
	r.camera.take(2)
	r.camera.reach(30*time.Second, handset.StateStored)
	r.later(72 * time.Hour)
	gone(r)
	r.workstation.start()
	r.end()
	r.allLanded(time.Minute)
	r.note = "from the start of the program"
}

// gone waits until Redis, three days on, has dropped every key.
func gone(r *rig) {
	eventually(r.t, 20*time.Second, func() bool { return strings.TrimSpace(r.cloud.ask("KEYS", "*")) == "" },
		func() string { return "three days later the registry still holds the session" })
}

// threeDaysSwept is the same, and the bucket's lifecycle rule has been there:
// the images are on the phone alone, and the phone knows.
func threeDaysSwept(r *rig) {
	r.begin()
	r.camera.reach(30*time.Second, handset.StateLanded) // the first photo's: it lets go of that
	r.kill()
	r.camera.take(2)
	r.camera.reach(30*time.Second, handset.StateStored)
	for _, s := range r.camera.taken() {
		if err := r.cloud.bucket().Delete(r.t.Context(), r.sid, s.id); err != nil {
			r.t.Fatal(err)
		}
	}
	r.later(72 * time.Hour)
	gone(r)
	r.workstation.start()
	r.end()
	r.see(time.Minute, "the session over", func(s link.Snapshot) bool {
		return s.SID == string(r.sid) && s.Phase == link.PhaseExpired
	}, r.open(r.sid))
	r.landed = time.Now()
	r.camera.queue.Wake()
	<-r.camera.done // the gateway has told the phone that the session is over
	if held := r.camera.queue.Held(); held != 2 {
		r.t.Errorf("the phone holds %d of the two images that only it has", held)
	}
	r.note = "both images are still on the phone, which says so"
	r.camera.forget(2)
}

// keyringLocked starts the agent while nothing opens the keyring.
func keyringLocked(r *rig) {
	r.begin()
	r.quit()
	r.camera.take(2)
	r.lockKeyring()
	r.workstation.start()
	r.see(30*time.Second, "the locked keyring", func(s link.Snapshot) bool { return len(s.Problems) > 0 }, nil)
	time.Sleep(r.lasts) // locked
	r.unlockKeyring()
	r.end()
	r.allLanded(time.Minute)
}

// tenThousandHints is a channel flooded by whoever holds the publishing key.
func tenThousandHints(r *rig) {
	r.begin()
	began := time.Now()
	flood(r, 10_000)
	took := time.Since(began)
	r.end()
	r.camera.take(2)
	r.allLanded(time.Minute)
	r.lasts = took.Round(10 * time.Millisecond)
	for _, s := range r.camera.taken() {
		if r.camera.queue.State(s.id) == handset.StateFailed {
			r.t.Error("an image failed")
		}
	}
}

// clock is the time of the agent's last log line.
func (r *rig) clock() (last time.Time) {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.data, "logs", "agent.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var entry struct{ Time time.Time }
		if json.Unmarshal([]byte(line), &entry) == nil {
			last = entry.Time
		}
	}
	return last
}

// clockFaults are a workstation whose clock is hours wrong.
func clockFaults() []fault {
	wrong := func(by time.Duration) func(r *rig) {
		return func(r *rig) {
			r.skew = by
			r.begin()
			r.camera.take(2)
			r.end()
			r.allLanded(time.Minute)
			r.note = "for the whole session"
			// Something to write into the log now: its first line may be older
			// than the move.
			before := r.clock()
			r.send(link.Input{Kind: link.InputDescribe, SID: string(r.sid), Image: string(r.camera.taken()[0].id), Field: "no such field"})
			eventually(r.t, 20*time.Second, func() bool { return !r.clock().Equal(before) }, func() string { return "the agent has nothing to say" })
			if off := time.Until(r.clock()) - by; off.Abs() > time.Minute {
				r.t.Errorf("the agent's clock was to be moved by %v and is %v off that", by, off)
			}
		}
	}
	return []fault{
		{name: "clock six hours fast", play: wrong(6 * time.Hour)},
		{name: "clock six hours slow", play: wrong(-6 * time.Hour)},
	}
}
