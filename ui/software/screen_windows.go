package software

import (
	"image"
	"runtime"
	"sync"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/assets/icons"
)

const className = "ClinicProImages"

// nativeScreen is a plain Win32 window. All of it but post belongs to the
// thread that made it.
type nativeScreen struct {
	hwnd   windows.HWND
	window *window
	quiet  bool // shown without taking the focus, the first time
	least  image.Point
	scale  float32
	cursor desktop.StandardCursor
	inside bool   // the pointer is over the client area
	half   uint16 // the first half of a character beyond 16 bits

	mu     sync.Mutex
	posted []func()
}

// the is the process's one window; the system calls back without a context.
var the nativeScreen

// openScreen makes the window, hidden, in the middle of the monitor that the
// pointer is on: there the GP's act happened.
func openScreen(w *window, quiet bool) screen {
	s := &the
	s.window, s.quiet, s.scale = w, quiet, 1
	_, _, _ = setProcessDpiAwarenessContext.Call(dpiPerMonitorV2)
	var instance windows.Handle
	_ = windows.GetModuleHandleEx(0, nil, &instance)
	arrow, _, _ := loadCursor.Call(0, 32512)
	class := windowClass{proc: windows.NewCallback(windowProc), instance: instance, cursor: windows.Handle(arrow)}
	class.size = uint32(unsafe.Sizeof(class))
	class.className = wide(className)
	_, _, _ = registerClassEx.Call(uintptr(unsafe.Pointer(&class)))
	work := workArea()
	hwnd, _, err := createWindowEx.Call(0, uintptr(unsafe.Pointer(wide(className))), uintptr(unsafe.Pointer(wide(""))), wsOverlappedWindow,
		uintptr(work.left), uintptr(work.top), 200, 200, 0, 0, uintptr(instance), 0)
	if hwnd == 0 {
		panic("software: no window: " + err.Error())
	}
	s.hwnd = windows.HWND(hwnd)
	s.scale = s.dpi()
	w.canvas.SetScale(s.scale)
	for which, side := range map[uintptr]uintptr{iconSmall: 32, iconBig: 64} {
		png := icons.App()
		icon, _, _ := createIconFromResourceEx.Call(uintptr(unsafe.Pointer(&png[0])), uintptr(len(png)), 1, 0x00030000, side, side, 0)
		_, _, _ = sendMessage.Call(hwnd, wmSetIcon, which, icon)
	}
	return s
}

func workArea() rect {
	var at point
	_, _, _ = getCursorPos.Call(uintptr(unsafe.Pointer(&at)))
	monitor, _, _ := monitorFromPoint.Call(*(*uintptr)(unsafe.Pointer(&at)), monitorDefaultToNearest)
	info := monitorInfo{}
	info.size = uint32(unsafe.Sizeof(info))
	_, _, _ = getMonitorInfo.Call(monitor, uintptr(unsafe.Pointer(&info)))
	return info.work
}

func (s *nativeScreen) dpi() float32 {
	if getDpiForWindow.Find() != nil { // before Windows 10 1607
		return 1
	}
	dpi, _, _ := getDpiForWindow.Call(uintptr(s.hwnd))
	if dpi == 0 {
		return 1
	}
	return float32(dpi) / 96
}

// outer is how large the window is around content.
func (s *nativeScreen) outer(content image.Point) image.Point {
	r := rect{right: int32(content.X), bottom: int32(content.Y)}
	_, _, _ = adjustWindowRectExForDpi.Call(uintptr(unsafe.Pointer(&r)), wsOverlappedWindow, 0, 0, uintptr(s.scale*96))
	return image.Pt(int(r.right-r.left), int(r.bottom-r.top))
}

func (s *nativeScreen) setSize(content image.Point) {
	size, work := s.outer(content), workArea()
	room := image.Pt(int(work.right-work.left), int(work.bottom-work.top))
	size = image.Pt(min(size.X, room.X), min(size.Y, room.Y))
	at := image.Pt(int(work.left)+(room.X-size.X)/2, int(work.top)+(room.Y-size.Y)/2)
	flags := uintptr(swpNoZOrder | swpNoActivate)
	if s.window.shown {
		flags |= swpNoMove
	}
	_, _, _ = setWindowPos.Call(uintptr(s.hwnd), 0, uintptr(at.X), uintptr(at.Y), uintptr(size.X), uintptr(size.Y), flags)
}

func (s *nativeScreen) setMin(content image.Point) { s.least = content }

func (s *nativeScreen) setTitle(title string) {
	_, _, _ = setWindowText.Call(uintptr(s.hwnd), uintptr(unsafe.Pointer(wide(title))))
}

func (s *nativeScreen) show() {
	if s.quiet {
		s.quiet = false
		_, _, _ = showWindow.Call(uintptr(s.hwnd), swShowNoActivate)
		return
	}
	_, _, _ = showWindow.Call(uintptr(s.hwnd), swShow)
	_, _, _ = setForegroundWindow.Call(uintptr(s.hwnd))
}

func (s *nativeScreen) hide() { _, _, _ = showWindow.Call(uintptr(s.hwnd), swHide) }

