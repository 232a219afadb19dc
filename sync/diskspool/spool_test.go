package diskspool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

var _ app.Spool = (*Spool)(nil)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	return id
}

func open(t testing.TB, dir string, keys Keys) *Spool {
	t.Helper()
	s, err := Open(dir, keys, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func image(n int) app.ImageID {
	return app.ImageID(fmt.Sprintf("01932e9a-0000-7000-8000-%012x", n))
}

func TestConformance(t *testing.T) {
	apptest.Spool(t, func(t *testing.T) apptest.SpoolRig {
		dir, keys := t.TempDir(), Keys{Identity: newIdentity(t), Recovery: newIdentity(t).Recipient()}
		s := open(t, dir, keys)
		return apptest.SpoolRig{Spool: s, Reopen: func(t *testing.T) app.Spool {
			must(t, s.Close())
			return open(t, dir, keys)
		}}
	})
}

func TestOneOwner(t *testing.T) {
	dir, keys := t.TempDir(), Keys{Identity: newIdentity(t)}
	s := open(t, dir, keys)
	if _, err := Open(dir, keys, slog.New(slog.DiscardHandler)); app.KindOf(err) != app.KindConflict {
		t.Errorf("second owner: %v", err)
	}
	must(t, s.Close())
	open(t, dir, keys)
}

func TestIndexThatIsNone(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, indexFile), bytes.Repeat([]byte("not an index "), 4000), 0o600))
	if _, err := Open(dir, Keys{Identity: newIdentity(t)}, slog.New(slog.DiscardHandler)); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("opened: %v", err)
	}
}

func TestOrphansAreSweptAndModesAreClosed(t *testing.T) {
	dir, keys, sid := t.TempDir(), Keys{Identity: newIdentity(t)}, app.NewSessionID()
	s := open(t, dir, keys)
	must(t, s.Land(t.Context(), sid, image(1), []byte("sealed")))
	orphan := filepath.Join(dir, imagesFolder, string(sid), ".landing-123")
	must(t, os.WriteFile(orphan, []byte("half"), 0o600))
	must(t, s.Close())
	s = open(t, dir, keys)
	if _, err := os.Stat(orphan); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("orphan: %v", err)
	}
	if _, err := s.Sealed(t.Context(), sid, image(1)); err != nil {
		t.Error(err)
	}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		must(t, err)
		info, err := e.Info()
		must(t, err)
		if path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", e.Name(), info.Mode())
		}
		return nil
	}))
}

func TestRecoveryKeyOpensAndOthersDoNot(t *testing.T) {
	dir, recovery := t.TempDir(), newIdentity(t)
	s := open(t, dir, Keys{Identity: newIdentity(t), Recovery: recovery.Recipient()})
	rec := app.Record{SID: app.NewSessionID(), Kind: "session", Body: []byte(`{"name":"Aroha Testperson"}`)}
	must(t, s.Save(t.Context(), rec))
	must(t, s.Close())

	s = open(t, dir, Keys{Identity: recovery})
	got, err := s.Load(t.Context(), nil)
	if err != nil || len(got) != 1 || !bytes.Equal(got[0].Body, rec.Body) {
		t.Errorf("recovery key: %d records, %v", len(got), err)
	}
	must(t, s.Close())

	// A stranger's key reads nothing and breaks nothing.
	s = open(t, dir, Keys{Identity: newIdentity(t)})
	own := app.Record{SID: app.NewSessionID(), Kind: "session", Body: []byte("own")}
	must(t, s.Save(t.Context(), own))
	if got, err := s.Load(t.Context(), nil); err != nil || len(got) != 1 || got[0].SID != own.SID {
		t.Errorf("another key: %v, %v", got, err)
	}
	must(t, s.Close())
	if got, err := open(t, dir, Keys{Identity: recovery}).Load(t.Context(), nil); err != nil || len(got) != 1 {
		t.Errorf("after that: %d records, %v", len(got), err)
	}
}

func TestBodyMovedToAnotherRecordDoesNotOpen(t *testing.T) {
	s := open(t, t.TempDir(), Keys{Identity: newIdentity(t)})
	a := app.Record{SID: app.NewSessionID(), Kind: "session", Body: []byte("patient A")}
	b := app.Record{SID: app.NewSessionID(), Kind: "session", Body: []byte("patient B")}
	must(t, s.Save(t.Context(), a))
	must(t, s.Save(t.Context(), b))
	must(t, s.index.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(recordsBucket))
		return bucket.Put(recordName(b), bytes.Clone(bucket.Get(recordName(a))))
	}))
	got, err := s.Load(t.Context(), nil)
	if err != nil || len(got) != 1 || got[0].SID != a.SID {
		t.Errorf("loaded %v, %v", got, err)
	}
}

func TestNothingPlainOnDisk(t *testing.T) {
	dir, sid := t.TempDir(), app.NewSessionID()
	s := open(t, dir, Keys{Identity: newIdentity(t), Recovery: newIdentity(t).Recipient()})
	const canary = "ZZZ0016 Aroha Testperson"
	for i := range 20 {
		must(t, s.Save(t.Context(), app.Record{SID: sid, Kind: "image", Key: fmt.Sprint(i), Body: []byte(canary)}))
		must(t, s.Save(t.Context(), app.Record{SID: sid, Kind: "image", Key: fmt.Sprint(i)}))
	}
	must(t, s.Save(t.Context(), app.Record{SID: sid, Kind: "session", Body: []byte(canary)}))
	searched := 0
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		must(t, err)
		if e.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		must(t, err)
		searched += len(b)
		if bytes.Contains(b, []byte("ZZZ0016")) || bytes.Contains(b, []byte("Aroha")) {
			t.Errorf("the canary is in %s", e.Name())
		}
		return nil
	}))
	if searched == 0 {
		t.Error("nothing searched")
	}
}

func BenchmarkLand(b *testing.B) {
	s := open(b, b.TempDir(), Keys{Identity: newIdentity(b)})
	sid, sealed := app.NewSessionID(), make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	n := 0
	for b.Loop() {
		must(b, s.Land(b.Context(), sid, image(n), sealed))
		n++
	}
}
