package apptest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// FakeRegistry keeps the registry's rules in memory, for one practice. It may
// be used concurrently. The zero value is empty and ready.
type FakeRegistry struct {
	mu       sync.Mutex
	sessions map[app.SessionID]*app.Row
	tokens   map[app.Digest]app.SessionID
	details  map[app.SessionID]map[app.ImageID]app.Amendment
	kept     map[app.Digest]*keptPhone
	fail     error
	ahead    time.Duration
}

var _ PhoneRegistry = (*FakeRegistry)(nil)

// Fail makes every call return err, until Fail(nil).
func (f *FakeRegistry) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// Lose forgets everything, as an emptied Redis does.
func (f *FakeRegistry) Lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions, f.tokens, f.details, f.kept = nil, nil, nil, nil
}

// Advance moves the registry's clock on.
func (f *FakeRegistry) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead += d
}

// refusal is the fake's refusal: same codes as the driver's.
type refusal struct {
	code   string
	images []app.ImageID
}

func (r refusal) Error() string                { return "refused: " + r.code }
func (r refusal) RefusalCode() string          { return r.code }
func (r refusal) RefusedImages() []app.ImageID { return r.images }

func refuse(code string, ids ...app.ImageID) error {
	kinds := map[string]app.Kind{
		"link-unknown": app.KindNotFound, "session-missing": app.KindNotFound, "not-reserved": app.KindNotFound,
		"not-uploaded": app.KindNotFound, "link-used": app.KindConflict, "session-draining": app.KindConflict,
		"image-unknown": app.KindNotFound, "image-filed": app.KindConflict, "rate-limited": app.KindTooLarge, "phone-forgotten": app.KindNotFound,
		"session-over": app.KindExpired, "phone-replaced": app.KindAuth, "too-many-images": app.KindTooLarge,
		"image-too-large": app.KindTooLarge, "image-mismatch": app.KindCorrupt,
	}
	return app.E("fake registry", kinds[code], refusal{code, ids})
}

// visit is one call under the lock.
type visit struct {
	f   *FakeRegistry
	s   *app.Row
	now time.Time
}

// change runs one transition on a session that is there.
func (f *FakeRegistry) change(ctx context.Context, sid app.SessionID, do func(*visit) error) (app.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return app.Row{}, app.E("fake registry", app.KindCanceled, err)
	}
	if f.fail != nil {
		return app.Row{}, f.fail
	}
	v := f.visit(sid)
	if v.s == nil {
		return app.Row{}, refuse("session-missing")
	}
	v.advance()
	err := do(v)
	return v.answer(), err
}

func (f *FakeRegistry) visit(sid app.SessionID) *visit {
	return &visit{f, f.sessions[sid], time.UnixMilli(time.Now().Add(f.ahead).UnixMilli())}
}

// answer copies the row, so that nobody holds the fake's own.
func (v *visit) answer() app.Row {
	row := *v.s
	row.Now = v.now
	row.Images = slices.Clone(row.Images)
	for i := range row.Images {
		row.Images[i].Sinks = slices.Clone(row.Images[i].Sinks)
	}
	return row
}

func (v *visit) bump() int64 {
	v.s.Seq++
	return v.s.Seq
}