// raise comes to the front, which Windows allows where the agent passed on the
// right to; else the taskbar's button flashes.
func (s *nativeScreen) raise() {
	if iconic, _, _ := isIconic.Call(uintptr(s.hwnd)); iconic != 0 {
		_, _, _ = showWindow.Call(uintptr(s.hwnd), swRestore)
	}
	_, _, _ = setForegroundWindow.Call(uintptr(s.hwnd))
}

func (s *nativeScreen) close() { _, _, _ = destroyWindow.Call(uintptr(s.hwnd)) }

// wake asks for WM_PAINT, which Windows sends when nothing else waits: a burst
// of input is one frame.
func (s *nativeScreen) wake() {
	_, _, _ = redrawWindow.Call(uintptr(s.hwnd), 0, 0, rdwInternalPaint)
}

// cursors by Fyne's name, as winuser.h numbers them.
var cursors = map[desktop.StandardCursor]uintptr{
	desktop.DefaultCursor: 32512, desktop.TextCursor: 32513, desktop.CrosshairCursor: 32515,
	desktop.PointerCursor: 32649, desktop.HResizeCursor: 32644, desktop.VResizeCursor: 32645,
}

func (s *nativeScreen) setCursor(c desktop.StandardCursor) {
	if s.cursor != c {
		s.cursor = c
		s.showCursor()
	}
}

func (s *nativeScreen) showCursor() {
	cursor, _, _ := loadCursor.Call(0, cursors[s.cursor]) // an unknown one shows none
	_, _, _ = setCursor.Call(cursor)
}

func (s *nativeScreen) modifiers() (mods fyne.KeyModifier) {
	for key, mod := range map[uintptr]fyne.KeyModifier{
		0x10: fyne.KeyModifierShift, 0x11: fyne.KeyModifierControl, 0x12: fyne.KeyModifierAlt,
		0x5B: fyne.KeyModifierSuper, 0x5C: fyne.KeyModifierSuper,
	} {
		if state, _, _ := getKeyState.Call(key); state&0x8000 != 0 {
			mods |= mod
		}
	}
	return mods
}

// post runs f on the window's thread; from any goroutine.
func (s *nativeScreen) post(f func()) {
	s.mu.Lock()
	s.posted = append(s.posted, f)
	first := len(s.posted) == 1
	s.mu.Unlock()
	if first {
		_, _, _ = postMessage.Call(uintptr(s.hwnd), wmPosted, 0, 0)
	}
}

func (s *nativeScreen) runPosted() {
	s.mu.Lock()
	due := s.posted
	s.posted = nil
	s.mu.Unlock()
	for _, f := range due {
		f()
	}
}

// loop serves the window until it has quit.
func (s *nativeScreen) loop() {
	var m message
	for {
		more, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		if int32(more) <= 0 {
			return
		}
		_, _, _ = translateMessage.Call(uintptr(unsafe.Pointer(&m)))
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func (s *nativeScreen) quit() { _, _, _ = postQuitMessage.Call(0) }

// paint brings the picture up to date and copies to the window what has changed
// on it and what the system wants again.
func (s *nativeScreen) paint() {
	var ps paintStruct
	_, _, _ = beginPaint.Call(uintptr(s.hwnd), uintptr(unsafe.Pointer(&ps)))
	_, _, _ = endPaint.Call(uintptr(s.hwnd), uintptr(unsafe.Pointer(&ps)))
	dirty := s.window.frame()
	again := image.Rect(int(ps.rect.left), int(ps.rect.top), int(ps.rect.right), int(ps.rect.bottom))
	dc, _, _ := getDC.Call(uintptr(s.hwnd))
	for _, r := range append(dirty, again) {
		s.blit(dc, r)
	}
	_, _, _ = releaseDC.Call(uintptr(s.hwnd), dc)
}

// blit copies a part of the picture: as many whole rows as it has, the width
// cut by Windows.
func (s *nativeScreen) blit(dc uintptr, r image.Rectangle) {
	frame := s.window.scene.frame
	if r = r.Intersect(frame.Rect); r.Empty() {
		return
	}
	info := bitmapInfo{width: int32(frame.Stride / 4), height: -int32(r.Dy()), planes: 1, bits: 32}
	info.size = uint32(unsafe.Sizeof(info))
	_, _, _ = setDIBitsToDevice.Call(dc, uintptr(r.Min.X), uintptr(r.Min.Y), uintptr(r.Dx()), uintptr(r.Dy()),
		uintptr(r.Min.X), 0, 0, uintptr(r.Dy()),
		uintptr(unsafe.Pointer(&frame.Pix[r.Min.Y*frame.Stride])), uintptr(unsafe.Pointer(&info)), 0)
	runtime.KeepAlive(frame)
}

// resized passes the content's size on; a minimised window keeps what it had.
func (s *nativeScreen) resized() {
	var r rect
	_, _, _ = getClientRect.Call(uintptr(s.hwnd), uintptr(unsafe.Pointer(&r)))
	if r.right > 0 && r.bottom > 0 && s.window.canvas != nil {
		s.window.resized(image.Pt(int(r.right), int(r.bottom)), s.scale)
	}
}

func init() { runtime.LockOSThread() } // Windows gives a window's messages to the thread that made it
