// Package diskspool is app.Spool on the workstation's disk:
//
//	<dir>/index.db                     bbolt: records, each body an age file
//	<dir>/images/<sid>/<imageId>.age   sealed images, as they came from S3
//
// Nothing in it is plaintext but session ids, image ids, delivery ids and
// kinds. A file appears under its name only when it is whole and synced: it
// is written under a temporary name, synced, renamed, and its folder synced.
// Land does not touch the index, so landings run in parallel; changes of the
// index that arrive together share one commit.
//
// One process owns a spool: bbolt's file lock says who.
package diskspool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/clinicpro-nz/images/app"
)

const (
	indexFile    = "index.db"
	imagesFolder = "images"
	imageSuffix  = ".age"
	tempPattern  = ".landing-*"
	// ownerWait is how long Open waits for the earlier owner to leave.
	ownerWait = 2 * time.Second
)

// Keys are who can read the index.
type Keys struct {
	Identity *age.X25519Identity // the workstation's, from the OS keyring
	Recovery age.Recipient       // the practice's, kept offline by IT; may be nil
}

// Spool implements app.Spool. Safe for concurrent use.
type Spool struct {
	images string
	keys   Keys
	log    *slog.Logger
	db     *bbolt.DB
	ready  sync.Map // app.SessionID → func() error: its folder made and synced
	queue  queue
}

// Open takes the spool in dir, making it if need be, and removes what a
// killed landing left. KindConflict when another process owns it; KindFull
// when dir cannot be written; KindCorrupt when the index is no index.
func Open(dir string, keys Keys, log *slog.Logger) (*Spool, error) {
	const op = "open spool"
	if keys.Identity == nil {
		return nil, app.E(op, app.KindBug, errors.New("no identity"))
	}
	s := &Spool{images: filepath.Join(dir, imagesFolder), keys: keys, log: log}
	if err := os.MkdirAll(s.images, 0o700); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	db, err := bbolt.Open(filepath.Join(dir, indexFile), 0o600, &bbolt.Options{Timeout: ownerWait})
	if err != nil {
		return nil, app.E(op, openKind(err), err)
	}
	s.db = db
	s.queue.db = db
	if err := s.prepare(dir); err != nil {
		_ = db.Close()
		return nil, app.E(op, app.KindFull, err)
	}
	return s, nil
}

func openKind(err error) app.Kind {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return app.KindConflict
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return app.KindCorrupt
	}
	return app.KindFull
}

// prepare makes the bucket and sweeps temporary files; the lock is held, so
// none of them belongs to anybody.
func (s *Spool) prepare(dir string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte(recordsBucket))
		return err
	})
	if err != nil {
		return err
	}
	orphans, err := filepath.Glob(filepath.Join(s.images, "*", tempPattern))
	if err != nil {
		return err
	}
	for _, name := range orphans {
		if err := persist(func() error { return os.Remove(name) }); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// Close gives the spool up. No call may follow or be under way.
func (s *Spool) Close() error {
	if err := s.db.Close(); err != nil {
		return app.E("close spool", app.KindFull, err)
	}
	return nil
}

// path returns where an image lives. Both ids are checked here, whatever the
// caller did: they are file names.
func (s *Spool) path(sid app.SessionID, id app.ImageID) (string, error) {
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return "", err
	}
	if _, err := app.ParseImageID(string(id)); err != nil {
		return "", err
	}
	return filepath.Join(s.images, string(sid), string(id)+imageSuffix), nil
}

// Land writes one sealed image as it came. Landing the same bytes again is
// fine; other bytes under the same id are KindConflict, and the first stay.
func (s *Spool) Land(ctx context.Context, sid app.SessionID, id app.ImageID, sealed []byte) error {
	const op = "land image"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	path, err := s.path(sid, id)
	if err != nil {
		return app.E(op, app.KindBug, err)
	}
	if err := s.folder(sid); err != nil {
		return app.E(op, app.KindFull, err)
	}
	switch before, err := os.ReadFile(path); {
	case err == nil && !bytes.Equal(before, sealed):
		return app.E(op, app.KindConflict, errors.New("landed before with other bytes"))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return app.E(op, app.KindFull, err)
	case err != nil:
		if err := writeFile(path, sealed); err != nil {
			return app.E(op, app.KindFull, err)
		}
	}
	// Also when it was there: its first landing may have been killed just
	// before this.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// folder makes the session's folder durable, once however many ask.
func (s *Spool) folder(sid app.SessionID) error {
	once, _ := s.ready.LoadOrStore(sid, sync.OnceValue(func() error {
		if err := os.MkdirAll(filepath.Join(s.images, string(sid)), 0o700); err != nil {
			return err
		}
		return syncDir(s.images)
	}))
	err := once.(func() error)()
	if err != nil {
		s.ready.Delete(sid) // the disk may have room later
	}
	return err
}

func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), tempPattern)
	if err != nil {
		return err
	}
	temp := f.Name()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = persist(func() error { return os.Rename(temp, path) })
	}
	if err != nil {
		_ = os.Remove(temp) // what stays is swept at the next start
	}
	return err
}

// Sealed returns a landed image as it came; KindNotFound if it has not landed.
func (s *Spool) Sealed(ctx context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	const op = "read landed image"
	if err := ctx.Err(); err != nil {
		return nil, app.E(op, app.KindOffline, err)
	}
	path, err := s.path(sid, id)
	if err != nil {
		return nil, app.E(op, app.KindBug, err)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, app.E(op, app.KindNotFound, err)
	}
	if err != nil {
		return nil, app.E(op, app.KindCorrupt, err)
	}
	return b, nil
}

// Remove deletes a session's files, then its records: killed in between, the
// records are there to ask for the removal again.
func (s *Spool) Remove(ctx context.Context, sid app.SessionID) error {
	const op = "remove session"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return app.E(op, app.KindBug, err)
	}
	s.ready.Delete(sid)
	if err := persist(func() error { return os.RemoveAll(filepath.Join(s.images, string(sid))) }); err != nil {
		return app.E(op, app.KindFull, err)
	}
	if err := syncDir(s.images); err != nil {
		return app.E(op, app.KindFull, err)
	}
	if err := s.queue.commit(removeAll(sid)); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// checkRecord refuses names that would not come back as they went in.
func checkRecord(r app.Record) error {
	if _, err := app.ParseSessionID(string(r.SID)); err != nil {
		return err
	}
	if r.Kind == "" || strings.ContainsAny(r.Kind+r.Key, separator+"\n") {
		return fmt.Errorf("kind or key not usable")
	}
	return nil
}
