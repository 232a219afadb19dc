package folder

import (
	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/sync/durable"
)

// moveNew renames from to to, which must not exist (fs.ErrExist otherwise),
// and comes back when that is on the disk.
func moveNew(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return durable.Patiently(func() error { return windows.MoveFileEx(old, name, windows.MOVEFILE_WRITE_THROUGH) })
}

// hide keeps the state folder out of the practice's sight. That it cannot on
// some shares is no fault.
func hide(dir string) {
	if name, err := windows.UTF16PtrFromString(dir); err == nil {
		_ = windows.SetFileAttributes(name, windows.FILE_ATTRIBUTE_DIRECTORY|windows.FILE_ATTRIBUTE_HIDDEN)
	}
}
