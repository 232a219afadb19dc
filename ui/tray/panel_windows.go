package tray

import (
	"context"

	"golang.org/x/sys/windows/registry"

	"github.com/clinicpro-nz/images/assets/icons"
)

func available(context.Context) error { return nil }

// panel reads the taskbar's own setting; Windows before it had one, and a
// reading that fails, is a dark taskbar.
func panel() icons.Panel {
	k, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return icons.Dark
	}
	defer k.Close()
	if light, _, err := k.GetIntegerValue("SystemUsesLightTheme"); err == nil && light != 0 {
		return icons.Light
	}
	return icons.Dark
}
