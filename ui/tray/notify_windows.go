package tray

import (
	"context"
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/app"
)

var (
	user32              = windows.NewLazySystemDLL("user32.dll")
	findWindowEx        = user32.NewProc("FindWindowExW")
	windowThreadProcess = user32.NewProc("GetWindowThreadProcessId")
	shellNotifyIcon     = windows.NewLazySystemDLL("shell32.dll").NewProc("Shell_NotifyIconW")
	errNoIcon           = errors.New("no icon in the notification area")
)

// The tray library's window class and icon number.
const (
	trayClass = "SystrayClass"
	trayIcon  = 100
)

// notifyIconData is NOTIFYICONDATAW of Windows Vista and later (shellapi.h).
type notifyIconData struct {
	size                       uint32
	wnd                        windows.Handle
	id, flags, callbackMessage uint32
	icon                       windows.Handle
	tip                        [128]uint16
	state, stateMask           uint32
	info                       [256]uint16
	version                    uint32
	infoTitle                  [64]uint16
	infoFlags                  uint32
	guid                       windows.GUID
	balloonIcon                windows.Handle
}

// Notifier shows one notification at a time, at the tray's own icon: there the
// user clicks. Calls may be concurrent.
type Notifier struct{}

// NewNotifier returns a Notifier that has said nothing.
func NewNotifier(func()) *Notifier { return &Notifier{} }

// Say shows a notification. KindNotFound: there is no icon to show it at.
func (n *Notifier) Say(_ context.Context, title, body string) error { return n.set(title, body) }

// Withdraw takes back what is on show.
func (n *Notifier) Withdraw(context.Context) { _ = n.set("", "") }

// Close does nothing: the notification goes with the icon.
func (n *Notifier) Close() {}

func (n *Notifier) set(title, body string) error {
	const (
		op          = "show a notification"
		nimModify   = 1
		nifInfo     = 0x10
		niifInfo    = 0x1
		niifNoSound = 0x10 // the program has its own
		niifQuiet   = 0x80 // respects quiet hours
	)
	wnd, err := trayWindow()
	if err != nil {
		return app.E(op, app.KindNotFound, err)
	}
	d := notifyIconData{wnd: wnd, id: trayIcon, flags: nifInfo, infoFlags: niifInfo | niifNoSound | niifQuiet}
	d.size = uint32(unsafe.Sizeof(d))
	fill(d.infoTitle[:], title)
	fill(d.info[:], body)
	if done, _, err := shellNotifyIcon.Call(nimModify, uintptr(unsafe.Pointer(&d))); done == 0 {
		return app.E(op, app.KindNotFound, err)
	}
	return nil
}

// trayWindow is this process's own window behind the icon.
func trayWindow() (windows.Handle, error) {
	class, err := windows.UTF16PtrFromString(trayClass)
	if err != nil {
		return 0, err
	}
	for after := uintptr(0); ; {
		after, _, _ = findWindowEx.Call(0, after, uintptr(unsafe.Pointer(class)), 0)
		if after == 0 {
			return 0, errNoIcon
		}
		var pid uint32
		_, _, _ = windowThreadProcess.Call(after, uintptr(unsafe.Pointer(&pid)))
		if pid == windows.GetCurrentProcessId() {
			return windows.Handle(after), nil
		}
	}
}

// fill copies s into a fixed field, cut where it is too long, ended by zero.
func fill(field []uint16, s string) {
	units, err := windows.UTF16FromString(s)
	if err != nil {
		return
	}
	copy(field[:len(field)-1], units)
}
