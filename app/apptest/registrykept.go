package apptest

import (
	"reflect"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// offer is what a phone of this name says of itself.
func offer(name string) app.KeepOffer {
	return app.KeepOffer{Recipient: "age1" + name, Key: hash("kept " + name + time.Now().String()), MAC: hash("mac " + name)}
}

func (r *registryRun) claimOffering(o app.KeepOffer) app.Row {
	r.t.Helper()
	return r.must(r.Claim(r.ctx, r.token, r.phone, o))
}

// keeps pairs the session with a phone and keeps that for an hour.
func (r *registryRun) keeps(name string) (app.KeepOffer, app.Row) {
	r.t.Helper()
	r.open(app.DefaultLimits)
	o := offer(name)
	row := r.claimOffering(o)
	return o, r.must(r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(time.Hour)))
}

func testKeepOffer(t *testing.T, r *registryRun) {
	row := r.open(app.DefaultLimits)
	first, second := offer("first"), offer("second")
	if got := r.claimOffering(first); got.Keep != first || !got.Kept.IsZero() || !row.Keep.IsZero() {
		t.Fatalf("claimed with %+v", got.Keep)
	}
	before := r.must(r.Read(r.ctx, r.sid)).Seq
	got := r.claimOffering(second)
	if got.Keep != second || got.Seq <= before { // a higher number is a hint that goes out
		t.Fatalf("the same phone again: %+v, sequence number %d after %d", got.Keep, got.Seq, before)
	}
	for _, again := range []app.KeepOffer{second, {}} {
		if same := r.claimOffering(again); same.Keep != second || same.Seq != got.Seq {
			t.Fatalf("an answer lost, and the same offer or none: %+v, sequence number %d", same.Keep, same.Seq)
		}
	}
	row = r.must(r.Renew(r.ctx, r.sid, hash("another code"), true))
	if !row.Keep.IsZero() {
		t.Fatalf("the phone is gone and its offer %+v stays", row.Keep)
	}
	row = r.must(r.Claim(r.ctx, hash("another code"), hash("other phone"), app.KeepOffer{}))
	if !row.Keep.IsZero() {
		t.Fatalf("another phone has the offer %+v", row.Keep)
	}
}

func testKeep(t *testing.T, r *registryRun) {
	row := r.open(app.DefaultLimits)
	o := offer("phone")
	got, err := r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(time.Hour))
	r.refused("session-over", app.KindExpired, got, err) // nobody is there
	r.claimOffering(o)
	got, err = r.Keep(r.ctx, r.sid, hash("another"), row.Now.Add(time.Hour))
	r.refused("phone-replaced", app.KindAuth, got, err)
	got, err = r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(-time.Second))
	r.refused("phone-forgotten", app.KindNotFound, got, err)
	if _, _, _, err := r.AskNext(r.ctx, o.Key); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("asked before it is kept: %v", err)
	}
	until := row.Now.Add(time.Hour)
	row = r.must(r.Keep(r.ctx, r.sid, o.Key, until))
	if !row.Kept.Equal(until) {
		t.Fatalf("kept until %v, want %v", row.Kept, until)
	}
	r.unchanged(row, r.must(r.Keep(r.ctx, r.sid, o.Key, until)))
	now, told, next, err := r.AskNext(r.ctx, o.Key)
	if err != nil || !told.Equal(until) || next.SID != "" || now.Before(row.Now) {
		t.Fatalf("%v until %v, %+v", err, told, next)
	}
	row = r.must(r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(100*time.Hour)))
	if most := row.Kept.Sub(row.Now); most > app.MaxKept || most < app.MaxKept-time.Minute {
		t.Fatalf("kept for %v", most)
	}
	row = r.must(r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(150*time.Millisecond)))
	time.Sleep(200 * time.Millisecond)
	if _, _, _, err := r.AskNext(r.ctx, o.Key); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("after its time: %v", err)
	}
	if err := r.Next(r.ctx, o.Key, app.NextLink{SID: r.sid, N: 1, MAC: hash("m"), Sealed: []byte("x")}); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("a link after its time: %v", err)
	}
	r.must(r.Close(r.ctx, r.sid))
	got, err = r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(time.Hour))
	r.refused("session-over", app.KindExpired, got, err)
}

