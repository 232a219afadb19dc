package phone_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/phone"
)

const practice = app.Practice("test-practice")

// bucket is a store that takes PUTs, checks nothing and says 412 to a second.
type bucket struct {
	url     string
	mu      sync.Mutex
	held    map[app.ImageID][]byte
	expires time.Duration // of the next link; 0: five minutes
	refuse  int           // PUTs to answer with 403
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	id := app.ImageID(path.Base(r.URL.Path))
	switch {
	case b.refuse > 0:
		b.refuse--
		w.WriteHeader(http.StatusForbidden)
	case b.held[id] != nil:
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		b.held[id] = body
	}
}

func (b *bucket) PresignPut(_ context.Context, _ app.SessionID, id app.ImageID, _ int64, _ app.Digest) (gateway.Upload, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	life := 5 * time.Minute
	if b.expires != 0 {
		life, b.expires = b.expires, 0
	}
	return gateway.Upload{URL: b.url + "/" + string(id), Expires: time.Now().Add(life)}, nil
}

func (b *bucket) Head(_ context.Context, _ app.SessionID, id app.ImageID) (int64, app.Digest, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sealed := b.held[id]
	if sealed == nil {
		return 0, "", app.E("head", app.KindNotFound, io.EOF)
	}
	sum := sha256.Sum256(sealed)
	return int64(len(sealed)), app.Digest(hex.EncodeToString(sum[:])), nil
}

func (b *bucket) Publish(context.Context, app.SessionID, app.Event, app.ImageID, int64) error {
	return nil
}

