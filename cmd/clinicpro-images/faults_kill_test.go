//go:build linux

package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/link"
)

// victim is what a kill ends.
type victim string

const (
	theAgent   victim = "agent"
	theCloud   victim = "local cloud"
	theWindow  victim = "window"
	theGateway victim = "gateway"
	theStore   victim = "object store"
	theHub     victim = "hub"
)

// kill is one SIGKILL, aimed at the nth time that a step is taken, or at a
// moment after the session began.
type kill struct {
	victim victim
	step   step // "": at the moment
	nth    int
	after  time.Duration
}

// killSeed is drawn anew for every run, and printed: CLINICPRO_SEED repeats one.
func killSeed(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("CLINICPRO_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal("CLINICPRO_SEED must be a number")
		}
		return seed
	}
	return uint64(time.Now().UnixNano())
}

// plan draws kills: the agent once at every step, then the others and more of
// the agent, at steps and at random moments, until there are so many.
func plan(rnd *rand.Rand, total int, others []victim) []kill {
	steps := allSteps()
	random := func(v victim) kill {
		k := kill{victim: v, after: time.Duration(rnd.IntN(2500)) * time.Millisecond}
		if rnd.IntN(2) == 0 {
			k.step, k.nth = steps[rnd.IntN(len(steps))], rnd.IntN(3)
		}
		return k
	}
	var out []kill
	for _, s := range steps {
		out = append(out, kill{victim: theAgent, step: s, nth: rnd.IntN(2)})
	}
	for i := 0; len(out) < total; i++ {
		out = append(out, random(append(others, theAgent)[i%(len(others)+1)]))
	}
	rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// withoutSteps draws kills of which none aims at a step of the agent's.
func withoutSteps(rnd *rand.Rand, total int, others []victim) []kill {
	var out []kill
	for len(out) < total {
		out = append(out, slices.DeleteFunc(plan(rnd, len(allSteps())+2*total, others),
			func(one kill) bool { return one.victim == theAgent && one.step != "" })...)
	}
	return out[:total]
}

// dealt is a plan for two machines that work side by side.
func dealt(plan []kill) (one, two []kill) {
	for i, k := range plan {
		if i%2 == 0 {
			one = append(one, k)
		} else {
			two = append(two, k)
		}
	}
	return one, two
}

// killTotals are what a kill test found, over all its rounds.
type killTotals struct {
	rounds, kills                                  int
	tally                                          tally
	unconfirmed, unprovable, plaintext, unreadable int
	at                                             map[string]int // "victim at step" → kills
}

// TestEndToEndKills ends programs with SIGKILL at every step of a session's
// way, and looks afterwards at every picture that was taken.
func TestEndToEndKills(t *testing.T) {
	t.Parallel()
	seed := killSeed(t)
	one, separate := 25, 7 // kills
	if soaking() {
		one, separate = 150, 50
	}
	t.Logf("seed %d", seed)
	body := fmt.Sprintf("Seed %d.\n\n", seed)
	sum := killTotals{at: map[string]int{}}
	first, second := dealt(plan(rand.New(rand.NewPCG(seed, 0)), one, []victim{theCloud, theWindow, theCloud}))
	apart := withoutSteps(rand.New(rand.NewPCG(seed, 1)), separate, []victim{theGateway, theGateway, theStore, theHub})
	t.Run("set-up", func(t *testing.T) {
		for n, setUp := range []struct {
			name string
			plan []kill
			make func(*testing.T) *killing
		}{
			{"one machine", first, oneMachine},
			{"another machine", second, oneMachine},
			{"separate services", apart, separateServices},
		} {
			t.Run(strings.ReplaceAll(setUp.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				k := setUp.make(t)
				k.rnd = rand.New(rand.NewPCG(seed, uint64(2+n)))
				k.run(setUp.plan)
				k.addTo(&sum)
			})
		}
	})
	for _, s := range allSteps() {
		if sum.at[string(theAgent)+"|"+string(s)] == 0 {
			t.Errorf("the agent was never killed at %q", s)
		}
	}
	report(t, "kills", body+sum.table())
}

// killing is a workstation, its cloud and the kills in store for them.
type killing struct {
	*workstation
	cloud    *cloud // nil: the local cloud, the agent's child
	consumed string // where the practice's system moves files to
	rnd      *rand.Rand
	totals   killTotals
}

func oneMachine(t *testing.T) *killing {
	d := newDesk(t, true)
	w := newWorkstation(d, "-local", "-listen", apptest.FreeAddr(t), "-sink", d.sink, "-practice-name", "Kauri Test Practice")
	return &killing{workstation: w, consumed: filepath.Join(d.scratch, "consumed"), totals: killTotals{at: map[string]int{}}}
}

func separateServices(t *testing.T) *killing {
	d := newDesk(t, false)
	c := newCloud(t, filepath.Join(d.scratch, "cloud"))
	d.enrol(c)
	return &killing{workstation: newWorkstation(d, "-no-window"), cloud: c,
		consumed: filepath.Join(d.scratch, "consumed"), totals: killTotals{at: map[string]int{}}}
}

// run plays rounds until every kill of the plan has been made.
func (k *killing) run(left []kill) {
	k.t.Helper()
	if err := os.MkdirAll(k.consumed, 0o700); err != nil {
		k.t.Fatal(err)
	}
	total := len(left)
	for n := 0; len(left) > 0; n++ {
		if n > 3*total {
			k.t.Fatalf("%d kills never found their step: %v", len(left), left)
		}
		armed := left[:min(len(left), 1+k.rnd.IntN(4))]
		r := k.newRound(n, armed)
		r.play()
		left = append(slices.Clone(left[len(armed):]), r.unmade()...)
		if k.t.Failed() {
			return
		}
	}
}

// play is one session, from its start to its end, with kills on the way.
func (r *round) play() {
	r.t.Helper()
	k := r.killing
	r.workstation.start()
	stop := r.begin()
	sid, address := k.session()
	r.sid = sid
	r.take(stepCode)
	r.camera = newCamera(r.t, address, k.rnd.Uint64(), r.changed)
	r.take(stepPaired)
	r.expect(3 + k.rnd.IntN(3))

	pressFrom := time.Now().Add(time.Duration(k.rnd.IntN(1500)) * time.Millisecond)
	pressEvery := time.Duration(200+k.rnd.IntN(1500)) * time.Millisecond
	var pressed, shotAt time.Time
	every := time.Duration(k.rnd.IntN(300)) * time.Millisecond
	finished := func(s link.Snapshot) bool {
		have := images(s, sid)
		shots := r.camera.taken()
		return len(shots) == r.images && !slices.ContainsFunc(shots, func(one shot) bool {
			return have[one.id] != app.ImageFiled && have[one.id] != app.ImageUnconfirmed
		})
	}
	show := k.open(sid)
	k.see(2*time.Minute, "every picture filed or unconfirmed", finished, func() {
		if len(r.camera.taken()) < r.images && time.Since(shotAt) > every {
			r.camera.take(1)
			shotAt = time.Now()
		}
		show()
		if now := time.Now(); now.After(pressFrom) && now.Sub(pressed) > pressEvery {
			if k.send(link.Input{Kind: link.InputFileAll, SID: string(sid)}) {
				r.press()
				pressed = now
			}
			if k.rnd.IntN(3) == 0 { // an impatient finger
				k.send(link.Input{Kind: link.InputFileAll, SID: string(sid)})
			}
		}
	})
	stop() // from here on everything lives
	eventually(r.t, time.Minute, func() bool {
		r.revive() // one that found its port taken is not back yet
		return k.whole()
	}, func() string { return "a program is not back" })
	k.see(time.Minute, "every picture filed or unconfirmed, for good", finished, show)
	r.closed()
	r.check()
}

// closed ends the session and waits until the bucket is empty.
func (r *round) closed() {
	r.t.Helper()
	k := r.killing
	var asked time.Time
	k.see(time.Minute, "the session over", func(s link.Snapshot) bool {
		return s.SID == string(r.sid) && (s.Phase == link.PhaseClosed || s.Phase == link.PhaseDraining || s.Phase == link.PhaseExpired)
	}, func() {
		k.open(r.sid)()
		if time.Since(asked) > 2*time.Second && k.send(link.Input{Kind: link.InputCloseSession, SID: string(r.sid)}) {
			asked = time.Now()
		}
	})
	objects := k.objects()
	eventually(r.t, 30*time.Second, func() bool { return len(sealedBelow(objects)) == 0 },
		func() string { return fmt.Sprintf("in the bucket after the session: %q", sealedBelow(objects)) })
}

// objects is the folder in which the store keeps its objects.
func (k *killing) objects() string {
	if k.cloud != nil {
		return filepath.Join(k.cloud.dir, "s3")
	}
	return filepath.Join(k.data, "local", "s3")
}

func sealedBelow(dir string) (found []string) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".age") {
			found = append(found, filepath.Base(path))
		}
		return nil
	})
	return found
}

