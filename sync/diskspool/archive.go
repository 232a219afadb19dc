package diskspool

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

// Archive is a spool opened for reading alone, with whichever keys are at
// hand: to recover what its workstation cannot read any more. Nothing in dir
// is written, so a copy on read-only media will do. Not for concurrent use.
type Archive struct {
	dir     string
	db      *bbolt.DB
	ring    *ring
	names   map[app.SessionID][][]byte
	damaged bool
}

// OpenArchive opens the spool in dir. KindNotFound: there is no index.
// KindConflict: its owner lives, or may be writing. KindCorrupt: the index is
// none, or one of another version. KindAuth: no identity opens it.
func OpenArchive(dir string, identities ...age.Identity) (*Archive, error) {
	const op = "open spool for reading"
	path := filepath.Join(dir, indexFile)
	if _, err := os.Stat(path); err != nil { // bbolt would wait for it
		return nil, app.E(op, fileKind(err), err)
	}
	a := &Archive{dir: dir, names: map[app.SessionID][][]byte{}}
	err := guarded(func() (err error) {
		if err = notCutOff(path); err != nil {
			return err
		}
		if a.db, err = bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: ownerWait}); err != nil {
			return err
		}
		return a.db.View(func(tx *bbolt.Tx) error {
			a.ring = readRing(tx, identities...)
			return checkFormat(tx)
		})
	})
	if err == nil && len(a.ring.keys) == 0 {
		err = errOtherKey
	}
	if err != nil {
		if a.db != nil {
			_ = a.db.Close()
		}
		if errors.Is(err, errOtherKey) {
			return nil, app.E(op, app.KindAuth, err)
		}
		return nil, app.E(op, indexKind(err), err)
	}
	a.scan()
	return a, nil
}

// scan collects the records' names, from both ends, so that a damaged page in
// the middle hides only itself.
func (a *Archive) scan() {
	walk := func(from, on func(*bbolt.Cursor) ([]byte, []byte)) error {
		return guarded(func() error {
			return a.db.View(func(tx *bbolt.Tx) error {
				c := tx.Bucket([]byte(recordsBucket)).Cursor()
				for name, _ := from(c); name != nil; name, _ = on(c) {
					if rec, ok := recordOf(name); ok {
						a.note(rec.SID, bytes.Clone(name))
					}
				}
				return nil
			})
		})
	}
	if walk((*bbolt.Cursor).First, (*bbolt.Cursor).Next) != nil {
		a.damaged = true
		_ = walk((*bbolt.Cursor).Last, (*bbolt.Cursor).Prev)
	}
}

func (a *Archive) note(sid app.SessionID, name []byte) {
	if !slices.ContainsFunc(a.names[sid], func(have []byte) bool { return bytes.Equal(have, name) }) {
		a.names[sid] = append(a.names[sid], name)
	}
}

// Damaged reports whether a part of the index cannot be read at all: sessions
// may be missing from what the other methods return.
func (a *Archive) Damaged() bool { return a.damaged }

// Sessions returns every session that a record or a folder of images names.
func (a *Archive) Sessions() []app.SessionID {
	all := maps.Clone(a.names)
	for _, folder := range entries(filepath.Join(a.dir, imagesFolder), "") {
		if sid, err := app.ParseSessionID(filepath.Base(folder)); err == nil && all[sid] == nil {
			all[sid] = [][]byte{}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Unread is a record that is there and cannot be read.
type Unread struct {
	Kind, Key string
	OtherKey  bool // sealed with a key that the identities do not open; else damaged
}

// Records returns one session's records, and those that cannot be read.
func (a *Archive) Records(sid app.SessionID) (records []app.Record, unread []Unread) {
	for _, name := range a.names[sid] {
		rec, _ := recordOf(name)
		err := guarded(func() error {
			return a.db.View(func(tx *bbolt.Tx) (err error) {
				rec.Body, err = a.ring.unseal(name, tx.Bucket([]byte(recordsBucket)).Get(name))
				return err
			})
		})
		if err != nil {
			unread = append(unread, Unread{rec.Kind, rec.Key, errors.Is(err, errOtherKey)})
			continue
		}
		records = append(records, rec)
	}
	return records, unread
}

// Images returns the images of a session whose files are there.
func (a *Archive) Images(sid app.SessionID) []app.ImageID {
	if _, err := app.ParseSessionID(string(sid)); err != nil {
		return nil
	}
	var out []app.ImageID
	for _, file := range entries(filepath.Join(a.dir, imagesFolder, string(sid)), "") {
		name, isImage := strings.CutSuffix(filepath.Base(file), imageSuffix)
		if id, err := app.ParseImageID(name); isImage && err == nil {
			out = append(out, id)
		}
	}
	return out
}

// Sealed returns an image as it landed. Errors as app.Spool's.
func (a *Archive) Sealed(ctx context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	return readSealed(ctx, filepath.Join(a.dir, imagesFolder), sid, id)
}

// Close ends the reading.
func (a *Archive) Close() error { return a.db.Close() }

// readSealed reads one image file of an images folder.
func readSealed(ctx context.Context, images string, sid app.SessionID, id app.ImageID) ([]byte, error) {
	const op = "read landed image"
	if err := ctx.Err(); err != nil {
		return nil, app.E(op, app.KindOffline, err)
	}
	path, err := imagePath(images, sid, id)
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
