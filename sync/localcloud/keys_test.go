package localcloud

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKeysAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.json")
	first, err := loadKeys(file)
	if err != nil || !first.complete() {
		t.Fatalf("%v, complete %t", err, first.complete())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, err := loadKeys(file); err != nil || again != first {
		t.Errorf("other keys at the second start, %v", err)
	}
	for _, broken := range []string{"", "{", `{"access":"x"}`} {
		if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if fresh, err := loadKeys(file); err != nil || !fresh.complete() || fresh == first {
			t.Errorf("after %q: %v, complete %t", broken, err, fresh.complete())
		}
	}
	if _, err := loadKeys(filepath.Join(file, "below-a-file")); err == nil {
		t.Error("an unreadable place gave keys")
	}
}
