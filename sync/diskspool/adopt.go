package diskspool

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

// adoptingPrefix begins the name, inside a spool, of one that it takes over.
const adoptingPrefix = "adopting-"

// emptiedSuffix marks an index whose sessions have all been taken over.
const emptiedSuffix = ".emptied"

var errOtherBytes = errors.New("both spools hold this image, with other bytes")

// Adopt takes over the sessions of a spool whose owner is gone, from is one
// that Left named, and returns those it took, also when it stopped half-way.
// KindConflict: its owner lives. KindNotFound: it is not there any more.
// KindCorrupt: its index cannot be read; it stays as it is. Call it again
// after any error.
//
// The other spool is first moved into this one, in one rename: from then on
// nobody but this spool's owner can work on its sessions, whatever is killed
// when, so none is ever in two hands and filed twice. Then session by session
// its images are moved, its records committed here, and deleted there. Sealed
// bodies and data keys travel as they are, also those that this workstation's
// key does not open. In the end what is left of it is overwritten and removed.
func (s *Spool) Adopt(ctx context.Context, from string) ([]app.SessionID, error) {
	const op = "adopt spool"
	s.adopting.Lock()
	defer s.adopting.Unlock()
	from = filepath.Clean(from)
	if filepath.Dir(from) == s.dir { // moved in before
		return s.takeIn(ctx, from)
	}
	if from == s.dir || filepath.Dir(from) != filepath.Dir(s.dir) {
		return nil, app.E(op, app.KindBug, errors.New("not a spool beside this one"))
	}
	lock, err := own(from, 0)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := readable(from); err != nil {
		return nil, err
	}
	inside := s.newInside()
	if err := durable.Patiently(func() error { return os.Rename(from, inside) }); err != nil {
		return nil, app.E(op, fileKind(err), err)
	}
	if err := errors.Join(durable.SyncDir(filepath.Dir(from)), durable.SyncDir(s.dir)); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	return s.takeIn(ctx, inside)
}

func fileKind(err error) app.Kind {
	if errors.Is(err, fs.ErrNotExist) {
		return app.KindNotFound
	}
	return app.KindFull
}

func (s *Spool) newInside() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return filepath.Join(s.dir, adoptingPrefix+hex.EncodeToString(b[:]))
}

