package durable

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// SyncDir does nothing: Windows has no such call, NTFS journals names.
func SyncDir(string) error { return nil }

// Patiently runs a rename or removal again for about 2 s while an antivirus
// scanner or indexer has the file open.
func Patiently(do func() error) error {
	const step, most = 50 * time.Millisecond, 2 * time.Second
	var err error
	for waited := time.Duration(0); waited <= most; waited += step {
		err = do()
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_LOCK_VIOLATION) &&
			!errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err
		}
		time.Sleep(step)
	}
	return err
}
