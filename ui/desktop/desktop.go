// Package desktop runs the windows with OpenGL. It alone imports Fyne's app
// package, so that everything else tests without cgo and without a display.
package desktop

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/assets/icons"
	"github.com/clinicpro-nz/images/ui"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// Look is "light", "dark", or "" for the system's.
type Look string

// fyneGrace is how long Fyne may take to end once its window is closed. It can
// take for ever: in 2.8.1 its loop may end between two looks at the queue that
// its last lifecycle event waits in (seen about once in two hundred ends).
const fyneGrace = 2 * time.Second

// firstWord is how long the agent may take to say what to show before the
// window opens with the form: it speaks as soon as the process is there.
const firstWord = 250 * time.Millisecond

var errNoWindow = errors.New("no window could be made")

// Run shows the window and speaks with the agent over pipe until either
// leaves, and then ends the process through leave, with the pipe's error; quiet
// shows the window without taking the focus. It needs the main goroutine.
func Run(ctx context.Context, version string, look Look, quiet bool, pipe *link.Window, serve func(context.Context, link.Hear) error, leave func(error)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	debug.SetGCPercent(-1) // nothing is thrown away before the window shows
	early, over := ui.NewEarly(), make(chan error, 1)
	ended := make(chan struct{}) // the pipe's end; over tells how
	go func() {
		over <- serve(ctx, early.Hear())
		close(ended)
	}()
	if dir, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(dir, 0o700) // Fyne makes its own folder in it, and complains when there is none
	}
	app.SetMetadata(fyne.AppMetadata{ID: link.AppID, Name: text.Product, Version: version})
	a := app.NewWithID(link.AppID)
	a.SetIcon(fyne.NewStaticResource("icon.png", icons.App()))
	switch look {
	case "light":
		a.Settings().SetTheme(ui.NewThemeOf(theme.VariantLight))
	case "dark":
		a.Settings().SetTheme(ui.NewThemeOf(theme.VariantDark))
	default:
		a.Settings().SetTheme(ui.NewTheme())
	}
	fonts := ui.ReadFonts() // while OpenGL starts, which takes longer
	win := a.NewWindow(text.Product)
	var w *ui.Window
	prepare(win, quiet, func() fyne.CanvasObject {
		fonts.Wait()
		w = ui.NewContent(a, time.Now, pipe.Send)
		early.Dress(w, firstWord)
		return w.Root()
	}, func() { w.Enter(win) })
	a.Lifecycle().SetOnStarted(func() {
		if w == nil { // Fyne runs on without a native window, and says nothing
			leave(errNoWindow)
		}
		debug.SetGCPercent(25) // pictures come and go: what is kept is small, what is dropped is large
		early.Live(w.Hear())
		go w.Tick(ctx)
		go func() {
			<-ended
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
	win.SetOnClosed(func() {
		if w != nil {
			w.Closed()
		}
		time.AfterFunc(fyneGrace, end)
	})
	win.ShowAndRun()
	end()
}