// check looks at every picture of the round, with the agent gone.
func (r *round) check() {
	r.t.Helper()
	k := r.killing
	shots := r.camera.taken()
	k.mu.Lock()
	shown := images(k.snap, r.sid)
	k.mu.Unlock()
	differ := func() string {
		registered := k.registered(r.sid)
		for _, s := range shots {
			if registered[s.id] != shown[s.id] {
				return fmt.Sprintf("round %d: image %.13s is %s on screen and %s in the registry", r.n, s.id, shown[s.id], registered[s.id])
			}
		}
		return ""
	}
	eventually(r.t, 20*time.Second, func() bool { return differ() == "" }, differ)
	k.quit()

	got := count(r.t, shots, k.sink, k.consumed)
	got.foreign = 0 // earlier rounds' files
	spool := k.spoolHolds()
	if spool.Records == 0 {
		k.totals.unreadable++
	}
	unconfirmed := 0
	for _, s := range shots {
		if shown[s.id] == app.ImageUnconfirmed {
			unconfirmed++
		}
		if spool.Images[s.id] != shown[s.id] {
			r.t.Errorf("round %d: image %.13s is %s on screen and %s in the spool", r.n, s.id, shown[s.id], spool.Images[s.id])
		}
	}
	if got.lost > 0 || got.doubled > 0 {
		r.t.Errorf("round %d: of %d images %d are lost and %d filed twice", r.n, got.sent, got.lost, got.doubled)
	}
	for _, s := range shots {
		if unsure := shown[s.id] == app.ImageUnconfirmed; unsure != r.unprovable[s.id] {
			r.t.Errorf("round %d: image %.13s is unconfirmed: %v; nobody can tell whether it was filed: %v", r.n, s.id, unsure, r.unprovable[s.id])
		}
	}
	k.totals.unprovable += len(r.unprovable)
	for _, leak := range k.leaks(shots, k.scratch, k.sink, k.consumed) {
		k.totals.plaintext++
		r.t.Errorf("round %d: %s", r.n, leak)
	}
	if staged, _ := filepath.Glob(filepath.Join(k.sink, ".clinicpro", "*.tmp")); len(staged) > 0 {
		r.t.Errorf("round %d: %d half-filed pictures are left behind", r.n, len(staged))
	}
	k.totals.rounds++
	k.totals.unconfirmed += unconfirmed
	k.totals.tally.sent += got.sent
	k.totals.tally.filed += got.filed
	k.totals.tally.lost += got.lost
	k.totals.tally.doubled += got.doubled
}

