package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Help says how the program is used and which build this is.
type Help struct {
	Root  fyne.CanvasObject
	Close *widget.Button
}

// NewHelp returns the help; onClose closes it.
func NewHelp(onClose func()) *Help {
	h := &Help{Close: widget.NewButton(text.Close, onClose)}
	safe := widget.NewLabel(text.HelpSafe)
	safe.Wrapping = fyne.TextWrapWord
	h.Root = container.New(fixedWidth(480), container.New(layout.NewCustomPaddedVBoxLayout(12),
		widgets.NewText(text.HelpTitle, 20, theme.ColorNameForeground, fyne.TextStyle{Bold: true}),
		step("1", text.HelpStep1), step("2", text.HelpStep2), step("3", text.HelpStep3), safe,
		note(text.HelpAsk), note(link.Build()), container.NewBorder(nil, nil, nil, h.Close)))
	return h
}
