package audit

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// folder is what a folder holds, by name.
type folder map[string][]byte

func snapshot(t testing.TB, dir string) folder {
	t.Helper()
	out := folder{}
	names, err := listed(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

func (f folder) same(o folder) bool {
	return maps.EqualFunc(f, o, func(a, b []byte) bool { return bytes.Equal(a, b) })
}

func (f folder) put(t testing.TB, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range f {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (f folder) lines(name string) [][]byte {
	return slices.Collect(bytes.Lines(f[name]))
}

func (f folder) with(name string, lines ...[]byte) folder {
	out := maps.Clone(f)
	out[name] = bytes.Join(lines, nil)
	return out
}

func (f folder) fs() fs.FS {
	out := ordered{}
	for name, b := range f {
		out[name] = &fstest.MapFile{Data: b}
	}
	return out
}

// ordered lists its files in one order, as the fuzzer needs: it takes another
// way through the code for news.
type ordered fstest.MapFS

func (o ordered) Open(name string) (fs.File, error) { return fstest.MapFS(o).Open(name) }

func (o ordered) ReadDir(string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(o)) {
		info, err := fstest.MapFS(o).Stat(name)
		if err != nil {
			return nil, err
		}
		out = append(out, fs.FileInfoToDirEntry(info))
	}
	return out, nil
}

const november, december = "audit-2026-11.jsonl", "audit-2026-12.jsonl"

// twoMonths is a closed trail: started and three lines in November, three in
// December.
func twoMonths(t *testing.T) (*desk, folder) {
	t.Helper()
	d := newDesk(t)
	tr, _ := d.open(t)
	for n := range 6 {
		e := apptest.AuditEntry(n, app.AuditLanded)
		if n > 2 {
			e.At, e.Server = e.At.AddDate(0, 1, 0), time.Time{}
		}
		must(t, tr.Note(t.Context(), e))
	}
	must(t, tr.Close())
	if r := d.verify(t); !r.Sound() || r.Lines != 7 || r.Seq != 7 || r.Anchor != 7 || r.Torn != 0 || r.Files != 2 ||
		!r.First.Equal(apptest.AuditTime) || !r.Last.Equal(apptest.AuditEntry(5, "").At.AddDate(0, 1, 0)) {
		t.Fatalf("%+v", r)
	}
	return d, snapshot(t, d.folder())
}

func has(r Report, want Fault) bool {
	return slices.ContainsFunc(r.Faults, func(f Fault) bool {
		f.Span, f.Noted = 0, time.Time{}
		return f == want
	})
}

// Each kind of tampering is found, and named where it was done.
func TestTamperingIsNamed(t *testing.T) {
	d, whole := twoMonths(t)
	nov, dec := whole.lines(november), whole.lines(december)
	_, foreign := twoMonths(t)
	edited := bytes.Replace(nov[2], []byte(`"event":"image-landed"`), []byte(`"event":"image-filed!"`), 1)
	without := func(name string) folder {
		f := maps.Clone(whole)
		delete(f, name)
		return f
	}
	for name, c := range map[string]struct {
		files folder
		want  Fault
	}{
		"a word of a line":         {whole.with(november, nov[0], nov[1], edited, nov[3]), Fault{Kind: FaultChanged, File: november, Line: 3}},
		"the first line dropped":   {whole.with(november, nov[1:]...), Fault{Kind: FaultMissing, File: november, Line: 1, From: 1, To: 1}},
		"two lines dropped":        {whole.with(november, nov[0], nov[3]), Fault{Kind: FaultMissing, File: november, Line: 2, From: 2, To: 3}},
		"a month's last dropped":   {whole.with(november, nov[:3]...), Fault{Kind: FaultMissing, File: december, Line: 1, From: 4, To: 4}},
		"the last line dropped":    {whole.with(december, dec[:2]...), Fault{Kind: FaultTruncated, File: december, From: 7, To: 7}},
		"two lines swapped":        {whole.with(december, dec[1], dec[0], dec[2]), Fault{Kind: FaultMisplaced, File: december, Line: 2}},
		"a line twice":             {whole.with(december, dec[0], dec[0], dec[1], dec[2]), Fault{Kind: FaultMisplaced, File: december, Line: 2}},
		"the last line twice":      {whole.with(december, dec[0], dec[1], dec[2], dec[2]), Fault{Kind: FaultMisplaced, File: december, Line: 4}},
		"an older copy":            {whole.with(december, dec[0]), Fault{Kind: FaultTruncated, File: december, From: 6, To: 7}},
		"the first month deleted":  {without(november), Fault{Kind: FaultMissing, File: december, Line: 1, From: 1, To: 4}},
		"the last month deleted":   {without(december), Fault{Kind: FaultTruncated, File: november, From: 5, To: 7}},
		"everything deleted":       {folder{}, Fault{Kind: FaultTruncated, From: 1, To: 7}},
		"a month's file emptied":   {whole.with(december), Fault{Kind: FaultTruncated, File: december, From: 5, To: 7}},
		"another computer's trail": {foreign, Fault{Kind: FaultForeign, File: november, Line: 1}},
		"another computer's month": {whole.with(december, foreign.lines(december)...), Fault{Kind: FaultForeign, File: december, Line: 1}},
		"another computer's line":  {whole.with(december, dec[0], foreign.lines(december)[1], dec[2]), Fault{Kind: FaultForeign, File: december, Line: 2}},
		"a line added":             {whole.with(december, dec[0], dec[1], dec[2], []byte("{}\n")), Fault{Kind: FaultChanged, File: december, Line: 4}},
		"an empty line":            {whole.with(december, dec[0], []byte("\n"), dec[1], dec[2]), Fault{Kind: FaultChanged, File: december, Line: 2}},
		"carriage returns":         {whole.with(december, dec[0], bytes.Replace(dec[1], []byte("\n"), []byte("\r\n"), 1), dec[2]), Fault{Kind: FaultChanged, File: december, Line: 2}},
		"a line of a megabyte":     {whole.with(december, dec[0], bytes.Repeat([]byte("x"), 1<<20), []byte("\n"), dec[1], dec[2]), Fault{Kind: FaultChanged, File: december, Line: 2}},
		"November cut mid-line":    {whole.with(november, nov[0], nov[1], nov[2], nov[3][:50]), Fault{Kind: FaultChanged, File: november, Line: 4}},
		"a copy under a new name":  {whole.with("audit-2026-12-2.jsonl", dec...), Fault{Kind: FaultMisplaced, File: "audit-2026-12-2.jsonl", Line: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c.files.put(t, d.folder())
			r := d.verify(t)
			if !has(r, c.want) {
				t.Errorf("%+v", r)
			}
			// Nothing beside it is blamed for more than what follows from it.
			if len(r.Faults) > 2 {
				t.Errorf("%d faults: %+v", len(r.Faults), r.Faults)
			}
		})
	}
}

// Every byte of every line, every line, many lengths: in memory, as there
// are thousands of them.
func TestEveryByteAndEveryLine(t *testing.T) {
	d, whole := twoMonths(t)
	k, err := readKeys(t.Context(), d.vault, d.Key)
	must(t, err)
	end, err := readAnchor(t.Context(), d.vault, anchorName(d.Head, d.Dir))
	must(t, err)
	changes := 0
	sound := func(name string, b []byte) bool {
		changes++
		s, err := scan(t.Context(), whole.with(name, b).fs(), k, end, nil)
		must(t, err)
		return s.report.Sound()
	}
	for name, b := range whole {
		for i := range b {
			changed := bytes.Clone(b)
			changed[i] ^= []byte{1, 0x20}[i%2]
			if sound(name, changed) {
				t.Errorf("%s: byte %d changed to %q is not seen", name, i, changed[i])
			}
			if i%3 == 0 && sound(name, b[:i]) { // the fuzz target cuts anywhere
				t.Errorf("%s: cut to %d of %d bytes is not seen", name, i, len(b))
			}
		}
		lines := whole.lines(name)
		for i := range lines {
			if sound(name, bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil)) {
				t.Errorf("%s: line %d dropped is not seen", name, i+1)
			}
			for j := range i {
				swapped := slices.Clone(lines)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if sound(name, bytes.Join(swapped, nil)) {
					t.Errorf("%s: lines %d and %d swapped is not seen", name, i+1, j+1)
				}
			}
		}
		if !sound(name, b) {
			t.Error("the trail as it was is not sound")
		}
	}
	t.Logf("%d changes", changes)
}

func TestWrongKeyAndNoAnchor(t *testing.T) {
	d, _ := twoMonths(t)
	must(t, d.vault.Delete(t.Context(), anchorName(d.Head, d.Dir)))
	if r := d.verify(t); r.Anchor != -1 || len(r.Faults) != 1 || !has(r, Fault{Kind: FaultUnproved}) || r.Lines != 7 {
		t.Errorf("no anchor: %+v", r)
	}
	must(t, d.vault.Set(t.Context(), anchorName(d.Head, d.Dir), app.Seal(`{"seq":7}`)))
	if r := d.verify(t); !has(r, Fault{Kind: FaultUnproved}) {
		t.Errorf("an anchor that is none: %+v", r)
	}
	must(t, writeAnchor(t.Context(), d.vault, anchorName(d.Head, d.Dir), witness{seq: 5, mac: "00"}))
	if r := d.verify(t); !has(r, Fault{Kind: FaultMisplaced, File: december, Line: 1}) {
		t.Errorf("an anchor of another history: %+v", r)
	}
	must(t, d.vault.Delete(t.Context(), d.Key))
	r, err := NewReader(t.Context(), d.Options)
	must(t, err)
	if report, err := r.Read(t.Context(), nil); err != nil || !r.Keyless() || report.Lines != 0 || !has(report, Fault{Kind: FaultForeign, File: december, Line: 1}) {
		t.Errorf("no key: %+v, %v", report, err)
	}
	must(t, d.vault.Set(t.Context(), d.Key, app.Seal("not a key")))
	if _, err := NewReader(t.Context(), d.Options); app.KindOf(err) != app.KindAuth {
		t.Errorf("a secret that is none: %v", err)
	}
	before := snapshot(t, d.folder())
	if _, _, err := Open(t.Context(), d.Options); app.KindOf(err) != app.KindAuth || !before.same(snapshot(t, d.folder())) {
		t.Errorf("a secret that is none: %v", err)
	}
	if s, err := d.vault.Get(t.Context(), d.Key); err != nil || s.Reveal() != "not a key" {
		t.Error("it was replaced")
	}
}

// A trail that does not verify stays as it is, a new chain goes on, and both
// the old fault and any later change to what it lies in show.
func TestBrokenTrailGoesOn(t *testing.T) {
	d, whole := twoMonths(t)
	nov := whole.lines(november)
	broken := whole.with(november, nov[0], nov[1], nov[3])
	broken.put(t, d.folder())
	d.Now = func() time.Time { return apptest.AuditTime.AddDate(0, 1, 7) }
	if f, fresh := d.note(t, 6, 8).Fresh(); !fresh || f.Kind != FaultMissing {
		t.Fatalf("open says %+v", f)
	}
	after := snapshot(t, d.folder())
	const second = "audit-2026-12-2.jsonl"
	if !bytes.Equal(after[november], broken[november]) || !bytes.Equal(after[december], broken[december]) || len(after) != 3 {
		t.Error("the broken files were touched")
	}
	lines := d.lines(t)
	if l := lines[len(lines)-3]; l.Event != EventBroken || l.Reason != "missing" || l.Seq != 8 || l.Prev != "" {
		t.Errorf("the new chain begins with %+v", l)
	}
	for range 2 { // it is not found anew at every start
		if f, fresh := d.note(t, 8, 9).Fresh(); fresh {
			t.Errorf("found again: %+v", f)
		}
	}
	r := d.verify(t)
	if r.Sound() || len(r.Faults) != 1 || !r.Faults[0].Noted.Equal(d.Now()) || !has(r, Fault{Kind: FaultMissing, File: november, Line: 3, From: 3, To: 3}) {
		t.Errorf("%+v", r)
	}
	if got := d.numbers(t); !slices.Equal(got, []int{0, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("noted %v", got)
	}
	whole.with(second, after.lines(second)...).put(t, d.folder())
	if f, fresh := d.verify(t).Fresh(); !fresh || f.Kind != FaultDisturbed || f.File != second {
		t.Errorf("put right behind its back: %+v", f)
	}
	delete(after, second)
	after.put(t, d.folder())
	if r := d.verify(t); !has(r, Fault{Kind: FaultTruncated, File: december, From: 8, To: 11}) {
		t.Errorf("the new chain deleted: %+v", r)
	}
}

// Whatever was broken, one start puts a name to it and the next finds
// nothing new; nothing that can still be read is lost.
func TestEveryBreakIsNotedOnce(t *testing.T) {
	for name, breakIt := range map[string]func(t *testing.T, d *desk, whole folder){
		"cut": func(t *testing.T, d *desk, whole folder) { whole.with(december).put(t, d.folder()) },
		"changed last line": func(t *testing.T, d *desk, whole folder) {
			whole[december][len(whole[december])-10] ^= 1
			whole.put(t, d.folder())
		},
		"torn and cut": func(t *testing.T, d *desk, whole folder) {
			whole[december] = whole[december][:len(whole[december])-700]
			whole.put(t, d.folder())
		},
		"all gone":   func(t *testing.T, d *desk, _ folder) { folder{}.put(t, d.folder()) },
		"folder too": func(t *testing.T, d *desk, _ folder) { must(t, os.RemoveAll(d.folder())) },
		"key lost":   func(t *testing.T, d *desk, _ folder) { must(t, d.vault.Delete(t.Context(), d.Key)) },
		"anchor lost": func(t *testing.T, d *desk, _ folder) {
			must(t, d.vault.Delete(t.Context(), anchorName(d.Head, d.Dir)))
		},
		"keyring emptied": func(t *testing.T, d *desk, _ folder) { *d.vault = apptest.FakeVault{} },
		"noise": func(t *testing.T, d *desk, _ folder) {
			folder{december: bytes.Repeat([]byte("x\n"), 5000)}.put(t, d.folder())
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, whole := twoMonths(t)
			breakIt(t, d, whole)
			before := snapshot(t, d.folder())
			if _, fresh := d.note(t, 100, 102).Fresh(); !fresh {
				t.Error("not found")
			}
			if f, fresh := d.note(t, 102, 103).Fresh(); fresh {
				t.Errorf("found again: %+v", f)
			}
			r := d.verify(t)
			if _, fresh := r.Fresh(); fresh || r.Sound() {
				t.Errorf("%+v", r)
			}
			after := snapshot(t, d.folder())
			for name, b := range before {
				if !bytes.Equal(after[name], b) {
					t.Errorf("%s was touched", name)
				}
			}
			if got := d.numbers(t); !slices.Equal(got[len(got)-3:], []int{100, 101, 102}) {
				t.Errorf("noted %v", got)
			}
		})
	}
}
