package audit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

var _ app.Audit = (*Trail)(nil)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk is a workstation with a keyring: where a trail lives.
type desk struct {
	Options
	vault *apptest.FakeVault
}

func newDesk(t *testing.T) *desk {
	v := new(apptest.FakeVault)
	return &desk{Options{Dir: t.TempDir(), Vault: v, Key: "audit-key", Head: "audit-head", Who: `CLINIC\gp`,
		Now: func() time.Time { return apptest.AuditTime }, Every: time.Hour}, v}
}

func (d *desk) folder() string { return filepath.Join(d.Dir, Folder) }

func (d *desk) open(t *testing.T) (*Trail, Report) {
	t.Helper()
	tr, report, err := Open(t.Context(), d.Options)
	must(t, err)
	t.Cleanup(func() { _ = tr.Close() })
	return tr, report
}

// note writes entries n to m-1 and closes the trail.
func (d *desk) note(t *testing.T, n, m int) Report {
	t.Helper()
	tr, report := d.open(t)
	for ; n < m; n++ {
		must(t, tr.Note(t.Context(), apptest.AuditEntry(n, app.AuditLanded)))
	}
	must(t, tr.Close())
	return report
}

func (d *desk) verify(t *testing.T) Report {
	t.Helper()
	r, err := NewReader(t.Context(), d.Options)
	must(t, err)
	report, err := r.Read(t.Context(), nil)
	must(t, err)
	return report
}

// lines returns the true lines.
func (d *desk) lines(t *testing.T) []Line {
	t.Helper()
	r, err := NewReader(t.Context(), d.Options)
	must(t, err)
	var out []Line
	_, err = r.Read(t.Context(), func(s Seen) error {
		if s.True {
			out = append(out, s.Line)
		}
		return nil
	})
	must(t, err)
	return out
}

