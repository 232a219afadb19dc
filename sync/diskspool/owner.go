package diskspool

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

const (
	lockSuffix = ".lock"
	// ownerWait is how long Open waits for the earlier owner to leave.
	ownerWait = 2 * time.Second
	// ownerGone is how long a spool must have lain still before it counts as
	// left: an agent that crashed is back within seconds, and its sessions
	// must not go to another Windows session's window meanwhile.
	ownerGone = time.Minute
	// mostSpools bounds the spools of one user on one machine.
	mostSpools = 64
)

// own makes this process the owner of the spool in dir until the file is
// closed or the process ends. The lock lies beside the spool and is never
// removed or replaced, so that nobody can hold a lock on what is not there any
// more. KindConflict when another owner stays longer than wait.
func own(dir string, wait time.Duration) (*os.File, error) {
	const op = "own spool"
	path := filepath.Clean(dir) + lockSuffix
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	f, err := durable.Lock(path, wait)
	if errors.Is(err, durable.ErrOwned) {
		return nil, app.E(op, app.KindConflict, err)
	}
	if err != nil {
		return nil, app.E(op, app.KindFull, err)
	}
	return f, nil
}

// OpenFree opens the first of base, base-2, base-3 … that no other process
// owns; a new one is made only when all that exist are owned. One user of a
// terminal server has one for each of their Windows sessions. Errors as Open's.
func OpenFree(base string, keys Keys, log *slog.Logger) (*Spool, error) {
	var last error
	for _, existing := range []bool{true, false} {
		for n := 1; n <= mostSpools; n++ {
			dir := numbered(base, n)
			if isDir(dir) != existing {
				continue
			}
			wait := time.Duration(0)
			if n == 1 {
				wait = ownerWait // an agent that is just leaving
			}
			s, err := openWithin(dir, keys, log, wait)
			if app.KindOf(err) != app.KindConflict {
				return s, err
			}
			last = err
		}
	}
	return nil, last
}

func numbered(base string, n int) string {
	if n == 1 {
		return base
	}
	return base + "-" + strconv.Itoa(n)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

var spoolNumber = regexp.MustCompile(`-\d+$`)

// Left returns the spools that Adopt may take: those beside this one that
// nobody has written to for a minute, and what an earlier adoption left
// undone. Whether an owner lives, Adopt finds out.
func (s *Spool) Left() []string {
	left := adoptions(s.dir)
	base := spoolNumber.ReplaceAllString(s.dir, "")
	for n := 1; n <= mostSpools; n++ {
		if dir := numbered(base, n); dir != s.dir && lainStill(filepath.Join(dir, indexFile)) {
			left = append(left, dir)
		}
	}
	return left
}

// lainStill reports whether a file is there and was not written to for
// ownerGone. A time far ahead is a clock that was wrong.
func lainStill(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()).Abs() >= ownerGone
}
