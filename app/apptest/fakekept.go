package apptest

import (
	"context"
	"time"

	"github.com/clinicpro-nz/images/app"
)

type keptPhone struct {
	until time.Time
	n     int64
	next  app.NextLink
}

// kept is the phone behind a kept key while it is kept, else nil.
func (v *visit) kept(key app.Digest) *keptPhone {
	if k := v.f.kept[key]; k != nil && k.until.After(v.now) {
		return k
	}
	return nil
}

// offer takes up what the phone that claims says of itself.
func (v *visit) offer(o app.KeepOffer) {
	if o.IsZero() || v.s.Keep == o {
		return
	}
	v.bump()
	v.s.Keep, v.s.Kept = o, time.Time{}
	if k := v.kept(o.Key); k != nil {
		v.s.Kept = k.until
	}
}

// Keep implements app.KeptRegistry.
func (f *FakeRegistry) Keep(ctx context.Context, sid app.SessionID, key app.Digest, until time.Time) (app.Row, error) {
	return f.change(ctx, sid, func(v *visit) error {
		switch {
		case v.s.State == app.SessionDraining:
			return refuse("session-draining")
		case v.s.State != app.SessionPaired:
			return refuse("session-over")
		case v.s.Keep.Key != key:
			return refuse("phone-replaced")
		}
		until = time.UnixMilli(earlier(until, v.now.Add(app.MaxKept)).UnixMilli())
		if !until.After(v.now) {
			return refuse("phone-forgotten")
		}
		k := v.kept(key)
		if k == nil {
			k = &keptPhone{}
		}
		if f.kept == nil {
			f.kept = map[app.Digest]*keptPhone{}
		}
		k.until, f.kept[key] = until, k
		if !v.s.Kept.Equal(until) {
			v.s.Kept = until
			v.bump()
		}
		return nil
	})
}

// Rekeep implements app.KeptRegistry.
func (f *FakeRegistry) Rekeep(_ context.Context, key app.Digest, until time.Time, sessions ...app.SessionID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	v := f.visit("")
	until = time.UnixMilli(earlier(until, v.now.Add(app.MaxKept)).UnixMilli())
	if !until.After(v.now) {
		return refuse("phone-forgotten")
	}
	if v.kept(key) == nil {
		if f.kept == nil {
			f.kept = map[app.Digest]*keptPhone{}
		}
		f.kept[key] = &keptPhone{until: until}
	}
	for _, sid := range sessions {
		if v := f.visit(sid); v.s != nil && v.s.Keep.Key == key && v.s.Kept.IsZero() {
			v.s.Kept = v.kept(key).until
			v.bump()
		}
	}
	return nil
}

// Next implements app.KeptRegistry.
func (f *FakeRegistry) Next(_ context.Context, key app.Digest, next app.NextLink) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	k := f.visit("").kept(key)
	if k == nil {
		return refuse("phone-forgotten")
	}
	if next.N > k.n {
		k.n, k.next = next.N, next
		if next.SID == "" {
			k.next = app.NextLink{}
		}
	}
	return nil
}

// AskNext is the phone's side.
func (f *FakeRegistry) AskNext(_ context.Context, key app.Digest) (now, until time.Time, next app.NextLink, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return time.Time{}, time.Time{}, app.NextLink{}, f.fail
	}
	v := f.visit("")
	k := v.kept(key)
	if k == nil {
		return time.Time{}, time.Time{}, app.NextLink{}, refuse("phone-forgotten")
	}
	return v.now, k.until, k.next, nil
}

// Forget implements app.KeptRegistry.
func (f *FakeRegistry) Forget(_ context.Context, key app.Digest, sessions ...app.SessionID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	delete(f.kept, key)
	for _, sid := range sessions {
		if v := f.visit(sid); v.s != nil && v.s.Keep.Key == key && !v.s.Kept.IsZero() {
			v.s.Kept = time.Time{}
			v.bump()
		}
	}
	return nil
}
