//go:build !windows

package diskspool

import (
	"errors"
	"os"
)

// syncDir makes renames and removals in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// persist runs a rename or removal.
func persist(do func() error) error { return do() }
