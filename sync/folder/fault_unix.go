//go:build !windows

package folder

import (
	"errors"

	"golang.org/x/sys/unix"
)

// silent reports a share that has gone away under the mount.
func silent(err error) bool {
	return errors.Is(err, unix.ETIMEDOUT) || errors.Is(err, unix.EHOSTDOWN) || errors.Is(err, unix.EHOSTUNREACH) ||
		errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ESTALE) || errors.Is(err, unix.ECONNRESET)
}

func tooLong(err error) bool { return errors.Is(err, unix.ENAMETOOLONG) }

func readOnly(err error) bool { return errors.Is(err, unix.EROFS) }
