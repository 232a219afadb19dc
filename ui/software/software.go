// Package software runs the windows where there is no OpenGL: in Remote
// Desktop without a graphics driver Fyne's own window fails without a word.
// The same widgets are painted by Fyne's software painter into a plain window
// of the system's (Windows only; docs/decisions/0021).
//
// Everything but the files named _windows is portable and is tested without a
// display: driver, canvas and window stand in for Fyne's own, pointer and
// keyboard turn the system's events into the widgets', and scene paints. All
// of it belongs to the one thread that owns the window; only app.post may be
// called from elsewhere.
package software

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// screen is the system's window, in physical pixels. Its methods are called on
// the window's thread; each returns at once and may call the window's events.
type screen interface {
	show()
	hide()
	raise()
	close()
	setTitle(string)
	// setSize asks for a content size; setMin bounds what the user may choose.
	setSize(image.Point)
	setMin(image.Point)
	// wake asks for window.frame to be called soon, once for any number of calls.
	wake()
	setCursor(desktop.StandardCursor)
	modifiers() fyne.KeyModifier
}
