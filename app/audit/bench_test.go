package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

func benchDesk(b *testing.B) Options {
	return Options{Dir: b.TempDir(), Vault: new(apptest.FakeVault), Key: "audit-key", Head: "audit-head", Every: time.Second}
}

// BenchmarkNote is one line, on disk, by one caller; and by eight at once,
// who share the fsync.
func BenchmarkNote(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			tr, _, err := Open(b.Context(), benchDesk(b))
			if err != nil {
				b.Fatal(err)
			}
			next := make(chan int)
			go func() {
				for n := range b.N {
					next <- n
				}
				close(next)
			}()
			b.ResetTimer()
			done := make(chan error, callers)
			for range callers {
				go func() {
					var err error
					for n := range next {
						if noteErr := tr.Note(b.Context(), apptest.AuditEntry(n, app.AuditLanded)); noteErr != nil {
							err = noteErr
						}
					}
					done <- err
				}()
			}
			for range callers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if err := tr.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkFloor is what the disk alone takes: the same bytes, written and synced.
func BenchmarkFloor(b *testing.B) {
	k, err := newKeys([]byte(strings.Repeat("k", secretBytes)))
	if err != nil {
		b.Fatal(err)
	}
	l := k.line(apptest.AuditEntry(1, app.AuditLanded), "gp")
	l.Prev = strings.Repeat("0", 64)
	raw, err := k.seal(&l)
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "floor"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := f.Write(raw); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
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
