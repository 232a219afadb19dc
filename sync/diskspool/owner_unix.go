//go:build !windows

package diskspool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the exclusive lock of an open file, or returns errOwned.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errOwned
	}
	return err
}

// holdReplaced keeps a file that is about to be replaced within reach, so
// that its bytes can be overwritten afterwards; nil when it cannot.
func holdReplaced(path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return f
}