// readable looks before the move whether a spool, which the caller owns, can
// be taken over.
func readable(dir string) error {
	const op = "adopt spool"
	path := filepath.Join(dir, indexFile)
	if _, err := os.Stat(path); err != nil {
		return app.E(op, fileKind(err), err)
	}
	db, err := openIndex(path)
	if err != nil {
		return app.E(op, indexKind(err), err)
	}
	if err := db.Close(); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// resumeAdoptions finishes at Open what was killed half-way. One that fails is
// tried again by whoever calls Adopt with what Left names.
func (s *Spool) resumeAdoptions() {
	for _, inside := range adoptions(s.dir) {
		if _, err := s.takeIn(context.Background(), inside); err != nil {
			s.log.Error("adoption not finished", "kind", string(app.KindOf(err)))
		}
	}
}

// takeIn works through a spool that was moved into this one. What it did
// before a kill it finds done.
func (s *Spool) takeIn(ctx context.Context, inside string) ([]app.SessionID, error) {
	const op = "adopt spool"
	for _, nested := range adoptions(inside) { // it was adopting, too
		if err := os.Rename(nested, s.newInside()); err != nil {
			return nil, app.E(op, app.KindFull, err)
		}
	}
	var taken []app.SessionID
	images := filepath.Join(inside, imagesFolder)
	if err := os.MkdirAll(images, 0o700); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	if err := sweep(images); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	path := filepath.Join(inside, indexFile)
	if _, err := os.Stat(path); err == nil { // else only the removal is left to do
		db, err := openIndex(path)
		if err != nil {
			return nil, app.E(op, indexKind(err), err)
		}
		taken, err = s.takeSessions(ctx, db, images)
		if err = errors.Join(err, db.Close()); err != nil {
			return taken, app.E(op, app.KindFull, err)
		}
	}
	return taken, s.removeEmptied(inside)
}

// takeSessions takes over one session after another.
func (s *Spool) takeSessions(ctx context.Context, db *bbolt.DB, images string) ([]app.SessionID, error) {
	var sessions []app.SessionID
	err := guarded(func() error {
		if err := db.View(func(tx *bbolt.Tx) error { sessions = sessionsIn(tx); return nil }); err != nil {
			return err
		}
		return db.View(func(tx *bbolt.Tx) error { return s.takeKeys(tx) })
	})
	if err != nil {
		return nil, err
	}
	for _, folder := range entries(images, "") {
		if sid := app.SessionID(filepath.Base(folder)); !slices.Contains(sessions, sid) {
			sessions = append(sessions, sid)
		}
	}
	var taken []app.SessionID
	for _, sid := range sessions {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		if _, err := app.ParseSessionID(string(sid)); err == nil { // else it is no folder's name
			if err := s.moveImages(sid, images); err != nil {
				return taken, err
			}
		}
		if err := guarded(func() error {
			return db.View(func(tx *bbolt.Tx) error { return s.takeRecords(tx, sid) })
		}); err != nil {
			return taken, err
		}
		taken = append(taken, sid)
		if err := guarded(func() error { return db.Update(removeAll(sid)) }); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// sessionsIn returns the session ids that records name, as they stand there.
func sessionsIn(tx *bbolt.Tx) []app.SessionID {
	var out []app.SessionID
	records := tx.Bucket([]byte(recordsBucket))
	if records == nil { // killed before its first transaction
		return nil
	}
	_ = records.ForEach(func(name, _ []byte) error {
		sid, _, _ := bytes.Cut(name, []byte(separator))
		if len(out) == 0 || out[len(out)-1] != app.SessionID(sid) {
			out = append(out, app.SessionID(sid))
		}
		return nil
	})
	return out
}

// takeKeys commits the other index's data keys here, sealed to whoever may
// read this spool where this workstation opens them.
func (s *Spool) takeKeys(theirs *bbolt.Tx) error {
	keys, to := theirs.Bucket([]byte(keysBucket)), theirs.Bucket([]byte(sealedToBucket))
	if keys == nil {
		return nil
	}
	err := s.index.commit(func(tx *bbolt.Tx) error {
		ours := tx.Bucket([]byte(keysBucket))
		err := keys.ForEach(func(id, sealed []byte) error {
			if ours.Get(id) != nil {
				return nil
			}
			return errors.Join(ours.Put(id, sealed), tx.Bucket([]byte(sealedToBucket)).Put(id, to.Get(id)))
		})
		if err != nil {
			return err
		}
		return rekey(tx, s.keys)
	})
	if err == nil {
		s.ring.Store(s.ring.Load().with(readRing(theirs, s.keys.Identity)))
	}
	return err
}

// takeRecords commits a session's records here, all or none: where any is
// there already, a try before this one committed them, and they are newer.
func (s *Spool) takeRecords(theirs *bbolt.Tx, sid app.SessionID) error {
	records := theirs.Bucket([]byte(recordsBucket))
	if records == nil {
		return nil
	}
	return s.index.commit(func(tx *bbolt.Tx) error {
		if len(namesOf(tx, sid)) > 0 {
			return nil
		}
		ours := tx.Bucket([]byte(recordsBucket))
		for _, name := range namesOf(theirs, sid) {
			if err := ours.Put(name, records.Get(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveImages moves a session's folder here. Where a kill left some images on
// either side they come together; two that differ stay where they are.
func (s *Spool) moveImages(sid app.SessionID, images string) error {
	from, to := filepath.Join(images, string(sid)), filepath.Join(s.images, string(sid))
	if !isDir(from) {
		return nil
	}
	if !isDir(to) {
		if err := durable.Patiently(func() error { return os.Rename(from, to) }); err != nil {
			return err
		}
		return errors.Join(durable.SyncDir(s.images), durable.SyncDir(images))
	}
	for _, image := range entries(from, "") {
		target := filepath.Join(to, filepath.Base(image))
		here, err := os.ReadFile(target)
		if errors.Is(err, fs.ErrNotExist) {
			err = durable.Patiently(func() error { return os.Rename(image, target) })
		} else if err == nil {
			err = removeTwin(image, here)
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(durable.SyncDir(to), durable.SyncDir(from)); err != nil {
		return err
	}
	return durable.Patiently(func() error { return os.Remove(from) })
}

// removeTwin removes an image of which the same bytes are kept elsewhere.
func removeTwin(image string, kept []byte) error {
	b, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	if !bytes.Equal(b, kept) {
		return errOtherBytes
	}
	return durable.Patiently(func() error { return os.Remove(image) })
}

// removeEmptied removes what is left of a spool that was taken in. The index
// loses its name first: killed while it is overwritten, nobody takes it for
// one that is damaged. A file that is none of ours keeps its folder.
func (s *Spool) removeEmptied(inside string) error {
	const op = "remove emptied spool"
	path := filepath.Join(inside, indexFile)
	err := durable.Patiently(func() error { return os.Rename(path, path+emptiedSuffix) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return app.E(op, app.KindFull, err)
	}
	if err := durable.SyncDir(inside); err != nil {
		return app.E(op, app.KindFull, err)
	}
	for _, name := range []string{path + compactSuffix, path + emptiedSuffix} {
		if err := destroyFile(name); err != nil {
			return app.E(op, app.KindFull, err)
		}
	}
	for _, dir := range []string{filepath.Join(inside, imagesFolder), inside} {
		if err := durable.Patiently(func() error { return os.Remove(dir) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return app.E(op, app.KindFull, err)
		}
	}
	if err := durable.SyncDir(s.dir); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}
