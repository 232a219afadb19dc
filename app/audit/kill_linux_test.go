package audit

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

const roleVar, dirVar, fromVar = "AUDIT_TEST_ROLE", "AUDIT_TEST_DIR", "AUDIT_TEST_FROM"

// TestMain also plays the children of the tests below.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "note":
		noteForever()
	case "full":
		os.Exit(fillUp())
	}
}

// fileVault is a keyring in a folder, so that two processes see it.
type fileVault struct{ dir string }

func (v fileVault) Get(_ context.Context, name string) (app.Sealed, error) {
	b, err := os.ReadFile(filepath.Join(v.dir, name))
	if os.IsNotExist(err) {
		return app.Sealed{}, app.E("read keyring", app.KindNotFound, err)
	}
	return app.Seal(string(b)), err
}

func (v fileVault) Set(_ context.Context, name string, s app.Sealed) error {
	path := filepath.Join(v.dir, name)
	if err := os.WriteFile(path+".new", []byte(s.Reveal()), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (v fileVault) Delete(_ context.Context, name string) error {
	return os.Remove(filepath.Join(v.dir, name))
}

func onDisk(dir string) Options {
	return Options{Dir: dir, Vault: fileVault{dir}, Key: "audit-key", Head: "audit-head", Every: time.Millisecond}
}

// noteForever notes on four goroutines and says what is on disk.
func noteForever() {
	var from int
	if _, err := fmt.Sscan(os.Getenv(fromVar), &from); err != nil {
		panic(err)
	}
	ctx := context.Background()
	tr, report, err := Open(ctx, onDisk(os.Getenv(dirVar)))
	if err != nil {
		panic(err)
	}
	if f, fresh := report.Fresh(); fresh {
		panic(f)
	}
	lines := make(chan string)
	for g := range 4 {
		go func() {
			for n := from + g; ; n += 4 {
				if err := tr.Note(ctx, apptest.AuditEntry(n, app.AuditLanded)); err != nil {
					panic(err)
				}
				lines <- fmt.Sprintln("noted", n)
			}
		}()
	}
	for l := range lines {
		_, _ = os.Stdout.WriteString(l)
	}
}

func child(t *testing.T, role, dir string, from int) *exec.Cmd {
	self, err := os.Executable()
	must(t, err)
	c := exec.Command(self)
	c.Env = append(os.Environ(), roleVar+"="+role, dirVar+"="+dir, fmt.Sprintf("%s=%d", fromVar, from))
	c.Stderr = os.Stderr
	return c
}

// Killed at any moment, twenty times on one trail: it verifies, and holds
// every line that was said to be noted.
func TestKilledWhileNoting(t *testing.T) {
	dir := t.TempDir()
	d := &desk{Options: onDisk(dir)}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	noted := map[int]bool{}
	for round := range 20 {
		c := child(t, "note", dir, round*1_000_000)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		left, after := 1+random.IntN(25), time.Duration(random.IntN(2000))*time.Microsecond
		for lines := bufio.NewScanner(out); lines.Scan(); left-- {
			if left == 0 {
				time.AfterFunc(after, func() { _ = c.Process.Kill() })
			}
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "noted %d", &n); err == nil {
				noted[n] = true
			}
		}
		if err := c.Wait(); err == nil || left >= 0 {
			t.Fatalf("the child left by itself: %v", err)
		}
		if r := d.verify(t); !r.Sound() || r.Anchor > r.Seq {
			t.Fatalf("round %d: %+v", round, r)
		}
	}
	for _, n := range d.numbers(t) {
		delete(noted, n)
	}
	if len(noted) > 0 {
		t.Errorf("%d noted lines are lost", len(noted))
	}
	t.Logf("%d lines", d.verify(t).Lines)
}

// Read by another process's eyes while it is written: always sound.
func TestReadWhileWritten(t *testing.T) {
	d := newDesk(t)
	d.Every = time.Microsecond
	tr, _ := d.open(t)
	written := make(chan struct{})
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for n := range 60 {
				e := apptest.AuditEntry(g*60+n, app.AuditLanded)
				e.Server = e.At.AddDate(0, n/20, 0) // through three months
				if err := tr.Note(t.Context(), e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(written)
	}()
	for reads, done := 0, false; !done; reads++ {
		select {
		case <-written:
			done = true
		default:
		}
		if r := d.verify(t); !r.Sound() {
			t.Fatalf("read %d: %+v", reads, r)
		}
	}
	if got := d.numbers(t); len(got) != 240 {
		t.Errorf("%d lines", len(got))
	}
}

// A full disk is KindFull, leaves no half line, and the note can be made once
// there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := child(t, "full", dir, 0).Output(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d := &desk{Options: onDisk(dir)}
	got := d.numbers(t)
	if r := d.verify(t); !r.Sound() || r.Recovered != 0 || r.Torn != 0 {
		t.Errorf("%+v", r)
	}
	for n := range got {
		if got[n] != n {
			t.Fatalf("noted %v", got)
		}
	}
	if len(got) < 10 {
		t.Errorf("%d lines", len(got))
	}
}

// fillUp notes up to a limit on the size of files, and past it once raised.
func fillUp() int {
	fail := func(why ...any) int {
		fmt.Println(why...)
		return 1
	}
	ctx := context.Background()
	tr, _, err := Open(ctx, onDisk(os.Getenv(dirVar)))
	if err != nil {
		return fail(err)
	}
	const limit = 5000
	limitTo := func(n uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: 1 << 40})
	}
	if err := limitTo(limit); err != nil {
		return fail(err)
	}
	n := 0
	for ; err == nil; n++ {
		if n > 100 {
			return fail("the limit is never met")
		}
		err = tr.Note(ctx, apptest.AuditEntry(n, app.AuditLanded))
	}
	if app.KindOf(err) != app.KindFull {
		return fail("full:", err)
	}
	// One file, of the month in which the trail was begun: today's.
	files, globErr := filepath.Glob(filepath.Join(os.Getenv(dirVar), Folder, "audit-*.jsonl"))
	if len(files) != 1 {
		return fail("files:", files, globErr)
	}
	if st, statErr := os.Stat(files[0]); statErr != nil || st.Size() >= limit {
		return fail("half a line is left", statErr)
	}
	if err := tr.Note(ctx, apptest.AuditEntry(n, app.AuditLanded)); app.KindOf(err) != app.KindFull {
		return fail("still full:", err)
	}
	if err := limitTo(1 << 40); err != nil {
		return fail(err)
	}
	for i := range slices.Max([]int{n + 5, 10}) {
		if err := tr.Note(ctx, apptest.AuditEntry(i, app.AuditLanded)); err != nil {
			return fail("room again:", err)
		}
	}
	if err := tr.Close(); err != nil {
		return fail(err)
	}
	return 0
}
