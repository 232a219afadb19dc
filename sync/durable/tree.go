package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// RemoveTree removes path and all below it; nothing there is no error. Where
// os.RemoveAll is refused, as some Windows file servers (and Wine) refuse the
// kind of removal it asks for, each file is removed by itself.
func RemoveTree(path string) error {
	err := os.RemoveAll(path)
	if err == nil {
		return nil
	}
	return errors.Join(removeEach(path), ifThere(path, err))
}

// removeEach removes what it can, the innermost first.
func removeEach(path string) error {
	var all []string
	err := filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		all = append(all, p)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, p := range slices.Backward(all) {
		if gone := os.Remove(p); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// ifThere is err, unless path is gone.
func ifThere(path string, err error) error {
	if _, stat := os.Lstat(path); errors.Is(stat, fs.ErrNotExist) {
		return nil
	}
	return err
}