// registered are the images of a session as the registry has them.
func (k *killing) registered(sid app.SessionID) map[app.ImageID]app.ImageState {
	k.t.Helper()
	practice, ask := "local-practice", k.redis
	if k.cloud != nil {
		practice, ask = string(faultPractice), k.cloud.ask
	}
	out := map[app.ImageID]app.ImageState{}
	lines := strings.Split(ask("HGETALL", "cp:{"+practice+"}:s:"+string(sid)), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		if id, ok := strings.CutPrefix(lines[i], "i:"); ok {
			state, _, _ := strings.Cut(lines[i+1], "|")
			out[app.ImageID(id)] = app.ImageState(state)
		}
	}
	return out
}

// child finds a program that the agent started; 0 when there is none.
func (k *killing) child(name string) int {
	pid, _ := k.process()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		raw, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(raw)) {
			if exe, _ := os.Readlink("/proc/" + field + "/exe"); exe == filepath.Join(k.bin, name) {
				child, _ := strconv.Atoi(field)
				return child
			}
		}
	}
	return 0
}

// strike ends a victim and waits until it is gone, so that nobody who looks next
// takes it for alive; it reports whether there was one.
func (k *killing) strike(v victim) bool {
	k.t.Helper()
	pid, dead := 0, func() bool { return true }
	program := func(id int, gone <-chan struct{}) { // not the one that takes its place
		pid = id
		dead = func() bool {
			select {
			case <-gone:
				return true
			default:
				return false
			}
		}
	}
	child := func(name string) {
		pid = k.child(name)
		dead = func() bool { return k.child(name) != pid }
	}
	switch v {
	case theAgent:
		if k.running() {
			program(k.process())
		}
	case theCloud:
		child("clinicpro-localcloud")
	case theWindow:
		child("clinicpro-images-ui")
	default:
		if p := k.service(v); p.lives() {
			program(p.pid, p.gone)
		}
	}
	if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
		return false
	}
	for range 5000 {
		if dead() {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	k.t.Errorf("the %s outlives SIGKILL by 5 s", v)
	return true
}

func (k *killing) service(v victim) *program {
	return map[victim]*program{theGateway: k.cloud.gateway, theStore: k.cloud.store, theHub: k.cloud.hub}[v]
}

// revive starts what is down: the agent and the services. The local cloud and
// the window are the agent's to start.
func (r *round) revive() {
	k := r.killing
	if !k.running() {
		r.survey()
		k.workstation.start()
	}
	if k.cloud != nil {
		for _, p := range k.cloud.programs() {
			if !p.lives() {
				p.launch()
			}
		}
	}
}

// survey notes, with the agent dead, the pictures of which nobody can tell any
// more whether they were filed: given a name, which the index does not know of
// yet, and taken away since.
func (r *round) survey() {
	if !r.consumes || r.camera == nil {
		return
	}
	named := map[app.ImageID]bool{}
	records, _ := filepath.Glob(filepath.Join(r.sink, ".clinicpro", "*.json"))
	for _, path := range records {
		var record struct {
			Items map[app.ImageID]struct{ SHA256 string }
		}
		raw, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(raw, &record) != nil {
			r.t.Errorf("a delivery's record cannot be read: %v", err)
			continue
		}
		for id := range record.Items {
			staged, _ := filepath.Glob(filepath.Join(r.sink, ".clinicpro", "*-"+string(id)+".tmp"))
			named[id] = named[id] || len(staged) == 0
		}
	}
	if len(named) == 0 {
		return
	}
	spool := r.spoolHolds()
	for _, s := range r.camera.taken() {
		if named[s.id] && spool.Images[s.id] == app.ImageLanded && count(r.t, []shot{s}, r.sink).lost == 1 {
			r.unprovable[s.id] = true
		}
	}
}

// whole reports that every program lives.
func (k *killing) whole() bool {
	k.mu.Lock()
	fresh := k.fresh
	k.mu.Unlock()
	if !k.running() || !fresh {
		return false
	}
	if k.cloud == nil {
		return k.child("clinicpro-localcloud") != 0
	}
	return !slices.ContainsFunc(k.cloud.programs(), func(p *program) bool { return !p.lives() || !p.answers() })
}

func (k *killing) addTo(sum *killTotals) {
	t := k.totals
	killSum.Lock()
	defer killSum.Unlock()
	sum.rounds += t.rounds
	sum.kills += t.kills
	sum.unconfirmed += t.unconfirmed
	sum.unprovable += t.unprovable
	sum.plaintext += t.plaintext
	sum.unreadable += t.unreadable
	sum.tally.sent += t.tally.sent
	sum.tally.filed += t.tally.filed
	sum.tally.lost += t.tally.lost
	sum.tally.doubled += t.tally.doubled
	for at, n := range t.at {
		sum.at[at] += n
	}
}

func (s killTotals) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills in %d sessions; %d images taken: lost %d, filed twice %d, unconfirmed %d (unprovable: %d), plaintext files %d, unreadable spools %d.\n\n",
		s.kills, s.rounds, s.tally.sent, s.tally.lost, s.tally.doubled, s.unconfirmed, s.unprovable, s.plaintext, s.unreadable)
	victims := []victim{theAgent, theCloud, theWindow, theGateway, theStore, theHub}
	b.WriteString("| step |")
	for _, v := range victims {
		fmt.Fprintf(&b, " %s |", v)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(victims)) + "\n")
	for _, at := range append(allSteps(), "") {
		name := string(at)
		if at == "" {
			name = "any moment"
		}
		fmt.Fprintf(&b, "| %s |", name)
		for _, v := range victims {
			fmt.Fprintf(&b, " %d |", s.at[string(v)+"|"+string(at)])
		}
		b.WriteString("\n")
	}
	return b.String()
}
