package diskspool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"go.etcd.io/bbolt"

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
	case "own":
		ownForever()
	case "adopt":
		adoptForever()
	case "remove":
		removeAllOfIt()
	case "full":
		os.Exit(fillUp())
	}
}

// said makes a test's child die when it cannot go on.
func said(err error) {
	if err != nil {
		panic(err)
	}
}

// waitForTheKill keeps the child alive; an empty select would be a deadlock.
func waitForTheKill() {
	for {
		time.Sleep(time.Hour)
	}
}

// openIn opens the first free spool of the child's folder.
func openIn(role string) *Spool {
	id, err := age.ParseX25519Identity(os.Getenv(keyVar))
	said(err)
	fmt.Println("starts")
	s, err := OpenFree(filepath.Join(os.Getenv(dirVar), "spool"), Keys{Identity: id}, slog.New(slog.DiscardHandler))
	said(err)
	fmt.Println(role, filepath.Base(s.dir))
	return s
}

// ownForever owns a spool until it is killed.
func ownForever() {
	openIn("owns")
	waitForTheKill()
}

// adoptForever adopts what was left, and says when nothing is.
func adoptForever() {
	s := openIn("adopts into")
	for _, dir := range s.Left() {
		if _, err := s.Adopt(context.Background(), dir); app.KindOf(err) != app.KindConflict {
			said(err)
		}
	}
	fmt.Println("done")
	waitForTheKill()
}

// removeAllOfIt removes every session but killSID.
func removeAllOfIt() {
	s, ctx := openIn("removes from"), context.Background()
	records, err := s.Load(ctx, nil)
	said(err)
	for _, r := range records {
		if r.SID != killSID {
			said(s.Remove(ctx, r.SID))
		}
	}
	said(s.compact())
	fmt.Println("done")
	waitForTheKill()
}

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

// until runs a child until it says word, then kills it after more, and
// returns all that it said.
func until(t *testing.T, c *exec.Cmd, word string, more time.Duration) (lines []string) {
	t.Helper()
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	var kill *time.Timer
	for said := bufio.NewScanner(out); said.Scan(); {
		lines = append(lines, said.Text())
		if kill == nil && strings.HasPrefix(said.Text(), word) {
			kill = time.AfterFunc(more, func() { _ = c.Process.Kill() })
		}
	}
	err = c.Wait()
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL || kill == nil {
		t.Fatalf("the child left by itself (%v), having said %q", err, lines)
	}
	return lines
}

// Two agents of one user: each has its own spool, and a killed one's sessions
// go to the other, none before its owner is dead.
func TestTwoProcesses(t *testing.T) {
	dir, id := t.TempDir(), newIdentity(t)
	base := filepath.Join(dir, "spool")
	left, err := Open(base, Keys{Identity: id}, slog.New(slog.DiscardHandler))
	must(t, err)
	sessions := newSessions(4)
	fill(t, left, sessions...)
	must(t, left.Close())

	first := child(t, "own", dir, id.String())
	out, err := first.StdoutPipe()
	must(t, err)
	must(t, first.Start())
	t.Cleanup(func() { _ = first.Process.Kill() })
	said := bufio.NewScanner(out)
	for said.Scan() && said.Text() == "starts" {
	}
	if said.Text() != "owns spool" {
		t.Fatalf("the first said %q", said.Text())
	}
	longAgo(t, base)
	if lines := until(t, child(t, "adopt", dir, id.String()), "done", 0); lines[1] != "adopts into spool-2" {
		t.Errorf("the second said %q", lines)
	}
	if !isDir(base) {
		t.Fatal("a spool was taken from its living owner")
	}
	must(t, first.Process.Kill())
	_ = first.Wait()
	longAgo(t, base)
	longAgo(t, numbered(base, 2))
	s := open(t, numbered(base, 2), Keys{Identity: id})
	taken, err := s.Adopt(t.Context(), base)
	if err != nil || len(taken) != len(sessions) {
		t.Errorf("took %d sessions, %v", len(taken), err)
	}
	wantFilled(t, s, sessions...)
}

// Killed at any moment of an adoption, again and again: no session is ever in
// two spools' hands, and in the end all are in one, whole.
func TestKilledWhileAdopting(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir, id := t.TempDir(), newIdentity(t)
			keys, base := Keys{Identity: id}, filepath.Join(dir, "spool")
			sessions := newSessions(12)
			left, err := Open(numbered(base, 2), keys, slog.New(slog.DiscardHandler))
			must(t, err)
			fill(t, left, sessions...)
			must(t, left.Close())
			mine := open(t, base, keys)
			must(t, mine.Close())
			random := rand.New(rand.NewPCG(seed, 2))
			kills := 0
			for done := false; !done; kills++ {
				if isDir(left.dir) {
					longAgo(t, left.dir)
				}
				after := time.Duration(random.IntN(12+12*kills)) * time.Millisecond
				lines := until(t, child(t, "adopt", dir, id.String()), "starts", after)
				if len(lines) > 1 && lines[1] != "adopts into spool" {
					t.Fatalf("the child said %q", lines)
				}
				done = slices.Contains(lines, "done")
				inHands(t, base, left.dir, len(sessions))
			}
			t.Logf("%d kills", kills)
			s := open(t, base, keys)
			wantFilled(t, s, sessions...)
			if isDir(left.dir) || len(s.Left()) != 0 {
				t.Errorf("left: %q", s.Left())
			}
		})
	}
}

// inHands checks that every session is in one place where an agent could work
// on it, or in the hands of an adoption that base's owner will finish.
func inHands(t *testing.T, base, other string, want int) {
	t.Helper()
	held := map[app.SessionID]int{}
	count := func(dir string, counts bool) {
		db, err := bbolt.Open(filepath.Join(dir, indexFile), 0, &bbolt.Options{ReadOnly: true})
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		must(t, err)
		defer db.Close()
		must(t, db.View(func(tx *bbolt.Tx) error {
			for _, sid := range sessionsIn(tx) {
				if counts || held[sid] == 0 {
					held[sid]++
				}
			}
			return nil
		}))
	}
	count(base, true)
	if isDir(other) {
		count(other, true)
	}
	for _, inside := range adoptions(base) {
		count(inside, false)
	}
	for sid, n := range held {
		if n != 1 {
			t.Errorf("%s is in %d hands", sid, n)
		}
	}
	if len(held) != want {
		t.Errorf("%d of %d sessions are left", len(held), want)
	}
}

// Killed at any moment of removals and their compaction: what was not to go
// is whole, and what was is gone from the file once they are done.
func TestKilledWhileRemoving(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir, id := t.TempDir(), newIdentity(t)
			base := filepath.Join(dir, "spool")
			gone := newSessions(8)
			s, err := Open(base, Keys{Identity: id}, slog.New(slog.DiscardHandler))
			must(t, err)
			fill(t, s, append(slices.Clone(gone), killSID)...)
			must(t, s.Close())
			random := rand.New(rand.NewPCG(seed, 3))
			kills := 0
			for done := false; !done; kills++ {
				after := time.Duration(random.IntN(12+12*kills)) * time.Millisecond
				done = slices.Contains(until(t, child(t, "remove", dir, id.String()), "starts", after), "done")
			}
			t.Logf("%d kills", kills)
			s = open(t, base, Keys{Identity: id})
			wantFilled(t, s, killSID)
			raw, err := os.ReadFile(s.index.path)
			must(t, err)
			for _, sid := range gone {
				if bytes.Contains(raw, []byte(sid)) || isDir(filepath.Join(s.images, string(sid))) {
					t.Errorf("%s is still there", sid)
				}
			}
		})
	}
}
