package diskspool

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

const (
	removingPrefix = ".removing-" // an images folder whose session goes
	// compactAfter gathers the removals of one night into one compaction.
	compactAfter = 2 * time.Second
	// compactAgain is the wait after a compaction that failed: the disk was
	// full, or a scanner held the file.
	compactAgain = 10 * time.Minute
)

// Remove deletes a session for good. Its images are overwritten before they
// are unlinked, and its records, the session's key among them, go from the
// index at once and from the index's file with the compaction that follows
// within seconds, or at the next Open.
//
// Overwriting is best effort: an SSD, a journal or a snapshot may keep a copy.
// That is why images are ciphertext, and why the key's record goes too.
//
// Killed at any point, the session is either still there to be removed again
// or the next Open finishes the removal.
func (s *Spool) Remove(ctx context.Context, sid app.SessionID) error {
	const op = "remove session"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return app.E(op, app.KindBug, err)
	}
	s.ready.Delete(sid)
	from, gone := filepath.Join(s.images, string(sid)), filepath.Join(s.images, removingPrefix+string(sid))
	if err := destroyFolder(gone); err != nil { // of a removal that failed here
		return app.E(op, app.KindFull, err)
	}
	err := durable.Patiently(func() error { return os.Rename(from, gone) })
	if err == nil {
		err = durable.SyncDir(s.images)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return app.E(op, app.KindFull, err)
	}
	if err := s.index.commit(removeAll(sid)); err != nil {
		return app.E(op, app.KindFull, err)
	}
	s.compactIn(compactAfter)
	if err := errors.Join(destroyFolder(gone), durable.SyncDir(s.images)); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// compactIn compacts once nothing asked for it for d.
func (s *Spool) compactIn(d time.Duration) {
	s.timerMu.Lock()
	defer s.timerMu.Unlock()
	if s.closed {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer = time.AfterFunc(d, func() {
		if err := s.compact(); err != nil {
			s.compactIn(compactAgain)
		}
	})
}

// stopCompacting ends the timer; a compaction under way goes on.
func (s *Spool) stopCompacting() {
	s.timerMu.Lock()
	defer s.timerMu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

// compact rewrites the index's file if removals wait for it. Saves wait
// meanwhile, loads do not. When the copy finds no room the index is as it was.
func (s *Spool) compact() error {
	s.compacting.Lock()
	defer s.compacting.Unlock()
	if !s.index.compactionWanted() { // nor once it is closed
		return nil
	}
	if err := s.index.compact(); err != nil {
		s.log.Warn("index not compacted", "kind", string(indexKind(err)))
		return err
	}
	return nil
}

// destroyFolder overwrites and removes a folder's files, then the folder.
func destroyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := destroyFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return durable.Patiently(func() error { return os.Remove(dir) })
}

// destroyFile overwrites a file where it lies, then unlinks it. What cannot
// be overwritten is unlinked all the same.
func destroyFile(path string) error {
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		_ = overwrite(f)
		_ = f.Close()
	}
	err := durable.Patiently(func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// overwrite puts random bytes over a file's content and syncs them.
func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.NewOffsetWriter(f, 0), io.LimitReader(rand.Reader, info.Size())); err != nil {
		return err
	}
	return f.Sync()
}
