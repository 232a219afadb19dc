package diskspool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

// The index's buckets.
const (
	aboutBucket    = "about"     // "format", and "compact" while removals wait for it
	keysBucket     = "keys"      // key id → an age file with the data key
	sealedToBucket = "sealed-to" // key id → the recipients of that age file
	recordsBucket  = "records"   // name → key id, nonce, AES-256-GCM of the body; the name authenticated

	format        = "2"
	separator     = "\x00"     // between sid, kind and key in a record's name
	compactSuffix = ".compact" // a compaction under way
)

// ErrFormat is in the chain of a KindCorrupt error when the spool is not
// damaged, but of a form that this version does not read.
var ErrFormat = errors.New("the index was written by another version of ClinicPro Images")

var (
	errBadPages = errors.New("the index is damaged")
	errNotOpen  = errors.New("the index could not be opened again")
)

// index is the bbolt file. Commits that wait together share one transaction:
// whoever holds the turn takes along all that queued up during the commit
// before. bbolt's own Batch would make a lone change wait for company.
type index struct {
	path string

	turn sync.Mutex   // held during a commit or a compaction
	gate sync.RWMutex // held for reading while db is read, for writing while it is replaced
	db   *bbolt.DB    // changed with turn and gate held; nil: opening it again failed

	mu      sync.Mutex // guards waiting; never held across I/O
	waiting []*job
}

// change is one edit of the index.
type change func(*bbolt.Tx) error

type job struct {
	change change
	done   bool // guarded by turn
	err    error
}

// openIndex opens the file for writing, whose spool the caller owns, and
// refuses one of another format.
func openIndex(path string) (*bbolt.DB, error) {
	var db *bbolt.DB
	err := guarded(func() (err error) {
		if err = notCutOff(path); err != nil {
			return err
		}
		if db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: ownerWait}); err != nil {
			return err
		}
		return db.View(checkFormat)
	})
	if err != nil && db != nil {
		_ = db.Close()
		db = nil
	}
	return db, err
}

// notCutOff refuses a file that ends within its first two pages; bbolt has no
// error of its own for that. An empty or missing one is new.
func notCutOff(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 && info.Size() < int64(2*os.Getpagesize()) {
		return errBadPages
	}
	return nil
}

func checkFormat(tx *bbolt.Tx) error {
	about, records := tx.Bucket([]byte(aboutBucket)), tx.Bucket([]byte(recordsBucket))
	if about == nil && records == nil { // new
		return nil
	}
	if about == nil || string(about.Get([]byte("format"))) != format {
		return ErrFormat
	}
	for _, name := range []string{keysBucket, sealedToBucket, recordsBucket} {
		if tx.Bucket([]byte(name)) == nil {
			return errBadPages
		}
	}
	return nil
}

// makeBuckets prepares a new index.
func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range []string{aboutBucket, keysBucket, sealedToBucket, recordsBucket} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(aboutBucket)).Put([]byte("format"), []byte(format))
}

// indexKind classifies why an index could not be opened.
func indexKind(err error) app.Kind {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return app.KindConflict
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch),
		errors.Is(err, ErrFormat), errors.Is(err, errBadPages):
		return app.KindCorrupt
	}
	return app.KindFull
}

// guarded turns bbolt's panics, and reads beyond a truncated file, into an
// error: a damaged page must not take the program down.
func guarded(do func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(before)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%T)", errBadPages, p)
		}
	}()
	return do()
}

// opened returns the file, opening it again if that failed before. The turn
// is held.
func (x *index) opened() (*bbolt.DB, error) {
	if x.db != nil {
		return x.db, nil
	}
	db, err := openIndex(x.path)
	if err != nil {
		return nil, err
	}
	x.gate.Lock()
	x.db = db
	x.gate.Unlock()
	return db, nil
}

// view reads the index; it is not replaced meanwhile.
func (x *index) view(read change) error {
	x.gate.RLock()
	defer x.gate.RUnlock()
	if x.db == nil { // the next commit tries again
		return errNotOpen
	}
	return guarded(func() error { return x.db.View(read) })
}

