// Command empty is the floor that the window's time to its first paint is
// measured beside: an empty Fyne window of the same size.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

func main() {
	w := app.NewWithID("nz.co.clinicpro.images.floor").NewWindow("Floor")
	w.Resize(fyne.NewSize(1080, 780))
	w.CenterOnScreen()
	w.ShowAndRun()
}
