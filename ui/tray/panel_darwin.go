package tray

import (
	"context"

	"github.com/clinicpro-nz/images/assets/icons"
)

func available(context.Context) error { return nil }

func panel() icons.Panel { return icons.Any }
