package main

import (
	"context"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TestTheDesktopIsWatched sends what Windows sends.
func TestTheDesktopIsWatched(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan bool, 8), make(chan error, 1)
	go func() { ended <- watchDesktop(ctx, func(moved bool) { changed <- moved }) }()
	name, err := windows.UTF16PtrFromString(watcherClass)
	if err != nil {
		t.Fatal(err)
	}
	var hwnd uintptr
	for end := time.Now().Add(30 * time.Second); hwnd == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("there is no window to tell")
		}
		hwnd, _, _ = user32.NewProc("FindWindowW").Call(uintptr(unsafe.Pointer(name)), 0)
	}
	const consoleConnect, remoteDisconnect, locked = 1, 4, 7
	for _, c := range []struct{ id, wParam uintptr }{
		{wmDisplayChange, 32}, {wmSessionChange, locked}, {wmSessionChange, consoleConnect}, {wmSessionChange, remoteDisconnect},
	} {
		_, _, _ = postMessage.Call(hwnd, c.id, c.wParam, 0)
	}
	for i, want := range []bool{false, true, true} { // a lock changes no display
		select {
		case moved := <-changed:
			if moved != want {
				t.Errorf("change %d: moved is %v", i, moved)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("change %d was not heard", i)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the watching does not end")
	}
}
