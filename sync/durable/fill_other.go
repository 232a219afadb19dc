//go:build !linux

package durable

import (
	"errors"
	"os"
)

// fillDirect is Linux's.
func fillDirect(*os.File, []byte) error { return errors.ErrUnsupported }
