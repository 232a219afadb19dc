//go:build !windows

package main

import (
	"context"
	"errors"

	"github.com/clinicpro-nz/images/ui/link"
)

// runSoftware: only Windows has it. Elsewhere the terminal serves.
func runSoftware(context.Context, string, bool, *link.Window, func(context.Context, link.Hear) error) error {
	return errors.New("-ui software is for Windows only: run clinicproctl receive in a terminal instead")
}
