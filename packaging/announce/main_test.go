package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/sync/updates"
)

func TestAnnounce(t *testing.T) {
	var public, secret bytes.Buffer
	if err := run([]string{"-new-key"}, strings.NewReader(""), &public, &secret); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(public.String(), "PRIVATE") {
		t.Fatal("the secret half is on standard output")
	}
	key := strings.TrimSpace(public.String())
	var file bytes.Buffer
	args := []string{"-version", "1.2.3", "-page", "https://clinicpro.co.nz/images"}
	if err := run(args, strings.NewReader(secret.String()), &file, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := updates.Open(file.Bytes(), key); err != nil || got.Version != "1.2.3" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		args   []string
		secret string
	}{
		"no key":       {args, ""},
		"public half":  {args, key},
		"no version":   {args[2:], secret.String()},
		"a plain page": {[]string{"-version", "1.2.3", "-page", "http://clinicpro.co.nz"}, secret.String()},
	} {
		file.Reset()
		if err := run(c.args, strings.NewReader(c.secret), &file, nil); err == nil || file.Len() > 0 {
			t.Errorf("%s: %v, %q", name, err, file.String())
		}
	}
}
