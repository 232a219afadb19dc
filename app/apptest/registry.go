package apptest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// PhoneRegistry is a registry with both its sides: the workstation's and the
// gateway's.
type PhoneRegistry interface {
	app.Registry
	app.Amendments
	app.KeptRegistry
	Claim(ctx context.Context, tokenHash, phoneHash app.Digest, offer app.KeepOffer) (app.Row, error)
	AskNext(ctx context.Context, key app.Digest) (now, until time.Time, next app.NextLink, err error)
	Status(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error)
	Reserve(ctx context.Context, sid app.SessionID, phoneHash app.Digest, want []app.RowImage) (app.Row, error)
	Stored(ctx context.Context, sid app.SessionID, phoneHash app.Digest, found, next []app.RowImage) (app.Row, error)
	Retract(ctx context.Context, sid app.SessionID, phoneHash app.Digest, ids []app.ImageID) (app.Row, error)
	Done(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error)
	Amend(ctx context.Context, sid app.SessionID, phoneHash app.Digest, a app.Amendment) (app.Row, error)
	Leave(ctx context.Context, sid app.SessionID, phoneHash app.Digest, l app.Leaving) (app.Row, error)
}

// Registry proves a registry's promises (docs/contracts.md, "Registry"). start
// returns one that is empty or shared: the suite makes its own session ids.
func Registry(t *testing.T, start func(t *testing.T) PhoneRegistry) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r *registryRun)
	}{
		{"open reads back and opens once", testOpen},
		{"what the practice asks comes back", testAsks},
		{"claim binds one phone", testClaim},
		{"phone calls need the bound key", testPhoneKey},
		{"reserve keeps to the limits", testReserve},
		{"reserve again", testReserveAgain},
		{"stored compares with what was reserved", testStored},
		{"marks never go back", testMark},
		{"only the workstation retracts", testRetract},
		{"the highest amendment wins", testAmend},
		{"details are frozen with the image", testAmendFrozen},
		{"a phone leaves and keeps its images", testLeaveKeeping},
		{"a phone leaves and takes its images back", testLeaveWithdrawing},
		{"a phone leaves because nobody agreed", testLeaveDeclined},
		{"an offer to be kept comes with the claim", testKeepOffer},
		{"a kept phone is kept until its time", testKeep},
		{"the highest next link counts", testNext},
		{"a forgotten phone is told nothing", testForget},
		{"renew revokes the link and the phone", testRenew},
		{"close drains what is on the way", testClose},
		{"what the bucket lost is sent again", testMissing},
		{"an unclaimed code expires", testUnclaimed},
		{"an idle session drains and ends", testIdle},
		{"a lost session is restored", testRestore},
		{"two phones claim at once", testClaimRace},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, &registryRun{t: t, ctx: t.Context(), PhoneRegistry: start(t), sid: app.NewSessionID(),
				token: hash(string(app.NewSessionID())), phone: hash(string(app.NewSessionID()))})
		})
	}
}

type registryRun struct {
	PhoneRegistry
	t            *testing.T
	ctx          context.Context
	sid          app.SessionID
	token, phone app.Digest
}

func hash(s string) app.Digest {
	sum := sha256.Sum256([]byte(s))
	return app.Digest(hex.EncodeToString(sum[:]))
}

// image makes a reservation; n tells images of one test apart.
func image(n int) app.RowImage {
	id := app.ImageID(fmt.Sprintf("01936d2e-0000-7000-8000-%012x", n))
	return app.RowImage{ID: id, Bytes: int64(1000 + n), SHA256: hash(string(id))}
}

func images(from, to int) []app.RowImage {
	var out []app.RowImage
	for n := from; n <= to; n++ {
		out = append(out, image(n))
	}
	return out
}

// must fails the test on an error, and returns the row.
func (r *registryRun) must(row app.Row, err error) app.Row {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("unexpected: %v", err)
	}
	return row
}

// refused wants a refusal's code and kind.
func (r *registryRun) refused(code string, kind app.Kind, _ app.Row, err error) {
	r.t.Helper()
	var c interface{ RefusalCode() string }
	if !errors.As(err, &c) || c.RefusalCode() != code || app.KindOf(err) != kind {
		r.t.Fatalf("got %v (%s), want refusal %s (%s)", err, app.KindOf(err), code, kind)
	}
}

