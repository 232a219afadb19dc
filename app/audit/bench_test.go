package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// BenchmarkNote is one line on disk, beside what the disk alone takes for the
// same bytes, written and synced: turn by turn, medians.
func BenchmarkNote(b *testing.B) {
	dir := b.TempDir()
	tr, _, err := Open(b.Context(), Options{Dir: dir, Vault: new(apptest.FakeVault), Key: "audit-key", Head: "audit-head"})
	if err != nil {
		b.Fatal(err)
	}
	floor, err := os.OpenFile(filepath.Join(dir, "floor"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	l := tr.keys.line(apptest.AuditEntry(1, app.AuditLanded), tr.o.Who)
	l.Prev = strings.Repeat("0", 64)
	raw, err := tr.keys.seal(&l)
	if err != nil {
		b.Fatal(err)
	}
	var notes, floors []time.Duration
	timed := func(into *[]time.Duration, do func() error) {
		started := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		*into = append(*into, time.Since(started))
	}
	for b.Loop() {
		entry := apptest.AuditEntry(len(notes), app.AuditLanded)
		timed(&notes, func() error { return tr.Note(b.Context(), entry) })
		timed(&floors, func() error {
			_, err := floor.Write(raw)
			return errors.Join(err, floor.Sync())
		})
	}
	if err := errors.Join(tr.Close(), floor.Close()); err != nil {
		b.Fatal(err)
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Microseconds())
	}
	b.ReportMetric(median(notes), "µs/note")
	b.ReportMetric(median(floors), "µs/floor")
	b.ReportMetric(median(notes)/median(floors), "note/floor")
	b.ReportMetric(float64(len(raw)), "bytes/line")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkVerify reads a busy workstation's year, 50,000 lines: what a start costs.
func BenchmarkVerify(b *testing.B) {
	k, err := newKeys([]byte(strings.Repeat("k", secretBytes)))
	if err != nil {
		b.Fatal(err)
	}
	files, end := folder{}, witness{known: true}
	for n := range 50_000 {
		l := k.line(apptest.AuditEntry(n, app.AuditLanded), "gp")
		l.Seq, l.Prev = end.seq+1, end.mac
		raw, err := k.seal(&l)
		if err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("audit-2026-%02d.jsonl", 1+n*12/50_000)
		files[name] = append(files[name], raw...)
		end = witness{l.Seq, l.Mac, true}
	}
	dir := files.fs()
	for b.Loop() {
		s, err := scan(b.Context(), dir, k, end, nil)
		if err != nil || !s.report.Sound() {
			b.Fatal(err)
		}
	}
}
