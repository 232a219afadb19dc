//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain is the program itself where a test has put a copy of this one.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "clinicpro-images-start" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestStart starts what lies beside the program's own copy: the newest whole
// version, with the arguments, and nothing where none is whole.
func TestStart(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put("clinicpro-images-start", string(raw))
	run := func() (string, error) {
		out, err := exec.Command(filepath.Join(root, "clinicpro-images-start"), "-hidden", "a b").CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err == nil || !strings.Contains(out, "Nothing was started") {
		t.Errorf("with no version there: %v, %s", err, out)
	}
	agent := func(version string) string {
		return "#!/bin/sh\nprintf '%s,' " + version + " \"$@\" > '" + root + "/part'\nmv '" + root + "/part' '" + root + "/said'\n"
	}
	for _, v := range []string{"1.9.0", "1.10.0", "1.11.0"} {
		put(v+"/clinicpro-images", agent(v))
		if v != "1.11.0" { // that one is being copied
			put(v+"/clinicpro-images-ui", "x")
			put(v+"/clinicpro-localcloud", "x")
		}
	}
	if out, err := run(); err != nil {
		t.Fatal(err, out)
	}
	var said []byte
	for end := time.Now().Add(time.Minute); said == nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		said, _ = os.ReadFile(filepath.Join(root, "said"))
	}
	if string(said) != "1.10.0,-hidden,a b," {
		t.Errorf("started %q", said)
	}
}
