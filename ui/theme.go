// Package ui is the windows of ClinicPro Images: it turns what comes through
// ui/link into screens, and what the GP does into inputs.
package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/ui/widgets"
)

// Theme is calm: paper and slate, one deep teal for what to do next. It
// follows the system between light and dark unless a variant is forced.
type Theme struct {
	fyne.Theme
	forced *fyne.ThemeVariant
}

// NewTheme follows the system.
func NewTheme() *Theme { return &Theme{Theme: theme.DefaultTheme()} }

// NewThemeOf stays with one variant.
func NewThemeOf(v fyne.ThemeVariant) *Theme { return &Theme{theme.DefaultTheme(), &v} }

// Color implements fyne.Theme.
func (t *Theme) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if t.forced != nil {
		v = *t.forced
	}
	if pair, ok := colorOf(name); ok {
		hex := pair.light
		if v == theme.VariantDark {
			hex = pair.dark
		}
		return color.NRGBA{uint8(hex >> 24), uint8(hex >> 16), uint8(hex >> 8), uint8(hex)}
	}
	return t.Theme.Color(name, v)
}

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameInnerPadding:
		return 9
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return 8
	case theme.SizeNameDialogRadius, theme.SizeNamePopupRadius, theme.SizeNameCardRadius:
		return 14
	case theme.SizeNameCaptionText:
		return 12
	}
	return t.Theme.Size(name)
}

type pair struct{ light, dark uint32 } // RRGGBBAA

func colorOf(n fyne.ThemeColorName) (pair, bool) {
	switch n {
	case theme.ColorNameBackground:
		return pair{0xF4F6F5FF, 0x12181AFF}, true
	case theme.ColorNameForeground:
		return pair{0x16232AFF, 0xE6EDEBFF}, true
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return pair{0x0B6B67FF, 0x4DB6ACFF}, true
	case theme.ColorNameForegroundOnPrimary:
		return pair{0xFFFFFFFF, 0x06201EFF}, true
	case theme.ColorNameButton:
		return pair{0xE6ECEAFF, 0x283236FF}, true
	case theme.ColorNameDisabledButton:
		return pair{0xE3E8E6FF, 0x232B2EFF}, true
	case theme.ColorNameDisabled:
		return pair{0x8A9896FF, 0x6E7C7BFF}, true
	case theme.ColorNameInputBackground:
		return pair{0xFAFBFBFF, 0x151C1FFF}, true
	case theme.ColorNameInputBorder:
		return pair{0xC3CECBFF, 0x3A474BFF}, true
	case theme.ColorNamePlaceHolder:
		return pair{0x71817EFF, 0x84938FFF}, true
	case theme.ColorNameHover:
		return pair{0x0B6B6714, 0xFFFFFF14}, true
	case theme.ColorNameFocus:
		return pair{0x0B6B6733, 0x4DB6AC44}, true
	case theme.ColorNameError:
		return pair{0xB3261EFF, 0xF2928AFF}, true
	case theme.ColorNameSuccess:
		return pair{0x2B7A33FF, 0x9FD8A1FF}, true
	case theme.ColorNameWarning: // words in it have to be read
		return pair{0x8A5A00FF, 0xF2C46DFF}, true
	case theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground, widgets.ColorSurface:
		return pair{0xFFFFFFFF, 0x1B2326FF}, true
	case widgets.ColorOutline:
		return pair{0xDDE4E2FF, 0x2C373BFF}, true
	case widgets.ColorMuted:
		return pair{0x566663FF, 0x9DADA9FF}, true
	case widgets.ColorWell:
		return pair{0xE7ECEBFF, 0x263034FF}, true
	case widgets.ColorNotice:
		return pair{0xFFF3D6FF, 0x3A3218FF}, true
	case widgets.ColorAlarm:
		return pair{0xFCE4E1FF, 0x45211EFF}, true
	case "clinicproFill-quiet":
		return pair{0xE4EAE8FF, 0x2B363AFF}, true
	case "clinicproInk-quiet":
		return pair{0x4A5A57FF, 0xB4C2BEFF}, true
	case "clinicproFill-busy":
		return pair{0xDCEAF7FF, 0x1D3547FF}, true
	case "clinicproInk-busy":
		return pair{0x1B5583FF, 0x9CCBF2FF}, true
	case "clinicproFill-ready":
		return pair{0xD5ECE9FF, 0x173C3AFF}, true
	case "clinicproInk-ready":
		return pair{0x0A5C58FF, 0x86D6CDFF}, true
	case "clinicproFill-good":
		return pair{0xDDF0DCFF, 0x1F3D22FF}, true
	case "clinicproInk-good":
		return pair{0x24602BFF, 0x9FD8A1FF}, true
	case "clinicproFill-bad":
		return pair{0xFCE0DCFF, 0x4A2320FF}, true
	case "clinicproInk-bad":
		return pair{0x9B2118FF, 0xF6A9A2FF}, true
	}
	return pair{}, false
}
