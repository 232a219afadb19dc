package apptest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// SpoolRig is one spool, empty at the start. Reopen stops it and returns it
// as the next start of the program finds it.
type SpoolRig struct {
	Spool  app.Spool
	Reopen func(t *testing.T) app.Spool
}

// Spool is the conformance suite of app.Spool. start is called once a test.
func Spool(t *testing.T, start func(t *testing.T) SpoolRig) {
	t.Run("landed bytes come back after a restart", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		for _, size := range []int{1, 4096, 1 << 20} {
			sealed := noise(size)
			if err := rig.Spool.Land(ctx, sid, imageID(size), sealed); err != nil {
				t.Fatal(err)
			}
			clear(sealed) // the caller's again
		}
		s := rig.Reopen(t)
		for _, size := range []int{1, 4096, 1 << 20} {
			if got, err := s.Sealed(ctx, sid, imageID(size)); err != nil || !bytes.Equal(got, noise(size)) {
				t.Errorf("%d bytes: got %d, %v", size, len(got), err)
			}
		}
	})
	t.Run("landing twice", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		for range 2 {
			if err := rig.Spool.Land(ctx, sid, imageID(1), noise(100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := rig.Spool.Land(ctx, sid, imageID(1), noise(101)); app.KindOf(err) != app.KindConflict {
			t.Errorf("other bytes under the same id: %v", err)
		}
		if got, err := rig.Spool.Sealed(ctx, sid, imageID(1)); err != nil || !bytes.Equal(got, noise(100)) {
			t.Errorf("the first bytes are gone: %d, %v", len(got), err)
		}
	})
	t.Run("what never landed", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		if err := rig.Spool.Land(ctx, sid, imageID(1), noise(9)); err != nil {
			t.Fatal(err)
		}
		if _, err := rig.Spool.Sealed(ctx, sid, imageID(2)); app.KindOf(err) != app.KindNotFound {
			t.Errorf("another image: %v", err)
		}
		if _, err := rig.Spool.Sealed(ctx, app.NewSessionID(), imageID(1)); app.KindOf(err) != app.KindNotFound {
			t.Errorf("another session: %v", err)
		}
	})
	t.Run("ids that are no ids", func(t *testing.T) {
		rig, ctx := start(t), t.Context()
		if err := rig.Spool.Land(ctx, "../../etc", imageID(1), noise(9)); app.KindOf(err) != app.KindBug {
			t.Errorf("session: %v", err)
		}
		if err := rig.Spool.Land(ctx, app.NewSessionID(), "../x", noise(9)); app.KindOf(err) != app.KindBug {
			t.Errorf("image: %v", err)
		}
	})
	t.Run("records are replaced, removed and survive", func(t *testing.T) {
		rig, ctx, sid := start(t), t.Context(), app.NewSessionID()
		record := func(kind, key, body string) app.Record {
			r := app.Record{SID: sid, Kind: kind, Key: key}
			if body != "" {
				r.Body = []byte(body)
			}
			return r
		}
		for _, r := range []app.Record{
			record("session", "", `{"a":1}`), record("image", "x", `1`), record("image", "y", "line\nline"),
			record("session", "", `{"a":2}`), record("image", "x", ""), record("image", "never", ""),
		} {
			if err := rig.Spool.Save(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		wantRecords(t, rig.Reopen(t), record("session", "", `{"a":2}`), record("image", "y", "line\nline"))
	})
	t.Run("remove takes one session only", func(t *testing.T) {
		rig, ctx, sid, other := start(t), t.Context(), app.NewSessionID(), app.NewSessionID()
		kept := app.Record{SID: other, Kind: "session", Body: []byte("b")}
		for _, id := range []app.SessionID{sid, other} {
			if err := rig.Spool.Land(ctx, id, imageID(1), noise(5)); err != nil {
				t.Fatal(err)
			}
			if err := rig.Spool.Save(ctx, app.Record{SID: id, Kind: "session", Body: []byte("b")}); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := rig.Spool.Remove(ctx, sid); err != nil {
				t.Fatal(err)
			}
		}
		s := rig.Reopen(t)
		wantRecords(t, s, kept)
		if _, err := s.Sealed(ctx, sid, imageID(1)); app.KindOf(err) != app.KindNotFound {
			t.Errorf("removed image: %v", err)
		}
		if _, err := s.Sealed(ctx, other, imageID(1)); err != nil {
			t.Errorf("the other session's image: %v", err)
		}
		if err := s.Land(ctx, sid, imageID(1), noise(5)); err != nil {
			t.Errorf("landing again after a removal: %v", err)
		}
	})
	t.Run("a removal beside saves of another session", func(t *testing.T) {
		rig, ctx, other := start(t), t.Context(), app.NewSessionID()
		large := app.Record{SID: other, Kind: "item", Key: "large", Body: noise(1 << 20)}
		want := []app.Record{large}
		if err := rig.Spool.Save(ctx, large); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() {
			for range 10 {
				sid := app.NewSessionID()
				err := rig.Spool.Save(ctx, app.Record{SID: sid, Kind: "session", Body: []byte("goes")})
				if err == nil {
					err = rig.Spool.Remove(ctx, sid)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		for i := range 20 {
			rec := app.Record{SID: other, Kind: "image", Key: fmt.Sprint(i), Body: []byte{byte(i)}}
			if err := rig.Spool.Save(ctx, rec); err != nil {
				t.Fatal(err)
			}
			want = append(want, rec)
		}
		both.Wait()
		wantRecords(t, rig.Reopen(t), want...)
	})
	t.Run("several records are saved all or none", func(t *testing.T) {
		rig, sid := start(t), app.NewSessionID()
		good := app.Record{SID: sid, Kind: "image", Key: "x", Body: []byte("x")}
		if err := rig.Spool.Save(t.Context(), good, app.Record{SID: "no id", Kind: "image", Body: []byte("y")}); app.KindOf(err) != app.KindBug {
			t.Errorf("a record of no session: %v", err)
		}
		wantRecords(t, rig.Spool)
	})
	t.Run("many at once", func(t *testing.T) {
		rig, sid := start(t), app.NewSessionID()
		var all sync.WaitGroup
		errs := make([]error, 32)
		want := make([]app.Record, len(errs))
		for i := range errs {
			want[i] = app.Record{SID: sid, Kind: "image", Key: fmt.Sprint(i), Body: []byte{byte(i)}}
			all.Go(func() {
				if errs[i] = rig.Spool.Land(t.Context(), sid, imageID(i), noise(10_000+i)); errs[i] == nil {
					errs[i] = rig.Spool.Save(t.Context(), want[i])
				}
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
			if got, err := rig.Spool.Sealed(t.Context(), sid, imageID(i)); err != nil || !bytes.Equal(got, noise(10_000+i)) {
				t.Errorf("image %d: %d bytes, %v", i, len(got), err)
			}
		}
		wantRecords(t, rig.Spool, want...)
	})
	t.Run("only what is wanted is loaded", func(t *testing.T) {
		rig := start(t)
		sid, other := app.NewSessionID(), app.NewSessionID()
		for _, rec := range []app.Record{
			{SID: sid, Kind: "session", Body: []byte("a")},
			{SID: sid, Kind: "item", Key: "k", Body: []byte("b")},
			{SID: other, Kind: "session", Body: []byte("c")},
		} {
			if err := rig.Spool.Save(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		got, err := rig.Spool.Load(t.Context(), func(of app.SessionID, kind, key string) bool {
			return of == sid && kind == "item" && key == "k"
		})
		if err != nil || len(got) != 1 || string(got[0].Body) != "b" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a cancelled context", func(t *testing.T) {
		rig := start(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rig.Spool.Land(ctx, app.NewSessionID(), imageID(1), noise(5)); app.KindOf(err) != app.KindCanceled {
			t.Errorf("land: %v", err)
		}
	})
}

func wantRecords(t *testing.T, s app.Spool, want ...app.Record) {
	t.Helper()
	got, err := s.Load(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	order := func(a, b app.Record) int {
		return cmp.Or(cmp.Compare(a.SID, b.SID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if !slices.EqualFunc(got, want, func(a, b app.Record) bool { return order(a, b) == 0 && bytes.Equal(a.Body, b.Body) }) {
		t.Errorf("records %q, want %q", got, want)
	}
}

// FakeSpool is a spool in memory. The zero value is empty. It implements
// app.Spool.
type FakeSpool struct {
	mu      sync.Mutex
	images  map[fakeImage][]byte
	records map[fakeRecord][]byte
	broken  error
}

type fakeImage struct {
	sid app.SessionID
	id  app.ImageID
}

type fakeRecord struct {
	sid       app.SessionID
	kind, key string
}

// Break makes every call fail with err, nil mends it.
func (f *FakeSpool) Break(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
}

func (f *FakeSpool) enter(ctx context.Context, op string, sids ...app.SessionID) error {
	f.mu.Lock()
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	if f.broken != nil {
		return f.broken
	}
	for _, sid := range sids {
		if _, err := app.ParseSessionID(string(sid)); err != nil {
			return app.E(op, app.KindBug, err)
		}
	}
	return nil
}

func (f *FakeSpool) Land(ctx context.Context, sid app.SessionID, id app.ImageID, sealed []byte) error {
	const op = "land image"
	err := f.enter(ctx, op, sid)
	defer f.mu.Unlock()
	if err != nil {
		return err
	}
	if _, err := app.ParseImageID(string(id)); err != nil {
		return app.E(op, app.KindBug, err)
	}
	if before, ok := f.images[fakeImage{sid, id}]; ok && !bytes.Equal(before, sealed) {
		return app.E(op, app.KindConflict, fmt.Errorf("landed before with other bytes"))
	}
	if f.images == nil {
		f.images = map[fakeImage][]byte{}
	}
	f.images[fakeImage{sid, id}] = bytes.Clone(sealed)
	return nil
}

func (f *FakeSpool) Sealed(ctx context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	const op = "read landed image"
	err := f.enter(ctx, op, sid)
	defer f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	b, ok := f.images[fakeImage{sid, id}]
	if !ok {
		return nil, app.E(op, app.KindNotFound, fmt.Errorf("not landed"))
	}
	return bytes.Clone(b), nil
}

func (f *FakeSpool) Save(ctx context.Context, records ...app.Record) error {
	var sids []app.SessionID
	for _, rec := range records {
		sids = append(sids, rec.SID)
	}
	err := f.enter(ctx, "save records", sids...)
	defer f.mu.Unlock()
	if err != nil {
		return err
	}
	for _, rec := range records {
		name := fakeRecord{rec.SID, rec.Kind, rec.Key}
		if rec.Body == nil {
			delete(f.records, name)
			continue
		}
		if f.records == nil {
			f.records = map[fakeRecord][]byte{}
		}
		f.records[name] = bytes.Clone(rec.Body)
	}
	return nil
}

func (f *FakeSpool) Load(ctx context.Context, want func(sid app.SessionID, kind, key string) bool) ([]app.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, app.E("load records", app.KindOffline, err)
	}
	if f.broken != nil {
		return nil, f.broken
	}
	var out []app.Record
	for name, body := range f.records {
		if want != nil && !want(name.sid, name.kind, name.key) {
			continue
		}
		out = append(out, app.Record{SID: name.sid, Kind: name.kind, Key: name.key, Body: bytes.Clone(body)})
	}
	return out, nil
}

func (f *FakeSpool) Remove(ctx context.Context, sid app.SessionID) error {
	err := f.enter(ctx, "remove session", sid)
	defer f.mu.Unlock()
	if err != nil {
		return err
	}
	for name := range f.images {
		if name.sid == sid {
			delete(f.images, name)
		}
	}
	for name := range f.records {
		if name.sid == sid {
			delete(f.records, name)
		}
	}
	return nil
}
