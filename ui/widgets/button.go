package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Button is a button that Enter presses too, as people expect of the one that
// has the focus.
type Button struct{ widget.Button }

// NewButton returns a button that does do when it is pressed.
func NewButton(label string, do func()) *Button {
	b := &Button{widget.Button{Text: label, OnTapped: do}}
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		e = &fyne.KeyEvent{Name: fyne.KeySpace}
	}
	b.Button.TypedKey(e)
}
