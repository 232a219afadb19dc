package ui

import (
	"sync"

	"fyne.io/fyne/v2"

	"github.com/clinicpro-nz/images/ui/widgets"
)

// styles are the ones that every screen is written in, beside its figures.
var styles = []fyne.TextStyle{{}, {Bold: true}}

// ReadFonts reads their fonts in the background: a third of what the window
// takes until it first shows, if it were done when a text is first measured.
// It touches no widget, but nobody else may measure a text before it is done:
// Fyne has one shaper for all.
func ReadFonts() *sync.WaitGroup {
	var reading sync.WaitGroup
	reading.Go(func() {
		for _, s := range styles {
			fyne.MeasureText("Aroha", 14, s)
		}
		fyne.CurrentApp().Driver().RenderedTextSize("ZZZ0016", 22, fyne.TextStyle{Monospace: true}, widgets.FiguresFont())
	})
	return &reading
}
