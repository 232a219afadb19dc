//go:build unix && !darwin

package tray

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/clinicpro-nz/images/assets/icons"
)

const watcher = "org.kde.StatusNotifierWatcher"

// available asks the session bus for a panel: the library logs its absence
// and then waits for ever. No bus is started for the question.
func available(ctx context.Context) error {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		return errors.New("no session bus")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer conn.Close()
	var there bool
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&there); err != nil {
		return err
	}
	if !there {
		return errors.New("no panel watches for icons")
	}
	return nil
}

// panel: no Linux desktop says what colour its panel has.
func panel() icons.Panel { return icons.Any }
