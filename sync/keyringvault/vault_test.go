//go:build linux

package keyringvault

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

var _ app.Vault = (*Vault)(nil)

const insideVar = "VAULT_TEST_INSIDE"

// TestRealKeyring runs TestInside under a message bus and gnome-keyring of
// its own, unlocked and locked.
func TestRealKeyring(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"unlocked", "locked", "absent"} {
		t.Run(mode, func(t *testing.T) {
			start := map[string]string{
				"unlocked": `eval "$(printf pw | gnome-keyring-daemon --unlock --components=secrets)"`,
				// Unlocked once to make the collection, then started again without the password.
				"locked": `eval "$(printf pw | gnome-keyring-daemon --unlock --components=secrets)"
` + insideVar + `=prepare "$0" -test.run='^TestInside$' || exit 1
gnome-keyring-daemon --replace --components=secrets >/dev/null`,
				"absent": `:`,
			}[mode]
			script := start + "\n" + insideVar + "=" + mode + ` "$0" -test.run='^TestInside$' -test.v`
			home := t.TempDir()
			run := filepath.Join(home, "run")
			if err := os.Mkdir(run, 0o700); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, "dbus-run-session", "--", "sh", "-c", script, self)
			c.Env = append(os.Environ(), "XDG_DATA_HOME="+home, "XDG_RUNTIME_DIR="+run, "HOME="+home)
			c.WaitDelay = 5 * time.Second
			out, err := c.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: TestInside") {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// TestInside does nothing by itself: TestRealKeyring runs it.
func TestInside(t *testing.T) {
	mode := os.Getenv(insideVar)
	switch mode {
	case "unlocked":
		n := 0
		apptest.Vault(t, func(*testing.T) app.Vault {
			n++
			return New(fmt.Sprintf("ClinicPro Images test %d", n), 0)
		})
		v := New("ClinicPro Images test", 0)
		first, err := Identity(t.Context(), v, "id")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Identity(t.Context(), v, "id"); err != nil || again.String() != first.String() {
			t.Errorf("another identity the second time, %v", err)
		}
	case "prepare":
		if err := New("ClinicPro Images test", 0).Set(t.Context(), "kept", app.Seal("x")); err != nil {
			t.Fatal(err)
		}
	case "locked", "absent":
		const deadline = 500 * time.Millisecond
		v := New("ClinicPro Images test", deadline)
		for range mostCalls + 2 {
			started := time.Now()
			_, err := v.Get(t.Context(), "kept")
			if app.KindOf(err) != app.KindAuth {
				t.Errorf("get: %v", err)
			}
			if err := v.Set(t.Context(), "kept", app.Seal("y")); app.KindOf(err) != app.KindAuth {
				t.Errorf("set: %v", err)
			}
			if took := time.Since(started); took > 3*deadline {
				t.Errorf("took %v", took)
			}
		}
		if _, err := Identity(t.Context(), v, "id"); app.KindOf(err) != app.KindAuth {
			t.Errorf("identity: %v", err)
		}
	}
}

func TestIdentity(t *testing.T) {
	var v apptest.FakeVault
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(v.Set(t.Context(), "id", app.Seal("AGE-SECRET-KEY-1NOTONE")))
	_, err := Identity(t.Context(), &v, "id")
	if app.KindOf(err) != app.KindCorrupt || strings.Contains(err.Error(), "NOTONE") {
		t.Errorf("a secret that is no identity: %v", err)
	}
	if s, err := v.Get(t.Context(), "id"); err != nil || s.Reveal() != "AGE-SECRET-KEY-1NOTONE" {
		t.Error("it was replaced")
	}
	v.Lock(true)
	if _, err := Identity(t.Context(), &v, "new"); app.KindOf(err) != app.KindAuth {
		t.Errorf("locked: %v", err)
	}
	v.Lock(false)
	if _, err := v.Get(t.Context(), "new"); app.KindOf(err) != app.KindNotFound {
		t.Errorf("a locked keyring got an identity: %v", err)
	}
}
