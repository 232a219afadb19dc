package keyringvault

import (
	"fmt"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// TestCredentialManager runs the suite on Windows' own store.
func TestCredentialManager(t *testing.T) {
	n := 0
	apptest.Vault(t, func(t *testing.T) app.Vault {
		n++
		return New(fmt.Sprintf("ClinicPro Images test %s %d", t.Name(), n), 0)
	})
}
