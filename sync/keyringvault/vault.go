// Package keyringvault is app.Vault over the operating system's keyring:
// Windows Credential Manager, the Secret Service on Linux, Keychain.
//
// The keyring library takes no context, and a locked Secret Service without a
// prompter never answers. So every call runs on a goroutine of its own and is
// left behind at its deadline. A stuck call keeps its place, so at most
// mostCalls goroutines are ever left behind; the next caller then waits out
// its own deadline without starting another.
package keyringvault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/zalando/go-keyring"

	"github.com/clinicpro-nz/images/app"
)

const (
	// DefaultService is the name the keyring shows to its owner.
	DefaultService = "ClinicPro Images"
	// MaxSecret is Windows' limit on one secret, in bytes; held everywhere,
	// so that a secret stored on one system can be stored on another.
	MaxSecret = 2560
	// DefaultDeadline bounds one call.
	DefaultDeadline = 5 * time.Second

	mostCalls = 4
)

// Vault implements app.Vault. Safe for concurrent use.
type Vault struct {
	service  string
	deadline time.Duration
	turn     chan struct{}
}

// New returns the vault of a service; zero values mean the defaults.
func New(service string, deadline time.Duration) *Vault {
	if service == "" {
		service = DefaultService
	}
	if deadline <= 0 {
		deadline = DefaultDeadline
	}
	return &Vault{service: service, deadline: deadline, turn: make(chan struct{}, mostCalls)}
}

// Get returns a secret; see app.Vault for its errors.
func (v *Vault) Get(ctx context.Context, name string) (app.Sealed, error) {
	return v.call(ctx, "read keyring", func() (app.Sealed, error) {
		s, err := keyring.Get(v.service, name)
		return app.Seal(s), err
	})
}

// Set stores a secret, over an earlier one. KindTooLarge above MaxSecret.
func (v *Vault) Set(ctx context.Context, name string, secret app.Sealed) error {
	const op = "write keyring"
	if n := len(secret.Reveal()); n > MaxSecret {
		return app.E(op, app.KindTooLarge, fmt.Errorf("%d bytes, at most %d", n, MaxSecret))
	}
	_, err := v.call(ctx, op, func() (app.Sealed, error) {
		return app.Sealed{}, keyring.Set(v.service, name, secret.Reveal())
	})
	return err
}

// Delete removes a secret; KindNotFound when there is none.
func (v *Vault) Delete(ctx context.Context, name string) error {
	_, err := v.call(ctx, "delete from keyring", func() (app.Sealed, error) {
		return app.Sealed{}, keyring.Delete(v.service, name)
	})
	return err
}

type answer struct {
	secret app.Sealed
	err    error
}

func (v *Vault) call(ctx context.Context, op string, do func() (app.Sealed, error)) (app.Sealed, error) {
	ctx, cancel := context.WithTimeout(ctx, v.deadline)
	defer cancel()
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return app.Sealed{}, app.E(op, app.KindAuth, ctx.Err())
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-v.turn }()
		s, err := do()
		done <- answer{s, err}
	}()
	select {
	case a := <-done:
		return a.secret, classify(op, a.err)
	case <-ctx.Done():
		return app.Sealed{}, app.E(op, app.KindAuth, ctx.Err())
	}
}

func classify(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return app.E(op, app.KindNotFound, err)
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return app.E(op, app.KindTooLarge, err)
	}
	return app.E(op, app.KindAuth, err)
}

// Identity returns the age identity kept under name, and makes and stores one
// when the vault certainly has none. It is read back before it is returned:
// nothing is ever sealed to a key that was not kept. A secret that is no
// identity is KindCorrupt and stays where it is.
func Identity(ctx context.Context, v app.Vault, name string) (*age.X25519Identity, error) {
	const op = "load workstation identity"
	secret, err := v.Get(ctx, name)
	if app.KindOf(err) == app.KindNotFound {
		fresh, genErr := age.GenerateX25519Identity()
		if genErr != nil {
			return nil, app.E(op, app.KindBug, genErr)
		}
		if err := v.Set(ctx, name, app.Seal(fresh.String())); err != nil {
			return nil, err
		}
		secret, err = v.Get(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	id, err := age.ParseX25519Identity(secret.Reveal())
	if err != nil {
		// age's message may quote the secret.
		return nil, app.E(op, app.KindCorrupt, errors.New("not an age identity"))
	}
	return id, nil
}
