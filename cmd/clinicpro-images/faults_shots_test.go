//go:build linux

package main_test

import (
	"context"
	"fmt"
	"image"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	handset "github.com/clinicpro-nz/images/sync/phone"
)

// shot is one picture taken, and the SHA-256 of the file it must become.
type shot struct {
	id   app.ImageID
	jpeg []byte
	file string
}

// camera is a phone that has claimed a session, and everything it ever took.
type camera struct {
	t     testing.TB
	phone *handset.Phone
	queue *handset.Queue
	rnd   *rand.Rand
	done  chan struct{} // the queue has ended

	mu    sync.Mutex
	shots []shot
}

// newCamera claims the session behind a link, however long that takes.
// changed hears every step of an image; it may be nil.
func newCamera(t testing.TB, address app.Sealed, seed uint64, changed func(handset.Change)) *camera {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 4, ResponseHeaderTimeout: 10 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	p, err := handset.New(address, &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	// A registry that has just lost the session does not know its code either:
	// a person scans it again.
	eventually(t, time.Minute, func() bool {
		_, err = p.Claim(t.Context())
		return err == nil
	}, func() string { return fmt.Sprintf("the phone cannot claim: %v", err) })
	c := &camera{t: t, phone: p, rnd: rand.New(rand.NewPCG(seed, 3)), done: make(chan struct{}),
		queue: handset.NewQueue(p, handset.Options{MaxWait: 8 * time.Second, MaxPoll: 8 * time.Second, Changed: changed})}
	go func() {
		defer close(c.done)
		_ = c.queue.Run(t.Context())
	}()
	return c
}

// take shoots n pictures and sends them.
func (c *camera) take(n int) {
	c.t.Helper()
	for range n {
		c.queue.Add(c.one())
	}
}

// one shoots a picture and keeps it.
func (c *camera) one() handset.Image {
	c.t.Helper()
	raw := snapshotJPEG(c.rnd)
	clean, err := picture.Strip(raw)
	if err != nil {
		c.t.Fatal(err)
	}
	im, err := c.phone.Seal(raw, time.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shots = append(c.shots, shot{im.ID, raw, hexSum(clean)})
	return im
}

// forget takes the last n pictures out of the count: only the phone has them.
func (c *camera) forget(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shots = c.shots[:len(c.shots)-n]
}

func (c *camera) taken() []shot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.shots)
}

// reach waits until every picture has come as far as state.
func (c *camera) reach(within time.Duration, state handset.State) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	if c.queue.Until(ctx, state) != nil {
		stands := ""
		for _, s := range c.taken() {
			stands += fmt.Sprintf(" [%.13s %s]", s.id, c.queue.State(s.id))
		}
		c.t.Fatalf("within %v the phone's images are not all %s:%s", within, state, stands)
	}
}

// snapshotJPEG is a small photo unlike any other, with a camera's EXIF, which
// the page would have taken off: whatever of it is found elsewhere is a leak.
func snapshotJPEG(rnd *rand.Rand) []byte {
	img := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = uint8(120 + i%640/8 + int(rnd.Uint32()&31))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 115, 150
	}
	return asFromCamera(img, 85)
}

// tally is what became of a session's pictures.
type tally struct {
	sent, filed, lost, doubled, foreign int
}

// count compares the pictures taken with those in folders: every file's bytes
// are some picture's, and no picture is there twice.
func count(t testing.TB, shots []shot, folders ...string) tally {
	t.Helper()
	copies := map[string]int{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			if strings.EqualFold(filepath.Ext(path), ".jpg") {
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				copies[hexSum(raw)]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	out := tally{sent: len(shots)}
	for _, s := range shots {
		switch n := copies[s.file]; {
		case n == 0:
			out.lost++
		case n > 1:
			out.doubled++
			out.filed++
		default:
			out.filed++
		}
		delete(copies, s.file)
	}
	for _, n := range copies {
		out.foreign += n
	}
	return out
}

// leaks searches every file below root, but for the practice's own folders,
// for anything of the patient or of a picture.
func (d *desk) leaks(shots []shot, root string, allowed ...string) (found []string) {
	d.t.Helper()
	var inside [][]byte
	for _, s := range shots {
		for _, part := range []int{3, 2} {
			at := len(s.jpeg) / part
			inside = append(inside, s.jpeg[at:at+32])
		}
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil // went while we looked
		case err != nil:
			return err
		case e.IsDir() && slices.Contains(allowed, path):
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		for _, what := range find(raw, inside) {
			found = append(found, what+" in "+strings.TrimPrefix(path, root))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return found
}