// rig is one open session on the fake registry behind a real gateway.
type rig struct {
	t        *testing.T
	registry apptest.FakeRegistry
	bucket   *bucket
	drawn    pairing.Secrets
	link     app.Sealed
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, bucket: &bucket{held: map[app.ImageID][]byte{}}}
	store := httptest.NewServer(r.bucket)
	t.Cleanup(store.Close)
	r.bucket.url = store.URL
	g, err := gateway.New(gateway.Config{
		For: func(app.Practice) gateway.Backend {
			return gateway.Backend{Sessions: &r.registry, Objects: r.bucket, Hints: r.bucket}
		},
		Page: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(func() { server.Close(); g.Drain() })
	if r.drawn, err = pairing.NewSecrets(); err != nil {
		t.Fatal(err)
	}
	r.open(nil)
	r.link = pairing.Link{Base: server.URL, Practice: practice, Token: r.drawn.Token,
		Recipient: r.drawn.Identity.Recipient(), Secret: r.drawn.Secret}.Build()
	return r
}

func (r *rig) open(restore *app.Row) {
	r.t.Helper()
	_, err := r.registry.Open(r.t.Context(), app.Opening{SID: r.drawn.SID, PracticeName: "Test", TokenHash: r.drawn.Token.Hash(),
		Limits: app.DefaultLimits, Restore: restore})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) row() app.Row {
	r.t.Helper()
	row, err := r.registry.Read(r.t.Context(), r.drawn.SID)
	if err != nil {
		r.t.Fatal(err)
	}
	return row
}

// land says that the workstation has everything that is stored.
func (r *rig) land() {
	r.t.Helper()
	var marks []app.Mark
	for _, m := range r.row().Images {
		marks = append(marks, app.Mark{ID: m.ID, State: app.ImageLanded, Bytes: m.Bytes, SHA256: m.SHA256})
	}
	if _, err := r.registry.Mark(r.t.Context(), r.drawn.SID, marks); err != nil {
		r.t.Fatal(err)
	}
}

// join returns a phone that has claimed, and n sealed images.
func (r *rig) join(client *http.Client, n int) (*phone.Phone, []phone.Image) {
	r.t.Helper()
	p, err := phone.New(r.link, client)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := p.Join(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	if p.SID() != r.drawn.SID || p.Practice() != practice {
		r.t.Fatalf("claimed %s of %s", p.SID(), p.Practice())
	}
	var images []phone.Image
	for range n {
		im, err := p.Seal([]byte("not a picture"), time.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		images = append(images, im)
	}
	return p, images
}

// run drives a queue until the test ends and returns how it ended.
func (r *rig) run(q *phone.Queue) <-chan error {
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(r.t.Context())
	r.t.Cleanup(cancel)
	go func() { ended <- q.Run(ctx) }()
	return ended
}

func until(t *testing.T, q *phone.Queue, s phone.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := q.Until(ctx, s); err != nil {
		t.Fatalf("never %s: %+v", s, q.Counts())
	}
}

var quick = phone.Options{FirstPoll: 5 * time.Millisecond, MaxPoll: 20 * time.Millisecond, MaxWait: 10 * time.Millisecond}

// deaf loses the first answer to every request that it has not seen before,
// after the server has acted.
type deaf struct{ seen sync.Map }

func (d *deaf) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	key := req.Method + req.URL.Path + string(body)
	if _, again := d.seen.LoadOrStore(key, true); err == nil && !again {
		_ = resp.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return resp, err
}

func TestEveryAnswerLostOnce(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{Transport: &deaf{}}, 5)
	q := phone.NewQueue(p, quick)
	r.run(q)
	q.Add(images...)
	until(t, q, phone.StateStored)
	if q.Held() != 5 {
		t.Errorf("%d images held before they landed", q.Held())
	}
	r.land()
	until(t, q, phone.StateLanded)
	if q.Held() != 0 {
		t.Errorf("%d images held after they landed", q.Held())
	}
	if row := r.row(); len(row.Images) != 5 || len(r.bucket.held) != 5 {
		t.Errorf("%d images in the registry, %d in the store", len(row.Images), len(r.bucket.held))
	}
	if c := q.Counts(); c.Repeats == 0 {
		t.Errorf("nothing was repeated: %+v", c)
	}
	for _, im := range images {
		c, err := envelope.Open(r.bucket.held[im.ID], age.Identity(r.drawn.Identity), r.drawn.SID, im.ID, r.drawn.Secret)
		if err != nil || string(c.JPEG) != "not a picture" {
			t.Errorf("%v, %q", err, c.JPEG)
		}
	}
}

func TestRefusedAndExpiredLinksAreAskedForAnew(t *testing.T) {
	r := newRig(t)
	r.bucket.refuse, r.bucket.expires = 2, time.Second // under the margin: never started on
	p, images := r.join(&http.Client{}, 2)
	q := phone.NewQueue(p, quick)
	r.run(q)
	q.Add(images...)
	until(t, q, phone.StateStored)
	if c := q.Counts(); c.Reserves < 3 || c.Puts != 4 {
		t.Errorf("%+v", c)
	}
}

func TestALostSessionIsWaitedFor(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{}, 3)
	row := r.row()
	r.registry.Lose()
	q := phone.NewQueue(p, quick)
	ended := r.run(q)
	q.Add(images...)
	for q.Counts().Repeats < 3 {
		time.Sleep(time.Millisecond)
	}
	r.open(&row)
	until(t, q, phone.StateStored)
	select {
	case err := <-ended:
		t.Fatal(err)
	default:
	}
}

// A registry may lose a claim that the workstation had not heard of: the
// session comes back unclaimed, and the phone claims it again. With another
// phone there meanwhile it does not.
func TestALostClaimIsMadeAgain(t *testing.T) {
	r := newRig(t)
	unclaimed := r.row()
	lose := func() {
		r.registry.Lose()
		r.open(&unclaimed)
	}
	p, images := r.join(&http.Client{}, 2)
	q := phone.NewQueue(p, quick)
	lose()
	ended := r.run(q)
	q.Add(images[0])
	until(t, q, phone.StateStored)

	lose()
	r.join(&http.Client{}, 0)
	q.Add(images[1])
	if err := <-ended; app.KindOf(err) != app.KindAuth {
		t.Errorf("ended with %v", err)
	}
	if q.Held() != 2 {
		t.Errorf("%d of two images held", q.Held())
	}
}

// around does something before and after every claim.
type around struct{ before, after func() }

func (a around) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/claim") {
		return http.DefaultTransport.RoundTrip(r)
	}
	a.before()
	defer a.after()
	return http.DefaultTransport.RoundTrip(r)
}

