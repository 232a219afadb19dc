package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBill takes this very test's program apart, with a phone page of one
// package.
func TestBill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	page := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(page, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package-lock.json", `{"packages": {"": {"version": "1.0.0"},
		"node_modules/@a/shipped": {"version": "2.1.0", "integrity": "sha512-AAAA"},
		"node_modules/tool": {"version": "3.0.0", "integrity": "sha512-AAAA", "dev": true}}}`)
	call := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if err := run(append(append([]string{"-version", "1.2.3", "-page", page}, args...), self), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	text := call()
	if text != call() {
		t.Error("the same program gives another bill")
	}
	var bill struct {
		BOMFormat, SpecVersion, SerialNumber string
		Components                           []struct{ Purl, Type string }
	}
	if err := json.Unmarshal([]byte(text), &bill); err != nil || bill.BOMFormat != "CycloneDX" || bill.SpecVersion != "1.6" || !strings.HasPrefix(bill.SerialNumber, "urn:uuid:") {
		t.Fatalf("%v: %.300s", err, text)
	}
	if raw, err := os.ReadFile(self); err != nil || !strings.Contains(text, fmt.Sprintf("%x", sha256.Sum256(raw))) || strings.Contains(text, beforeSigning) {
		t.Errorf("%v: the bill is not about the program's own bytes", err)
	}
	write(filepath.Base(self), "before")
	if got := call("-unsigned", page); !strings.Contains(got, fmt.Sprintf(`"value": "%x"`, sha256.Sum256([]byte("before")))) {
		t.Errorf("the program before it was signed is not in\n%.900s", got)
	}
	var purls []string
	for _, c := range bill.Components {
		purls = append(purls, c.Purl)
	}
	if all := strings.Join(purls, "\n"); !strings.Contains(all, "pkg:golang/std@") || !strings.Contains(all, "pkg:npm/%40a/shipped@2.1.0") || strings.Contains(all, "tool") {
		t.Errorf("made of\n%s", all)
	}

	t.Run("a part without a licence is not shipped", func(t *testing.T) {
		write("node_modules/@a/shipped/index.js", "")
		var out bytes.Buffer
		if err := run([]string{"-version", "1.2.3", "-page", page, "-notices", self}, &out); err == nil || !strings.Contains(err.Error(), "@a/shipped") {
			t.Errorf("%v", err)
		}
		write("node_modules/@a/shipped/LICENSE", "Do as you like.")
		if got := call("-notices"); !strings.Contains(got, "@a/shipped 2.1.0\n\nDo as you like.") {
			t.Errorf("%.500s", got)
		}
	})
}
