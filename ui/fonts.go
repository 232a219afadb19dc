package ui

import (
	"sync"

	"fyne.io/fyne/v2"
)

// styles are the ones that every screen is written in.
var styles = []fyne.TextStyle{{}, {Bold: true}, {Bold: true, Monospace: true}}

// readFonts reads their fonts, all at once and in the background: a third of
// what the window takes until it first shows, if it were done one by one when
// a text is first measured. It touches no widget.
func readFonts() *sync.WaitGroup {
	var reading sync.WaitGroup
	for _, s := range styles {
		reading.Go(func() { fyne.MeasureText("Aroha", 14, s) })
	}
	return &reading
}
