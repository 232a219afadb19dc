package durable

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestFill writes every length around a block's and the direct write's
// borders, wherever in memory it lies.
func TestFill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all := make([]byte, 3<<20)
	for i := range all {
		all[i] = byte(i ^ i>>8)
	}
	for _, size := range []int{0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 69632, 1<<20 - 1, 1 << 20, 2 << 20, 2<<20 + 1, 3<<20 - 600} {
		for _, offset := range []int{0, 1, 512} {
			b := all[offset : offset+size]
			path := filepath.Join(dir, fmt.Sprintf("%d-%d", size, offset))
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := Fill(f, b); err != nil {
				t.Fatalf("%d bytes from %d: %v", size, offset, err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes from %d came back as %d bytes, %v", size, offset, len(got), err)
			}
		}
	}
}

// TestFillClosedOrReadOnly hands a failure on.
func TestFillClosedOrReadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if Fill(f, make([]byte, 1<<20)) == nil {
		t.Error("a file that is open for reading only was written to")
	}
}
