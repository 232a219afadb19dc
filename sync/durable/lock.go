package durable

import (
	"errors"
	"os"
	"time"
)

// ErrOwned is Lock's error when another process holds the lock for longer
// than one would wait.
var ErrOwned = errors.New("another process holds the lock")

const lockEvery = 20 * time.Millisecond

// Lock makes this process the one holder of a lock until the file is closed
// or the process ends, however it ends. path is made if need be, stays empty,
// and must never be renamed or removed: nobody may hold a lock on what is not
// there any more. wait is how long an earlier holder is given to leave.
func Lock(path string, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); ; waited += lockEvery {
		if err = lockFile(f); err == nil {
			return f, nil
		}
		if !errors.Is(err, ErrOwned) || waited >= wait {
			_ = f.Close()
			return nil, err
		}
		time.Sleep(lockEvery)
	}
}
