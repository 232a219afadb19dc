package relay_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
	"github.com/clinicpro-nz/images/sync/relay"
)

// process is a role that is killed and started again.
type process struct {
	t    *testing.T
	role string
	arg  string
	cmd  *exec.Cmd
	runs int
}

func (p *process) start() {
	p.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(exe, p.arg)
	p.cmd.Env = append(os.Environ(), roleVar+"="+p.role)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.runs++
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // SIGKILL
	_ = p.cmd.Wait()
}

// Deliveries go on while the relay, the stand-in and the agent are killed at
// random, answers are lost, writes come late and Redis is emptied. At the end
// every picture is in the record once, or is said to be unconfirmed; none is
// lost and none doubled. The whole hundred run in make soak.
func TestDeliveriesSurviveKillsAndLostAnswers(t *testing.T) {
	t.Parallel()
	deliveries, seed := 30, uint64(20261123)
	if os.Getenv("CLINICPRO_SOAK") != "" {
		deliveries, seed = 100, uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 3))
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var book relay.Book
	secret, _, err := book.Add(practiceA, []string{alextest.FacilityA}, "front desk", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	told := roles{ALEX: apptest.FreeAddr(t), Relay: apptest.FreeAddr(t), Redis: apptest.RedisServer(t), Dir: dir, Keys: filepath.Join(dir, "relay.json"),
		Key: secret.Reveal(), Identity: identity.String(), Deliveries: deliveries,
		Settle: 2 * time.Second, Patience: time.Minute, Due: time.Second,
		Options: alextest.Options{Dir: filepath.Join(dir, "alex"), RefuseOneIn: 2, Faults: alextest.Faults{
			Asleep: 0.05, DropBefore: 0.12, DropAfter: 0.2, ErrorAfter: 0.1, Late: 0.08, LateBy: 500 * time.Millisecond, Busy: 0.03}}}
	if err := book.Write(told.Keys); err != nil {
		t.Fatal(err)
	}
	arg, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	var all []*process
	for _, role := range []string{"alex", "relay", "agent"} {
		p := &process{t: t, role: role, arg: string(arg)}
		p.start()
		all = append(all, p)
		t.Cleanup(func() { p.kill() })
	}
	var last ledger
	read := func() (filed, unsure int) {
		text, err := os.ReadFile(filepath.Join(dir, "ledger.json"))
		if err != nil {
			return 0, 0 // before the first
		}
		last = ledger{}
		if err := json.Unmarshal(text, &last); err != nil {
			t.Fatal(err)
		}
		for _, e := range last {
			switch e.State {
			case app.ImageFiled:
				filed++
			case app.ImageUnconfirmed:
				unsure++
			}
		}
		return filed, unsure
	}
	kills, flushes := 0, 0
	began := time.Now()
	for deadline := began.Add(8 * time.Minute); ; {
		filed, unsure := read()
		if len(last) == deliveries && filed+unsure == deliveries {
			break
		}
		if time.Now().After(deadline) {
			for sid, e := range last {
				if e.State != app.ImageFiled && e.State != app.ImageUnconfirmed {
					t.Logf("%s: %+v", sid, e)
				}
			}
			t.Fatalf("after %s %d filed and %d unconfirmed of %d begun", time.Since(began), filed, unsure, len(last))
		}
		time.Sleep(time.Duration(150+draw.IntN(350)) * time.Millisecond)
		if time.Since(began) > time.Minute { // whatever is left has to come to its end
			continue
		}
		switch n := draw.IntN(10); {
		case n < 6:
			p := all[n%3]
			p.kill()
			time.Sleep(time.Duration(draw.IntN(200)) * time.Millisecond)
			p.start()
			kills++
		case n == 6:
			flush(t, told.Redis)
			flushes++
		}
	}
	time.Sleep(told.Options.Faults.LateBy + told.Due) // what was late has arrived
	for _, p := range all {
		p.kill()
	}

	kept, err := alextest.Read(told.Options.Dir)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, k := range kept {
		times[k.Identifier]++
	}
	var filed, unsure, unsureThere, lost, doubled, provable int
	for sid, e := range last {
		id := e.Delivery + "-1"
		there := times[id]
		delete(times, id)
		switch {
		case there > 1:
			doubled++
		case e.State == app.ImageFiled && there == 0, e.State != app.ImageFiled && e.State != app.ImageUnconfirmed:
			lost++
			t.Errorf("%s is %s and there %d times", sid, e.State, there)
		}
		switch e.State {
		case app.ImageFiled:
			filed++
		case app.ImageUnconfirmed:
			unsure++
			unsureThere += there
			if !alextest.Refused(id, told.Options.RefuseOneIn) {
				provable++
			}
		}
	}
	fmt.Printf("%d deliveries, %d kills (relay, stand-in, agent), Redis emptied %d times, seed %d: lost %d, doubled %d, filed %d, unconfirmed %d (of them in the record %d, provable %d), %s\n",
		deliveries, kills, flushes, seed, lost, doubled, filed, unsure, unsureThere, provable, time.Since(began).Round(time.Second))
	if lost+doubled+len(times) > 0 {
		t.Errorf("lost %d, doubled %d, nobody's %v", lost, doubled, times)
	}
	if provable > 0 {
		t.Errorf("%d are unconfirmed although a look-up was answered", provable)
	}
	if kills < 5 || unsure == 0 || filed == 0 {
		t.Errorf("%d kills, %d unconfirmed, %d filed: this run shows nothing", kills, unsure, filed)
	}
}

// flush empties Redis.
func flush(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("FLUSHALL\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 5)
	if _, err := conn.Read(answer); err != nil || string(answer[:3]) != "+OK" {
		t.Fatalf("%q, %v", answer, err)
	}
}
