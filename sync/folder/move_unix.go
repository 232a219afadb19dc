//go:build !windows

package folder

import "os"

func linkNew(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	_ = os.Remove(from) // it has its name; look and sweep cope with two
	return nil
}

func hide(string) {}