func testNext(t *testing.T, r *registryRun) {
	o, row := r.keeps("phone")
	link := func(n int64) app.NextLink {
		return app.NextLink{SID: app.NewSessionID(), N: n, MAC: hash("mac"), Sealed: []byte{0, 0xff, byte(n), '|'}}
	}
	offers := func(n int64) app.NextLink {
		t.Helper()
		l := link(n)
		if err := r.Next(r.ctx, o.Key, l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	holds := func(want app.NextLink) {
		t.Helper()
		if _, _, got, err := r.AskNext(r.ctx, o.Key); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("holds %+v, %v, want %+v", got, err, want)
		}
	}
	first := offers(1)
	holds(first)
	offers(1)
	holds(first)
	third := offers(3)
	offers(2)
	holds(third)
	if err := r.Next(r.ctx, o.Key, app.NextLink{N: 4}); err != nil {
		t.Fatal(err)
	}
	holds(app.NextLink{})
	offers(3) // late
	holds(app.NextLink{})
	// Kept for longer, what is on offer stays.
	fifth := offers(5)
	r.must(r.Keep(r.ctx, r.sid, o.Key, row.Now.Add(2*time.Hour)))
	holds(fifth)
	if err := r.Next(r.ctx, o.Key, app.NextLink{SID: r.sid, N: 6, Sealed: make([]byte, app.MaxNextLink)}); err != nil {
		t.Fatal(err)
	}
}

func testForget(t *testing.T, r *registryRun) {
	o, _ := r.keeps("phone")
	first := r.sid
	// The same phone in another session is kept there too; another is not.
	r.sid, r.token = app.NewSessionID(), hash("second "+string(first))
	r.open(app.DefaultLimits)
	if row := r.claimOffering(o); row.Kept.IsZero() {
		t.Fatal("not kept in the next session")
	}
	second := r.sid
	r.sid, r.token = app.NewSessionID(), hash("third "+string(first))
	r.open(app.DefaultLimits)
	if row := r.claimOffering(offer("other")); !row.Kept.IsZero() {
		t.Fatal("another phone is kept")
	}
	for range 2 {
		if err := r.Forget(r.ctx, o.Key, first, second, app.NewSessionID()); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := r.AskNext(r.ctx, o.Key); app.KindOf(err) != app.KindNotFound {
			t.Fatalf("forgotten, and asked: %v", err)
		}
		for _, sid := range []app.SessionID{first, second} {
			if row := r.must(r.Read(r.ctx, sid)); !row.Kept.IsZero() || row.Keep != o || row.State != app.SessionPaired {
				t.Fatalf("forgotten as %+v", row)
			}
		}
	}
	if err := r.Next(r.ctx, o.Key, app.NextLink{SID: r.sid, N: 9, MAC: hash("m"), Sealed: []byte("x")}); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("a link for it: %v", err)
	}
	// What was lost is put back, and what is there stays.
	until := r.must(r.Read(r.ctx, first)).Now.Add(time.Hour)
	for _, til := range []time.Time{until, until.Add(time.Hour)} {
		if err := r.Rekeep(r.ctx, o.Key, til, first, second, r.sid, app.NewSessionID()); err != nil {
			t.Fatal(err)
		}
		if _, told, next, err := r.AskNext(r.ctx, o.Key); err != nil || !told.Equal(until) || next.SID != "" {
			t.Fatalf("put back until %v, %v", told, err)
		}
	}
	if a, b := r.must(r.Read(r.ctx, second)), r.must(r.Read(r.ctx, r.sid)); !a.Kept.Equal(until) || !b.Kept.IsZero() {
		t.Fatalf("put back in the sessions as %v and %v", a.Kept, b.Kept)
	}
	if err := r.Rekeep(r.ctx, hash("late"), until.Add(-2*time.Hour)); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("put back after its time: %v", err)
	}
	// Also a session that the workstation had not heard of says so to its phone.
	if err := r.Forget(r.ctx, o.Key); err != nil {
		t.Fatal(err)
	}
	if row := r.must(r.Status(r.ctx, second, r.phone)); !row.Kept.IsZero() {
		t.Fatalf("forgotten, and told %v", row.Kept)
	}
	// A lost registry has it back as the workstation knew it.
	row := r.must(r.Read(r.ctx, first))
	row.Kept = row.Now.Add(time.Hour)
	row.TokenHash = hash("restored " + string(first))
	back := r.must(r.Open(r.ctx, app.Opening{SID: app.NewSessionID(), Restore: &row}))
	if back.Keep != o || !back.Kept.Equal(row.Kept) {
		t.Fatalf("restored as %+v, %v", back.Keep, back.Kept)
	}
}
