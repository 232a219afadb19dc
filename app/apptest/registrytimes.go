package apptest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

func testRenew(t *testing.T, r *registryRun) {
	r.pair()
	next := hash(string(app.NewSessionID()))
	row := r.must(r.Renew(r.ctx, r.sid, next, true))
	r.want(row, app.SessionWaiting, "")
	if row.TokenHash != next || row.PhoneHash != "" {
		t.Fatalf("renewed as %+v", row)
	}
	got, err := r.Status(r.ctx, r.sid, r.phone)
	r.refused("phone-replaced", app.KindAuth, got, err)
	got, err = r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{})
	r.refused("link-unknown", app.KindNotFound, got, err)
	second := hash("second phone")
	row = r.must(r.Claim(r.ctx, next, second, app.KeepOffer{}))
	r.unchanged(row, r.must(r.Renew(r.ctx, r.sid, next, true))) // a retry keeps the new phone
	third := hash(string(app.NewSessionID()))
	row = r.must(r.Renew(r.ctx, r.sid, third, false))
	r.want(row, app.SessionPaired, "")
	r.must(r.Status(r.ctx, r.sid, second))
	got, err = r.Claim(r.ctx, third, r.phone, app.KeepOffer{})
	r.refused("link-used", app.KindConflict, got, err)
	r.must(r.Close(r.ctx, r.sid))
	got, err = r.Renew(r.ctx, r.sid, hash("late"), false)
	r.refused("session-over", app.KindExpired, got, err)
}

func testClose(t *testing.T, r *registryRun) {
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	row := r.must(r.Close(r.ctx, r.sid))
	r.want(row, app.SessionDraining, "reserved reserved")
	if row.DrainUntil.Sub(row.Now) != app.DefaultLimits.Drain {
		t.Fatalf("drains until %v at %v", row.DrainUntil, row.Now)
	}
	r.unchanged(row, r.must(r.Close(r.ctx, r.sid)))
	got, err := r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{captured(3, row.Now.Add(2*time.Minute))})
	r.refused("session-draining", app.KindConflict, got, err)
	got, err = r.Renew(r.ctx, r.sid, hash("late"), true)
	r.refused("session-draining", app.KindConflict, got, err)
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(2, 2))) // a fresh link for one announced before
	r.want(r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 2), []app.RowImage{captured(3, row.Now.Add(2*time.Minute))})), app.SessionDraining, "stored stored")
	row = r.must(r.Done(r.ctx, r.sid, r.phone))
	r.unchanged(row, r.must(r.Done(r.ctx, r.sid, r.phone)))
	if !row.PhoneDone {
		t.Fatal("the phone's done was lost")
	}
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded}})), app.SessionDraining, "landed stored")
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(2).ID, State: app.ImageLanded}})), app.SessionClosed, "landed landed")
	// The phone still learns what became of its images, and no more.
	r.want(r.must(r.Status(r.ctx, r.sid, r.phone)), app.SessionClosed, "landed landed")
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(2).ID, State: app.ImageFiled, Sinks: []string{"folder"}}})), app.SessionClosed, "landed filed")
	got, err = r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{captured(3, row.Now.Add(2*time.Minute))})
	r.refused("session-draining", app.KindConflict, got, err)
	// What it captured before the end, out of reach of any network, still
	// comes: the session drains again, and closes again.
	r.want(r.must(r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{captured(4, row.Created)})), app.SessionDraining, "landed filed reserved")
	r.want(r.must(r.Stored(r.ctx, r.sid, r.phone, []app.RowImage{captured(4, row.Created)}, nil)), app.SessionDraining, "landed filed stored")
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: captured(4, row.Created).ID, State: app.ImageLanded}})), app.SessionClosed, "landed filed landed")
}

// captured is a reservation of an image shot at a moment.
func captured(n int, at time.Time) app.RowImage {
	ms := fmt.Sprintf("%012x", at.UnixMilli())
	id := app.ImageID(fmt.Sprintf("%s-%s-7000-8000-%012x", ms[:8], ms[8:], n))
	return app.RowImage{ID: id, Bytes: int64(1000 + n), SHA256: hash(string(id))}
}

// testMissing: an object that the bucket lost before it landed is sent again.
func testMissing(t *testing.T, r *registryRun) {
	l := app.DefaultLimits
	l.Drain = 400 * time.Millisecond
	r.open(l)
	r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 2), nil))
	r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(2).ID, State: app.ImageLanded}}))
	r.must(r.Close(r.ctx, r.sid))
	r.until(app.SessionExpired)
	gone := []app.Mark{{ID: image(1).ID, State: app.ImageReserved}, {ID: image(2).ID, State: app.ImageReserved}, {ID: image(9).ID, State: app.ImageReserved}}
	row := r.must(r.Mark(r.ctx, r.sid, gone))
	r.want(row, app.SessionDraining, "reserved landed")
	if !row.DrainUntil.After(row.Now) {
		t.Fatalf("drains until %v at %v", row.DrainUntil, row.Now)
	}
	r.want(r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 1), nil)), app.SessionDraining, "stored landed")
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded}})), app.SessionClosed, "landed landed")
}

