package diskspool

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

const roleVar, dirVar, keyVar = "SPOOL_TEST_ROLE", "SPOOL_TEST_DIR", "SPOOL_TEST_KEY"

// TestMain also plays the children of the tests below.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "land":
		landForever()
	case "full":
		os.Exit(fillUp())
	}
}

const killSID = app.SessionID("0123456789ABCDEFGHJKMNPQRS")

func content(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("image %08d ", n)), 20_000) }

// landForever lands images on four goroutines and says which are durable.
func landForever() {
	id, err := age.ParseX25519Identity(os.Getenv(keyVar))
	if err != nil {
		panic(err)
	}
	s, err := Open(os.Getenv(dirVar), Keys{Identity: id}, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	lines := make(chan string)
	for g := range 4 {
		go func() {
			for n := g; ; n += 4 {
				if err := s.Land(ctx, killSID, image(n), content(n)); err != nil {
					panic(err)
				}
				lines <- fmt.Sprintf("landed %d\n", n)
				rec := app.Record{SID: killSID, Kind: "image", Key: fmt.Sprint(n), Body: content(n)[:100]}
				if err := s.Save(ctx, rec); err != nil {
					panic(err)
				}
				lines <- fmt.Sprintf("saved %d\n", n)
			}
		}()
	}
	for l := range lines {
		_, _ = os.Stdout.WriteString(l)
	}
}

func child(t *testing.T, role, dir, key string) *exec.Cmd {
	self, err := os.Executable()
	must(t, err)
	c := exec.Command(self)
	c.Env = append(os.Environ(), roleVar+"="+role, dirVar+"="+dir, keyVar+"="+key)
	c.Stderr = os.Stderr
	return c
}

// Killed at any moment: what was said to be durable is there, byte for byte,
// nothing half-written has a name, and the spool opens again.
func TestKilledWhileLanding(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir, id := t.TempDir(), newIdentity(t)
			c := child(t, "land", dir, id.String())
			out, err := c.StdoutPipe()
			must(t, err)
			must(t, c.Start())
			after := time.Duration(20+rand.New(rand.NewPCG(seed, 1)).IntN(150)) * time.Millisecond
			var landed, saved []int
			var kill *time.Timer
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if kill == nil { // counted from the first landing, however slow the machine
					kill = time.AfterFunc(after, func() { _ = c.Process.Kill() })
				}
				var n int
				if _, err := fmt.Sscanf(lines.Text(), "landed %d", &n); err == nil {
					landed = append(landed, n)
				} else if _, err := fmt.Sscanf(lines.Text(), "saved %d", &n); err == nil {
					saved = append(saved, n)
				}
			}
			if err := c.Wait(); err == nil || len(landed) == 0 {
				t.Fatalf("the child left by itself (%v) with %d landed", err, len(landed))
			}
			s := open(t, dir, Keys{Identity: id})
			for _, n := range landed {
				if got, err := s.Sealed(t.Context(), killSID, image(n)); err != nil || !bytes.Equal(got, content(n)) {
					t.Errorf("image %d: %d bytes, %v", n, len(got), err)
				}
			}
			names, err := filepath.Glob(filepath.Join(dir, imagesFolder, "*", "*"))
			must(t, err)
			for _, name := range names {
				var n int
				if _, err := fmt.Sscanf(filepath.Base(name), "01932e9a-0000-7000-8000-%012x.age", &n); err != nil {
					t.Errorf("left behind: %s", filepath.Base(name))
				} else if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, content(n)) {
					t.Errorf("image %d is half-written: %d bytes, %v", n, len(b), err)
				}
			}
			records, err := s.Load(t.Context(), nil)
			must(t, err)
			have := map[string]bool{}
			for _, r := range records {
				have[r.Key] = true
			}
			for _, n := range saved {
				if !have[fmt.Sprint(n)] {
					t.Errorf("record %d is lost", n)
				}
			}
		})
	}
}

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
