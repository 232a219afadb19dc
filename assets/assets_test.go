package assets

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

func TestPhonePageNamesOnlyFilesThatExist(t *testing.T) {
	page := string(PhonePage())
	refs := regexp.MustCompile(`(?:href|src)="/([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(refs) < 3 {
		t.Fatalf("found %d references in index.html, want style, script and icon", len(refs))
	}
	for _, ref := range refs {
		if _, err := fs.Stat(Phone(), ref[1]); err != nil {
			t.Errorf("index.html names %s: %v", ref[1], err)
		}
	}
}

// The gateway's Content-Security-Policy allows nothing inline and nobody else.
func TestPhonePageKeepsStrictPolicy(t *testing.T) {
	page := string(PhonePage())
	for _, bad := range []string{"<style", " style=", " onclick=", " onload=", "http://", "https://"} {
		if strings.Contains(page, bad) {
			t.Errorf("index.html contains %q", bad)
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(page) {
		t.Error("index.html contains an inline script")
	}
}

func TestAssetNamesCarryAHash(t *testing.T) {
	hashed := regexp.MustCompile(`^assets/[a-z-]+\.[A-Z0-9]{8}\.(js|css|svg)$`)
	n := 0
	err := fs.WalkDir(Phone(), "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		if !hashed.MatchString(path) {
			t.Errorf("%s has no hash in its name", path)
		}
		return nil
	})
	if err != nil || n < 4 {
		t.Fatalf("%d assets, error %v", n, err)
	}
}
