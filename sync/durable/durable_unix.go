//go:build !windows

package durable

import (
	"errors"
	"os"
	"syscall"
)

// SyncDir makes new names, renames and removals in dir durable. Some shares
// cannot, and need not.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Patiently runs a rename or removal.
func Patiently(do func() error) error { return do() }
