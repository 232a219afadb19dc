package software

import (
	"golang.org/x/sys/windows"
)

// What the window needs of Windows, by its own names.
var (
	user32 = windows.NewLazySystemDLL("user32.dll")
	gdi32  = windows.NewLazySystemDLL("gdi32.dll")
	imm32  = windows.NewLazySystemDLL("imm32.dll")

	adjustWindowRectExForDpi      = user32.NewProc("AdjustWindowRectExForDpi")
	beginPaint                    = user32.NewProc("BeginPaint")
	createIconFromResourceEx      = user32.NewProc("CreateIconFromResourceEx")
	createWindowEx                = user32.NewProc("CreateWindowExW")
	defWindowProc                 = user32.NewProc("DefWindowProcW")
	destroyWindow                 = user32.NewProc("DestroyWindow")
	dispatchMessage               = user32.NewProc("DispatchMessageW")
	endPaint                      = user32.NewProc("EndPaint")
	getClientRect                 = user32.NewProc("GetClientRect")
	getCursorPos                  = user32.NewProc("GetCursorPos")
	getDC                         = user32.NewProc("GetDC")
	getDpiForWindow               = user32.NewProc("GetDpiForWindow")
	getKeyState                   = user32.NewProc("GetKeyState")
	getMessage                    = user32.NewProc("GetMessageW")
	getMonitorInfo                = user32.NewProc("GetMonitorInfoW")
	isIconic                      = user32.NewProc("IsIconic")
	loadCursor                    = user32.NewProc("LoadCursorW")
	monitorFromPoint              = user32.NewProc("MonitorFromPoint")
	postMessage                   = user32.NewProc("PostMessageW")
	postQuitMessage               = user32.NewProc("PostQuitMessage")
	redrawWindow                  = user32.NewProc("RedrawWindow")
	registerClassEx               = user32.NewProc("RegisterClassExW")
	releaseCapture                = user32.NewProc("ReleaseCapture")
	releaseDC                     = user32.NewProc("ReleaseDC")
	sendMessage                   = user32.NewProc("SendMessageW")
	setCapture                    = user32.NewProc("SetCapture")
	setCursor                     = user32.NewProc("SetCursor")
	setForegroundWindow           = user32.NewProc("SetForegroundWindow")
	setProcessDpiAwarenessContext = user32.NewProc("SetProcessDpiAwarenessContext")
	setWindowPos                  = user32.NewProc("SetWindowPos")
	setWindowText                 = user32.NewProc("SetWindowTextW")
	showWindow                    = user32.NewProc("ShowWindow")
	systemParametersInfo          = user32.NewProc("SystemParametersInfoW")
	trackMouseEvent               = user32.NewProc("TrackMouseEvent")
	translateMessage              = user32.NewProc("TranslateMessage")

	setDIBitsToDevice = gdi32.NewProc("SetDIBitsToDevice")

	immGetContext           = imm32.NewProc("ImmGetContext")
	immGetCompositionString = imm32.NewProc("ImmGetCompositionStringW")
	immReleaseContext       = imm32.NewProc("ImmReleaseContext")
	immSetCandidateWindow   = imm32.NewProc("ImmSetCandidateWindow")
	immSetCompositionWindow = imm32.NewProc("ImmSetCompositionWindow")
)

// winuser.h and imm.h.
const (
	wmDestroy           = 0x0002
	wmSize              = 0x0005
	wmSetFocus          = 0x0007
	wmKillFocus         = 0x0008
	wmPaint             = 0x000F
	wmClose             = 0x0010
	wmEraseBkgnd        = 0x0014
	wmSettingChange     = 0x001A
	wmSetCursor         = 0x0020
	wmGetMinMaxInfo     = 0x0024
	wmSetIcon           = 0x0080
	wmKeyDown           = 0x0100
	wmKeyUp             = 0x0101
	wmChar              = 0x0102
	wmSysKeyDown        = 0x0104
	wmSysKeyUp          = 0x0105
	wmImeStartComposing = 0x010D
	wmImeComposition    = 0x010F
	wmMouseMove         = 0x0200
	wmLButtonDown       = 0x0201
	wmLButtonUp         = 0x0202
	wmRButtonDown       = 0x0204
	wmRButtonUp         = 0x0205
	wmMButtonDown       = 0x0207
	wmMButtonUp         = 0x0208
	wmMouseWheel        = 0x020A
	wmMouseHWheel       = 0x020E
	wmCaptureChanged    = 0x0215
	wmMouseLeave        = 0x02A3
	wmDpiChanged        = 0x02E0
	wmPosted            = 0x8001 // ours: functions wait (WM_APP + 1)

	wsOverlappedWindow = 0x00CF0000

	swHide, swShowNoActivate, swShow, swRestore = 0, 4, 5, 9

	swpNoSize, swpNoMove, swpNoZOrder, swpNoActivate = 0x1, 0x2, 0x4, 0x10

	rdwInternalPaint = 0x2
	htClient         = 1
	iconSmall        = 0
	iconBig          = 1
	wheelDelta       = 120

	spiGetClientAreaAnimation = 0x1042
	monitorDefaultToNearest   = 2

	gcsResultStr = 0x0800
	cfsPoint     = 0x0002
	cfsExclude   = 0x0080
)

// dpiPerMonitorV2 is DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2.
const dpiPerMonitorV2 = ^uintptr(3)

type point struct{ x, y int32 }

type rect struct{ left, top, right, bottom int32 }

type message struct {
	hwnd           windows.HWND
	id             uint32
	wParam, lParam uintptr
	time           uint32
	at             point
	_              uint32
}

type windowClass struct {
	size, style              uint32
	proc                     uintptr
	classExtra, windowExtra  int32
	instance                 windows.Handle
	icon, cursor, background windows.Handle
	menuName, className      *uint16
	smallIcon                windows.Handle
}

type paintStruct struct {
	dc       uintptr
	erase    int32
	rect     rect
	restore  int32
	update   int32
	reserved [32]byte
}

type minMaxInfo struct {
	_, _, _  point // reserved, and how large and where when maximised
	minTrack point
	_        point
}

type monitorInfo struct {
	size          uint32
	monitor, work rect
	flags         uint32
}

type trackMouse struct {
	size, flags uint32
	hwnd        windows.HWND
	hover       uint32
}

type bitmapInfo struct {
	size                 uint32
	width, height        int32
	planes, bits         uint16
	compression, bytes   uint32
	xPerMetre, yPerMetre int32
	used, important      uint32
}

type compositionForm struct {
	style uint32
	at    point
	area  rect
}

type candidateForm struct {
	index, style uint32
	at           point
	area         rect
}

// wide is s as Windows takes it; the result is passed on within the call's own
// argument list, which keeps it alive.
func wide(s string) *uint16 {
	p, err := windows.UTF16PtrFromString(s)
	if err != nil { // a NUL within
		return new(uint16)
	}
	return p
}

func low(v uintptr) int  { return int(int16(v)) }
func high(v uintptr) int { return int(int16(v >> 16)) }
