package software

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/sys/windows"

	"github.com/clinicpro-nz/images/assets/icons"
	"github.com/clinicpro-nz/images/ui"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// Run is desktop.Run without OpenGL: it shows the window and speaks with the
// agent over pipe until either leaves, and then ends the process through leave,
// with the pipe's error. look is "light", "dark", or "" for the system's; quiet
// shows the window without taking the focus. It needs the main goroutine.
func Run(ctx context.Context, version, look string, quiet bool, pipe *link.Window, serve func(context.Context, link.Hear) error, leave func(error)) {
	a := newApp(app{
		open:   func(w *window) screen { return openScreen(w, quiet) },
		post:   the.post,
		loop:   the.loop,
		quit:   the.quit,
		browse: browse,
		clip:   systemClipboard{},
		meta:   fyne.AppMetadata{ID: link.AppID, Name: text.Product, Version: version},
	})
	a.SetIcon(fyne.NewStaticResource("icon.png", icons.App()))
	a.settings.follow()
	switch look {
	case "light":
		a.Settings().SetTheme(ui.NewThemeOf(theme.VariantLight))
	case "dark":
		a.Settings().SetTheme(ui.NewThemeOf(theme.VariantDark))
	default:
		a.Settings().SetTheme(ui.NewTheme())
	}
	w := ui.NewWindow(a, time.Now, pipe.Send)
	w.Fyne().Resize(ui.Size)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan error, 1)
	a.Lifecycle().SetOnStarted(func() {
		go w.Tick(ctx)
		go func() {
			over <- serve(ctx, w.Hear())
			w.Quit()
		}()
	})
	end := sync.OnceFunc(func() {
		select {
		case err := <-over:
			leave(err)
		default: // the GP closed the window: nothing went wrong
			pipe.Flush(time.Second)
			leave(nil)
		}
	})
	w.Fyne().ShowAndRun()
	end()
}

// browse opens an address in the user's browser.
func browse(address string) error {
	verb, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return err
	}
	what, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return err
	}
	return windows.ShellExecute(0, verb, what, nil, nil, windows.SW_SHOWNORMAL)
}
