package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/s3objects"
	"github.com/clinicpro-nz/images/sync/workstation"
)

// landingBound is the first issue's: median landing over median floor.
const landingBound = 3.0

// landingPatience is how long one image may take here.
const landingPatience = 20 * time.Second

// landingSample is one image's times.
type landingSample struct {
	landing time.Duration // PUT answered to durable in the spool
	call    time.Duration // the phone's "stored" call, beside what follows
	hint    time.Duration // PUT answered to the hint heard
	ask     time.Duration // to the GET
	get     time.Duration // the GET, hashed as it arrives
	write   time.Duration // write and fsync
	name    time.Duration // rename and fsync of the folder: durable
	index   time.Duration // after that: to the commit of the index
	floor   time.Duration // plain GET + fsync + rename + fsync of the folder, of the same bytes
	plain   time.Duration // of the floor: the GET
	hash    time.Duration // SHA-256 of the same bytes, by itself
}

// oneByOne lands images one at a time; each is examined before the next, so
// that nothing competes with the next one's floor.
func (b benchmark) oneByOne(ctx context.Context, images int) ([]landingSample, error) {
	const perSession, warm = 9, 3
	marks := newStamps()
	st, err := b.station("one", marks)
	if err != nil {
		return nil, err
	}
	defer st.close()
	store, err := b.store()
	if err != nil {
		return nil, err
	}
	var out []landingSample
	for n := 0; n < images+warm; {
		start, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson"), Source: "form"}, "Bench", app.Asks{}, 0)
		if err != nil {
			return nil, err
		}
		st.engine.Send(start)
		ph, err := st.pair(ctx, start.SID)
		if err != nil {
			return nil, err
		}
		if _, err := st.await(ctx, start.SID, func(s app.Session) bool { return s.FeedHealthy && s.Row.State == app.SessionPaired }); err != nil {
			return nil, err
		}
		for range min(perSession, images+warm-n) {
			s, err := b.oneLanding(ctx, st, ph, store, marks)
			if err != nil {
				return nil, err
			}
			if n++; n > warm { // the first few warm every connection
				out = append(out, s)
			}
		}
	}
	return out, nil
}

func (b benchmark) oneLanding(ctx context.Context, st *station, ph *phone.Phone, store *s3objects.Objects, marks *stamps) (landingSample, error) {
	var s landingSample
	image, err := ph.Seal(b.pictures.next(), time.Now())
	if err != nil {
		return s, err
	}
	twin, err := ph.Seal(b.pictures.next(), time.Now())
	if err != nil {
		return s, err
	}
	answer, err := ph.Reserve(ctx, image, twin)
	if err != nil {
		return s, err
	}
	if len(answer.Uploads) != 2 {
		return s, errors.New("the gateway gave no upload links")
	}
	// The floor first: an object nobody is told of, fetched and kept by the
	// plainest code.
	if err := ph.Place(ctx, answer.Uploads[1], twin.Sealed); err != nil {
		return s, err
	}
	if s.floor, s.plain, err = plainLanding(ctx, store, ph.SID(), twin.ID, b.dir); err != nil {
		return s, err
	}
	if err := store.Delete(ctx, ph.SID(), twin.ID); err != nil {
		return s, err
	}
	began := time.Now()
	sha256.Sum256(image.Sealed)
	s.hash = time.Since(began)

	if err := ph.Place(ctx, answer.Uploads[0], image.Sealed); err != nil {
		return s, err
	}
	indexed := marks.expect(stageIndex, 1)
	answered := time.Now()
	if _, err := ph.Stored(ctx, []app.ImageID{image.ID}); err != nil {
		return s, err
	}
	s.call = time.Since(answered)
	if _, err := indexed.within(ctx, landingPatience); err != nil {
		return s, err
	}
	at := marks.of(image.ID)
	last := answered
	for _, step := range []struct {
		stage string
		took  *time.Duration
	}{{stageHint, &s.hint}, {stageAsked, &s.ask}, {stageGot, &s.get}, {string(diskspool.StageSynced), &s.write},
		{string(diskspool.StageNamed), &s.name}, {stageIndex, &s.index}} {
		*step.took = at[step.stage].Sub(last)
		last = at[step.stage]
	}
	s.landing = at[string(diskspool.StageNamed)].Sub(answered)
	_, err = st.await(ctx, ph.SID(), func(s app.Session) bool { return s.Images[image.ID].Shown })
	return s, err
}

// plainLanding is the floor: GET, write, fsync, rename, fsync of the folder.
func plainLanding(ctx context.Context, store *s3objects.Objects, sid app.SessionID, id app.ImageID, dir string) (whole, get time.Duration, err error) {
	start := time.Now()
	sealed, _, err := store.Get(ctx, sid, id, make([]byte, 2<<20))
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

// landingReport is how long landings took, part by part, beside the floor.
type landingReport struct {
	Images    int          `json:"images"`
	Parts     []partReport `json:"parts"`
	OverFloor float64      `json:"overFloor"` // median landing over median floor
	Bound     float64      `json:"bound"`
}

type partReport struct {
	Part  string  `json:"part"`
	Label string  `json:"-"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
}

// landingsOf takes medians and their like.
func landingsOf(samples []landingSample) landingReport {
	r := landingReport{Images: len(samples), Bound: landingBound}
	part := func(name, label string, of func(landingSample) time.Duration) float64 {
		var d []time.Duration
		for _, s := range samples {
			d = append(d, of(s))
		}
		slices.Sort(d)
		p := partReport{name, label, ms(d[len(d)/2]), ms(d[len(d)*9/10]), ms(d[len(d)*99/100])}
		r.Parts = append(r.Parts, p)
		return p.P50
	}
	landing := part("landing", "PUT answered to durable in the spool", func(s landingSample) time.Duration { return s.landing })
	part("hint", "  to the hint heard (HEAD, Redis, publish, deliver)", func(s landingSample) time.Duration { return s.hint })
	part("ask", "  to the GET asked for", func(s landingSample) time.Duration { return s.ask })
	part("get", "  the GET, hashed as it arrives", func(s landingSample) time.Duration { return s.get })
	part("hash", "    (SHA-256 of the same bytes by itself)", func(s landingSample) time.Duration { return s.hash })
	part("write", "  write and fsync", func(s landingSample) time.Duration { return s.write })
	part("name", "  rename and fsync of the folder", func(s landingSample) time.Duration { return s.name })
	part("index", "after that: index committed", func(s landingSample) time.Duration { return s.index })
	part("call", "beside it: the phone's \"stored\" call", func(s landingSample) time.Duration { return s.call })
	floor := part("floor", "floor: plain GET + fsync + rename", func(s landingSample) time.Duration { return s.floor })
	part("floorGet", "  of it: the GET", func(s landingSample) time.Duration { return s.plain })
	r.OverFloor = landing / floor
	return r
}

// print says each part with its share of the whole, and the floor.
func (r landingReport) print(w io.Writer) {
	for _, p := range r.Parts {
		fmt.Fprintf(w, "%-52s p50 %7.2f ms %4.0f %%   p90 %7.2f ms   p99 %7.2f ms\n", p.Label, p.P50, 100*p.P50/r.Parts[0].P50, p.P90, p.P99)
	}
	fmt.Fprintf(w, "%d images; median landing is %.2f x the floor (bound %.1f x)\n", r.Images, r.OverFloor, r.Bound)
}
