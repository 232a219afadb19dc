package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
)

func TestChangeKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, config.UserFile)
	if err := config.Change(dir, map[string]any{"desktop.sound": false, "retention_days": 14}); err != nil {
		t.Fatal(err)
	}
	if err := config.Change(dir, map[string]any{"phone.consent": true, "phone.require": []string{"site"}, "folder": `C:\mt32\attachments`}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Desktop.Sound || c.RetentionDays != 14 || !c.Phone.Consent || len(c.Phone.Require) != 1 || c.Folder != `C:\mt32\attachments` {
		t.Errorf("got %+v", c)
	}
	if c.Phone.Target != config.Default().Phone.Target || c.Desktop.Language != "en" {
		t.Error("a default was lost")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestChangeRefusesWhatReadRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, config.UserFile)
	if err := os.WriteFile(path, []byte("# IT's\nretention_days = 30\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	for name, value := range map[string]any{"retention_days": 0, "desktop.language": "fr", "desktop.sond": true, "phone.target_kb": 5} {
		if err := config.Change(dir, map[string]any{name: value}); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the file became %q", after)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "config-*")); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, " "))
	}
	if err := config.Change(filepath.Join(t.TempDir(), "no"), nil); app.KindOf(err) != app.KindFull {
		t.Errorf("no folder: %v", err)
	}
}
