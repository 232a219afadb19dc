package diskspool

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

// fill puts sessions of two records and two images each into a spool.
func fill(t testing.TB, s *Spool, sessions ...app.SessionID) {
	t.Helper()
	for _, sid := range sessions {
		for n := range 2 {
			must(t, s.Land(t.Context(), sid, image(n), imageOf(sid, n)))
			save(t, s, sid, "image", fmt.Sprint(n), "record "+fmt.Sprint(n)+" of "+string(sid))
		}
	}
}

func imageOf(sid app.SessionID, n int) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%s %d ", sid, n)), 200)
}

// wantFilled checks that a spool holds exactly these sessions, whole.
func wantFilled(t *testing.T, s *Spool, sessions ...app.SessionID) {
	t.Helper()
	records, err := s.Load(t.Context(), nil)
	must(t, err)
	if len(records) != 2*len(sessions) {
		t.Errorf("%d records of %d sessions", len(records), len(sessions))
	}
	for _, r := range records {
		if !slices.Contains(sessions, r.SID) || string(r.Body) != "record "+r.Key+" of "+string(r.SID) {
			t.Errorf("record %s of %s: %q", r.Key, r.SID, r.Body)
		}
	}
	for _, sid := range sessions {
		for n := range 2 {
			if got, err := s.Sealed(t.Context(), sid, image(n)); err != nil || !bytes.Equal(got, imageOf(sid, n)) {
				t.Errorf("image %d of %s: %d bytes, %v", n, sid, len(got), err)
			}
		}
	}
}

func newSessions(n int) []app.SessionID {
	out := make([]app.SessionID, n)
	for i := range out {
		out[i] = app.NewSessionID()
	}
	return out
}

// longAgo makes a spool look as if nobody had written to it for a while.
func longAgo(t testing.TB, dir string) {
	t.Helper()
	at := time.Now().Add(-2 * ownerGone)
	must(t, os.Chtimes(filepath.Join(dir, indexFile), at, at))
}

func TestOpenFreeGivesEachItsOwn(t *testing.T) {
	base, keys, log := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}, slog.New(slog.DiscardHandler)
	next := func() *Spool {
		s, err := OpenFree(base, keys, log)
		must(t, err)
		return s
	}
	first, second, third := next(), next(), next()
	for i, s := range []*Spool{first, second, third} {
		if want := numbered(base, i+1); s.dir != want {
			t.Errorf("spool %d is %s", i+1, filepath.Base(s.dir))
		}
	}
	must(t, second.Close())
	if again := next(); again.dir != second.dir {
		t.Errorf("the free one was not taken, but %s", filepath.Base(again.dir))
	} else {
		must(t, again.Close())
	}
	must(t, errors.Join(first.Close(), third.Close()))
}

func TestAdopt(t *testing.T) {
	base, log := filepath.Join(t.TempDir(), "spool"), slog.New(slog.DiscardHandler)
	recovery := newIdentity(t)
	keys := Keys{Identity: newIdentity(t)}
	mine, theirs, foreign := newSessions(2), newSessions(3), newSessions(1)

	// The other spool also has a session under a key that is lost here, an
	// image that its agent was killed before recording, and half a landing.
	stranger, err := Open(numbered(base, 2), Keys{Identity: recovery}, log)
	must(t, err)
	save(t, stranger, foreign[0], "session", "", "of another key")
	must(t, stranger.Close())
	other, err := Open(numbered(base, 2), keys, log)
	must(t, err)
	fill(t, other, theirs...)
	unrecorded := app.NewSessionID()
	must(t, other.Land(t.Context(), unrecorded, image(7), content(7)))
	must(t, os.WriteFile(filepath.Join(other.images, string(theirs[0]), landingPrefix+"1"), []byte("half"), 0o600))

	keys.Recovery = newIdentity(t).Recipient() // set between the two
	s := open(t, base, keys)
	fill(t, s, mine...)
	if left := s.Left(); len(left) != 0 {
		t.Errorf("a spool written to just now counts as left: %q", left)
	}
	longAgo(t, other.dir)
	if left := s.Left(); !slices.Equal(left, []string{other.dir}) {
		t.Fatalf("left: %q", left)
	}
	if _, err := s.Adopt(t.Context(), other.dir); app.KindOf(err) != app.KindConflict {
		t.Fatalf("its owner lives: %v", err)
	}
	must(t, other.Close())

	taken, err := s.Adopt(t.Context(), other.dir)
	must(t, err)
	want := append(slices.Clone(theirs), foreign[0], unrecorded)
	slices.Sort(want)
	slices.Sort(taken)
	if !slices.Equal(taken, want) {
		t.Errorf("took %q, want %q", taken, want)
	}
	wantFilled(t, s, append(slices.Clone(mine), theirs...)...)
	if got, err := s.Sealed(t.Context(), unrecorded, image(7)); err != nil || !bytes.Equal(got, content(7)) {
		t.Errorf("the unrecorded image: %d bytes, %v", len(got), err)
	}
	if _, err := os.Stat(other.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the emptied spool: %v", err)
	}
	if left := entries(s.dir, adoptingPrefix); len(left) != 0 {
		t.Errorf("left inside: %q", left)
	}
	if _, err := s.Adopt(t.Context(), other.dir); app.KindOf(err) != app.KindNotFound {
		t.Errorf("adopting it again: %v", err)
	}
	must(t, s.Close())
	s = open(t, base, keys)
	wantFilled(t, s, append(slices.Clone(mine), theirs...)...)
	must(t, s.Close())
	// The stranger's session came along, for whoever has its key.
	archive, err := OpenArchive(base, recovery)
	must(t, err)
	defer archive.Close()
	if records, _ := archive.Records(foreign[0]); len(records) != 1 || string(records[0].Body) != "of another key" {
		t.Errorf("the stranger's session: %v", records)
	}
}

