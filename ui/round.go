package ui

import (
	"image"

	"github.com/clinicpro-nz/images/ui/widgets"
)

// RoundOff rounds a picture's corners, as widgets.RoundOff does: for a painter
// of the window, which knows no widgets.
func RoundOff(img *image.RGBA, radius float32) { widgets.RoundOff(img, radius) }
