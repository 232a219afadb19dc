package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/ui/text"
)

// TestLeave: what uninstalling leaves, and what a purge does.
func TestLeave(t *testing.T) {
	call := func(args ...string) (int, string) {
		t.Helper()
		var out, errs bytes.Buffer
		code := leave(context.Background(), args, strings.NewReader(""), &out, &errs)
		return code, out.String() + errs.String()
	}
	dir := filepath.Join(t.TempDir(), "ClinicPro", "Images")
	photo := filepath.Join(dir, "spool", "images", "sid", "id.age")
	word := filepath.Join(dir, text.UninstalledFile)
	if err := os.MkdirAll(filepath.Dir(photo), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, said := call("-dir", dir); code != exitDone || !strings.Contains(said, text.Uninstalled(false)) {
		t.Errorf("%d, %q", code, said)
	}
	if _, err := os.Stat(word); !os.IsNotExist(err) {
		t.Error("a word about photos where there are none")
	}
	if err := os.WriteFile(photo, []byte("sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := call("-dir", dir); code != exitDone {
		t.Errorf("%d, %q", code, said)
	}
	raw, err := os.ReadFile(word)
	if err != nil || !strings.Contains(string(raw), "1 photo.") || !strings.Contains(string(raw), "spool recover") {
		t.Errorf("%q, %v", raw, err)
	}
	if kept, err := os.ReadFile(photo); err != nil || string(kept) != "sealed" {
		t.Errorf("the photo: %q, %v", kept, err)
	}
	answers := func(want leftFolder, args ...string) {
		t.Helper()
		var got struct {
			Purged  bool
			Folders []leftFolder
		}
		code, said := call(append([]string{"-json", "-dir", dir}, args...)...)
		reads(t, said, &got)
		if want.Folder = dir; code != exitDone || got.Purged != (len(args) > 0) || !slices.Equal(got.Folders, []leftFolder{want}) {
			t.Errorf("%d, %+v, want %+v", code, got, want)
		}
	}
	answers(leftFolder{State: "kept", Photos: 1})
	if code, said := call("-dir", dir, "-purge"); code != exitDone || !strings.Contains(said, text.Uninstalled(true)) {
		t.Errorf("%d, %q", code, said)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Error("a purge left something")
	}
	answers(leftFolder{State: "absent"}, "-purge")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	answers(leftFolder{State: "purged"}, "-purge")
	t.Run("a link out of the user's folder is not followed", func(t *testing.T) {
		home, elsewhere := t.TempDir(), t.TempDir()
		victim := filepath.Join(elsewhere, "Images", "spool", "victim.age")
		if err := os.MkdirAll(filepath.Dir(victim), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(victim, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, filepath.Join(home, "ClinicPro")); err != nil {
			t.Fatal(err)
		}
		for _, purge := range []bool{false, true} {
			if _, err := (place{home, filepath.Join("ClinicPro", "Images")}).leave(purge, time.Now()); err == nil {
				t.Error("purge", purge, ": went through")
			}
			if left, _ := os.ReadDir(filepath.Join(elsewhere, "Images")); len(left) != 1 {
				t.Error("purge", purge, ": changed", left)
			}
		}
	})
	if code, _ := call("-dir", dir, "what"); code != exitUsage {
		t.Errorf("an argument: %d", code)
	}
}

// TestEndPrograms: only what runs from the folder is ended.
func TestEndPrograms(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	start := func(dir string) (gone chan error) {
		t.Helper()
		path := filepath.Join(dir, "program")
		if err := os.WriteFile(path, raw, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "300")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		gone = make(chan error, 1)
		go func() { gone <- cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return gone
	}
	here := t.TempDir()
	ours, others := start(here), start(t.TempDir())
	endPrograms(here)
	select {
	case <-ours:
	case <-time.After(30 * time.Second):
		t.Error("ours runs on")
	}
	select {
	case err := <-others:
		t.Error("another folder's program was ended:", err)
	default:
	}
}