// Killed after its records were committed here and before they were deleted
// there: what has happened since is not undone.
func TestAdoptDoesNotTurnBack(t *testing.T) {
	base, keys := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}
	s := open(t, base, keys)
	inside := s.newInside()
	other, err := Open(inside, keys, slog.New(slog.DiscardHandler))
	must(t, err)
	save(t, other, killSID, "image", "x", "landed")
	must(t, other.index.view(func(tx *bbolt.Tx) error { return errors.Join(s.takeKeys(tx), s.takeRecords(tx, killSID)) }))
	must(t, other.Close())
	save(t, s, killSID, "image", "x", "filed")
	must(t, s.Close())
	s = open(t, base, keys) // resumes
	if got, err := s.Load(t.Context(), nil); err != nil || len(got) != 1 || string(got[0].Body) != "filed" {
		t.Errorf("%q, %v", got, err)
	}
	if left := s.Left(); len(left) != 0 {
		t.Errorf("not finished: %q", left)
	}
}

// Killed while the emptied index is being overwritten: noise under its name
// would be a damaged index for ever.
func TestAdoptFinishesItsSweeping(t *testing.T) {
	base, keys := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}
	s := open(t, base, keys)
	inside := s.newInside()
	must(t, os.MkdirAll(filepath.Join(inside, imagesFolder), 0o700))
	must(t, os.WriteFile(filepath.Join(inside, indexFile+emptiedSuffix), noiseOf(40_000), 0o600))
	if taken, err := s.Adopt(t.Context(), inside); err != nil || len(taken) != 0 || isDir(inside) {
		t.Errorf("took %q, %v", taken, err)
	}
}

func noiseOf(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestAdoptTakesTheAdopted(t *testing.T) {
	base, keys, log := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}, slog.New(slog.DiscardHandler)
	sessions := newSessions(3)
	for i, dir := range []string{numbered(base, 2), filepath.Join(numbered(base, 2), adoptingPrefix+"1"), filepath.Join(base, adoptingPrefix+"2")} {
		must(t, os.MkdirAll(filepath.Dir(dir), 0o700))
		other, err := Open(filepath.Join(filepath.Dir(base), "making"), keys, log)
		must(t, err)
		fill(t, other, sessions[i])
		must(t, other.Close())
		must(t, os.Rename(other.dir, dir))
	}
	s := open(t, base, keys)
	longAgo(t, numbered(base, 2))
	for range 2 { // what was nested there is nested here then
		for _, dir := range s.Left() {
			_, err := s.Adopt(t.Context(), dir)
			must(t, err)
		}
	}
	wantFilled(t, s, sessions...)
	if left := s.Left(); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

func TestAdoptRefuses(t *testing.T) {
	base, keys := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}
	s := open(t, base, keys)
	damaged := numbered(base, 2)
	must(t, os.MkdirAll(damaged, 0o700))
	must(t, os.WriteFile(filepath.Join(damaged, indexFile), bytes.Repeat([]byte("not an index "), 4000), 0o600))
	if _, err := s.Adopt(t.Context(), damaged); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("damaged: %v", err)
	}
	if _, err := os.Stat(filepath.Join(damaged, indexFile)); err != nil {
		t.Errorf("the damaged one was touched: %v", err)
	}
	for _, dir := range []string{base, filepath.Dir(base), filepath.Join(t.TempDir(), "spool-2")} {
		if _, err := s.Adopt(t.Context(), dir); app.KindOf(err) != app.KindBug {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// Two different images of one id are both kept.
func TestAdoptKeepsBothOfTwoThatDiffer(t *testing.T) {
	base, keys := filepath.Join(t.TempDir(), "spool"), Keys{Identity: newIdentity(t)}
	s := open(t, base, keys)
	other, err := Open(numbered(base, 2), keys, slog.New(slog.DiscardHandler))
	must(t, err)
	fill(t, other, killSID)
	must(t, other.Close())
	must(t, s.Land(t.Context(), killSID, image(0), []byte("others")))
	if _, err := s.Adopt(t.Context(), other.dir); err == nil {
		t.Fatal("adopted")
	}
	inside := s.Left()
	if len(inside) != 1 {
		t.Fatalf("left: %q", inside)
	}
	if got, err := readSealed(t.Context(), filepath.Join(inside[0], imagesFolder), killSID, image(0)); err != nil || !bytes.Equal(got, imageOf(killSID, 0)) {
		t.Errorf("theirs: %d bytes, %v", len(got), err)
	}
	if got, err := s.Sealed(t.Context(), killSID, image(0)); err != nil || string(got) != "others" {
		t.Errorf("ours: %q, %v", got, err)
	}
}

func content(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("image %08d ", n)), 20_000) }

const killSID = app.SessionID("0123456789ABCDEFGHJKMNPQRS")