// A code that the registry does not know may be one that it has lost, once
// more, since it was asked; a code that it does not know with the session
// there is no code any more.
func TestAnUnknownCodeIsAskedForTwice(t *testing.T) {
	for _, c := range []struct {
		name string
		back int // claims before the registry has the code again; -1: never
	}{{"lost again", 2}, {"another code is shown", -1}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			unclaimed := r.row()
			elsewhere := unclaimed
			elsewhere.TokenHash = app.Digest(strings.Repeat("ab", 32))
			claims := 0
			reopen := func(row app.Row) {
				r.registry.Lose()
				r.open(&row)
			}
			p, images := r.join(&http.Client{Transport: around{
				before: func() {
					if claims++; claims > 1 && claims == c.back {
						r.registry.Lose()
					}
				},
				after: func() {
					if claims == c.back {
						reopen(unclaimed)
					}
				},
			}}, 1)
			q := phone.NewQueue(p, quick)
			if c.back < 0 {
				reopen(elsewhere)
			} else {
				reopen(unclaimed)
			}
			ended := r.run(q)
			q.Add(images...)
			if c.back > 0 {
				until(t, q, phone.StateStored)
				return
			}
			if err := <-ended; app.KindOf(err) != app.KindAuth {
				t.Errorf("ended with %v", err)
			}
			if claims != 3 || q.Held() != 1 { // its own, and twice
				t.Errorf("%d claims, %d held", claims, q.Held())
			}
		})
	}
}

func TestOneRefusedImageDoesNotStopTheOthers(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{}, 22)
	failed := make(chan string, 22)
	opt := quick
	opt.Changed = func(c phone.Change) {
		if c.State == phone.StateFailed {
			failed <- c.Code
		}
	}
	q := phone.NewQueue(p, opt)
	r.run(q)
	q.Add(images...)
	until(t, q, phone.StateStored)
	if len(r.bucket.held) != 20 || len(failed) != 2 || <-failed != "too-many-images" {
		t.Errorf("%d stored, %d failed", len(r.bucket.held), len(failed))
	}
	if q.Held() != 22 {
		t.Errorf("%d held: a refused image is not thrown away", q.Held())
	}
}

func TestTheEndOfTheSessionEndsTheQueue(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{}, 1)
	q := phone.NewQueue(p, quick)
	r.registry.Advance(app.DefaultLimits.Life + app.DefaultLimits.Drain + time.Hour)
	ended := r.run(q)
	q.Add(images...)
	if err := <-ended; app.KindOf(err) != app.KindExpired {
		t.Errorf("ended with %v", err)
	}
	if q.Held() != 1 {
		t.Error("the image is gone")
	}
	second, err := phone.New(r.link, &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Join(t.Context()); app.KindOf(err) != app.KindNotFound {
		t.Errorf("a used-up link: %v", err)
	}
}

func TestTogetherIsSaidInOneCall(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{}, 5)
	opt := quick
	opt.Together = true
	q := phone.NewQueue(p, opt)
	r.run(q)
	q.Add(images...)
	until(t, q, phone.StateStored)
	if c := q.Counts(); c.Reserves != 1 || c.Storeds != 1 || c.Puts != 5 {
		t.Errorf("%+v", c)
	}
}

func TestRetractAndDone(t *testing.T) {
	r := newRig(t)
	p, images := r.join(&http.Client{}, 1)
	if _, err := p.Reserve(t.Context(), images...); err != nil {
		t.Fatal(err)
	}
	if a, err := p.Retract(t.Context(), images[0].ID); err != nil || !a.Session.Images[0].RetractWanted {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := p.Done(t.Context()); err != nil || !r.row().PhoneDone {
		t.Errorf("done: %v", err)
	}
	if _, err := phone.New(app.Seal("https://example.nz/"), nil); app.KindOf(err) != app.KindCorrupt {
		t.Errorf("no link: %v", err)
	}
}