func (r *registryRun) open(l app.Limits) app.Row {
	r.t.Helper()
	return r.must(r.Open(r.ctx, app.Opening{SID: r.sid, PracticeName: "Test Practice", TokenHash: r.token, Limits: l}))
}

func (r *registryRun) pair() app.Row {
	r.t.Helper()
	r.open(app.DefaultLimits)
	return r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
}

// states returns the images' states in order.
func states(row app.Row) string {
	var out []string
	for _, m := range row.Images {
		out = append(out, string(m.State))
	}
	return strings.Join(out, " ")
}

func (r *registryRun) want(row app.Row, state app.SessionState, imageStates string) {
	r.t.Helper()
	if row.State != state || states(row) != imageStates {
		r.t.Fatalf("session %s with images [%s], want %s with [%s]", row.State, states(row), state, imageStates)
	}
}

// unchanged wants a call repeated to change nothing but the clock.
func (r *registryRun) unchanged(before, after app.Row) {
	r.t.Helper()
	before.Now, after.Now = time.Time{}, time.Time{}
	before.Expires, after.Expires = time.Time{}, time.Time{} // activity moves it
	if !reflect.DeepEqual(before, after) {
		r.t.Fatalf("changed by a repeated call:\nbefore %+v\nafter  %+v", before, after)
	}
}

func testOpen(t *testing.T, r *registryRun) {
	_, err := r.Read(r.ctx, r.sid)
	r.refused("session-missing", app.KindNotFound, app.Row{}, err)
	row := r.open(app.DefaultLimits)
	r.want(row, app.SessionWaiting, "")
	if row.SID != r.sid || row.PracticeName != "Test Practice" || row.TokenHash != r.token || row.Limits != app.DefaultLimits {
		t.Fatalf("opened as %+v", row)
	}
	if d := row.ClaimBy.Sub(row.Now); d != 10*time.Minute || row.Ends.Sub(row.Created) != 8*time.Hour ||
		row.Expires.Sub(row.Now) != time.Hour || !row.DrainUntil.IsZero() {
		t.Fatalf("times of %+v", row)
	}
	again := r.must(r.Open(r.ctx, app.Opening{SID: r.sid, PracticeName: "Other", TokenHash: hash("other"), Limits: app.DefaultLimits}))
	r.unchanged(row, again)
	r.unchanged(row, r.must(r.Read(r.ctx, r.sid)))
}

func testClaim(t *testing.T, r *registryRun) {
	_, err := r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{})
	r.refused("link-unknown", app.KindNotFound, app.Row{}, err)
	waiting := r.open(app.DefaultLimits)
	row := r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	r.want(row, app.SessionPaired, "")
	if row.SID != r.sid || row.PhoneHash != r.phone || row.Seq <= waiting.Seq {
		t.Fatalf("claimed as %+v", row)
	}
	r.unchanged(row, r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{})))
	row, err = r.Claim(r.ctx, r.token, hash("second phone"), app.KeepOffer{})
	r.refused("link-used", app.KindConflict, row, err)
	r.must(r.Close(r.ctx, r.sid))
	r.want(r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{})), app.SessionClosed, "")
	row, err = r.Claim(r.ctx, r.token, hash("second phone"), app.KeepOffer{})
	r.refused("link-unknown", app.KindNotFound, row, err)
}

