//go:build unix

package link

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/clinicpro-nz/images/app"
)

// TakeStdio returns the process's standard input and output for the pipe and
// points descriptor 1 at standard error, so that a stray print, of a C library
// too, corrupts nothing. Call it first in main.
func TakeStdio() (r, w *os.File, err error) {
	fd, err := unix.FcntlInt(os.Stdout.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, nil, app.E("take the pipe", app.KindBug, err)
	}
	if err := unix.Dup2(int(os.Stderr.Fd()), 1); err != nil {
		return nil, nil, app.E("take the pipe", app.KindBug, err)
	}
	// os.Stdout stays: a file that nobody refers to is closed, and the next one
	// opened would be what descriptor 1 names.
	return os.Stdin, os.NewFile(uintptr(fd), "pipe"), nil
}