func (v *visit) find(id app.ImageID) *app.RowImage {
	i := slices.IndexFunc(v.s.Images, func(m app.RowImage) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &v.s.Images[i]
}

func (v *visit) add(m app.RowImage) *app.RowImage {
	m.Seq = v.bump()
	v.s.Images = append(v.s.Images, m)
	return &v.s.Images[len(v.s.Images)-1]
}

func (v *visit) outstanding() bool {
	return slices.ContainsFunc(v.s.Images, func(m app.RowImage) bool { return rank(m.State) < 2 })
}

// rank orders states: an image never goes back.
func rank(s app.ImageState) int {
	switch s {
	case app.ImageReserved:
		return 0
	case app.ImageStored:
		return 1
	case app.ImageLanded:
		return 2
	case app.ImageUnconfirmed:
		return 3
	}
	return 4
}

func (v *visit) drain(since time.Time) {
	v.s.State, v.s.DrainUntil = app.SessionDraining, since.Add(v.s.Limits.Drain)
	v.bump()
}

func (v *visit) advance() {
	s := v.s
	if s.State == app.SessionWaiting && !v.now.Before(s.ClaimBy) {
		if v.outstanding() {
			v.drain(s.ClaimBy)
		} else {
			s.State = app.SessionExpired
			v.bump()
		}
	}
	if s.State == app.SessionPaired && !v.now.Before(s.Expires) {
		v.drain(s.Expires)
	}
	if s.State == app.SessionDraining && !v.now.Before(s.DrainUntil) {
		s.State = app.SessionExpired
		v.bump()
	}
}

func (v *visit) settle() {
	if v.s.State == app.SessionDraining && !v.outstanding() {
		v.s.State = app.SessionClosed
		v.bump()
	}
}

func (v *visit) active() {
	if v.s.State == app.SessionPaired {
		v.s.Expires = earlier(v.now.Add(v.s.Limits.Idle), v.s.Ends)
	}
}

func (v *visit) running() bool {
	return v.s.State == app.SessionPaired || v.s.State == app.SessionDraining
}

// late: closed, but a phone that was away may still send what it has.
func (v *visit) late() bool {
	return v.s.State == app.SessionClosed && v.s.PhoneHash != "" && v.now.Before(v.s.DrainUntil)
}

// capturedIn reports whether an image was captured before the draining began,
// by the time in its id; a minute is allowed for.
func (v *visit) capturedIn(id app.ImageID) bool {
	return !id.CapturedAt().After(v.s.DrainUntil.Add(time.Minute - v.s.Limits.Drain))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Open implements app.Registry.
func (f *FakeRegistry) Open(ctx context.Context, o app.Opening) (app.Row, error) {
	var opened time.Time
	f.mu.Lock()
	if f.fail == nil && f.sessions[o.SID] == nil && ctx.Err() == nil {
		if f.sessions == nil {
			f.sessions, f.tokens = map[app.SessionID]*app.Row{}, map[app.Digest]app.SessionID{}
		}
		v := f.visit(o.SID)
		l := o.Limits
		row := app.Row{State: app.SessionWaiting, PracticeName: o.PracticeName, Asks: o.Asks, TokenHash: o.TokenHash, Limits: l,
			Created: v.now, Ends: v.now.Add(l.Life), Seq: 1}
		row.Expires, row.ClaimBy = earlier(v.now.Add(l.Idle), row.Ends), earlier(v.now.Add(l.Claim), row.Ends)
		if o.Restore != nil {
			v.s = o.Restore
			row = v.answer()
			row.Seq += 1000 // as the scripts do: past what the copy does not know
			v.s = &row
			v.advance()
			v.revive()
		}
		row.SID = o.SID
		f.sessions[o.SID], f.tokens[row.TokenHash] = &row, o.SID
		opened = v.now
	}
	f.mu.Unlock()
	row, err := f.Read(ctx, o.SID)
	if err == nil && !opened.IsZero() {
		row.Now = opened // one call, one time
	}
	return row, err
}

// Read implements app.Registry.
func (f *FakeRegistry) Read(ctx context.Context, sid app.SessionID) (app.Row, error) {
	return f.change(ctx, sid, func(*visit) error { return nil })
}

// Mark implements app.Registry.
func (f *FakeRegistry) Mark(ctx context.Context, sid app.SessionID, marks []app.Mark) (app.Row, error) {
	return f.change(ctx, sid, func(v *visit) error {
		for _, k := range marks {
			if k.State == app.ImageReserved {
				v.missing(k.ID)
				continue
			}
			m, changed := v.find(k.ID), false
			if m == nil {
				m = v.add(app.RowImage{ID: k.ID, State: k.State, Bytes: k.Bytes, SHA256: k.SHA256})
			}
			if rank(k.State) > rank(m.State) {
				m.State, changed = k.State, true
				if k.SHA256 != "" {
					m.Bytes, m.SHA256 = k.Bytes, k.SHA256
				}
			}
			if k.Refuse && !m.Refused {
				m.Refused, changed = true, true
			}
			for _, sink := range k.Sinks {
				if k.State == m.State && !slices.Contains(m.Sinks, sink) {
					m.Sinks, changed = append(m.Sinks, sink), true
				}
			}
			if changed {
				m.Seq = v.bump()
			}
		}
		v.settle()
		return nil
	})
}

// missing: a stored image is not in the bucket; the phone sends it again.
func (v *visit) missing(id app.ImageID) {
	if m := v.find(id); m != nil && m.State == app.ImageStored {
		m.State, m.Seq = app.ImageReserved, v.bump()
		v.revive()
	}
}

// revive gives a session that is over another draining time for what is on
// the way.
func (v *visit) revive() {
	over := v.s.State == app.SessionClosed || v.s.State == app.SessionExpired
	if over && v.s.PhoneHash != "" && v.outstanding() {
		v.drain(v.now)
	}
}

// Renew implements app.Registry.
func (f *FakeRegistry) Renew(ctx context.Context, sid app.SessionID, tokenHash app.Digest, dropPhone bool) (app.Row, error) {
	return f.change(ctx, sid, func(v *visit) error {
		s := v.s
		if s.TokenHash == tokenHash {
			return nil
		}
		unclaimed := s.State == app.SessionExpired && s.DrainUntil.IsZero() && v.now.Before(s.Ends)
		switch {
		case s.State == app.SessionDraining:
			return refuse("session-draining")
		case s.State != app.SessionWaiting && s.State != app.SessionPaired && !unclaimed:
			return refuse("session-over")
		}
		delete(f.tokens, s.TokenHash)
		s.TokenHash, f.tokens[tokenHash] = tokenHash, sid
		if dropPhone || s.State != app.SessionPaired {
			s.State, s.PhoneHash, s.PhoneDone = app.SessionWaiting, "", false
			s.Keep, s.Kept = app.KeepOffer{}, time.Time{}
			s.ClaimBy = earlier(v.now.Add(s.Limits.Claim), s.Ends)
		}
		v.bump()
		return nil
	})
}

// Close implements app.Registry.
func (f *FakeRegistry) Close(ctx context.Context, sid app.SessionID) (app.Row, error) {
	return f.change(ctx, sid, func(v *visit) error {
		if v.s.State == app.SessionWaiting || v.s.State == app.SessionPaired {
			v.drain(v.now)
		}
		v.settle()
		return nil
	})
}
