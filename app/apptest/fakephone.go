package apptest

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Claim is the gateway's side of the fake, as are the calls below.
func (f *FakeRegistry) Claim(ctx context.Context, tokenHash, phoneHash app.Digest, offer app.KeepOffer) (app.Row, error) {
	f.mu.Lock()
	sid, known := f.tokens[tokenHash]
	fail := f.fail
	f.mu.Unlock()
	if fail == nil && !known {
		return app.Row{}, refuse("link-unknown")
	}
	return f.change(ctx, sid, func(v *visit) error {
		switch {
		case v.s.TokenHash != tokenHash:
			return refuse("link-unknown")
		case v.s.PhoneHash == phoneHash:
			v.offer(offer)
			return nil
		case v.s.State == app.SessionPaired:
			return refuse("link-used")
		case v.s.State != app.SessionWaiting:
			return refuse("link-unknown")
		}
		v.s.PhoneHash, v.s.State = phoneHash, app.SessionPaired
		v.s.Keep, v.s.Kept = app.KeepOffer{}, time.Time{}
		v.offer(offer)
		v.bump()
		v.active()
		return nil
	})
}

// byPhone runs one transition for the bound phone.
func (f *FakeRegistry) byPhone(ctx context.Context, sid app.SessionID, phoneHash app.Digest, do func(*visit) error) (app.Row, error) {
	return f.change(ctx, sid, func(v *visit) error {
		if phoneHash == "" || v.s.PhoneHash != phoneHash {
			return refuse("phone-replaced")
		}
		if !v.s.Kept.IsZero() && v.kept(v.s.Keep.Key) == nil { // forgotten before this session was known
			v.s.Kept = time.Time{}
			v.bump()
		}
		return do(v)
	})
}

// Status returns the session to its phone.
func (f *FakeRegistry) Status(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(*visit) error { return nil })
}

// Reserve announces images, all or none.
func (f *FakeRegistry) Reserve(ctx context.Context, sid app.SessionID, phoneHash app.Digest, want []app.RowImage) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error { return v.reserve(want) })
}

func (v *visit) reserve(want []app.RowImage) error {
	held, total := 0, len(v.s.Images)
	for _, m := range v.s.Images {
		if m.State != app.ImageRetracted && m.State != app.ImageDiscarded {
			held++
		}
	}
	for _, w := range want {
		m := v.find(w.ID)
		if m == nil || m.State == app.ImageReserved {
			if !v.running() && !v.late() {
				return refuse("session-over")
			}
			if w.Bytes > v.s.Limits.MaxBytes {
				return refuse("image-too-large")
			}
		}
		if m == nil {
			if v.s.State != app.SessionPaired && !v.capturedIn(w.ID) {
				return refuse("session-draining")
			}
			held, total = held+1, total+1
			if held > v.s.Limits.MaxImages || total > 4*v.s.Limits.MaxImages {
				return refuse("too-many-images")
			}
		}
	}
	for _, w := range want {
		m := v.find(w.ID)
		if v.s.State == app.SessionClosed && (m == nil || m.State == app.ImageReserved) {
			v.s.State = app.SessionDraining
			v.bump()
		}
		switch {
		case m == nil:
			v.add(app.RowImage{ID: w.ID, State: app.ImageReserved, Bytes: w.Bytes, SHA256: w.SHA256})
		case m.State == app.ImageReserved && (m.Bytes != w.Bytes || m.SHA256 != w.SHA256):
			m.Bytes, m.SHA256, m.Seq = w.Bytes, w.SHA256, v.bump()
		}
	}
	v.active()
	return nil
}

// Stored records uploaded images, and reserves next where it may.
func (f *FakeRegistry) Stored(ctx context.Context, sid app.SessionID, phoneHash app.Digest, found, next []app.RowImage) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error {
		code := ""
		var bad []app.ImageID
		for _, x := range found {
			wrong := ""
			switch m := v.find(x.ID); {
			case m == nil:
				wrong = "not-reserved"
			case m.State != app.ImageReserved:
			case !v.running():
				wrong = "session-over"
			case x.Bytes == -1:
				wrong = "not-uploaded"
			case x.Bytes != m.Bytes || x.SHA256 != m.SHA256:
				wrong = "image-mismatch"
			default:
				m.State, m.Seq = app.ImageStored, v.bump()
			}
			if wrong != "" {
				bad = append(bad, x.ID)
				if code == "" {
					code = wrong
				}
			}
		}
		v.active()
		if code != "" {
			return refuse(code, bad...)
		}
		_ = v.reserve(next) // left out where it may not be: the phone asks alone
		return nil
	})
}

// Retract says that the phone wants images back.
func (f *FakeRegistry) Retract(ctx context.Context, sid app.SessionID, phoneHash app.Digest, ids []app.ImageID) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error {
		for _, id := range ids {
			m := v.find(id)
			if m == nil {
				if !v.running() {
					return refuse("session-over")
				}
				if len(v.s.Images) >= 4*v.s.Limits.MaxImages {
					return refuse("too-many-images")
				}
				m = v.add(app.RowImage{ID: id, State: app.ImageReserved})
			}
			v.want(m)
		}
		return nil
	})
}

// want remembers that the phone wants an image back.
func (v *visit) want(m *app.RowImage) {
	if !m.State.Terminal() && !m.RetractWanted {
		m.RetractWanted, m.Seq = true, v.bump()
	}
}

// Leave says that the phone leaves the session; why is said once.
func (f *FakeRegistry) Leave(ctx context.Context, sid app.SessionID, phoneHash app.Digest, l app.Leaving) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error {
		if v.s.State == app.SessionPaired {
			v.drain(v.now)
		}
		if !v.s.Left {
			v.s.Left, v.s.Declined = true, l.Declined
			v.bump()
		}
		for i := range v.s.Images {
			if !l.Keep {
				v.want(&v.s.Images[i])
			}
		}
		return nil
	})
}

// Amend records changed details; the highest number wins.
func (f *FakeRegistry) Amend(ctx context.Context, sid app.SessionID, phoneHash app.Digest, a app.Amendment) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error {
		m := v.find(a.Image)
		switch {
		case len(a.Sealed) > app.MaxAmendment:
			return app.E("fake registry", app.KindTooLarge, nil)
		case m == nil:
			return refuse("image-unknown", a.Image)
		case a.N <= m.Details:
			return nil
		case rank(m.State) > 2:
			return refuse("image-filed", a.Image)
		case !v.running() && !v.late():
			return refuse("session-over")
		case a.N > app.MaxAmendments:
			return refuse("rate-limited", a.Image)
		}
		if f.details == nil {
			f.details = map[app.SessionID]map[app.ImageID]app.Amendment{}
		}
		if f.details[sid] == nil {
			f.details[sid] = map[app.ImageID]app.Amendment{}
		}
		f.details[sid][a.Image] = a
		m.Details, m.Seq = a.N, v.bump()
		return nil
	})
}

// Details implements app.Amendments.
func (f *FakeRegistry) Details(_ context.Context, sid app.SessionID, id app.ImageID) (app.Amendment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return app.Amendment{}, f.fail
	}
	a, there := f.details[sid][id]
	if !there {
		return app.Amendment{}, app.E("fake registry", app.KindNotFound, nil)
	}
	return a, nil
}

// Done says that the phone is finished.
func (f *FakeRegistry) Done(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error) {
	return f.byPhone(ctx, sid, phoneHash, func(v *visit) error {
		if !v.s.PhoneDone {
			v.s.PhoneDone = true
			v.bump()
		}
		return nil
	})
}
