package diag

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestOnlyAllowedKeysAreLogged(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo)
	const canary = "ZZZ0016"
	log.With("patient", canary).Info("landed", "kind", "offline", "name", canary, "error", errors.New(canary),
		"count", struct{ N string }{canary}, "area", app.Seal(canary))
	if strings.Contains(out.String(), canary) {
		t.Fatalf("the canary is in %s", out.String())
	}
	if !strings.Contains(out.String(), `"kind":"offline"`) {
		t.Fatalf("an allowed key is missing in %s", out.String())
	}
}