func testPhoneKey(t *testing.T, r *registryRun) {
	calls := map[string]func(phone app.Digest) (app.Row, error){
		"status":  func(p app.Digest) (app.Row, error) { return r.Status(r.ctx, r.sid, p) },
		"reserve": func(p app.Digest) (app.Row, error) { return r.Reserve(r.ctx, r.sid, p, images(1, 1)) },
		"stored":  func(p app.Digest) (app.Row, error) { return r.Stored(r.ctx, r.sid, p, images(1, 1), nil) },
		"retract": func(p app.Digest) (app.Row, error) { return r.Retract(r.ctx, r.sid, p, []app.ImageID{image(1).ID}) },
		"done":    func(p app.Digest) (app.Row, error) { return r.Done(r.ctx, r.sid, p) },
		"amend":   func(p app.Digest) (app.Row, error) { return r.Amend(r.ctx, r.sid, p, amendment(1, 1)) },
		"leave":   func(p app.Digest) (app.Row, error) { return r.Leave(r.ctx, r.sid, p, app.Leaving{}) },
	}
	for name, call := range calls {
		row, err := call(r.phone)
		t.Log(name)
		r.refused("session-missing", app.KindNotFound, row, err)
	}
	r.open(app.DefaultLimits)
	for _, p := range []app.Digest{r.phone, ""} {
		for name, call := range calls {
			row, err := call(p)
			t.Log(name)
			r.refused("phone-replaced", app.KindAuth, row, err)
		}
	}
	paired := r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	for name, call := range calls {
		row, err := call(hash("second phone"))
		t.Log(name)
		r.refused("phone-replaced", app.KindAuth, row, err)
	}
	r.unchanged(paired, r.must(r.Status(r.ctx, r.sid, r.phone)))
}

func testReserve(t *testing.T, r *registryRun) {
	l := app.DefaultLimits
	l.MaxImages, l.MaxBytes = 3, 1010
	r.open(l)
	r.must(r.Claim(r.ctx, r.token, r.phone, app.KeepOffer{}))
	row := r.must(r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{image(2), image(1)}))
	r.want(row, app.SessionPaired, "reserved reserved")
	if row.Images[0].ID != image(2).ID || row.Images[0].Bytes != 1002 || row.Images[0].SHA256 != image(2).SHA256 {
		t.Fatalf("reserved as %+v", row.Images)
	}
	got, err := r.Reserve(r.ctx, r.sid, r.phone, images(3, 4))
	r.refused("too-many-images", app.KindTooLarge, got, err)
	got, err = r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{image(3), image(11)})
	r.refused("image-too-large", app.KindTooLarge, got, err)
	r.unchanged(row, r.must(r.Read(r.ctx, r.sid)))
	r.want(r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 3))), app.SessionPaired, "reserved reserved reserved")
	// A retracted image gives its place back.
	r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageRetracted}}))
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(4, 4)))
}

func testReserveAgain(t *testing.T, r *registryRun) {
	r.pair()
	row := r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	r.unchanged(row, r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2))))
	resealed := image(1)
	resealed.Bytes, resealed.SHA256 = 77, hash("sealed again")
	row = r.must(r.Reserve(r.ctx, r.sid, r.phone, []app.RowImage{resealed}))
	if m := row.Images[0]; m.Bytes != 77 || m.SHA256 != resealed.SHA256 || m.Seq != row.Seq {
		t.Fatalf("resealed as %+v", m)
	}
	row = r.must(r.Stored(r.ctx, r.sid, r.phone, []app.RowImage{resealed}, nil))
	r.unchanged(row, r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 1))))
}

func testStored(t *testing.T, r *registryRun) {
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 3)))
	short, gone, other := image(2), image(2), image(2)
	short.Bytes--
	gone.Bytes, gone.SHA256 = -1, ""
	other.SHA256 = hash("other bytes")
	for code, found := range map[string]app.RowImage{"image-mismatch": short, "not-uploaded": gone, "not-reserved": image(9)} {
		kind := app.KindNotFound
		if code == "image-mismatch" {
			kind = app.KindCorrupt
		}
		row, err := r.Stored(r.ctx, r.sid, r.phone, []app.RowImage{found}, nil)
		r.refused(code, kind, row, err)
	}
	// The good one of a mixed call is kept, and the refusal names the other.
	row, err := r.Stored(r.ctx, r.sid, r.phone, []app.RowImage{other, image(1)}, nil)
	r.refused("image-mismatch", app.KindCorrupt, row, err)
	var about interface{ RefusedImages() []app.ImageID }
	if !errors.As(err, &about) || !slices.Equal(about.RefusedImages(), []app.ImageID{image(2).ID}) {
		t.Fatalf("%v names %v", err, about)
	}
	r.want(row, app.SessionPaired, "stored reserved reserved")
	r.unchanged(row, r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 1), nil)))
	// Stored of one carries the reservation of the next; too many are left out.
	row = r.must(r.Stored(r.ctx, r.sid, r.phone, images(2, 2), images(4, 4)))
	r.want(row, app.SessionPaired, "stored stored reserved reserved")
	row = r.must(r.Stored(r.ctx, r.sid, r.phone, images(3, 3), images(5, 60)))
	r.want(row, app.SessionPaired, "stored stored stored reserved")
	// Landed and deleted from the object store: the answer is landed.
	r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(2).ID, State: app.ImageLanded}}))
	row = r.must(r.Stored(r.ctx, r.sid, r.phone, []app.RowImage{gone}, nil))
	r.want(row, app.SessionPaired, "stored landed stored reserved")
}

