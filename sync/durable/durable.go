// Package durable is what making a file survive a power cut takes beyond
// fsync: names are durable only with their folder, and on Windows a scanner
// may hold a file at the moment it is to be renamed.
package durable

import (
	"errors"
	"os"
)

// WriteFile writes b to path whole and synced, or leaves no file. path must
// not exist (fs.ErrExist). The name is durable after SyncDir of its folder.
func WriteFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(Fill(f, b), f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}
