package ui

import "fyne.io/fyne/v2"

// styles are the ones that every screen is written in.
var styles = []fyne.TextStyle{{}, {Bold: true}, {Bold: true, Monospace: true}}

// readFonts reads their fonts: a third of what the window takes until it first
// shows, if it were done when a text is first measured there. Nobody else may
// measure a text meanwhile: Fyne has one shaper for all.
func readFonts() {
	for _, s := range styles {
		fyne.MeasureText("Aroha", 14, s)
	}
}