func testMark(t *testing.T, r *registryRun) {
	_, err := r.Mark(r.ctx, r.sid, nil)
	r.refused("session-missing", app.KindNotFound, app.Row{}, err)
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 1)))
	mark := func(n int, s app.ImageState, sinks ...string) app.Row {
		t.Helper()
		return r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(n).ID, State: s, Bytes: image(n).Bytes, SHA256: image(n).SHA256, Sinks: sinks}}))
	}
	landed := mark(1, app.ImageLanded)
	r.want(landed, app.SessionPaired, "landed")
	r.unchanged(landed, mark(1, app.ImageLanded))
	r.want(mark(1, app.ImageUnconfirmed), app.SessionPaired, "unconfirmed")
	r.want(mark(1, app.ImageLanded), app.SessionPaired, "unconfirmed")
	filed := mark(1, app.ImageFiled, "folder")
	r.want(filed, app.SessionPaired, "filed")
	r.unchanged(filed, mark(1, app.ImageFiled, "folder"))
	r.unchanged(filed, mark(1, app.ImageDiscarded))
	if row := mark(1, app.ImageFiled, "folder", "alex-scan"); !slices.Equal(row.Images[0].Sinks, []string{"folder", "alex-scan"}) {
		t.Fatalf("sinks %v", row.Images[0].Sinks)
	}
	// One that the registry never heard of.
	row := mark(7, app.ImageLanded)
	r.want(row, app.SessionPaired, "filed landed")
	if m := row.Images[1]; m.Bytes != image(7).Bytes || m.SHA256 != image(7).SHA256 {
		t.Fatalf("added as %+v", m)
	}
}

func testRetract(t *testing.T, r *registryRun) {
	r.pair()
	r.must(r.Reserve(r.ctx, r.sid, r.phone, images(1, 2)))
	r.must(r.Stored(r.ctx, r.sid, r.phone, images(1, 1), nil))
	retract := func(n int) app.Row {
		t.Helper()
		return r.must(r.Retract(r.ctx, r.sid, r.phone, []app.ImageID{image(n).ID}))
	}
	row := retract(1)
	r.want(row, app.SessionPaired, "stored reserved")
	if !row.Images[0].RetractWanted || row.Images[1].RetractWanted {
		t.Fatalf("wanted: %+v", row.Images)
	}
	r.unchanged(row, retract(1))
	row = r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded, Refuse: true}}))
	if !row.Images[0].Refused || row.Images[0].State != app.ImageLanded {
		t.Fatalf("refused: %+v", row.Images[0])
	}
	r.unchanged(row, retract(1))
	retract(2)
	r.want(r.must(r.Mark(r.ctx, r.sid, []app.Mark{{ID: image(2).ID, State: app.ImageRetracted}})), app.SessionPaired, "landed retracted")
	// Stored after the retraction says retracted.
	r.want(r.must(r.Stored(r.ctx, r.sid, r.phone, images(2, 2), nil)), app.SessionPaired, "landed retracted")
	// The wish for an image whose reservation was lost is remembered.
	if row = retract(3); !row.Images[2].RetractWanted || row.Images[2].State != app.ImageReserved {
		t.Fatalf("remembered as %+v", row.Images)
	}
}
