package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/workstation"
)

const (
	// throughputBound is the third issue's: landing over plain copying.
	throughputBound = 1.3
	perBenchSession = 50 // the most a session can be set to hold
	copiesAtOnce    = 8
	syncsAtOnce     = 24 // a disk does best with many waiting: of 8 to 64 no number was quicker
)

// throughputRound is one round's times, of the same objects: copied plainly,
// copied with fsync, written to the disk from memory with nothing to fetch,
// and landed.
type throughputRound struct {
	images                       int
	bytes                        int64
	plain, synced, disk, landing time.Duration
}

// quickDarkroom finds every picture good at once: opening pictures follows
// landing, and is none of it.
type quickDarkroom struct{ app.Darkroom }

// Examine implements app.Darkroom.
func (quickDarkroom) Examine(context.Context, app.Session, app.ImageID, []byte) (app.Examined, error) {
	return app.Examined{Width: 1, Height: 1}, nil
}

// atOnce measures rounds: images are stored while the workstation is off, then
// copied plainly, then landed by a workstation that starts.
func (b benchmark) atOnce(ctx context.Context, rounds, sessions int, stderr io.Writer) ([]throughputRound, error) {
	var out []throughputRound
	for n := range rounds + 1 {
		r, err := b.round(ctx, n, sessions)
		if err != nil {
			return nil, err
		}
		if n > 0 { // the first warms the servers
			out = append(out, r)
		}
		fmt.Fprintf(stderr, "\rround %d of %d\033[K", n, rounds)
	}
	fmt.Fprintln(stderr)
	return out, nil
}

func (b benchmark) round(ctx context.Context, n, sessions int) (r throughputRound, err error) {
	marks := newStamps()
	st, err := b.station(fmt.Sprintf("many-%d", n), marks)
	if err != nil {
		return r, err
	}
	copies, err := os.MkdirTemp(b.dir, "plain-")
	if err != nil {
		st.close()
		return r, err
	}
	// Nothing is removed before the round's end: making files just after many
	// were removed is dear, and whoever came last would pay for it.
	defer func() {
		st.close()
		err = errors.Join(err, os.RemoveAll(st.dir), os.RemoveAll(copies))
	}()
	inner := st.wrap
	st.wrap = func(p app.Ports) app.Ports {
		p.Darkroom = quickDarkroom{p.Darkroom}
		return inner(p)
	}
	full, err := b.fill(ctx, st, sessions)
	if err != nil {
		return r, err
	}
	r.images = sessions * perBenchSession
	for _, s := range full {
		for _, im := range s.images {
			r.bytes += int64(len(im.Sealed))
		}
	}
	if r.plain, err = b.copyPlainly(ctx, full, filepath.Join(copies, "plain"), copiesAtOnce, false); err != nil {
		return r, err
	}
	if r.synced, err = b.copyPlainly(ctx, full, filepath.Join(copies, "synced"), syncsAtOnce, true); err != nil {
		return r, err
	}
	if r.disk, err = writeOnly(full, filepath.Join(copies, "disk")); err != nil {
		return r, err
	}
	indexed := marks.expect(stageIndex, r.images)
	began := time.Now()
	if err := st.start(); err != nil {
		return r, err
	}
	last, err := indexed.within(ctx, 5*time.Minute)
	r.landing = last.Sub(began)
	return r, err
}

// filled is a session whose images are in the store, with nobody to land them.
type filled struct {
	sid    app.SessionID
	phone  *phone.Phone
	images []phone.Image
}

