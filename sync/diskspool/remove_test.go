package diskspool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

// sealedBodies returns every sealed body of a session, as it lies in the file.
func sealedBodies(t *testing.T, s *Spool, sid app.SessionID) (out [][]byte) {
	t.Helper()
	must(t, s.index.view(func(tx *bbolt.Tx) error {
		for _, name := range namesOf(tx, sid) {
			out = append(out, bytes.Clone(tx.Bucket([]byte(recordsBucket)).Get(name)))
		}
		return nil
	}))
	return out
}

// After a removal no byte of the session is in the index's file: not its id,
// not one of the sealed bodies that it ever had.
func TestRemovedSessionIsOutOfTheFile(t *testing.T) {
	dir, keys := t.TempDir(), Keys{Identity: newIdentity(t)}
	s := open(t, dir, keys)
	index := filepath.Join(dir, indexFile)
	var ever [][]byte
	for version := range 5 {
		save(t, s, secondSID, "session", "", fmt.Sprintf("other %d", version))
		save(t, s, killSID, "session", "", fmt.Sprintf("version %d with the session's key", version))
		ever = append(ever, sealedBodies(t, s, killSID)...)
	}
	must(t, s.Land(t.Context(), killSID, image(1), content(1)))
	path, err := imagePath(s.images, killSID, image(1))
	must(t, err)
	watched, err := os.Open(path) // the file's own bytes, whatever its name
	must(t, err)
	defer watched.Close()
	raw, err := os.ReadFile(index)
	must(t, err)
	found := 0
	for _, body := range ever {
		if bytes.Contains(raw, body) {
			found++
		}
	}
	if found < 2 || !bytes.Contains(raw, []byte(killSID)) {
		t.Fatalf("%d old bodies are in the file before the removal: this test proves nothing", found)
	}

	replaced, err := os.Open(index)
	must(t, err)
	defer replaced.Close()
	must(t, s.Remove(t.Context(), killSID))
	must(t, s.compact())
	for name, f := range map[string]func() ([]byte, error){
		"the index": func() ([]byte, error) { return os.ReadFile(index) },
		"the replaced index": func() ([]byte, error) {
			b := make([]byte, len(raw))
			_, err := replaced.ReadAt(b, 0)
			return b, err
		},
	} {
		raw, err := f()
		must(t, err)
		for n, body := range ever {
			if bytes.Contains(raw, body) {
				t.Errorf("body %d is still in %s", n, name)
			}
		}
		if bytes.Contains(raw, []byte(killSID)) {
			t.Errorf("the session id is still in %s", name)
		}
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
	left := make([]byte, len(content(1)))
	if n, err := watched.ReadAt(left, 0); err != nil || n != len(left) || bytes.Contains(left, content(1)[:64]) {
		t.Errorf("the image's bytes were not overwritten: %d, %v", n, err)
	}
	// The other session lived through it, and through a restart.
	must(t, s.Close())
	if got := bodies(t, dir, keys); !slices.Equal(got, []string{"other 4"}) {
		t.Errorf("left: %q", got)
	}
}

// A night's retention compacts once, some time after its last removal, by
// itself; whoever loads and saves meanwhile is not disturbed.
func TestRemovalsShareOneCompaction(t *testing.T) {
	s := open(t, t.TempDir(), Keys{Identity: newIdentity(t)})
	var sessions []app.SessionID
	for range 50 {
		sid := app.NewSessionID()
		sessions = append(sessions, sid)
		save(t, s, sid, "session", "", "body")
	}
	before, err := os.Stat(s.index.path)
	must(t, err)
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for n := range 3 {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				save(t, s, secondSID, "image", fmt.Sprint(n), fmt.Sprint(i))
				if got, err := s.Load(t.Context(), func(sid app.SessionID, _, key string) bool {
					return sid == secondSID && key == fmt.Sprint(n)
				}); err != nil || len(got) != 1 || string(got[0].Body) != fmt.Sprint(i) {
					t.Errorf("%d: %q, %v", i, got, err)
					return
				}
			}
		})
	}
	replaced := 0
	for _, sid := range sessions {
		must(t, s.Remove(t.Context(), sid))
		now, err := os.Stat(s.index.path)
		must(t, err)
		if !os.SameFile(before, now) {
			replaced++
		}
		before = now
	}
	if replaced > 1 { // one, should this machine have slept for two seconds
		t.Errorf("%d compactions during 50 removals", replaced)
	}
	for end := time.Now().Add(30 * time.Second); s.index.compactionWanted(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody compacts")
		}
	}
	close(stop)
	busy.Wait()
	raw, err := os.ReadFile(s.index.path)
	must(t, err)
	for _, sid := range sessions {
		if bytes.Contains(raw, []byte(sid)) {
			t.Fatalf("a removed session's id is in the index")
		}
	}
}

