package main

import (
	"bytes"
	"encoding/json"
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
