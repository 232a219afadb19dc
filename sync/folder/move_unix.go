//go:build !windows

package folder

import (
	"errors"
	"os"
	"syscall"
)

func linkNew(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	_ = os.Remove(from) // it has its name; look and sweep cope with two
	return nil
}

// syncDir makes new names in dir durable. Some shares cannot, and need not.
func syncDir(dir string) error {
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

func patiently(do func() error) error { return do() }

func hide(string) {}
