// Package diskspool is app.Spool on the workstation's disk:
//
//	<dir>.lock                         whose lock says who owns the spool
//	<dir>/index.db                     bbolt: records and the keys they are sealed with
//	<dir>/images/<sid>/<imageId>.age   sealed images, as they came from S3
//
// Nothing in it is plaintext but session ids, image ids, delivery ids and
// kinds. Records are sealed with a data key, and the data key is an age file
// to the workstation's identity and the practice's recovery recipient
// (docs/decisions/0008). A file appears under its name only when it is whole
// and synced: it is written under a temporary name, synced, renamed, and its
// folder synced. Land does not touch the index, so landings run in parallel;
// changes of the index that arrive together share one commit.
//
// One process owns a spool. When its owner is gone, a spool beside it may
// adopt its sessions (Adopt). OpenArchive reads a spool, or a copy of one,
// without owning it.
package diskspool

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

const (
	indexFile     = "index.db"
	imagesFolder  = "images"
	imageSuffix   = ".age"
	landingPrefix = ".landing-" // an image being written
)

// Spool implements app.Spool. Safe for concurrent use.
type Spool struct {
	dir, images string
	keys        Keys
	log         *slog.Logger
	lock        *os.File
	index       index
	ring        atomic.Pointer[ring]
	ready       sync.Map // app.SessionID → func() error: its folder made and synced
	syncs       sync.Map // app.SessionID → *folderSync

	trace func(app.ImageID, Stage) // nil but in measurements

	adopting   sync.Mutex // one adoption at a time
	compacting sync.Mutex // one compaction at a time, and none during Close
	timerMu    sync.Mutex // guards timer and closed
	timer      *time.Timer
	closed     bool
}

// Stage is a point that a landing has passed.
type Stage string

const (
	StageSynced Stage = "synced" // the bytes are on the disk, under a temporary name
	StageNamed  Stage = "named"  // and under their own, with its folder synced: durable
)

// Trace calls f, from Land's goroutine, at each stage of a landing; for
// measurements. It must be set before the first Land.
func (s *Spool) Trace(f func(app.ImageID, Stage)) { s.trace = f }

func (s *Spool) passed(id app.ImageID, at Stage) {
	if s.trace != nil {
		s.trace(id, at)
	}
}

// Open takes the spool in dir, making it if need be; removes what a killed
// landing left, finishes what a killed removal or adoption began, and seals
// the data keys to whoever may read them now. KindConflict when another
// process owns it; KindFull when dir cannot be written; KindCorrupt when the
// index is no index, or one of another version.
func Open(dir string, keys Keys, log *slog.Logger) (*Spool, error) {
	return openWithin(dir, keys, log, ownerWait)
}

func openWithin(dir string, keys Keys, log *slog.Logger, wait time.Duration) (*Spool, error) {
	const op = "open spool"
	if keys.Identity == nil {
		return nil, app.E(op, app.KindBug, errors.New("no identity"))
	}
	dir = filepath.Clean(dir)
	lock, err := own(dir, wait)
	if err != nil {
		return nil, err
	}
	s := &Spool{dir: dir, images: filepath.Join(dir, imagesFolder), keys: keys, log: log, lock: lock}
	s.index.path = filepath.Join(dir, indexFile)
	if err := os.MkdirAll(s.images, 0o700); err != nil {
		_ = lock.Close()
		return nil, app.E(op, app.KindFull, err)
	}
	if s.index.db, err = openIndex(s.index.path); err != nil {
		_ = lock.Close()
		return nil, app.E(op, indexKind(err), err)
	}
	if err := s.prepare(); err != nil {
		_ = s.index.close()
		_ = lock.Close()
		return nil, app.E(op, app.KindFull, err)
	}
	s.resumeAdoptions()
	_ = s.compact() // a failure is in the log; the spool is whole without it
	return s, nil
}

