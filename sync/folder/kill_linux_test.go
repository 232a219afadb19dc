package folder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

const roleVar, dirVar = "FOLDER_TEST_ROLE", "FOLDER_TEST_DIR"

// TestMain also plays the child that is killed.
func TestMain(m *testing.M) {
	if os.Getenv(roleVar) == "file" {
		if err := fileAll(os.Getenv(dirVar)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const killedDeliveries, killedItems = 12, 3

// killedDelivery is the same every time, and as frozen as the Engine's.
func killedDelivery(n int) app.Delivery {
	d := apptest.Delivery(killedItems)
	d.ID, d.SID = fmt.Sprintf("%026d", n), app.SessionID(fmt.Sprintf("%026d", 100+n))
	for i := range d.Items {
		d.Items[i].JPEG = killedJPEG(n, i)
		d.Items[i].SHA256 = digest(d.Items[i].JPEG)
	}
	return d
}

func killedJPEG(n, i int) []byte {
	return append([]byte{0xff, 0xd8, 0xff}, bytes.Repeat(fmt.Appendf(nil, "picture %02d of %02d;", i, n), 6000)...)
}

// killedPDF is the same delivery to the sink of documents.
func killedPDF(n int) app.Delivery {
	d := killedDelivery(n)
	body := append([]byte("%PDF-"), bytes.Repeat(fmt.Appendf(nil, "document %02d;", n), 9000)...)
	part := app.Part{ID: "pdf-0", Name: app.Seal("ZZZ0016_2026-11-23.pdf"), Body: body, SHA256: digest(body)}
	for _, item := range d.Items {
		part.Images = append(part.Images, item.Image)
	}
	d.Items, d.Parts = nil, []app.Part{part}
	return d
}

// fileAll delivers everything, as one that may have been tried before, and
// prints a line for each receipt.
func fileAll(dir string) error {
	pictures, documents := New(Config{Dir: dir, Sidecar: true}), NewPDF(Config{Dir: dir})
	for n := range killedDeliveries {
		for kind, sink := range map[string]app.Sink{"jpg": pictures, "pdf": documents} {
			d := killedDelivery(n)
			if kind == "pdf" {
				d = killedPDF(n)
			}
			d.Again = true
			receipts, err := sink.Deliver(context.Background(), d)
			if err != nil {
				return err
			}
			for i, r := range receipts {
				switch {
				case r.Err != nil:
					return r.Err
				case r.Unconfirmed:
					fmt.Println("unconfirmed", kind, n, i)
				default:
					fmt.Println("filed", kind, n, i)
				}
			}
		}
	}
	fmt.Println("done")
	return nil
}

// child runs fileAll in another process, killed after a while unless it is
// done before; alive is nil for as long as it takes.
func child(t *testing.T, dir string, after time.Duration) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"=file", dirVar+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	_ = cmd.Wait()
	return lines
}

// contents counts the files of the folder by what is in them, and fails for
// one that is not whole.
func contents(t *testing.T, dir string) map[string]int {
	t.Helper()
	whole := map[app.Digest]string{}
	for n := range killedDeliveries {
		d := killedDelivery(n)
		for i, item := range d.Items {
			whole[item.SHA256] = fmt.Sprintf("jpg %d %d", n, i)
			b, err := sidecar(d, item)
			must(t, err)
			whole[digest(b)] = fmt.Sprintf("json %d %d", n, i)
		}
		whole[killedPDF(n).Parts[0].SHA256] = fmt.Sprintf("pdf %d", n)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	out := map[string]int{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		what, known := whole[digest(b)]
		if !known {
			t.Fatalf("%s is half a file: %d bytes", e.Name(), len(b))
		}
		out[what]++
	}
	return out
}

// TestKill kills the sink at random points, until it has filed everything
// between two kills: nothing is lost, nothing is doubled, nothing is half
// there, and a picture's sidecar is its own. In every third round somebody
// moves a picture out of the folder meanwhile: that one alone is unconfirmed.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	dir, began := t.TempDir(), time.Now()
	child(t, t.TempDir(), 0)
	whole := time.Since(began) // how long an undisturbed run takes here and now
	moved := map[string]bool{}
	const kills = 30
	for round := range kills {
		child(t, dir, time.Duration(1+random.Int64N(int64(whole)*3/4)))
		for what, n := range contents(t, dir) {
			if n > 1 {
				t.Fatalf("round %d: %s is there %d times", round, what, n)
			}
		}
		if round%3 == 2 {
			if names, _ := filepath.Glob(filepath.Join(dir, "*.jpg")); len(names) > 0 {
				name := names[random.IntN(len(names))]
				b, err := os.ReadFile(name)
				must(t, err)
				for n := range killedDeliveries {
					for i := range killedItems {
						if bytes.Equal(b, killedJPEG(n, i)) {
							moved[fmt.Sprintf("jpg %d %d", n, i)] = true
						}
					}
				}
				must(t, os.Remove(name))
			}
		}
	}
	lines := child(t, dir, 0)
	if len(lines) == 0 || lines[len(lines)-1] != "done" {
		t.Fatalf("the last run did not end: %v", lines)
	}
	unconfirmed := map[string]bool{}
	for _, line := range lines {
		if what, is := strings.CutPrefix(line, "unconfirmed "); is {
			unconfirmed[what] = true
		}
	}
	for what := range moved {
		if !unconfirmed[what] {
			t.Errorf("%s was moved away and is not unconfirmed", what)
		}
	}
	for what := range unconfirmed {
		if !moved[what] {
			t.Errorf("%s is unconfirmed, and nobody moved it", what)
		}
	}
	there := contents(t, dir)
	lost, doubled := 0, 0
	for n := range killedDeliveries {
		for i := range killedItems {
			what := fmt.Sprintf("jpg %d %d", n, i)
			if there[what] == 0 && !moved[what] {
				lost++
			}
			if there[what] > 1 || there[what] == 1 && moved[what] {
				doubled++
			}
			if there[fmt.Sprintf("json %d %d", n, i)] != 1 {
				t.Errorf("%s has %d sidecars", what, there[fmt.Sprintf("json %d %d", n, i)])
			}
		}
		if there[fmt.Sprintf("pdf %d", n)] != 1 {
			t.Errorf("document %d is there %d times", n, there[fmt.Sprintf("pdf %d", n)])
		}
	}
	t.Logf("%d kills: lost %d, doubled %d, moved away and unconfirmed %d", kills, lost, doubled, len(moved))
	if lost+doubled > 0 || temps(t, dir) > 0 {
		t.Errorf("lost %d, doubled %d, %d pictures left half-filed", lost, doubled, temps(t, dir))
	}
	besides(t, dir)
}

// besides: every sidecar stands beside the picture it speaks of.
func besides(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	must(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		must(t, err)
		var said sidecarFile
		must(t, json.Unmarshal(b, &said))
		picture, err := os.ReadFile(strings.TrimSuffix(name, ".json") + ".jpg")
		if err == nil && digest(picture) != said.SHA256 {
			t.Errorf("%s speaks of another picture", filepath.Base(name))
		}
	}
}
