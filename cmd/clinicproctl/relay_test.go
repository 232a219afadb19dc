package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestRelayKeysAreMadeListedAndRevoked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "relay.json")
	do := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"relay"}, args...), strings.NewReader(""), &out, &errs); code != want {
			t.Fatalf("%q: exit %d\n%s%s", args, code, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}
	said, _ := do(exitDone, "add", "-file", file, "-practice", "hill-road", "-facility", "F2N060-E", "-name", "front desk")
	secret := regexp.MustCompile(`cpr_([a-z0-9]{8})_[A-Z2-7]{26}`).FindStringSubmatch(said)
	if secret == nil {
		t.Fatalf("no key in %q", said)
	}
	listed, _ := do(exitDone, "list", "-file", file)
	if !strings.Contains(listed, secret[1]) || !strings.Contains(listed, "front desk") || strings.Contains(listed, secret[0]) {
		t.Errorf("listed %q", listed)
	}
	_, no := do(exitFailed, "add", "-file", file, "-practice", "other-practice", "-facility", "F2N060-E")
	if !strings.Contains(no, "Another practice") {
		t.Errorf("a facility of two practices: %q", no)
	}
	do(exitFailed, "add", "-file", file, "-practice", "hill-road-2")
	do(exitFailed, "revoke", "-file", file, "-key", "nobody")
	do(exitUsage, "list")
	do(exitDone, "revoke", "-file", file, "-key", secret[1])
	if listed, _ := do(exitDone, "list", "-file", file); !strings.Contains(listed, "revoked") {
		t.Errorf("listed %q", listed)
	}
}
