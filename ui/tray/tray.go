// Package tray is the agent's icon in the notification area. It needs neither
// cgo nor OpenGL. Everything in its menu is also in the window.
package tray

import (
	"context"
	"errors"
	"runtime"
	"time"

	"fyne.io/systray"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/assets/icons"
	"github.com/clinicpro-nz/images/ui/text"
)

// State chooses the icon.
type State string

const (
	Idle    State = "idle"
	Waiting State = "waiting" // a code is on show, or a phone is connected
	ToFile  State = "to-file" // photos have landed and are not filed
	Problem State = "problem"
)

// Status is what the tray shows. It holds no patient value: tooltips are read
// over shoulders, and other programs can read them.
type Status struct {
	State   State
	ToFile  int    // photos not filed, of every session
	Session bool   // a session is open
	CanKeep bool   // the open session's phone can be asked to stay
	Kept    bool   // a phone is kept
	Notice  string // a sentence of ui/text that the window cannot show; State is Problem then
}

// Command is a menu entry chosen.
type Command string

const (
	CommandNew     Command = "new-session"  // the patient form
	CommandOpen    Command = "open-session" // the session on show before the form
	CommandWaiting Command = "waiting"
	CommandKeep    Command = "keep-phone" // keeps the open session's phone, or forgets the one that is kept
	CommandWindow  Command = "window"     // a click on the icon: the window as it is
	CommandSetting Command = "settings"
	CommandHelp    Command = "help"
	CommandQuit    Command = "quit"
)

// Config is what Run needs.
type Config struct {
	// Status delivers what to show, newest last. A closed channel leaves the
	// icon as it is.
	Status <-chan Status
	// Do is called from one goroutine and must return at once.
	Do func(Command)
}

// ErrNoTray is the cause of the KindNotFound error where there is nobody to
// show an icon: a Linux session without D-Bus or without a panel that speaks
// StatusNotifier. The window and the terminal serve there.
var ErrNoTray = errors.New("no notification area")

// settled is when the library has surely told the bus of the icon. What it is
// given between its reading of icon and tooltip for the bus and its keeping of
// what it exported there is lost (1.12.3, nativeStart in systray_unix.go; seen
// once in hundreds of starts as an icon without picture and words).
const settled = 2 * time.Second

// Run shows the icon until ctx ends, then returns nil. It needs the main
// goroutine on macOS. Without a notification area it returns at once with an
// error that wraps ErrNoTray, KindNotFound, and may be called again. When the
// notification area breaks later the error wraps ErrNoTray too, but is
// KindOffline: this process can have no icon any more.
func Run(ctx context.Context, cfg Config) error {
	if err := available(ctx); err != nil {
		return app.E("show the tray icon", app.KindNotFound, errors.Join(ErrNoTray, err))
	}
	ended := make(chan error, 1)
	if runtime.GOOS != "darwin" { // there it would stand beside the icon
		systray.SetTitle(text.Product)
	}
	systray.Run(func() { // returns only after the library has taken the menu
		m := newMenu()
		m.show(Status{State: Idle}) // before the library reads it: see settled
		systray.SetOnTapped(func() { m.send(ctx, CommandWindow) })
		go func() {
			ended <- m.run(ctx, cfg)
			systray.Quit() // only now: it cuts what run still talks through
		}()
	}, func() {})
	return <-ended
}

type menu struct {
	notice, fresh, open, waiting, keep, settings, help, quit *systray.MenuItem

	tapped chan Command
}

func newMenu() *menu {
	m := &menu{tapped: make(chan Command, 1)}
	m.notice = systray.AddMenuItem("", "")
	m.notice.Disable()
	m.notice.Hide()
	m.fresh = systray.AddMenuItem(text.TrayNew, "")
	m.open = systray.AddMenuItem(text.TrayOpen, "")
	m.waiting = systray.AddMenuItem(text.TrayWaiting(0), "")
	m.keep = systray.AddMenuItemCheckbox(text.KeepPhone, "", false)
	systray.AddSeparator()
	m.settings = systray.AddMenuItem(text.SettingsTitle, "")
	m.help = systray.AddMenuItem(text.TrayHelp, "")
	m.quit = systray.AddMenuItem(text.TrayQuit, "")
	return m
}

// send never blocks the library: a second tap before the first is taken is
// the same wish.
func (m *menu) send(ctx context.Context, c Command) {
	select {
	case m.tapped <- c:
	case <-ctx.Done():
	default:
	}
}

// run shows and hears until ctx ends. The library panics where the session
// bus goes away under it, which is no reason for the agent to go too.
func (m *menu) run(ctx context.Context, cfg Config) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = app.E("show the tray icon", app.KindOffline, ErrNoTray)
		}
	}()
	status, last := cfg.Status, Status{State: Idle}
	again := time.After(settled)
	for {
		select {
		case <-ctx.Done():
			return nil
		case s, more := <-status:
			if !more {
				status = nil
				continue
			}
			last = s
			m.show(s)
		case <-again:
			m.show(last)
		case c := <-m.tapped:
			cfg.Do(c)
		case <-m.fresh.ClickedCh:
			cfg.Do(CommandNew)
		case <-m.open.ClickedCh:
			cfg.Do(CommandOpen)
		case <-m.waiting.ClickedCh:
			cfg.Do(CommandWaiting)
		case <-m.keep.ClickedCh:
			cfg.Do(CommandKeep)
		case <-m.settings.ClickedCh:
			cfg.Do(CommandSetting)
		case <-m.help.ClickedCh:
			cfg.Do(CommandHelp)
		case <-m.quit.ClickedCh:
			cfg.Do(CommandQuit)
		}
	}
}

func (m *menu) show(s Status) {
	systray.SetIcon(icons.Tray(string(s.State), panel(), runtime.GOOS == "windows"))
	systray.SetTooltip(Tooltip(s))
	m.waiting.SetTitle(text.TrayWaiting(s.ToFile))
	if s.Notice == "" {
		m.notice.Hide()
	} else {
		m.notice.SetTitle(s.Notice)
		m.notice.Show()
	}
	enable(m.open, s.Session)
	enable(m.waiting, s.ToFile > 0)
	enable(m.keep, s.CanKeep || s.Kept)
	if s.Kept {
		m.keep.Check()
	} else {
		m.keep.Uncheck()
	}
}

func enable(item *systray.MenuItem, on bool) {
	if on {
		item.Enable()
	} else {
		item.Disable()
	}
}

// Tooltip words a status.
func Tooltip(s Status) string {
	switch {
	case s.Notice != "":
		return text.Product + ": " + s.Notice
	case s.State == Problem:
		return text.TrayWrong
	case s.ToFile > 0:
		return text.TrayToFile(s.ToFile)
	case s.State == Waiting:
		return text.TrayShown
	}
	return text.Product
}
