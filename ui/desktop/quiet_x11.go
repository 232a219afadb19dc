//go:build linux && x11

package desktop

/*
#cgo LDFLAGS: -lX11
#include <X11/Xlib.h>
#include <X11/Xatom.h>

static void setUserTime(void *display, unsigned long window, long time) {
	Atom name = XInternAtom(display, "_NET_WM_USER_TIME", False);
	XChangeProperty(display, window, name, XA_CARDINAL, 32, PropModeReplace, (unsigned char *)&time, 1);
}
*/
import "C"

import (
	"unsafe"

	"fyne.io/fyne/v2/driver"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// neverUsed tells the window manager that no act of the user is behind a
// native window: a user time of 0, by which it leaves the focus where it is.
func neverUsed(native any) {
	if x, ok := native.(driver.X11WindowContext); ok {
		C.setUserTime(unsafe.Pointer(glfw.GetX11Display()), C.ulong(x.WindowHandle), 0)
	}
}
