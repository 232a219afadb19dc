package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWriteFileIsWholeAndNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := errors.Join(WriteFile(path, []byte("one")), SyncDir(dir)); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an existing file: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestPatientlyReturnsWhatItWasGiven(t *testing.T) {
	calls, fault := 0, errors.New("fault")
	if err := Patiently(func() error { calls++; return fault }); err != fault || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestLockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path, 50*time.Millisecond); !errors.Is(err, ErrOwned) {
		t.Fatalf("a second holder: %v", err)
	}
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = first.Close()
	}()
	next, err := Lock(path, 10*time.Second)
	if err != nil {
		t.Fatalf("after the first has left: %v", err)
	}
	_ = next.Close()
}
