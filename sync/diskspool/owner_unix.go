//go:build !windows

package diskspool

import "os"

// holdReplaced keeps a file that is about to be replaced within reach, so
// that its bytes can be overwritten afterwards; nil when it cannot.
func holdReplaced(path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return f
}
