package software

import (
	"unsafe"

	"fyne.io/fyne/v2/theme"
	"golang.org/x/sys/windows/registry"

	"github.com/clinicpro-nz/images/ui/clipboard"
)

// follow takes the system's settings as they are now: light or dark, and
// whether anything may move.
func (s *settings) follow() {
	before := s.variant
	s.variant = theme.VariantLight
	if k, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE); err == nil {
		if light, _, err := k.GetIntegerValue("AppsUseLightTheme"); err == nil && light == 0 {
			s.variant = theme.VariantDark
		}
		_ = k.Close()
	}
	var moves int32 = 1
	_, _, _ = systemParametersInfo.Call(spiGetClientAreaAnimation, 0, uintptr(unsafe.Pointer(&moves)), 0)
	s.still = moves == 0
	if s.variant != before {
		s.apply()
	}
}

// systemClipboard implements fyne.Clipboard. What cannot be read is empty, and
// what cannot be written is not copied: Fyne has no way to say more.
type systemClipboard struct{}

func (systemClipboard) Content() string {
	text, err := clipboard.Text()
	if err != nil {
		return ""
	}
	return text
}

func (systemClipboard) SetContent(text string) { _ = clipboard.SetText(text) }
