package main

import (
	"context"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

const paintSoftware = "software"

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	wtsapi32 = windows.NewLazySystemDLL("wtsapi32.dll")

	createWindowEx   = user32.NewProc("CreateWindowExW")
	defWindowProc    = user32.NewProc("DefWindowProcW")
	destroyWindow    = user32.NewProc("DestroyWindow")
	dispatchMessage  = user32.NewProc("DispatchMessageW")
	getMessage       = user32.NewProc("GetMessageW")
	getSystemMetrics = user32.NewProc("GetSystemMetrics")
	postMessage      = user32.NewProc("PostMessageW")
	postQuitMessage  = user32.NewProc("PostQuitMessage")
	registerClassEx  = user32.NewProc("RegisterClassExW")

	registerSession   = wtsapi32.NewProc("WTSRegisterSessionNotification")
	unregisterSession = wtsapi32.NewProc("WTSUnRegisterSessionNotification")
)

// remoteSession reports whether this is Remote Desktop (SM_REMOTESESSION).
func remoteSession() bool {
	const remote = 0x1000
	is, _, _ := getSystemMetrics.Call(remote)
	return is != 0
}

// winuser.h and wtsapi32.h.
const (
	wmDestroy       = 0x0002
	wmClose         = 0x0010
	wmDisplayChange = 0x007E
	wmSessionChange = 0x02B1
	lastConnection  = 4 // WTS_CONSOLE_CONNECT is 1, WTS_REMOTE_DISCONNECT 4
)

// watcherClass is the window's name to Windows; tests send to it.
const watcherClass = "ClinicProImagesWatcher"

type watcherClassEx struct {
	size, style              uint32
	proc                     uintptr
	classExtra, windowExtra  int32
	instance                 windows.Handle
	icon, cursor, background windows.Handle
	menuName, className      *uint16
	smallIcon                windows.Handle
}

// watchDesktop calls changed after each connect and disconnect (moved) and each
// change of the display, until ctx ends. Windows tells only a window, and of the display only
// one that is not for messages alone: this one is never shown.
func watchDesktop(ctx context.Context, changed func(moved bool)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var instance windows.Handle
	if err := windows.GetModuleHandleEx(0, nil, &instance); err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(watcherClass)
	if err != nil {
		return err
	}
	class := watcherClassEx{instance: instance, className: name, proc: windows.NewCallback(func(hwnd windows.HWND, id uint32, wParam, lParam uintptr) uintptr {
		switch {
		case id == wmDisplayChange:
			changed(false)
		case id == wmSessionChange && wParam <= lastConnection:
			changed(true)
		case id == wmClose:
			_, _, _ = unregisterSession.Call(uintptr(hwnd))
			_, _, _ = destroyWindow.Call(uintptr(hwnd))
			return 0
		case id == wmDestroy:
			_, _, _ = postQuitMessage.Call(0)
			return 0
		}
		answer, _, _ := defWindowProc.Call(uintptr(hwnd), uintptr(id), wParam, lParam)
		return answer
	})}
	class.size = uint32(unsafe.Sizeof(class))
	_, _, _ = registerClassEx.Call(uintptr(unsafe.Pointer(&class)))
	hwnd, _, err := createWindowEx.Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, uintptr(instance), 0)
	if hwnd == 0 {
		return err
	}
	_, _, _ = registerSession.Call(hwnd, 0) // for this session; where there are none, nothing changes
	stop := context.AfterFunc(ctx, func() { _, _, _ = postMessage.Call(hwnd, wmClose, 0, 0) })
	defer stop()
	var message [12]uint64 // MSG is 48 bytes
	for {
		more, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&message)), 0, 0, 0)
		if int32(more) <= 0 {
			return nil
		}
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&message)))
	}
}
