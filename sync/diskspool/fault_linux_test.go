package diskspool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// fillUp meets a size limit, and as root a full and a read-only disk, on a
// file system of its own.
func fillUp() int {
	if err := fillUpErr(os.Getenv(dirVar), os.Getuid() == 0); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func fillUpErr(dir string, root bool) error {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	if root {
		if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := syscall.Mount("spool", dir, "tmpfs", 0, "size=2m"); err != nil {
			return err
		}
	}
	if root {
		if err := fillWhile(dir, Keys{Identity: id}); err != nil {
			return err
		}
	}
	s, err := Open(dir, Keys{Identity: id}, log)
	if err != nil {
		return err
	}
	if err := s.Land(ctx, killSID, image(0), make([]byte, 1000)); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 40}); err != nil {
		return err
	}
	if err := s.Land(ctx, killSID, image(1), make([]byte, 1<<20+1)); app.KindOf(err) != app.KindFull {
		return fmt.Errorf("over the size limit: %w", err)
	}
	want := 1
	if root {
		for n := 2; ; n++ {
			err := s.Land(ctx, killSID, image(n), make([]byte, 100_000))
			if err != nil && app.KindOf(err) != app.KindFull {
				return fmt.Errorf("disk full: %w", err)
			}
			if err != nil {
				break
			}
			want++
		}
		if err := s.Close(); err != nil {
			return err
		}
		if err := syscall.Mount("spool", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=2m"); err != nil {
			return err
		}
		if _, err := Open(dir, Keys{Identity: id}, log); app.KindOf(err) != app.KindFull {
			return fmt.Errorf("read-only: %w", err)
		}
		archive, err := OpenArchive(dir, id)
		if err != nil || len(archive.Images(killSID)) != want {
			return fmt.Errorf("reading a read-only disk: %w", err)
		}
		if err := archive.Close(); err != nil {
			return err
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, imagesFolder, "*", "*"))
	if err != nil || len(names) != want {
		return fmt.Errorf("%d files, want %d (%v): %s", len(names), want, err, strings.Join(names, " "))
	}
	hidden, err := filepath.Glob(filepath.Join(dir, imagesFolder, "*", landingPrefix+"*"))
	if err != nil || len(hidden) != 0 {
		return fmt.Errorf("half-written: %v, %v", hidden, err)
	}
	return nil
}

// fillWhile meets a full disk at every write of an adoption, of removals and
// of a compaction: each is tried with a page more room than the time before.
// Nothing is lost on the way, and with room enough each succeeds.
func fillWhile(dir string, keys Keys) error {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	base := filepath.Join(dir, "spool")
	var sessions []app.SessionID
	for n := range 2 {
		s, err := Open(numbered(base, n+1), keys, log)
		if err != nil {
			return err
		}
		for range 3 {
			sid := app.NewSessionID()
			sessions = append(sessions, sid)
			err := s.Land(ctx, sid, image(1), content(1)[:9000])
			if err == nil {
				err = s.Save(ctx, app.Record{SID: sid, Kind: "session", Body: content(1)[:30_000]})
			}
			if err != nil {
				return err
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	s, err := Open(base, keys, log)
	if err != nil {
		return err
	}
	whole := func(want int) error {
		records, err := s.Load(ctx, nil)
		if err != nil || len(records) != want {
			return fmt.Errorf("%d records, want %d: %w", len(records), want, err)
		}
		for _, r := range records {
			got, err := s.Sealed(ctx, r.SID, image(1))
			if err != nil || !bytes.Equal(got, content(1)[:9000]) || !bytes.Equal(r.Body, content(1)[:30_000]) {
				return fmt.Errorf("a session is not whole: %w", err)
			}
		}
		return nil
	}
	from := numbered(base, 2)
	if err := growing(dir, "adopt", func() error {
		if !isDir(from) {
			if left := adoptions(base); len(left) > 0 {
				from = left[0]
			}
		}
		_, err := s.Adopt(ctx, from)
		return err
	}); err != nil {
		return err
	}
	if err := whole(6); err != nil {
		return fmt.Errorf("after the adoption: %w", err)
	}
	if err := growing(dir, "remove", func() error { return s.Remove(ctx, sessions[0]) }); err != nil {
		return err
	}
	if err := growing(dir, "compact", s.compact); err != nil {
		return err
	}
	if err := whole(5); err != nil {
		return fmt.Errorf("after the removal: %w", err)
	}
	if got := entries(dir+"/spool", indexFile+compactSuffix); len(got) != 0 {
		return fmt.Errorf("left behind: %q", got)
	}
	return errors.Join(s.Close(), os.RemoveAll(base), os.RemoveAll(base+lockSuffix))
}

// growing fills the disk, and tries do with one page more room each time until
// it succeeds. A failure must be KindFull, or bbolt's own.
func growing(dir, what string, do func() error) error {
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	defer os.Remove(ballast)
	defer f.Close()
	size := int64(0)
	for page := make([]byte, 4096); ; size += 4096 {
		if _, err := f.Write(page); errors.Is(err, syscall.ENOSPC) {
			break
		} else if err != nil {
			return err
		}
	}
	failed := 0
	for ; ; failed++ {
		err := do()
		if err == nil {
			break
		}
		if kind := app.KindOf(err); kind != app.KindFull && !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("%s, try %d: %w", what, failed, err)
		}
		if size -= 4096; size < 0 {
			return fmt.Errorf("%s never succeeds: %w", what, err)
		}
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d failures before it succeeded\n", what, failed)
	if failed == 0 && what != "remove" { // a removal writes over pages that are free
		return fmt.Errorf("%s: the disk was never full", what)
	}
	return nil
}

func TestDiskFull(t *testing.T) {
	c := child(t, "full", t.TempDir(), "")
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	}
	c.Stdout = os.Stderr
	must(t, c.Run())
}

// A folder that cannot be written, without root's powers to help it.
func TestNotAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := Open(filepath.Join(file, "spool"), Keys{Identity: newIdentity(t)}, slog.New(slog.DiscardHandler)); app.KindOf(err) != app.KindFull {
		t.Errorf("opened: %v", err)
	}
}