// fill opens sessions and has a phone reserve, then stops the workstation and
// has the phones send.
func (b benchmark) fill(ctx context.Context, st *station, sessions int) ([]filled, error) {
	var all []filled
	links := map[app.ImageID]phone.Upload{}
	for range sessions {
		in, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson"), Source: "form"}, "Bench", app.Asks{}, 0)
		if err != nil {
			return nil, err
		}
		start := in.What.(app.Start)
		start.Limits.MaxImages = perBenchSession
		in.What = start
		st.engine.Send(in)
		f := filled{sid: in.SID}
		if f.phone, err = st.pair(ctx, in.SID); err != nil {
			return nil, err
		}
		for range perBenchSession {
			im, err := f.phone.Seal(b.pictures.next(), time.Now())
			if err != nil {
				return nil, err
			}
			f.images = append(f.images, im)
		}
		for some := range slices.Chunk(f.images, 20) {
			a, err := f.phone.Reserve(ctx, some...)
			if err != nil {
				return nil, err
			}
			for _, u := range a.Uploads {
				links[u.ID] = u
			}
		}
		all = append(all, f)
	}
	st.halt()
	for _, f := range all {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(copiesAtOnce)
		for _, im := range f.images {
			group.Go(func() error { return f.phone.Put(ctx, links[im.ID], im.Sealed) })
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
	}
	return all, sayStored(ctx, all)
}

func sayStored(ctx context.Context, all []filled) error {
	for _, f := range all {
		for some := range slices.Chunk(f.images, 20) {
			var ids []app.ImageID
			for _, im := range some {
				ids = append(ids, im.ID)
			}
			if _, err := f.phone.Stored(ctx, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyPlainly is the plainest concurrent copy: GetObject into a file, no
// checksum. Without sync nothing need have reached the disk when it returns;
// with it every file has, which is the least that any landing must wait for.
// What is left for the disk to do is done, and not counted, before it returns.
func (b benchmark) copyPlainly(ctx context.Context, all []filled, dir string, atOnce int, sync bool) (time.Duration, error) {
	cfg := b.on.cloud.S3
	client := s3.New(s3.Options{Region: cfg.Region, BaseEndpoint: &cfg.Endpoint, UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey.Reveal(), ""),
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired})
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, f := range all {
		for _, im := range f.images {
			key := "temp/" + string(b.on.cloud.Practice) + "/" + string(f.sid) + "/" + string(im.ID) + ".age"
			group.Go(func() error { return copyObject(ctx, client, cfg.Bucket, key, filepath.Join(dir, string(im.ID)), sync) })
		}
	}
	err := group.Wait()
	took := time.Since(began)
	return took, errors.Join(err, syncFiles(dir))
}

// writeOnly is what the disk alone takes for the same bytes, each file synced.
func writeOnly(all []filled, dir string) (time.Duration, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(syncsAtOnce)
	for _, f := range all {
		for _, im := range f.images {
			group.Go(func() error { return durable.WriteFile(filepath.Join(dir, string(im.ID)), im.Sealed) })
		}
	}
	err := group.Wait()
	return time.Since(began), err
}

func syncFiles(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range files {
		f, err := os.OpenFile(filepath.Join(dir, entry.Name()), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func copyObject(ctx context.Context, client *s3.Client, bucket, key, path string, sync bool) error {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, out.Body)
	if sync && err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// throughputReport is every round, and the medians of their ratios.
type throughputReport struct {
	Rounds     []roundReport `json:"rounds"`
	OverPlain  float64       `json:"overPlain"`
	OverSynced float64       `json:"overSynced"`
	Syncing    float64       `json:"syncing"` // plain copying with fsync over without
	Bound      float64       `json:"bound"`   // of overPlain
}

type roundReport struct {
	Images     int     `json:"images"`
	Bytes      int64   `json:"bytes"`
	Plain      float64 `json:"plain"`
	Synced     float64 `json:"synced"`
	Disk       float64 `json:"disk"`
	Landing    float64 `json:"landing"`
	OverPlain  float64 `json:"overPlain"`
	OverSynced float64 `json:"overSynced"`
}

func throughputOf(rounds []throughputRound) throughputReport {
	out := throughputReport{Rounds: []roundReport{}, Bound: throughputBound}
	var overPlain, overSynced, syncing []float64
	for _, r := range rounds {
		round := roundReport{r.images, r.bytes, ms(r.plain), ms(r.synced), ms(r.disk), ms(r.landing), r.landing.Seconds() / r.plain.Seconds(), r.landing.Seconds() / r.synced.Seconds()}
		out.Rounds = append(out.Rounds, round)
		overPlain, overSynced = append(overPlain, round.OverPlain), append(overSynced, round.OverSynced)
		syncing = append(syncing, r.synced.Seconds()/r.plain.Seconds())
	}
	median := func(ratios []float64) float64 {
		slices.Sort(ratios)
		return ratios[len(ratios)/2]
	}
	out.OverPlain, out.OverSynced, out.Syncing = median(overPlain), median(overSynced), median(syncing)
	return out
}

func (r throughputReport) print(w io.Writer) {
	for i, round := range r.Rounds {
		line := func(ms float64) string {
			return fmt.Sprintf("%5.0f ms (%4.0f MB/s)", ms, float64(round.Bytes)/1e3/ms)
		}
		fmt.Fprintf(w, "round %d, %d images, %d MB: plain GetObject to file %s; with fsync %s; the disk alone %s; verified, synced, indexed %s; %.2f x, %.2f x\n",
			i+1, round.Images, round.Bytes/1e6, line(round.Plain), line(round.Synced), line(round.Disk), line(round.Landing), round.OverPlain, round.OverSynced)
	}
	fmt.Fprintf(w, "landing takes %.2f x plain copying (bound %.1f x), which with fsync takes %.2f x itself, and %.2f x that, medians of %d rounds\n",
		r.OverPlain, r.Bound, r.Syncing, r.OverSynced, len(r.Rounds))
}
