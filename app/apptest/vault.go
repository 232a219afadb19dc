package apptest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// Vault is the conformance suite of app.Vault. start returns an empty one.
func Vault(t *testing.T, start func(t *testing.T) app.Vault) {
	t.Run("set, get, replace, delete", func(t *testing.T) {
		v, ctx := start(t), t.Context()
		const name = "workstation identity"
		if _, err := v.Get(ctx, name); app.KindOf(err) != app.KindNotFound {
			t.Fatalf("before any secret: %v", err)
		}
		for _, secret := range []string{"first", "second, with ünïcode\nand a line", strings.Repeat("x", 2560)} {
			if err := v.Set(ctx, name, app.Seal(secret)); err != nil {
				t.Fatal(err)
			}
			if got, err := v.Get(ctx, name); err != nil || got.Reveal() != secret {
				t.Errorf("%d bytes came back as %d, %v", len(secret), len(got.Reveal()), err)
			}
		}
		if _, err := v.Get(ctx, "another name"); app.KindOf(err) != app.KindNotFound {
			t.Errorf("another name: %v", err)
		}
		if err := v.Delete(ctx, name); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Get(ctx, name); app.KindOf(err) != app.KindNotFound {
			t.Errorf("after the deletion: %v", err)
		}
		if err := v.Delete(ctx, name); app.KindOf(err) != app.KindNotFound {
			t.Errorf("deleted again: %v", err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		v, ctx := start(t), t.Context()
		if err := v.Set(ctx, "large", app.Seal(strings.Repeat("x", 2561))); app.KindOf(err) != app.KindTooLarge {
			t.Errorf("2,561 bytes: %v", err)
		}
		if _, err := v.Get(ctx, "large"); app.KindOf(err) != app.KindNotFound {
			t.Errorf("something was kept: %v", err)
		}
	})
	t.Run("a cancelled context", func(t *testing.T) {
		v := start(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := v.Get(ctx, "any"); app.KindOf(err) != app.KindCanceled {
			t.Errorf("get: %v", err)
		}
	})
}

// FakeVault is a keyring in memory. The zero value is empty and unlocked. It
// implements app.Vault.
type FakeVault struct {
	mu      sync.Mutex
	secrets map[string]app.Sealed
	locked  bool
}

// Lock makes every call fail with KindAuth, as a locked keyring does.
func (f *FakeVault) Lock(locked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = locked
}

func (f *FakeVault) enter(ctx context.Context, op string) error {
	f.mu.Lock()
	if err := ctx.Err(); err != nil {
		return app.E(op, app.KindAuth, err)
	}
	if f.locked {
		return app.E(op, app.KindAuth, errors.New("locked"))
	}
	return nil
}

func (f *FakeVault) Get(ctx context.Context, name string) (app.Sealed, error) {
	const op = "read keyring"
	err := f.enter(ctx, op)
	defer f.mu.Unlock()
	if err != nil {
		return app.Sealed{}, err
	}
	s, ok := f.secrets[name]
	if !ok {
		return app.Sealed{}, app.E(op, app.KindNotFound, errors.New("no such secret"))
	}
	return s, nil
}

func (f *FakeVault) Set(ctx context.Context, name string, secret app.Sealed) error {
	const op = "write keyring"
	err := f.enter(ctx, op)
	defer f.mu.Unlock()
	if err != nil {
		return err
	}
	if len(secret.Reveal()) > 2560 {
		return app.E(op, app.KindTooLarge, errors.New("at most 2,560 bytes"))
	}
	if f.secrets == nil {
		f.secrets = map[string]app.Sealed{}
	}
	f.secrets[name] = secret
	return nil
}

func (f *FakeVault) Delete(ctx context.Context, name string) error {
	const op = "delete from keyring"
	err := f.enter(ctx, op)
	defer f.mu.Unlock()
	if err != nil {
		return err
	}
	if _, ok := f.secrets[name]; !ok {
		return app.E(op, app.KindNotFound, errors.New("no such secret"))
	}
	delete(f.secrets, name)
	return nil
}
