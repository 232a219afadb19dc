package folder

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
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
	return patiently(func() error { return windows.MoveFileEx(old, name, windows.MOVEFILE_WRITE_THROUGH) })
}

// patiently runs do again for about 2 s while an antivirus scanner or indexer
// has the file open.
func patiently(do func() error) error {
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

// syncDir does nothing: Windows has no such call, NTFS journals names.
func syncDir(string) error { return nil }

// hide keeps the state folder out of the practice's sight. That it cannot on
// some shares is no fault.
func hide(dir string) {
	if name, err := windows.UTF16PtrFromString(dir); err == nil {
		_ = windows.SetFileAttributes(name, windows.FILE_ATTRIBUTE_DIRECTORY|windows.FILE_ATTRIBUTE_HIDDEN)
	}
}
