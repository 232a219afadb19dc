package main

import (
	"context"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/software"
)

// runSoftware shows the window without OpenGL.
func runSoftware(ctx context.Context, look string, quiet bool, pipe *link.Window, serve func(context.Context, link.Hear) error) error {
	software.Run(ctx, link.Version, look, quiet, pipe, serve, leave)
	return nil
}