// Whatever stopped a removal, the next Open ends it.
func TestOpenFinishesRemovals(t *testing.T) {
	dir, keys := t.TempDir(), Keys{Identity: newIdentity(t)}
	s := open(t, dir, keys)
	save(t, s, killSID, "session", "", "goes")
	must(t, s.Land(t.Context(), killSID, image(1), content(1)))
	must(t, s.index.commit(removeAll(killSID)))
	must(t, os.Rename(filepath.Join(s.images, string(killSID)), filepath.Join(s.images, removingPrefix+string(killSID))))
	must(t, os.WriteFile(s.index.path+compactSuffix, []byte("half a copy"), 0o600))
	// As after a kill: neither Close's compaction nor the timer.
	must(t, s.index.close())
	must(t, s.lock.Close())

	s = open(t, dir, keys)
	raw, err := os.ReadFile(s.index.path)
	must(t, err)
	if bytes.Contains(raw, []byte(killSID)) {
		t.Error("the session is in the index's file")
	}
	if left := append(entries(s.images, ""), entries(dir, indexFile+compactSuffix)...); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// An index does not grow without bound, and is small when it holds nothing.
func TestIndexGivesBackItsRoom(t *testing.T) {
	s := open(t, t.TempDir(), Keys{Identity: newIdentity(t)})
	body := bytes.Repeat([]byte("x"), 900)
	const sessions, images, saves = 200, 5, 3
	for range saves {
		must(t, s.index.commit(func(tx *bbolt.Tx) error {
			for n := range sessions {
				for im := range images {
					name := []byte(fmt.Sprintf("%026d\x00image\x00%d", n, im))
					sealed, err := s.ring.Load().seal(name, body)
					if err != nil {
						return err
					}
					if err := tx.Bucket([]byte(recordsBucket)).Put(name, sealed); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	full := size(t, s.index.path)
	for n := range sessions {
		must(t, s.index.commit(removeAll(app.SessionID(fmt.Sprintf("%026d", n)))))
	}
	must(t, s.compact())
	left := size(t, s.index.path)
	t.Logf("%d sessions of %d images: %d bytes full, %d bytes empty", sessions, images, full, left)
	if full < 1<<20 || left > 128<<10 {
		t.Error("the index keeps the room of what it no longer holds")
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

// An index that could not be opened again after a compaction is tried again.
func TestIndexOpensAgain(t *testing.T) {
	s := open(t, t.TempDir(), Keys{Identity: newIdentity(t)})
	save(t, s, killSID, "session", "", "kept")
	s.index.gate.Lock()
	must(t, s.index.db.Close())
	s.index.db = nil
	s.index.gate.Unlock()
	if _, err := s.Load(t.Context(), nil); err == nil {
		t.Error("loaded from nothing")
	}
	save(t, s, killSID, "image", "x", "also")
	if got, err := s.Load(t.Context(), nil); err != nil || len(got) != 2 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

// measured in docs/operations.md: opening, saving and compacting an index of
// 1,000 sessions of 5 images.
func BenchmarkIndex(b *testing.B) {
	dir, keys := b.TempDir(), Keys{Identity: newIdentity(b), Recovery: newIdentity(b).Recipient()}
	s, err := Open(dir, keys, slog.New(slog.DiscardHandler))
	must(b, err)
	body := bytes.Repeat([]byte("x"), 700)
	must(b, s.index.commit(func(tx *bbolt.Tx) error {
		for n := range 1000 {
			for im := range 6 {
				name := []byte(fmt.Sprintf("%026d\x00image\x00%d", n, im))
				sealed, err := s.ring.Load().seal(name, body)
				if err != nil {
					return err
				}
				if err := tx.Bucket([]byte(recordsBucket)).Put(name, sealed); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	must(b, s.Close())
	b.Run("open and load 6000 records", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(dir, keys, slog.New(slog.DiscardHandler))
			must(b, err)
			got, err := s.Load(b.Context(), nil)
			must(b, errors.Join(err, s.Close()))
			if len(got) != 6000 {
				b.Fatalf("%d records", len(got))
			}
		}
	})
	s = open(b, dir, keys)
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			must(b, s.Save(b.Context(), app.Record{SID: killSID, Kind: "image", Key: "x", Body: body}))
		}
	})
	b.Run("compact", func(b *testing.B) {
		for b.Loop() {
			must(b, s.index.commit(removeAll(killSID)))
			must(b, s.compact())
		}
	})
}
