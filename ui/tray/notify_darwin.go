package tray

import (
	"context"
	"errors"

	"github.com/clinicpro-nz/images/app"
)

// Notifier says nothing on macOS yet: the icon does.
type Notifier struct{}

// NewNotifier returns a Notifier.
func NewNotifier(func()) *Notifier { return &Notifier{} }

// Say is KindNotFound.
func (*Notifier) Say(context.Context, string, string) error {
	return app.E("show a notification", app.KindNotFound, errors.New("not on this system"))
}

// Withdraw does nothing.
func (*Notifier) Withdraw(context.Context) {}

// Close does nothing.
func (*Notifier) Close() {}
