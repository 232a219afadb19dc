package durable

import (
	"errors"
	"os"
)

// Fill writes b into f, which is new and empty, and syncs it: when it returns
// nil the bytes are on the disk. After an error f holds anything or nothing.
func Fill(f *os.File, b []byte) error {
	if err := fillDirect(f, b); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}
