package link

import (
	"os"

	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/app"
)

// TakeStdio returns the process's standard input and output for the pipe and
// points the standard output handle at standard error, so that a stray print
// corrupts nothing. Call it first in main.
func TakeStdio() (r, w *os.File, err error) {
	r, w = os.Stdin, os.Stdout
	os.Stdout = os.Stderr
	if err := windows.SetStdHandle(windows.STD_OUTPUT_HANDLE, windows.Handle(os.Stderr.Fd())); err != nil {
		return nil, nil, app.E("take the pipe", app.KindBug, err)
	}
	return r, w, nil
}
