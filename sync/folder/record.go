package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

// record says which names were given, or are about to be. It holds no patient
// value: names are rendered anew from the frozen delivery.
type record struct {
	Version int                   `json:"v"`
	Items   map[string]recordItem `json:"items"` // by key
}

type recordItem struct {
	Number  int        `json:"number"`
	SHA256  app.Digest `json:"sha256"`
	Sidecar app.Digest `json:"sidecar,omitempty"`
}

func (r record) clone() record {
	next := record{Version: 1, Items: map[string]recordItem{}}
	maps.Copy(next.Items, r.Items)
	return next
}

// reason is a fixed fault of the delivery or of a record.
type reason string

func (r reason) Error() string { return string(r) }

const (
	errDamaged = reason("the bytes are not the frozen ones")
	errRecord  = reason("the delivery's record is unreadable")
)

// kind classifies what went wrong with the file system.
func kind(err error) app.Kind {
	switch {
	case errors.Is(err, errDamaged), errors.Is(err, errRecord):
		return app.KindCorrupt
	case errors.Is(err, errSilent), errors.Is(err, context.DeadlineExceeded), silent(err):
		return app.KindOffline
	case errors.Is(err, fs.ErrNotExist):
		return app.KindNotFound
	case tooLong(err):
		return app.KindTooLarge
	case errors.Is(err, fs.ErrPermission), readOnly(err):
		return app.KindAuth
	}
	return app.KindFull
}

// bare returns the fault without the path it happened at: file names hold
// patient values, and errors are logged.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// readRecord returns an empty record when there is none. One that cannot be
// read stops the delivery: without it nothing is known about earlier tries.
func readRecord(path string) (record, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, err
	}
	var r record
	if json.Unmarshal(b, &r) != nil || r.Version != 1 {
		return record{}, errRecord
	}
	return r, nil
}

// save makes the record durable, in one step, and takes it over.
func (t *try) save(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	next := t.recordPath() + ".new"
	if err := writeSynced(next, b); err != nil {
		return err
	}
	if err := durable.Patiently(func() error { return os.Rename(next, t.recordPath()) }); err != nil {
		_ = os.Remove(next)
		return err
	}
	t.rec = r
	return durable.SyncDir(t.state)
}

// writeSynced writes a file whole, or leaves none.
func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

func hasDigest(path string, want app.Digest) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false
	}
	return hex.EncodeToString(h.Sum(nil)) == string(want)
}
