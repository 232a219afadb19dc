package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/ui/link"
)

// The bound of the first issue: median landing over median floor.
const landingBound = 3.0

// sample is one image's times.
type sample struct {
	landing time.Duration // PUT answered to sealed file in the spool
	stored  time.Duration // of it: the phone's "stored" call, the hint published within it
	fetched time.Duration // from there until the bytes are here: hint, GET, checksum
	written time.Duration // from there until they are durable: write, fsync, rename, fsync of the folder
	floor   time.Duration // plain GET + fsync + rename + fsync of the folder, of the same bytes
	get     time.Duration // of the floor: the GET
}

// bench runs a real agent on a real local cloud, with Go as the phone, and
// prints landing times beside the floor, taken in turn in the same run.
func bench(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("clinicproctl bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	sessions := flags.Int("sessions", 6, "capture sessions")
	images := flags.Int("images", 9, "images a session, at most 9")
	size := flags.Int("size", 1_000_000, "bytes of one JPEG, about")
	if err := flags.Parse(args); err != nil || *images < 1 || *images > 9 {
		return exitUsage
	}
	samples, err := benchLanding(ctx, *sessions, *images, *size, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	return report(stdout, samples)
}

func benchLanding(ctx context.Context, sessions, images, size int, stderr io.Writer) ([]sample, error) {
	dir, err := os.MkdirTemp("", "clinicpro-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	conn, stop, err := reachAgent(ctx, dir, agentArgs(true, dir, "127.0.0.1:0", ""), stderr)
	if err != nil {
		return nil, err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	window := link.NewWindow(link.Build())
	links := make(chan string, 64)
	last := ""
	go func() {
		_ = window.Run(ctx, conn, conn, link.Hear{Pixels: func(link.Pixels) {}, Raise: func() {}, Show: func(s link.Snapshot) {
			if s.Code != nil && s.Code.Link != last && s.Line == link.LineLive {
				last = s.Code.Link
				links <- last
			}
		}})
	}()
	photo := noisePhoto(size)
	var out []sample
	for n := range sessions {
		window.Send(link.Input{Kind: link.InputNewSession, Confirmed: true,
			Patient: link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016"}})
		var address string
		select {
		case address = <-links:
		case <-time.After(30 * time.Second):
			return nil, errors.New("no QR code came within 30 s")
		}
		got, err := benchSession(ctx, dir, address, photo, images)
		if err != nil {
			return nil, err
		}
		if n > 0 { // the first session warms every connection
			out = append(out, got...)
		}
	}
	return out, nil
}

func benchSession(ctx context.Context, dir, address string, photo []byte, images int) ([]sample, error) {
	ph, err := phone.New(app.Seal(address), &http.Client{})
	if err != nil {
		return nil, err
	}
	if _, err := ph.Claim(ctx); err != nil {
		return nil, err
	}
	store, err := localStore(dir, ph.Practice())
	if err != nil {
		return nil, err
	}
	var out []sample
	for range images {
		var s sample
		image, err := ph.Seal(photo, time.Now())
		if err != nil {
			return nil, err
		}
		twin, err := ph.Seal(photo, time.Now())
		if err != nil {
			return nil, err
		}
		answer, err := ph.Reserve(ctx, image, twin)
		if err != nil {
			return nil, err
		}
		if len(answer.Uploads) != 2 {
			return nil, errors.New("the gateway gave no upload links")
		}
		// The floor first: an object nobody is told of, fetched and kept by the
		// plainest code.
		if err := ph.Put(ctx, answer.Uploads[1], twin.Sealed); err != nil {
			return nil, err
		}
		if s.floor, s.get, err = plainLanding(ctx, store, ph.SID(), twin.ID, dir); err != nil {
			return nil, err
		}
		if err := store.Delete(ctx, ph.SID(), twin.ID); err != nil {
			return nil, err
		}
		if err := ph.Put(ctx, answer.Uploads[0], image.Sealed); err != nil {
			return nil, err
		}
		answered := time.Now()
		seen := make(chan landingTimes, 1)
		go watchLanding(ctx, filepath.Join(dir, "spool", "images", string(ph.SID())), string(image.ID)+".age", seen)
		if _, err := ph.Stored(ctx, []app.ImageID{image.ID}); err != nil {
			return nil, err
		}
		s.stored = time.Since(answered)
		select {
		case at := <-seen:
			s.landing = at.durable.Sub(answered)
			s.fetched = max(0, at.fetched.Sub(answered)-s.stored)
			s.written = at.durable.Sub(at.fetched)
		case <-time.After(20 * time.Second):
			return nil, errors.New("an image did not land within 20 s")
		}
		out = append(out, s)
		time.Sleep(150 * time.Millisecond) // the agent examines the picture; the floor must not compete with it
	}
	return out, nil
}

// landingTimes are when the agent began to write an image, so had it whole,
// and when it was there under its final name.
type landingTimes struct{ fetched, durable time.Time }

// watchLanding watches a session's folder of the spool for one image.
func watchLanding(ctx context.Context, dir, name string, seen chan<- landingTimes) {
	var at landingTimes
	for ctx.Err() == nil {
		files, _ := os.ReadDir(dir) // not there before the session's first image
		now := time.Now()
		for _, f := range files {
			switch {
			case f.Name() == name:
				at.durable = now
			case strings.HasPrefix(f.Name(), ".landing-") && at.fetched.IsZero():
				at.fetched = now
			}
		}
		if !at.durable.IsZero() {
			if at.fetched.IsZero() { // written between two looks
				at.fetched = at.durable
			}
			seen <- at
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// plainLanding is the floor: GET, write, fsync, rename, fsync of the folder.
func plainLanding(ctx context.Context, store *s3objects.Objects, sid app.SessionID, id app.ImageID, dir string) (whole, get time.Duration, err error) {
	start := time.Now()
	sealed, _, err := store.Get(ctx, sid, id, app.DefaultLimits.MaxBytes)
	if err != nil {
		return 0, 0, err
	}
	get = time.Since(start)
	path := filepath.Join(dir, string(id)+".floor")
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, 0, err
	}
	_, err = f.Write(sealed)
	err = errors.Join(err, f.Sync(), f.Close(), os.Rename(path+".tmp", path))
	if err != nil {
		return 0, 0, err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return 0, 0, err
	}
	err = errors.Join(folder.Sync(), folder.Close())
	return time.Since(start), get, err
}

// localStore opens the bench's own local cloud with the workstation's key.
func localStore(dir string, practice app.Practice) (*s3objects.Objects, error) {
	text, err := os.ReadFile(filepath.Join(dir, "local", "ready.json"))
	if err != nil {
		return nil, err
	}
	var r ready.Ready
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	return s3objects.New(s3objects.Config{Region: r.Region, Bucket: r.Bucket, Endpoint: r.Base,
		AccessKey: r.Workstation.AccessKey, SecretKey: app.Seal(r.Workstation.SecretKey), Practice: practice})
}

// noisePhoto is a JPEG of about size bytes, 20 KB to 12 MB, with about four
// pixels a byte as a phone's page makes them, and at most twelve million.
func noisePhoto(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	wide := int(math.Sqrt(4.0 / 3 * min(4.3*float64(size), 12e6)))
	img := image.NewGray(image.Rect(0, 0, wide, wide*3/4))
	for i := range img.Pix {
		img.Pix[i] = byte(i/7 + r.IntN(40))
	}
	low, high := 1, 100
	var best []byte
	for low <= high {
		q := (low + high) / 2
		var b bytes.Buffer
		_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: q}) // to memory: cannot fail
		if b.Len() <= size {
			best, low = b.Bytes(), q+1
		} else {
			high = q - 1
		}
	}
	return best
}

// report prints medians with every share beside the floor, and fails when the
// bound is broken.
func report(w io.Writer, samples []sample) int {
	col := func(of func(sample) time.Duration) []time.Duration {
		var out []time.Duration
		for _, s := range samples {
			out = append(out, of(s))
		}
		slices.Sort(out)
		return out
	}
	line := func(name string, d []time.Duration) {
		fmt.Fprintf(w, "%-44s p50 %8.2f ms   p90 %8.2f ms   p99 %8.2f ms\n", name, ms(d[len(d)/2]), ms(d[len(d)*9/10]), ms(d[len(d)*99/100]))
	}
	landing := col(func(s sample) time.Duration { return s.landing })
	floor := col(func(s sample) time.Duration { return s.floor })
	line("PUT answered to durable in the spool", landing)
	line("  of it: the phone's \"stored\" call", col(func(s sample) time.Duration { return s.stored }))
	line("  then, until the bytes are here: GET, checksum", col(func(s sample) time.Duration { return s.fetched }))
	line("  then: write, fsync, rename, fsync of folder", col(func(s sample) time.Duration { return s.written }))
	line("floor: plain GET + fsync + rename", floor)
	line("  of it: the GET", col(func(s sample) time.Duration { return s.get }))
	ratio := ms(landing[len(landing)/2]) / ms(floor[len(floor)/2])
	fmt.Fprintf(w, "%d images; median landing is %.2f x the floor (bound %.1f x)\n", len(samples), ratio, landingBound)
	if ratio > landingBound {
		return exitFailed
	}
	return exitDone
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
