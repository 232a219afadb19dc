package tray

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

func available(context.Context) error { return nil }

// darkPanel reads the taskbar's own setting; Windows before it had one, and
// a reading that fails, is a dark taskbar.
func darkPanel() bool {
	k, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return true
	}
	defer k.Close()
	light, _, err := k.GetIntegerValue("SystemUsesLightTheme")
	return err != nil || light == 0
}
