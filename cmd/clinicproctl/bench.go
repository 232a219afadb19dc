package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

const benchAbout = `-json answers oneByOne (images, parts with p50, p90 and p99 each, overFloor,
bound) and atOnce (rounds, overPlain, overSynced, bound). Times are milliseconds.`

// bench runs a workstation on a real local cloud, with Go as the phone, and
// prints how long landings take beside what their floor takes in the same
// run: one photo at a time, then five hundred at once.
func bench(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flagSet("bench", stderr)
	images := flags.Int("images", 45, "photos landed one at a time, 0 for none")
	many := flags.Int("many", 500, "photos landed at once, in steps of 50; 0 for none")
	rounds := flags.Int("rounds", 5, "rounds of these, floor and landing in turn")
	size := flags.Int("size", 1_000_000, "bytes of one JPEG, about")
	asJSON := flags.Bool("json", false, "answer as JSON")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *images < 0 || *many < 0 || *rounds < 1 ||
		*size < 20_000 || *size > 12_000_000 {
		return exitUsage
	}
	dir, err := os.MkdirTemp("", "clinicpro-bench-")
	if err != nil {
		fmt.Fprintln(stderr, "No temporary folder can be made. Nothing was started.")
		return exitFailed
	}
	defer os.RemoveAll(dir)
	on, err := localServers(dir)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	defer on.stop()
	b := benchmark{dir: dir, on: on, pictures: newPictures(*size, 1)}
	var report benchReport
	if *images > 0 {
		samples, err := b.oneByOne(ctx, *images)
		if err != nil {
			fmt.Fprintln(stderr, "bench:", err)
			return exitFailed
		}
		r := landingsOf(samples)
		report.OneByOne = &r
		if !*asJSON {
			r.print(stdout)
		}
	}
	if *many > 0 {
		rounds, err := b.atOnce(ctx, *rounds, max(1, *many/perBenchSession), stderr)
		if err != nil {
			fmt.Fprintln(stderr, "bench:", err)
			return exitFailed
		}
		r := throughputOf(rounds)
		report.AtOnce = &r
		if !*asJSON {
			r.print(stdout)
		}
	}
	answer(stdout, *asJSON, report, func(io.Writer) {}) // as words each part was said when it was known
	if !report.met() {
		return exitFailed
	}
	return exitDone
}

// benchReport is what bench -json answers. Times are milliseconds.
type benchReport struct {
	OneByOne *landingReport    `json:"oneByOne,omitempty"`
	AtOnce   *throughputReport `json:"atOnce,omitempty"`
}

// met reports that no bound was broken.
func (r benchReport) met() bool {
	return (r.OneByOne == nil || r.OneByOne.OverFloor <= r.OneByOne.Bound) && (r.AtOnce == nil || r.AtOnce.OverPlain <= r.AtOnce.Bound)
}

// benchmark is what both measurements share.
type benchmark struct {
	dir      string
	on       *servers
	pictures *pictures
}

// station is a workstation whose parts note when an image passes them.
func (b benchmark) station(name string, marks *stamps) (*station, error) {
	sim := simulation{workstations: 1, phones: 1, images: 20}
	st, err := newStation(sim, 0, filepath.Join(b.dir, name), b.on, newLedger(1, b.on), b.pictures, newDarkroom())
	if err != nil {
		return nil, err
	}
	st.wrap = func(p app.Ports) app.Ports {
		st.spool.Trace(func(id app.ImageID, at diskspool.Stage) { marks.mark(id, string(at)) })
		p.Feed, p.Objects, p.Spool = tracedFeed{p.Feed, marks}, tracedObjects{p.Objects, marks}, tracedSpool{p.Spool, marks}
		return p
	}
	st.halt()
	return st, st.start()
}

// store opens the bench's own local cloud with the workstation's key.
func (b benchmark) store() (*s3objects.Objects, error) {
	cfg := b.on.cloud.S3
	cfg.Practice = b.on.cloud.Practice
	return s3objects.New(cfg)
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

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
