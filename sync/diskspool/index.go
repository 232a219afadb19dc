package diskspool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"filippo.io/age"
	"go.etcd.io/bbolt"

	"github.com/clinicpro-nz/images/app"
)

const (
	recordsBucket = "records"
	separator     = "\x00" // between sid, kind and key in a record's name
)

// Save seals records to the workstation and the recovery recipient and
// commits them together; a nil Body removes its record.
func (s *Spool) Save(ctx context.Context, records ...app.Record) error {
	const op = "save records"
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindOffline, err)
	}
	var changes []change
	for _, rec := range records {
		if err := checkRecord(rec); err != nil {
			return app.E(op, app.KindBug, err)
		}
		name := recordName(rec)
		if rec.Body == nil {
			changes = append(changes, func(b *bbolt.Bucket) error { return b.Delete(name) })
			continue
		}
		sealed, err := s.seal(name, rec.Body)
		if err != nil {
			return app.E(op, app.KindBug, err)
		}
		changes = append(changes, func(b *bbolt.Bucket) error { return b.Put(name, sealed) })
	}
	all := func(b *bbolt.Bucket) error {
		for _, c := range changes {
			if err := c(b); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.queue.commit(all); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// Load returns every record that want names (nil: all) and that can be read.
// One that cannot, sealed to another key or damaged, is logged and left where
// it is: it must not keep the others from the GP, and the recovery key may
// still open it.
func (s *Spool) Load(ctx context.Context, want func(sid app.SessionID, kind, key string) bool) ([]app.Record, error) {
	const op = "load records"
	var out []app.Record
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(recordsBucket)).ForEach(func(name, sealed []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			parts := strings.SplitN(string(name), separator, 3)
			if len(parts) != 3 {
				s.log.Error("spool record unreadable", "stage", "name")
				return nil
			}
			rec := app.Record{SID: app.SessionID(parts[0]), Kind: parts[1], Key: parts[2]}
			if want != nil && !want(rec.SID, rec.Kind, rec.Key) {
				return nil
			}
			body, err := s.unseal(name, sealed)
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
		return nil, app.E(op, app.KindCorrupt, err)
	}
	return out, nil
}

func recordName(r app.Record) []byte {
	return []byte(string(r.SID) + separator + r.Kind + separator + r.Key)
}

// seal puts the record's name in front of its body, so that a body moved to
// another record's name does not open there: no patient can change places.
func (s *Spool) seal(name, body []byte) ([]byte, error) {
	to := []age.Recipient{s.keys.Identity.Recipient()}
	if s.keys.Recovery != nil {
		to = append(to, s.keys.Recovery)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, err
	}
	for _, part := range [][]byte{name, {'\n'}, body} {
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

func (s *Spool) unseal(name, sealed []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), s.keys.Identity)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	before, body, found := bytes.Cut(plain, []byte{'\n'})
	if !found || !bytes.Equal(before, name) {
		return nil, errors.New("sealed for another record")
	}
	return body, nil
}

func removeAll(sid app.SessionID) change {
	return func(b *bbolt.Bucket) error {
		prefix := []byte(string(sid) + separator)
		var names [][]byte // a cursor must not be moved while deleting
		c := b.Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			names = append(names, bytes.Clone(k))
		}
		for _, name := range names {
			if err := b.Delete(name); err != nil {
				return err
			}
		}
		return nil
	}
}

// change is one edit of the index.
type change func(*bbolt.Bucket) error

// queue commits changes that wait together in one transaction: whoever holds
// the turn takes along all that queued up during the commit before. bbolt's
// own Batch would make a lone change wait for company.
type queue struct {
	db      *bbolt.DB
	turn    sync.Mutex // held during a commit
	mu      sync.Mutex // guards waiting; never held across I/O
	waiting []*job
}

type job struct {
	change change
	done   bool // guarded by turn
	err    error
}

func (q *queue) commit(c change) error {
	mine := &job{change: c}
	q.mu.Lock()
	q.waiting = append(q.waiting, mine)
	q.mu.Unlock()

	q.turn.Lock()
	defer q.turn.Unlock()
	if mine.done {
		return mine.err
	}
	q.mu.Lock()
	jobs := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	err := q.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(recordsBucket))
		for _, j := range jobs {
			if err := j.change(b); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range jobs {
		j.done, j.err = true, err
	}
	return mine.err
}
