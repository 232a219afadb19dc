package folder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestSave(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pdf", "a_2.pdf", "a_3.pdf"} {
		at, err := Save(t.Context(), filepath.Join(dir, "a.pdf"), []byte(name))
		must(t, err)
		if b, _ := os.ReadFile(at); filepath.Base(at) != name || string(b) != name {
			t.Errorf("saved as %s: %q", at, b)
		}
	}
	if _, err := Save(t.Context(), filepath.Join(dir, "away", "a.pdf"), nil); app.KindOf(err) != app.KindNotFound {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".clinicpro-*"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%d files left", len(left))
	}
}
