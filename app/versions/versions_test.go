package versions

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1.1.0", "1.0.0", true}, {"1.10.0", "1.9.9", true}, {"2.0.0", "1.99.99", true}, {"1.0.1", "1.0.0", true},
		{"1.0.0", "1.0.0", false}, {"1.0.0", "1.1.0", false}, {"", "1.0.0", false}, {"1.0.0", "", false},
		{"1.01.0", "1.0.0", false}, {"1.-1.0", "0.0.0", false}, {"1.0.99999", "1.0.0", false},
	} {
		if got := Newer(c.a, c.b); got != c.want {
			t.Errorf("Newer(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestNewest(t *testing.T) {
	root := t.TempDir()
	put := func(dir, file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		if want != "" {
			want = filepath.Join(root, want)
		}
		if got := Newest(root, "a", "b"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	is("")
	put("bin", "a", "x")
	put("bin", "b", "x")
	put("1.10.0", "a", "x")
	is("") // half of one, and a folder of no version
	put("1.9.0", "a", "x")
	put("1.9.0", "b", "x")
	is("1.9.0")
	put("1.10.0", "b", "")
	is("1.9.0")
	put("1.10.0", "b", "x")
	is("1.10.0")
	root = filepath.Join(root, "nowhere")
	is("")
}