// until reads the session until it has the state, or a few seconds are over.
func (r *registryRun) until(state app.SessionState) app.Row {
	r.t.Helper()
	for range 200 {
		if row := r.must(r.Read(r.ctx, r.sid)); row.State == state {
			return row
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.t.Fatalf("never became %s", state)
	return app.Row{}
}

func testUnclaimed(t *testing.T, r *registryRun) {
	l := app.DefaultLimits
	l.Claim = 60 * time.Millisecond
	r.open(l)
	r.until(app.SessionExpired)
	got, err := r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{})
	r.refused("link-unknown", app.KindNotFound, got, err)
	next := hash(string(app.NewSessionID()))
	r.want(r.must(r.Renew(r.ctx, r.sid, next, false)), app.SessionWaiting, "")
}

func testIdle(t *testing.T, r *registryRun) {
	l := app.DefaultLimits
	l.Idle, l.Drain = 300*time.Millisecond, 300*time.Millisecond
	r.open(l)
	first := r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	time.Sleep(20 * time.Millisecond)
	if row := r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 1))); !row.Expires.After(first.Expires) {
		t.Fatalf("activity left the end at %v", row.Expires)
	}
	row := r.until(app.SessionDraining)
	if !row.DrainUntil.Equal(row.Expires.Add(l.Drain)) {
		t.Fatalf("drains until %v, expired %v", row.DrainUntil, row.Expires)
	}
	r.until(app.SessionExpired)
	got, err := r.Stored(r.ctx, r.sid, r.phone, images(1, 1), nil)
	r.refused("session-over", app.KindExpired, got, err)
	got, err = r.Renew(r.ctx, r.sid, hash("late"), true)
	r.refused("session-over", app.KindExpired, got, err)
	r.want(r.must(r.Status(r.ctx, r.sid, r.phone)), app.SessionExpired, "reserved")
}

func testRestore(t *testing.T, r *registryRun) {
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	r.must(r.Retract(r.ctx, r.sid, r.phone, []app.ImageID{image(2).ID}))
	row := r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageFiled, Sinks: []string{"folder"}}}))
	// Another id stands for the registry that has lost this one.
	copied := row
	lost := app.NewSessionID()
	copied.TokenHash = hash(string(lost))
	opening := app.Opening{SID: lost, Restore: &copied}
	back := r.must(r.Open(r.ctx, opening))
	if back.Seq <= row.Seq {
		t.Fatalf("seq fell from %d to %d", row.Seq, back.Seq)
	}
	copied.SID, copied.Seq, copied.Now = lost, back.Seq, back.Now
	if !reflect.DeepEqual(copied, back) {
		t.Fatalf("restored\n%+v, want\n%+v", back, copied)
	}
	r.unchanged(back, r.must(r.Open(r.ctx, opening)))
	r.must(r.Status(r.ctx, lost, r.phone))
	if got := r.must(r.Claim(r.ctx, copied.TokenHash, r.phone, app.KeepOffer{})); got.SID != lost {
		t.Fatalf("the link leads to %s", got.SID)
	}
	// Long past its time: restored all the same, and over.
	old := copied
	old.SID, old.TokenHash = app.NewSessionID(), hash("old")
	old.Expires, old.Ends, old.Created = old.Expires.AddDate(-1, 0, 0), old.Ends.AddDate(-1, 0, 0), old.Created.AddDate(-1, 0, 0)
	// What was on its way has another draining time: workstation and phone
	// were both away.
	r.want(r.must(r.Open(r.ctx, app.Opening{SID: old.SID, Restore: &old})), app.SessionDraining, "filed reserved")
	old.SID, old.TokenHash, old.Images = app.NewSessionID(), hash("older"), old.Images[:1]
	r.want(r.must(r.Open(r.ctx, app.Opening{SID: old.SID, Restore: &old})), app.SessionExpired, "filed")
}

func testClaimRace(t *testing.T, r *registryRun) {
	r.open(app.DefaultLimits)
	var won, lost int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			_, err := r.Claim(r.ctx, r.token, hash(fmt.Sprint("phone ", n)), app.KeepOffer{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if app.KindOf(err) == app.KindConflict {
				lost++
			}
		})
	}
	wg.Wait()
	if won != 1 || lost != 15 {
		t.Fatalf("%d phones won, %d were told", won, lost)
	}
}
