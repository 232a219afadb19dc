package apptest

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// amendment is number n of an image, with bytes of its own.
func amendment(img, n int) app.Amendment {
	sealed := bytes.Repeat([]byte{byte(img), byte(n), 0, 0xff}, 50)
	return app.Amendment{Image: image(img).ID, N: n, MAC: hash(string(sealed)), Sealed: sealed}
}

func (r *registryRun) amend(img, n int) app.Row {
	r.t.Helper()
	return r.must(r.Amend(r.ctx, r.sid, r.phone, amendment(img, n)))
}

// holds wants the image's amendment to be number n, byte for byte.
func (r *registryRun) holds(sid app.SessionID, img, n int) {
	r.t.Helper()
	got, err := r.Details(r.ctx, sid, image(img).ID)
	if err != nil || !reflect.DeepEqual(got, amendment(img, n)) {
		r.t.Fatalf("image %d holds %d of %d bytes, %v; want number %d", img, got.N, len(got.Sealed), err, n)
	}
}

func testAmend(t *testing.T, r *registryRun) {
	r.pair()
	got, err := r.Amend(r.ctx, r.sid, r.phone, amendment(1, 1))
	r.refused("image-unknown", app.KindNotFound, got, err)
	row := r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	if _, err := r.Details(r.ctx, r.sid, image(1).ID); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("before any: %v", err)
	}
	first := r.amend(1, 1)
	if first.Seq <= row.Seq || first.Images[0].Details != 1 || first.Images[0].Seq != first.Seq || first.Images[1].Details != 0 {
		t.Fatalf("amended as %+v", first)
	}
	r.unchanged(first, r.amend(1, 1))
	r.holds(r.sid, 1, 1)
	third := r.amend(1, 3)
	r.unchanged(third, r.amend(1, 2)) // an earlier one that came late
	r.holds(r.sid, 1, 3)
	r.amend(2, 1)
	r.holds(r.sid, 1, 3)
	r.holds(r.sid, 2, 1)

	// Whatever else becomes of the image, its number stays.
	r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 1), nil))
	row = r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded, Bytes: 9, SHA256: hash("x")}}))
	if row.Images[0].Details != 3 {
		t.Fatalf("landed as %+v", row.Images[0])
	}
	r.amend(1, 4)

	// Bounds.
	row = r.amend(1, app.MaxAmendments)
	got, err = r.Amend(r.ctx, r.sid, r.phone, amendment(1, app.MaxAmendments+1))
	r.refused("rate-limited", app.KindTooLarge, got, err)
	huge := amendment(2, 2)
	huge.Sealed = make([]byte, app.MaxAmendment+1)
	if _, err := r.Amend(r.ctx, r.sid, r.phone, huge); app.KindOf(err) != app.KindTooLarge {
		t.Fatalf("too large: %v", err)
	}
	r.unchanged(row, r.must(r.Read(r.ctx, r.sid)))
	huge.Sealed = []byte(strings.Repeat("x", app.MaxAmendment))
	r.must(r.Amend(r.ctx, r.sid, r.phone, huge))
}

func testAmendFrozen(t *testing.T, r *registryRun) {
	l := app.DefaultLimits
	l.Drain = 300 * time.Millisecond
	r.open(l)
	r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	states := []app.ImageState{app.ImageFiled, app.ImageUnconfirmed, app.ImageRetracted, app.ImageDiscarded, app.ImageQuarantined}
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, len(states)+1)))
	for i, s := range states {
		r.amend(i+1, 1)
		row := r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(i + 1).ID, State: s}}))
		r.unchanged(row, r.amend(i+1, 1)) // a retry of what it has is no refusal
		got, err := r.Amend(r.ctx, r.sid, r.phone, amendment(i+1, 2))
		r.refused("image-filed", app.KindConflict, got, err)
		r.holds(r.sid, i+1, 1)
	}
	last := len(states) + 1
	r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(last).ID, State: app.ImageLanded}}))
	r.want(r.must(r.Close(r.ctx, r.sid)), app.SessionClosed, "filed unconfirmed retracted discarded quarantined landed")
	// Closed, and the GP still looks at it: what the phone changes still counts.
	if row := r.amend(last, 1); row.Images[last-1].Details != 1 || row.State != app.SessionClosed {
		t.Fatalf("amended as %+v", row)
	}
	time.Sleep(l.Drain + 50*time.Millisecond)
	got, err := r.Amend(r.ctx, r.sid, r.phone, amendment(last, 2))
	r.refused("session-over", app.KindExpired, got, err)
}

func testLeaveKeeping(t *testing.T, r *registryRun) {
	before := r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	row := r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true}))
	r.want(row, app.SessionDraining, "reserved reserved")
	if !row.Left || before.Left || row.Images[0].RetractWanted || row.DrainUntil.Sub(row.Now) != app.DefaultLimits.Drain {
		t.Fatalf("left as %+v", row)
	}
	r.unchanged(row, r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true})))
	got, err := r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{captured(3, row.Now.Add(2*time.Minute))})
	r.refused("session-draining", app.KindConflict, got, err)
	r.want(r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 2), nil)), app.SessionDraining, "stored stored")
	r.amend(1, 1) // and their details
	row = r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded}, {ID: image(2).ID, State: app.ImageLanded}}))
	r.want(row, app.SessionClosed, "landed landed")
	row = r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true, Declined: true}))
	if !row.Left || row.Declined {
		t.Fatalf("why it was left is not as it was said first: %+v", row)
	}
}

func testLeaveWithdrawing(t *testing.T, r *registryRun) {
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 3)))
	r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded}, {ID: image(2).ID, State: app.ImageFiled, Sinks: []string{"folder"}}}))
	r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true}))
	row := r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{})) // minds change
	r.want(row, app.SessionDraining, "landed filed reserved")
	for i, want := range []bool{true, false, true} {
		if row.Images[i].RetractWanted != want {
			t.Fatalf("image %d: %+v", i+1, row.Images[i])
		}
	}
	r.unchanged(row, r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{})))
	row = r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageRetracted}, {ID: image(3).ID, State: app.ImageRetracted}}))
	r.want(row, app.SessionClosed, "retracted filed retracted")
	// A lost registry has it all again: the state, and that it was left.
	lost := app.NewSessionID()
	copied := row
	copied.TokenHash, copied.Images[1].Details = hash(string(lost)), 7
	back := r.must(r.Open(r.ctx, app.Opening{SID: lost, Restore: &copied}))
	if !back.Left || back.Images[1].Details != 7 || back.Images[0].Details != 0 {
		t.Fatalf("restored as %+v", back)
	}
}

func testLeaveDeclined(t *testing.T, r *registryRun) {
	r.pair()
	row := r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true, Declined: true}))
	r.want(row, app.SessionDraining, "")
	r.unchanged(row, r.must(r.Leave(r.ctx, r.sid, r.phone, app.Leaving{Keep: true}))) // it was said first
	lost := app.NewSessionID()
	copied := row
	copied.TokenHash = hash(string(lost))
	back := r.must(r.Open(r.ctx, app.Opening{SID: lost, Restore: &copied}))
	if !row.Left || !row.Declined || !back.Left || !back.Declined {
		t.Fatalf("left as %+v, restored as %+v", row, back)
	}
}
