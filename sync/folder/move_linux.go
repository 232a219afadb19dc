package folder

import (
	"errors"

	"golang.org/x/sys/unix"
)

// moveNew renames from to to, which must not exist (fs.ErrExist otherwise),
// in one step. Shares that cannot do that get a link and a removal.
func moveNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return linkNew(from, to)
	}
	return err
}
