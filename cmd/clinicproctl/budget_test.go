package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// The budgets of design section 5, counted at redis-server (MONITOR), at
// versitygw (its access log) and at the hub, for a session of five images
// that is filed and ended by the phone's "done". Connections' handshakes and
// the phone's polls are counted apart. The second list, six minutes after the
// end, is waited for by the workstation's clock.
func TestBudgets(t *testing.T) {
	t.Parallel() // most of it is waiting for the phone's next poll
	programs(t)
	for _, c := range []struct {
		name  string
		sim   simulation
		redis float64
	}{
		{"one by one, the next taken while the one before is on its way", simulation{hurry: true}, 20},
		{"together", simulation{together: true}, 12},
		// Not the budget, which takes it that "stored" carries the next request:
		// what a slow GP costs, so that it does not grow unseen.
		{"each taken once the one before is on the computer", simulation{slow: true}, 23},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := fiveImages(t, c.sim)
			t.Logf("Redis %.0f commands (%s), polls %.0f; Ably %.0f messages; S3 %s", p.Redis, parts(p.RedisBy), p.RedisPolls, p.Ably, parts(p.S3By))
			if p.Redis > c.redis {
				t.Errorf("%.0f Redis commands, at most %.0f: %s", p.Redis, c.redis, parts(p.RedisBy))
			}
			if p.Ably > 16 {
				t.Errorf("%.0f Ably messages as billed, at most 16", p.Ably)
			}
			if images := p.S3 - p.S3By["list"]; images > 4*5 || p.S3By["list"] > 2 {
				t.Errorf("%.0f S3 requests, at most 4 an image, and %.0f lists, at most 2: %s", images, p.S3By["list"], parts(p.S3By))
			}
			for what, n := range map[string]float64{"open": p.RedisBy["open"], "stored": p.RedisBy["stored"], "list": p.S3By["list"],
				"put": p.S3By["put"], "get": p.S3By["get"], "head": p.S3By["head"], "delete": p.S3By["delete"], "Ably": p.Ably} {
				if n == 0 {
					t.Errorf("%s was not counted: this test looks in the wrong place", what)
				}
			}
		})
	}
}

// fiveImages counts one session, after another that has warmed everything.
func fiveImages(t *testing.T, sim simulation) *perSession {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	on, err := apartServers(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer on.stop()
	sim.workstations, sim.phones, sim.images, sim.size, sim.file, sim.patience = 1, 2, 5, 60_000, true, 2*time.Minute
	l := newLedger(2, on)
	st, err := newStation(sim, 0, t.TempDir(), on, l, newPictures(sim.size, 1), newDarkroom())
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	session := func(k int) {
		t.Helper()
		if err := st.session(ctx, k); err != nil {
			t.Fatal(err)
		}
		is := func(stages ...app.Stage) func(app.Session) bool {
			return func(s app.Session) bool { return slices.Contains(stages, s.Stage) }
		}
		over, err := st.await(ctx, st.newest(), is(app.StageSettling, app.StageSettled))
		for err == nil && over.Stage != app.StageSettled && ctx.Err() == nil {
			// Six minutes run from the end of the first list, which may be yet to come.
			st.ahead.Add(int64(7 * time.Minute))
			soon, cancel := context.WithTimeout(ctx, 3*time.Second)
			over, _ = st.await(soon, st.newest(), is(app.StageSettled))
			cancel()
		}
		if err == nil {
			err = on.settled(ctx)
		}
		if err != nil || len(l.stucks) > 0 {
			t.Fatalf("%v, stuck %v", err, l.stucks)
		}
	}
	session(0)
	before, err := on.counted()
	if err != nil {
		t.Fatal(err)
	}
	session(1)
	after, err := on.counted()
	if err != nil {
		t.Fatal(err)
	}
	return perSessionOf(before, after, 1)
}

// newest is the session in the window.
func (st *station) newest() app.SessionID { return st.last.Current }
