package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// The agent knows its own end: what is done to its file while it runs it
// finds at the next line, and writes that line where it will be kept.
func TestChangedWhileOpen(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, path string)
		want FaultKind
	}{
		"deleted":        {func(t *testing.T, path string) { must(t, os.Remove(path)) }, FaultTruncated},
		"folder deleted": {func(t *testing.T, path string) { must(t, os.RemoveAll(filepath.Dir(path))) }, FaultTruncated},
		"cut": {func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Truncate(path, int64(bytes.IndexByte(b, '\n')+1)))
		}, FaultTruncated},
		"replaced by a changed copy": {func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			must(t, err)
			b[len(b)-9] ^= 1
			must(t, os.Remove(path))
			must(t, os.WriteFile(path, b, 0o600))
		}, FaultChanged},
		"replaced by an equal copy": {func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Rename(path, path+".old"))
			must(t, os.WriteFile(path, b, 0o600))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			tr, _ := d.open(t)
			must(t, tr.Note(t.Context(), apptest.AuditEntry(1, app.AuditLanded)))
			c.do(t, filepath.Join(d.folder(), november))
			must(t, tr.Note(t.Context(), apptest.AuditEntry(2, app.AuditLanded)))
			must(t, tr.Close())
			r := d.verify(t)
			if _, fresh := r.Fresh(); fresh || r.Sound() != (c.want == "") {
				t.Errorf("%+v", r)
			}
			if c.want != "" && !slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Kind == c.want }) {
				t.Errorf("%+v", r.Faults)
			}
			if got := d.numbers(t); got[len(got)-1] != 2 {
				t.Errorf("noted %v", got)
			}
		})
	}
}

// A last line torn by a power cut is set aside, byte for byte, and recorded.
func TestTornLine(t *testing.T) {
	for _, keep := range []int{1, 100, 400, -1} { // bytes of the line that are left; -1: all but the newline
		for _, killed := range []string{"", "after the copy", "after the cut"} {
			t.Run(fmt.Sprint(keep, killed), func(t *testing.T) {
				d := newDesk(t)
				d.note(t, 0, 3)
				end, err := readAnchor(t.Context(), d.vault, anchorName(d.Head, d.Dir))
				must(t, err)
				path := filepath.Join(d.folder(), november)
				good, err := os.ReadFile(path)
				must(t, err)
				d.note(t, 3, 4)
				all, err := os.ReadFile(path)
				must(t, err)
				torn := all[len(good) : len(all)-1]
				if keep > 0 {
					torn = torn[:keep]
				}
				// The power went before the anchor knew of the line.
				must(t, os.WriteFile(path, append(bytes.Clone(good), torn...), 0o600))
				must(t, writeAnchor(t.Context(), d.vault, anchorName(d.Head, d.Dir), end))
				if r := d.verify(t); !r.Sound() || r.Torn != int64(len(torn)) || r.Recovered != 0 {
					t.Errorf("before the start: %+v", r)
				}
				if killed != "" {
					must(t, setAside(d.folder(), segment{"2026-11", 1}, int64(len(torn))))
				}
				if killed == "after the copy" {
					must(t, os.WriteFile(path, append(bytes.Clone(good), torn...), 0o600))
				}
				if f, fresh := d.note(t, 3, 5).Fresh(); fresh {
					t.Errorf("called a fault: %+v", f)
				}
				r := d.verify(t)
				if !r.Sound() || r.Torn != 0 || r.Recovered != 1 {
					t.Errorf("%+v", r)
				}
				if got := d.numbers(t); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
					t.Errorf("noted %v", got)
				}
				if kept, err := os.ReadFile(path + ".1.torn"); err != nil || !bytes.Equal(kept, torn) {
					t.Errorf("set aside: %d bytes, %v", len(kept), err)
				}
				if l := d.lines(t)[4]; l.Event != EventRecovered || l.Receipt != fmt.Sprintf("%d bytes in %s.1.torn", len(torn), november) {
					t.Errorf("recorded as %+v", l)
				}
			})
		}
	}
}