// prepare makes the buckets and keys, and sweeps what was left half done: the
// spool is ours, so none of it belongs to anybody.
func (s *Spool) prepare() error {
	err := s.index.commit(func(tx *bbolt.Tx) error {
		if err := makeBuckets(tx); err != nil {
			return err
		}
		if err := rekey(tx, s.keys); err != nil {
			return err
		}
		s.ring.Store(readRing(tx, s.keys.Identity))
		return nil
	})
	if err != nil {
		return err
	}
	if err := destroyFile(s.index.path + compactSuffix); err != nil {
		return err
	}
	if err := sweep(s.images); err != nil {
		return err
	}
	return errors.Join(durable.SyncDir(s.images), durable.SyncDir(s.dir))
}

// sweep removes what killed landings and removals left among the images.
func sweep(images string) error {
	folders, err := os.ReadDir(images)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		path := filepath.Join(images, folder.Name())
		if strings.HasPrefix(folder.Name(), removingPrefix) {
			if err := destroyFolder(path); err != nil {
				return err
			}
			continue
		}
		for _, half := range entries(path, landingPrefix) {
			if err := destroyFile(half); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries returns the paths in dir whose names begin with prefix, in order;
// none when dir cannot be read.
func entries(dir, prefix string) []string {
	all, _ := os.ReadDir(dir)
	var out []string
	for _, e := range all {
		if strings.HasPrefix(e.Name(), prefix) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// adoptions returns the spools that are being taken over in dir.
func adoptions(dir string) []string {
	return slices.DeleteFunc(entries(dir, adoptingPrefix), func(path string) bool { return !isDir(path) })
}

// Name is "spool", or "spool-2" and so on for a further Windows session of the
// same user: see OpenFree.
func (s *Spool) Name() string { return filepath.Base(s.dir) }

// Close gives the spool up, after a compaction that removals still wait for.
// No other call may follow or be under way.
func (s *Spool) Close() error {
	_ = s.compact() // a failure is in the log; the next Open compacts
	s.stopCompacting()
	s.compacting.Lock()
	defer s.compacting.Unlock()
	if err := errors.Join(s.index.close(), s.lock.Close()); err != nil {
		return app.E("close spool", app.KindFull, err)
	}
	return nil
}

// imagePath returns where an image lives. Both ids are checked here, whatever
// the caller did: they are file names.
func imagePath(images string, sid app.SessionID, id app.ImageID) (string, error) {
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return "", err
	}
	if _, err := app.ParseImageID(string(id)); err != nil {
		return "", err
	}
	return filepath.Join(images, string(sid), string(id)+imageSuffix), nil
}

// Land writes one sealed image as it came. Landing the same bytes again is
// fine; other bytes under the same id are KindConflict, and the first stay.
func (s *Spool) Land(ctx context.Context, sid app.SessionID, id app.ImageID, sealed []byte) error {
	const op = "land image"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	path, err := imagePath(s.images, sid, id)
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
		if err := writeFile(path, sealed, func() { s.passed(id, StageSynced) }); err != nil {
			return app.E(op, app.KindFull, err)
		}
	}
	// Also when it was there: its first landing may have been killed just
	// before this.
	if err := s.syncFolder(sid); err != nil {
		return app.E(op, app.KindFull, err)
	}
	s.passed(id, StageNamed)
	return nil
}

// folder makes the session's folder durable, once however many ask.
func (s *Spool) folder(sid app.SessionID) error {
	once, _ := s.ready.LoadOrStore(sid, sync.OnceValue(func() error {
		if err := os.MkdirAll(filepath.Join(s.images, string(sid)), 0o700); err != nil {
			return err
		}
		return durable.SyncDir(s.images)
	}))
	err := once.(func() error)()
	if err != nil {
		s.ready.Delete(sid) // the disk may have room later
	}
	return err
}

// folderSync lets landings of one session that wait together share one sync of
// its folder: whoever holds the turn syncs for all who came before it.
type folderSync struct {
	turn    sync.Mutex // held during a sync
	mu      sync.Mutex // guards waiting; never held across I/O
	waiting []*syncJob
}

type syncJob struct {
	done bool // guarded by turn
	err  error
}

// syncFolder makes the names in a session's folder durable that were there
// when it was called.
func (s *Spool) syncFolder(sid app.SessionID) error {
	of, _ := s.syncs.LoadOrStore(sid, &folderSync{})
	f := of.(*folderSync)
	mine := &syncJob{}
	f.mu.Lock()
	f.waiting = append(f.waiting, mine)
	f.mu.Unlock()

	f.turn.Lock()
	defer f.turn.Unlock()
	if mine.done {
		return mine.err
	}
	f.mu.Lock()
	jobs := f.waiting
	f.waiting = nil
	f.mu.Unlock()
	err := durable.SyncDir(filepath.Join(s.images, string(sid)))
	for _, j := range jobs {
		j.done, j.err = true, err
	}
	return mine.err
}

func writeFile(path string, b []byte, synced func()) error {
	f, err := os.CreateTemp(filepath.Dir(path), landingPrefix+"*")
	if err != nil {
		return err
	}
	temp := f.Name()
	err = errors.Join(durable.Fill(f, b), f.Close())
	if err == nil {
		synced()
		err = durable.Patiently(func() error { return os.Rename(temp, path) })
	}
	if err != nil {
		_ = os.Remove(temp) // what stays is swept at the next start
	}
	return err
}

// Sealed returns a landed image as it came; KindNotFound if it has not landed.
func (s *Spool) Sealed(ctx context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	return readSealed(ctx, s.images, sid, id)
}

// checkRecord refuses names that would not come back as they went in.
func checkRecord(r app.Record) error {
	if _, err := app.ParseSessionID(string(r.SID)); err != nil {
		return err
	}
	if r.Kind == "" || strings.ContainsAny(r.Kind+r.Key, separator+"\n") {
		return errUnknownNames
	}
	return nil
}

// Save seals records and commits them together; a nil Body removes its record.
func (s *Spool) Save(ctx context.Context, records ...app.Record) error {
	const op = "save records"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	var edits []func(b *bbolt.Bucket) error
	for _, rec := range records {
		if err := checkRecord(rec); err != nil {
			return app.E(op, app.KindBug, err)
		}
		name := recordName(rec)
		if rec.Body == nil {
			edits = append(edits, func(b *bbolt.Bucket) error { return b.Delete(name) })
			continue
		}
		sealed, err := s.ring.Load().seal(name, rec.Body)
		if err != nil {
			return app.E(op, app.KindBug, err)
		}
		edits = append(edits, func(b *bbolt.Bucket) error { return b.Put(name, sealed) })
	}
	err := s.index.commit(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(recordsBucket))
		for _, edit := range edits {
			if err := edit(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// Load returns every record that want names (nil: all) and that can be read.
// One that cannot, sealed to another key or damaged, is logged and left where
// it is: it must not keep the others from the GP, and the recovery key may
// still open it.
func (s *Spool) Load(ctx context.Context, want func(sid app.SessionID, kind, key string) bool) ([]app.Record, error) {
	var out []app.Record
	keys := s.ring.Load()
	err := s.index.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(recordsBucket)).ForEach(func(name, sealed []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			rec, ok := recordOf(name)
			if !ok {
				s.log.Error("spool record unreadable", "stage", "name")
				return nil
			}
			if want != nil && !want(rec.SID, rec.Kind, rec.Key) {
				return nil
			}
			body, err := keys.unseal(name, sealed)
			if err != nil {
				s.log.Error("spool record unreadable", "kind", rec.Kind, "stage", "seal")
				return nil
			}
			rec.Body = body
			out = append(out, rec)
			return nil
		})
	})
	if err != nil {
		return nil, app.E("load records", app.KindCorrupt, err)
	}
	return out, nil
}
