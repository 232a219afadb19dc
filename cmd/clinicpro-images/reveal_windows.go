package main

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	shell32   = windows.NewLazySystemDLL("shell32.dll")
	pathToID  = shell32.NewProc("ILCreateFromPathW")
	freeID    = shell32.NewProc("ILFree")
	selectIDs = shell32.NewProc("SHOpenFolderAndSelectItems")
)

// revealFile opens the file's folder with the file selected. Not by the
// Explorer's command line: the path holds patient values.
func revealFile(path string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED); err == nil {
		defer windows.CoUninitialize()
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	id, _, _ := pathToID.Call(uintptr(unsafe.Pointer(name)))
	if id == 0 {
		return windows.ERROR_FILE_NOT_FOUND
	}
	defer freeID.Call(id)
	if result, _, _ := selectIDs.Call(id, 0, 0, 0); int32(result) < 0 {
		return windows.Errno(result)
	}
	return nil
}
