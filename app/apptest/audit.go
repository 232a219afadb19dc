package apptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// AuditRig is one trail with nothing noted yet.
type AuditRig struct {
	Audit app.Audit
	// Reopen stops it and returns it as the next start of the program finds it.
	Reopen func(t *testing.T) app.Audit
	// Noted returns what was noted, in order. Patient may be left out.
	Noted func(t *testing.T) []app.AuditEntry
}

// Audit is the conformance suite of app.Audit. start is called once a test.
func Audit(t *testing.T, start func(t *testing.T) AuditRig) {
	t.Run("what was noted, in order, across a restart", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		a, want := rig.Audit, []app.AuditEntry{}
		for i, e := range auditEvents {
			if i == len(auditEvents)/2 {
				a = rig.Reopen(t)
			}
			entry := AuditEntry(i, e)
			if err := a.Note(ctx, entry); err != nil {
				t.Fatal(err)
			}
			want = append(want, entry)
		}
		wantNoted(t, rig, want)
	})
	t.Run("only what the event has", func(t *testing.T) {
		rig := start(t)
		e := app.AuditEntry{Event: app.AuditClosed, SID: app.NewSessionID(), At: AuditTime}
		if err := rig.Audit.Note(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		wantNoted(t, rig, []app.AuditEntry{e})
	})
	t.Run("noted again, adds nothing", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		first := AuditEntry(1, app.AuditFiled)
		again := first
		again.At, again.Receipt = again.At.Add(time.Hour), "another"
		a := rig.Audit
		for i, e := range []app.AuditEntry{first, again, again} {
			if i == 2 {
				a = rig.Reopen(t)
			}
			if err := a.Note(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		other := first
		other.Reason = string(app.KindConflict)
		if err := a.Note(ctx, other); err != nil {
			t.Fatal(err)
		}
		wantNoted(t, rig, []app.AuditEntry{first, other})
	})
	t.Run("several in one call, one of them twice", func(t *testing.T) {
		rig := start(t)
		want := []app.AuditEntry{AuditEntry(1, app.AuditLanded), AuditEntry(2, app.AuditLanded), AuditEntry(1, app.AuditFiled)}
		if err := rig.Audit.Note(t.Context(), append(want, want[0])...); err != nil {
			t.Fatal(err)
		}
		wantNoted(t, rig, want)
	})
	t.Run("many at once", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 20 { // every entry by two of them
					if err := rig.Audit.Note(ctx, AuditEntry(g/2*20+i, app.AuditLanded)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		keys := map[string]bool{}
		for _, e := range rig.Noted(t) {
			if keys[e.Key()] {
				t.Errorf("noted twice: %s", e.Key())
			}
			keys[e.Key()] = true
		}
		if len(keys) != 80 {
			t.Errorf("%d entries, want 80", len(keys))
		}
	})
	t.Run("cancelled, then again", func(t *testing.T) {
		rig, e := start(t), AuditEntry(1, app.AuditLanded)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rig.Audit.Note(ctx, e); app.KindOf(err) != app.KindCanceled {
			t.Errorf("cancelled: %v", err)
		}
		if err := rig.Audit.Note(t.Context(), e); err != nil {
			t.Error(err)
		}
		wantNoted(t, rig, []app.AuditEntry{e})
	})
	t.Run("no event", func(t *testing.T) {
		rig := start(t)
		if err := rig.Audit.Note(t.Context(), app.AuditEntry{SID: app.NewSessionID()}); app.KindOf(err) != app.KindBug {
			t.Errorf("got %v", err)
		}
	})
}

var auditEvents = []app.AuditEvent{app.AuditOpened, app.AuditPaired, app.AuditLanded, app.AuditQuarantined, app.AuditRetracted,
	app.AuditDiscarded, app.AuditIntent, app.AuditFiled, app.AuditUnconfirmed, app.AuditRefused, app.AuditRemoved, app.AuditClosed}

// AuditTime is when AuditEntry's entries begin; a second apart.
var AuditTime = time.Date(2026, 11, 23, 10, 15, 0, 0, time.FixedZone("NZDT", 13*60*60))

// AuditEntry returns the n-th synthetic entry; the same n and event give the
// same entry, and different ones different Keys.
func AuditEntry(n int, event app.AuditEvent) app.AuditEntry {
	nhi, _, err := app.ParseNHI("ZZZ0016")
	if err != nil {
		panic(err)
	}
	at := AuditTime.Add(time.Duration(n) * time.Second)
	return app.AuditEntry{
		At: at, Server: at.UTC().Add(-250 * time.Millisecond), Event: event,
		SID: app.SessionID(fmt.Sprintf("0123456789ABCDEFGHJK%06d", n)), Image: imageID(n),
		Patient:  app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi, BirthDate: app.Seal("1979-05-17")},
		Provider: "provider-7", SHA256: digest(noise(n%4096 + 1)), Delivery: fmt.Sprintf("DELIVERY%018d", n),
		Sink: "folder", Receipt: fmt.Sprintf("receipt <%d>, \"quoted\", Māori", n), Reason: string(app.KindOffline),
	}
}

func wantNoted(t *testing.T, rig AuditRig, want []app.AuditEntry) {
	t.Helper()
	got := rig.Noted(t)
	if len(got) != len(want) {
		t.Fatalf("%d entries noted, want %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if !g.At.Equal(w.At) || !g.Server.Equal(w.Server) {
			t.Errorf("entry %d: times %v, %v", i, g.At, g.Server)
		}
		g.At, g.Server, g.Patient, w.At, w.Server, w.Patient = time.Time{}, time.Time{}, app.Patient{}, time.Time{}, time.Time{}, app.Patient{}
		if g != w {
			t.Errorf("entry %d: got %+v, want %+v", i, g, w)
		}
	}
}

// FakeAudit notes into memory. The zero value is empty. It implements
// app.Audit.
type FakeAudit struct {
	mu    sync.Mutex
	noted []app.AuditEntry
	keys  map[string]bool
	down  error
}

// Fail makes every Note fail with err, nil mends it.
func (f *FakeAudit) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

// Noted returns what was noted, in order, patients too.
func (f *FakeAudit) Noted() []app.AuditEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.noted)
}

func (f *FakeAudit) Note(ctx context.Context, entries ...app.AuditEntry) error {
	const op = "note in fake audit"
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case slices.ContainsFunc(entries, func(e app.AuditEntry) bool { return e.Event == "" }):
		return app.E(op, app.KindBug, errors.New("no event"))
	case ctx.Err() != nil:
		return app.E(op, app.KindOffline, ctx.Err())
	case f.down != nil:
		return f.down
	}
	if f.keys == nil {
		f.keys = map[string]bool{}
	}
	for _, e := range entries {
		if !f.keys[e.Key()] {
			f.keys[e.Key()] = true
			f.noted = append(f.noted, e)
		}
	}
	return nil
}
