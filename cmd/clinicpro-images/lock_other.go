//go:build !linux && !windows

package main

import (
	"context"
	"errors"

	"github.com/clinicpro-nz/images/app"
)

// hearLocks says that nothing tells of the lock here.
func hearLocks(context.Context, func()) error {
	return app.E("listen for the desktop's lock", app.KindNotFound, errors.New("not offered on this system"))
}