// numbers of the entries that were noted, in order.
func (d *desk) numbers(t *testing.T) []int {
	var out []int
	for _, l := range d.lines(t) {
		var n int
		if _, err := fmt.Sscanf(l.Delivery, "DELIVERY%018d", &n); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func TestTrail(t *testing.T) {
	apptest.Audit(t, func(t *testing.T) apptest.AuditRig {
		d := newDesk(t)
		tr, _ := d.open(t)
		return apptest.AuditRig{Audit: tr,
			Reopen: func(t *testing.T) app.Audit {
				must(t, tr.Close())
				tr, _ = d.open(t)
				return tr
			},
			Noted: func(t *testing.T) []app.AuditEntry {
				var out []app.AuditEntry
				for _, l := range d.lines(t) {
					if l.Event == EventStarted {
						continue
					}
					e := app.AuditEntry{At: l.Time(), Event: l.Event, SID: l.SID, Image: l.Image, Provider: l.Provider, SHA256: l.SHA256,
						Delivery: l.Delivery, Sink: l.Sink, Receipt: l.Receipt, Reason: l.Reason}
					if l.Server != "" {
						var err error
						e.Server, err = time.Parse(time.RFC3339, l.Server)
						must(t, err)
					}
					if l.Who != `CLINIC\gp` || l.V != 1 {
						t.Errorf("who %q, version %d", l.Who, l.V)
					}
					out = append(out, e)
				}
				if r := d.verify(t); !r.Sound() || r.Lines != len(out)+1 {
					t.Errorf("%d noted: %+v", len(out), r)
				}
				return out
			}}
	})
}

// The form of a line is a contract (docs/contracts.md).
func TestFormOfALine(t *testing.T) {
	d := newDesk(t)
	must(t, d.vault.Set(t.Context(), d.Key, app.Seal(strings.Repeat("5c", 32))))
	d.note(t, 7, 8)
	got, err := os.ReadFile(filepath.Join(d.folder(), "audit-2026-11.jsonl"))
	must(t, err)
	want, err := os.ReadFile("testdata/audit-2026-11.jsonl")
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOneFileAMonth(t *testing.T) {
	d := newDesk(t)
	tr, _ := d.open(t)
	at := func(n int, when time.Time, server bool) {
		e := apptest.AuditEntry(n, app.AuditLanded)
		e.At, e.Server = when, time.Time{}
		if server {
			e.At, e.Server = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), when
		}
		must(t, tr.Note(t.Context(), e))
	}
	zone := apptest.AuditTime.Location()
	at(1, time.Date(2026, 11, 30, 23, 59, 59, 0, zone), false)
	at(2, time.Date(2026, 12, 1, 0, 0, 0, 0, zone), false)
	at(3, time.Date(2026, 11, 30, 23, 59, 59, 0, zone), false) // the clock was set back
	at(4, time.Date(2027, 1, 1, 0, 0, 0, 0, zone), true)       // the registry's clock counts
	must(t, tr.Close())
	var names []string
	all, err := segments(os.DirFS(d.folder()))
	must(t, err)
	for _, s := range all {
		names = append(names, s.String())
	}
	if want := []string{"audit-2026-11.jsonl", "audit-2026-12.jsonl", "audit-2027-01.jsonl"}; !slices.Equal(names, want) {
		t.Errorf("files %q", names)
	}
	if r := d.verify(t); !r.Sound() || r.Files != 3 || r.Lines != 5 {
		t.Errorf("%+v", r)
	}
	for _, l := range d.lines(t)[1:] {
		if at := l.Time(); l.Server == "" && at.Format("-07:00") != "+13:00" {
			t.Errorf("zone lost: %s", l.At)
		}
	}
}

// Notes of the two newest months that have lines are known again, however
// long the workstation was off; the set does not grow for ever.
func TestNotedAgainAfterMonths(t *testing.T) {
	d := newDesk(t)
	entry := func(month, n int) app.AuditEntry {
		e := apptest.AuditEntry(n, app.AuditLanded)
		e.At = e.At.AddDate(0, month, 0)
		e.Server = e.At
		return e
	}
	for _, month := range []int{0, 1, 8, 9} {
		tr, _ := d.open(t)
		must(t, tr.Note(t.Context(), entry(month, month)))
		must(t, tr.Close())
	}
	tr, _ := d.open(t)
	for _, n := range []int{8, 9} {
		must(t, tr.Note(t.Context(), entry(9, n)))
	}
	if got := len(tr.seen.newest) + len(tr.seen.older); got != 2 {
		t.Errorf("%d keys are kept", got)
	}
	must(t, tr.Close())
	if got := d.numbers(t); !slices.Equal(got, []int{0, 1, 8, 9}) {
		t.Errorf("noted: %v", got)
	}
}

// counting counts what is written to a keyring.
type counting struct {
	*apptest.FakeVault
	mu   sync.Mutex
	sets int
	wait chan struct{} // told of each
}

func (c *counting) Set(ctx context.Context, name string, s app.Sealed) error {
	err := c.FakeVault.Set(ctx, name, s)
	c.mu.Lock()
	c.sets++
	c.mu.Unlock()
	select {
	case c.wait <- struct{}{}:
	default:
	}
	return err
}

func TestTheAnchorIsNotWrittenForEveryLine(t *testing.T) {
	d := newDesk(t)
	c := &counting{FakeVault: d.vault, wait: make(chan struct{}, 16)}
	d.Vault = c
	tr, _ := d.open(t)
	for range 3 { // the empty trail's, the secret, the first line's
		<-c.wait
	}
	for n := range 50 {
		must(t, tr.Note(t.Context(), apptest.AuditEntry(n, app.AuditLanded)))
	}
	must(t, tr.Close())
	if c.sets != 4 { // Close brings it up to the last line
		t.Errorf("%d writes to the keyring", c.sets)
	}
	if r := d.verify(t); r.Anchor != 51 || !r.Sound() {
		t.Errorf("%+v", r)
	}
}

// A keyring that locks itself holds up no line; the anchor follows.
func TestLockedKeyring(t *testing.T) {
	d := newDesk(t)
	d.Every = time.Millisecond
	c := &counting{FakeVault: d.vault, wait: make(chan struct{}, 1)}
	d.Vault = c
	tr, _ := d.open(t)
	d.vault.Lock(true)
	must(t, tr.Note(t.Context(), apptest.AuditEntry(1, app.AuditLanded)))
	for range 3 { // refused, and tried again
		<-c.wait
	}
	d.vault.Lock(false)
	for d.verify(t).Anchor < 2 {
		<-c.wait
	}
	if r := d.verify(t); r.Anchor != 2 || !r.Sound() {
		t.Errorf("%+v", r)
	}
	d.vault.Lock(true)
	must(t, tr.Note(t.Context(), apptest.AuditEntry(2, app.AuditLanded)))
	if err := tr.Close(); app.KindOf(err) != app.KindAuth {
		t.Errorf("close: %v", err)
	}
	before := snapshot(t, d.folder())
	if _, _, err := Open(t.Context(), d.Options); app.KindOf(err) != app.KindAuth {
		t.Errorf("open: %v", err)
	}
	if !before.same(snapshot(t, d.folder())) {
		t.Error("something was written without the keyring")
	}
	d.vault.Lock(false)
	d.note(t, 3, 4)
	if got := d.numbers(t); !slices.Equal(got, []int{1, 2, 3}) || !d.verify(t).Sound() {
		t.Errorf("noted %v, %+v", got, d.verify(t))
	}
}

func TestClosed(t *testing.T) {
	d := newDesk(t)
	tr, _ := d.open(t)
	must(t, tr.Close())
	must(t, tr.Close())
	if err := tr.Note(t.Context(), apptest.AuditEntry(1, app.AuditLanded)); app.KindOf(err) != app.KindCanceled {
		t.Errorf("got %v", err)
	}
	for _, e := range []app.AuditEvent{EventStarted, EventBroken, EventRecovered} {
		if err := tr.Note(t.Context(), apptest.AuditEntry(1, e)); app.KindOf(err) != app.KindBug {
			t.Errorf("%s may be noted: %v", e, err)
		}
	}
}

// No byte of the folder holds the patient, wherever a caller put it.
func TestCanary(t *testing.T) {
	d := newDesk(t)
	tr, _ := d.open(t)
	e := apptest.AuditEntry(1, app.AuditFiled)
	e.Receipt = `C:\mt32\attachments\zzz0016_2026-11-23_forearm.jpg`
	must(t, tr.Note(t.Context(), e))
	e.Sink, e.Receipt, e.Provider = "alex", "Photo of AROHA  Testperson", "born 1979-05-17"
	must(t, tr.Note(t.Context(), e))
	e.Sink, e.Patient = "third", app.Patient{Name: e.Patient.Name, BirthDate: e.Patient.BirthDate}
	must(t, tr.Note(t.Context(), e))
	must(t, tr.Close())
	for name, b := range snapshot(t, d.folder()) {
		for _, canary := range []string{"ZZZ0016", "Aroha", "Testperson", "1979-05"} {
			if strings.Contains(strings.ToLower(name+string(b)), strings.ToLower(canary)) {
				t.Errorf("%s holds %s", name, canary)
			}
		}
	}
	lines := d.lines(t)[1:]
	r, err := NewReader(t.Context(), d.Options)
	must(t, err)
	nhi := apptest.AuditEntry(1, app.AuditFiled).Patient
	for i, p := range []app.Patient{nhi, {NHI: nhi.NHI}, {Name: app.Seal(" aroha  TESTPERSON "), BirthDate: e.Patient.BirthDate}} {
		if lines[i].Patient != r.Patient(p) || len(lines[i].Patient) != 64 {
			t.Errorf("line %d is not the patient's", i)
		}
	}
	if lines[0].Patient != lines[1].Patient || lines[1].Patient == lines[2].Patient {
		t.Error("codes")
	}
	other, err := NewReader(t.Context(), newDesk(t).Options)
	must(t, err)
	if other.Patient(nhi) == lines[0].Patient {
		t.Error("another secret gives the same code")
	}
}

func TestFilesAreTheUsersOwn(t *testing.T) {
	d := newDesk(t)
	d.note(t, 0, 1)
	for path, want := range map[string]os.FileMode{d.folder(): 0o700, filepath.Join(d.folder(), "audit-2026-11.jsonl"): 0o600} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v", filepath.Base(path), st.Mode())
		}
	}
}

func TestLongAndOddTexts(t *testing.T) {
	d := newDesk(t)
	tr, _ := d.open(t)
	e := apptest.AuditEntry(1, app.AuditFiled)
	e.Receipt = strings.Repeat("ā\x00<\xff", 4000)
	e.Provider = strings.Repeat("é", 129)
	for range 2 {
		must(t, tr.Note(t.Context(), e))
	}
	must(t, tr.Close())
	lines := d.lines(t)
	if len(lines) != 2 || len(lines[1].Receipt) > maxField || !strings.HasSuffix(lines[1].Provider, "é…") || !d.verify(t).Sound() {
		t.Errorf("%d lines, %+v", len(lines), lines[len(lines)-1])
	}
}
