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
	Close *widgets.Button
}

// NewHelp returns the help; onClose closes it.
func NewHelp(onClose func()) *Help {
	h := &Help{Close: widgets.NewButton(text.Close, onClose)}
	safe := widget.NewLabel(text.HelpSafe)
	safe.Wrapping = fyne.TextWrapWord
	left := func(o fyne.CanvasObject) fyne.CanvasObject { // where a label's words begin
		return container.New(layout.NewCustomPaddedLayout(0, 0, 9, 9), o)
	}
	h.Root = container.New(fixedWidth(520), container.New(layout.NewCustomPaddedLayout(16, 16, 14, 14), container.New(layout.NewCustomPaddedVBoxLayout(8),
		left(widgets.NewText(text.HelpTitle, 20, theme.ColorNameForeground, fyne.TextStyle{Bold: true})),
		left(step("1", text.HelpStep1)), left(step("2", text.HelpStep2)), left(step("3", text.HelpStep3)), safe,
		left(note(text.HelpAsk)), left(note(link.Build())), gap(4),
		container.NewHBox(layout.NewSpacer(), container.New(minSize{120, 40}, h.Close)))))
	return h
}