// commit makes one change durable, together with those that wait.
func (x *index) commit(c change) error {
	mine := &job{change: c}
	x.mu.Lock()
	x.waiting = append(x.waiting, mine)
	x.mu.Unlock()

	x.turn.Lock()
	defer x.turn.Unlock()
	if mine.done {
		return mine.err
	}
	x.mu.Lock()
	jobs := x.waiting
	x.waiting = nil
	x.mu.Unlock()
	db, err := x.opened()
	if err == nil {
		err = guarded(func() error {
			return db.Update(func(tx *bbolt.Tx) error {
				for _, j := range jobs {
					if err := j.change(tx); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	for _, j := range jobs {
		j.done, j.err = true, err
	}
	return mine.err
}

// close ends the index; nothing may be under way.
func (x *index) close() error {
	x.turn.Lock()
	defer x.turn.Unlock()
	x.gate.Lock()
	defer x.gate.Unlock()
	if x.db == nil {
		return nil
	}
	db := x.db
	x.db = nil
	return db.Close()
}

// compact copies what lives into a new file, which then takes the old one's
// place: bbolt never gives back or clears a page. Killed at any point, one of
// the two whole files is there. The old one's bytes are overwritten where the
// system can do that.
func (x *index) compact() error {
	x.turn.Lock()
	defer x.turn.Unlock()
	db, err := x.opened()
	if err != nil {
		return err
	}
	next := x.path + compactSuffix
	if err := guarded(func() error { return copyLive(next, db) }); err != nil {
		_ = os.Remove(next)
		return err
	}
	old := holdReplaced(x.path)
	if err := x.replace(next); err != nil {
		if old != nil {
			_ = old.Close()
		}
		return err
	}
	if old != nil {
		_ = overwrite(old) // best effort: see remove.go
		_ = old.Close()
	}
	return nil
}

// replace puts next in the index's place and opens it. The turn is held.
func (x *index) replace(next string) error {
	x.gate.Lock()
	defer x.gate.Unlock()
	db := x.db
	x.db = nil
	// Closed before the rename: Windows puts nothing in an open file's place.
	// The owner's lock is another file, so nobody comes between.
	err := db.Close()
	if err == nil {
		err = durable.Patiently(func() error { return os.Rename(next, x.path) })
	}
	if err == nil {
		err = durable.SyncDir(filepath.Dir(x.path))
	}
	if err != nil {
		_ = os.Remove(next)
	}
	var openErr error
	x.db, openErr = openIndex(x.path)
	return errors.Join(err, openErr)
}

// copyLive writes a synced copy of src to path, without its free pages and
// without the wish to be compacted.
func copyLive(path string, src *bbolt.DB) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	info, err := os.Stat(src.Path())
	if err != nil {
		return err
	}
	// Mapped once: growing by steps costs more than the copy.
	dst, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, Timeout: ownerWait, InitialMmapSize: int(info.Size())})
	if err != nil {
		return err
	}
	defer dst.Close() // also when bbolt panics over a damaged page
	dst.AllocSize = 0 // room ahead: bbolt's 16 MiB would be most of a small index

	const mostInOne = 16 << 20 // bytes in one transaction's memory
	err = bbolt.Compact(dst, src, mostInOne)
	if err == nil {
		err = dst.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(aboutBucket)).Delete([]byte("compact")) })
	}
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// askCompaction leaves word that freed pages hold what must go.
func askCompaction(tx *bbolt.Tx) error {
	return tx.Bucket([]byte(aboutBucket)).Put([]byte("compact"), []byte("wanted"))
}

// compactionWanted reports whether removals wait for a compaction.
func (x *index) compactionWanted() bool {
	wanted := false
	_ = x.view(func(tx *bbolt.Tx) error {
		wanted = tx.Bucket([]byte(aboutBucket)).Get([]byte("compact")) != nil
		return nil
	})
	return wanted
}

func recordName(r app.Record) []byte {
	return []byte(string(r.SID) + separator + r.Kind + separator + r.Key)
}

// recordOf reads a record's name; its body is left out.
func recordOf(name []byte) (app.Record, bool) {
	parts := strings.SplitN(string(name), separator, 3)
	if len(parts) != 3 {
		return app.Record{}, false
	}
	return app.Record{SID: app.SessionID(parts[0]), Kind: parts[1], Key: parts[2]}, true
}

// namesOf returns a session's record names.
func namesOf(tx *bbolt.Tx, sid app.SessionID) [][]byte {
	prefix := []byte(string(sid) + separator)
	var names [][]byte
	c := tx.Bucket([]byte(recordsBucket)).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		names = append(names, bytes.Clone(k))
	}
	return names
}

// removeAll drops a session's records.
func removeAll(sid app.SessionID) change {
	return func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(recordsBucket))
		for _, name := range namesOf(tx, sid) {
			if err := b.Delete(name); err != nil {
				return err
			}
		}
		return askCompaction(tx)
	}
}
