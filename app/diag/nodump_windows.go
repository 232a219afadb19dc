package diag

import (
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	werAddExcluded = windows.NewLazySystemDLL("wer.dll").NewProc("WerAddExcludedApplication")
	werSetFlags    = windows.NewLazySystemDLL("kernel32.dll").NewProc("WerSetFlags")
	setErrorMode   = windows.NewLazySystemDLL("kernel32.dll").NewProc("SetErrorMode")
)

// errhandlingapi.h and werapi.h.
const (
	failCriticalErrors = 0x0001
	noFaultErrorBox    = 0x0002
	faultNoHeap        = 0x0001
)

// noDump leaves this program, for this user, out of Windows Error Reporting, and
// should somebody report on it all the same, its heap.
func noDump() {
	_, _, _ = setErrorMode.Call(failCriticalErrors | noFaultErrorBox)
	if werSetFlags.Find() == nil {
		_, _, _ = werSetFlags.Call(faultNoHeap)
	}
	exe, err := os.Executable()
	if err != nil || werAddExcluded.Find() != nil {
		return
	}
	name, err := windows.UTF16PtrFromString(filepath.Base(exe))
	if err != nil {
		return
	}
	const allUsers = 0 // false: this user's settings, which need no rights
	_, _, _ = werAddExcluded.Call(uintptr(unsafe.Pointer(name)), allUsers)
}
