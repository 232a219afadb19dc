package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

const practice = app.Practice("test-practice")

// room is a darkroom whose pictures are text: "bad…" cannot be opened.
type room struct{}

func (room) Examine(_ context.Context, _ app.Session, _ app.ImageID, sealed []byte) (app.Examined, error) {
	if strings.HasPrefix(string(sealed), "bad") {
		return app.Examined{Reason: app.ReasonForeign}, nil
	}
	return app.Examined{Width: 4, Height: 3}, nil
}

// Amendment reads what the tests seal: a caption in the clear, unless it is bad.
func (room) Amendment(_ app.Session, a app.Amendment) (app.Details, error) {
	if strings.HasPrefix(string(a.Sealed), "bad") {
		return app.Details{}, app.E("open amendment", app.KindCorrupt, nil)
	}
	return app.Details{Caption: app.Seal(string(a.Sealed))}, nil
}

func (room) Prepare(_ context.Context, _ app.Session, id app.ImageID, n int, sealed []byte) (app.DeliveryItem, error) {
	return app.DeliveryItem{Image: id, Name: app.Seal(fmt.Sprintf("photo_%d.jpg", n)), JPEG: sealed, SHA256: sum(sealed)}, nil
}

func sum(b []byte) app.Digest {
	s := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(s[:]))
}

// world is an engine on fakes, and the phone's side of them.
type world struct {
	t        *testing.T
	registry *apptest.FakeRegistry
	bucket   *apptest.FakeBucket
	feed     *apptest.FakeFeed
	spool    *apptest.FakeSpool
	sink     *apptest.FakeSink
	placed   *placed // in its stead
	audit    *apptest.FakeAudit
	engine   *app.Engine
	stop     func()
	states   <-chan app.State
	sid      app.SessionID
	token    app.Token
	phone    app.Digest
	more     []app.Sink // besides sink
	record   app.RecordRef
}

func newWorld(t *testing.T) *world { return newWorldOn(t, nil) }

// newWorldOn is a world with a sink of a place, nil: of none, and more besides.
func newWorldOn(t *testing.T, to *placed, more ...app.Sink) *world {
	t.Helper()
	w := &world{t: t, placed: to, more: more, registry: &apptest.FakeRegistry{}, bucket: &apptest.FakeBucket{}, feed: &apptest.FakeFeed{},
		spool: &apptest.FakeSpool{}, sink: &apptest.FakeSink{}, audit: &apptest.FakeAudit{}, sid: app.NewSessionID(), token: app.NewToken(), phone: sum([]byte("phone"))}
	if to != nil {
		w.sink = to.FakeSink
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) start() {
	ctx, cancel := context.WithCancel(w.t.Context())
	sinks := []app.Sink{w.sink}
	if w.placed != nil {
		sinks = []app.Sink{w.placed}
	}
	w.engine = app.NewEngine(app.Ports{Registry: w.registry, Amendments: w.registry, Objects: w.bucket.For(practice), Feed: w.feed, Spool: w.spool,
		Sinks: append(sinks, w.more...), Audit: w.audit, Darkroom: room{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	done := make(chan error, 1)
	go func() { done <- w.engine.Run(ctx) }()
	w.states = w.engine.Watch(ctx)
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the engine ended with %v", err)
		}
		w.stop = func() {}
	}
}

func (w *world) begin() {
	w.t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	if err != nil {
		w.t.Fatal(err)
	}
	w.send(app.Start{Patient: app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi}, Record: w.record, PracticeName: "Test Practice",
		Secrets: app.Secrets{Token: w.token}, Code: w.token.Hash(), Limits: app.DefaultLimits})
	w.until("live", func(s app.Session) bool { return s.Stage == app.StageLive && s.FeedHealthy })
	row, err := w.registry.Claim(w.t.Context(), w.token.Hash(), w.phone, app.KeepOffer{})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.feed.Publish(w.t.Context(), w.sid, app.EventPhonePaired, "", row.Seq); err != nil {
		w.t.Fatal(err)
	}
	w.until("paired", func(s app.Session) bool { return s.Row.PhoneHash == w.phone })
}

func (w *world) send(what app.What) { w.engine.Send(app.Input{SID: w.sid, What: what}) }

// until waits for the session to be as wanted.
func (w *world) until(what string, ok func(app.Session) bool) app.Session {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	var last app.State
	for {
		select {
		case st, open := <-w.states:
			if !open {
				w.t.Fatalf("the engine ended before it was %s", what)
			}
			last = st
			if s, there := st.Sessions[w.sid]; there && ok(s) {
				return s
			}
		case <-deadline:
			w.t.Fatalf("never %s; the session is %+v", what, last.Sessions[w.sid])
		}
	}
}

func image(n int) app.ImageID {
	return app.ImageID(fmt.Sprintf("01900000-0000-7000-8000-%012d", n))
}

// store does what phone and gateway do for one image.
func (w *world) store(n int, sealed string) {
	w.t.Helper()
	ctx, id := w.t.Context(), image(n)
	row := app.RowImage{ID: id, Bytes: int64(len(sealed)), SHA256: sum([]byte(sealed))}
	if _, err := w.registry.Reserve(ctx, w.sid, w.phone, []app.RowImage{row}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.bucket.For(practice).Put(ctx, w.sid, id, []byte(sealed)); err != nil {
		w.t.Fatal(err)
	}
	after, err := w.registry.Stored(ctx, w.sid, w.phone, []app.RowImage{row}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.feed.Publish(ctx, w.sid, app.EventImageStored, id, after.Seq); err != nil {
		w.t.Fatal(err)
	}
}

func states(s app.Session, want app.ImageState) int {
	n := 0
	for _, im := range s.Images {
		if im.State == want {
			n++
		}
	}
	return n
}

func ready(n int) func(app.Session) bool {
	return func(s app.Session) bool {
		can := 0
		for _, im := range s.Images {
			if im.CanFile() {
				can++
			}
		}
		return can == n
	}
}

func (w *world) emptyBucket() {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list, err := w.bucket.For(practice).List(w.t.Context(), w.sid)
		if err == nil && len(list) == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the bucket holds %d objects, %v", len(list), err)
		}
	}
}

func TestASessionFromCodeToFolder(t *testing.T) {
	w := newWorld(t)
	w.begin()
	for n := range 3 {
		w.store(n, fmt.Sprint("picture ", n))
	}
	w.until("ready to file", ready(3))
	w.emptyBucket()
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 3 })
	if n := len(w.sink.Filed()); n != 3 {
		t.Fatalf("the folder holds %d files", n)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		row, err := w.registry.Read(t.Context(), w.sid)
		if err != nil {
			t.Fatal(err)
		}
		if row.Images[0].State == app.ImageFiled && row.Images[0].Sinks[0] == w.sink.Name() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the phone still reads %+v", row.Images)
		}
	}
}

func TestAPoisonedImageBlocksNoOther(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "bad seal")
	w.store(2, "picture")
	s := w.until("one ready, one quarantined", func(s app.Session) bool {
		return states(s, app.ImageQuarantined) == 1 && ready(1)(s)
	})
	if s.Images[image(1)].Reason != app.ReasonForeign {
		t.Fatalf("the reason is %q", s.Images[image(1)].Reason)
	}
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("the other filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 1 })
	if got := w.sink.Filed(); len(got) != 1 || string(got[0]) != "picture" {
		t.Fatalf("filed %q", got)
	}
}

func TestTheRegistryIsLostInTheMiddle(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "first")
	w.until("first ready", ready(1))
	w.registry.Lose()
	if err := w.bucket.For(practice).Put(t.Context(), w.sid, image(2), []byte("second")); err != nil {
		t.Fatal(err) // stored, and its "stored" call answered session-missing
	}
	if err := w.feed.Publish(t.Context(), w.sid, app.EventPhonePaired, "", time.Now().Unix()); err != nil {
		t.Fatal(err)
	}
	w.until("both ready", ready(2))
	w.until("told", func(s app.Session) bool {
		return len(s.Row.Images) == 2 && s.Row.Images[0].State == app.ImageLanded && s.Row.Images[1].State == app.ImageLanded
	})
	if row, err := w.registry.Status(t.Context(), w.sid, w.phone); err != nil || len(row.Images) != 2 {
		t.Fatalf("the same phone reads %+v, %v", row, err)
	}
}

func TestWhatIsDownIsSaidAndRecovers(t *testing.T) {
	offline := app.E("test", app.KindOffline, errors.New("down"))
	for name, c := range map[string]struct {
		area app.Area
		fail func(w *world, err error)
	}{
		"objects": {app.AreaObjects, func(w *world, err error) { w.bucket.Fail(err) }},
		"spool": {app.AreaSpool, func(w *world, err error) {
			if err != nil {
				err = app.E("test", app.KindFull, errors.New("no space"))
			}
			w.spool.Break(err)
		}},
		"registry": {app.AreaRegistry, func(w *world, err error) { w.registry.Fail(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.begin()
			if c.area == app.AreaObjects {
				w.bucket.Fail(nil)
			}
			w.store(1, "before")
			w.until("ready", ready(1))
			w.emptyBucket()
			if c.area != app.AreaSpool { // the phone, too, is refused by what is down: only the agent's side is tried
				c.fail(w, offline)
				w.send(app.Refresh{})
				w.send(app.Heard{Signal: app.Signal{Healthy: true, Event: app.EventImageStored, Image: image(7)}})
			} else {
				c.fail(w, offline)
				w.store(2, "while full")
			}
			deadline := time.After(15 * time.Second)
			for told := false; !told; {
				select {
				case st := <-w.states:
					told = st.Trouble[c.area] != ""
				case <-deadline:
					t.Fatal("nobody is told")
				}
			}
			c.fail(w, nil)
			w.store(3, "after")
			w.until("everything ready", func(s app.Session) bool {
				im := s.Images[image(3)]
				return im.CanFile() && (c.area != app.AreaSpool || ready(3)(s))
			})
			w.emptyBucket()
		})
	}
}

func TestRestartedInTheMiddleNothingIsFiledTwice(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "one")
	w.store(2, "two")
	w.until("ready", ready(2))
	w.stop()
	w.start()
	w.until("ready again", ready(2))
	w.sink.Fail(app.E("folder", app.KindNotFound, errors.New("away")))
	w.send(app.File{Delivery: string(app.NewSessionID())})
	s := w.until("told why", func(s app.Session) bool { return s.Images[image(1)].FileKind == app.KindNotFound })
	if states(s, app.ImageLanded) != 2 {
		t.Fatalf("after a failed hand-over: %+v", s.Images)
	}
	w.stop()
	w.sink.Fail(nil)
	w.start()
	// Stopped before the failure was written, it takes up the hand-over by
	// itself, of those images whose failure was not.
	filed := func(s app.Session) bool { return states(s, app.ImageFiled) == 2 }
	settled := func(s app.Session) bool { return ready(2 - states(s, app.ImageFiled))(s) }
	if !filed(w.until("settled", settled)) {
		w.send(app.File{Delivery: string(app.NewSessionID())})
	}
	w.until("filed", filed)
	w.stop()
	w.start()
	w.until("still filed", filed)
	if n := len(w.sink.Filed()); n != 2 {
		t.Fatalf("%d files for two pictures", n)
	}
}

func TestTenThousandHintsAreOneLook(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.store(1, "one")
	for range 10_000 {
		w.send(app.Heard{Signal: app.Signal{Healthy: true, Event: app.EventImageStored, Image: image(1)}})
	}
	w.until("ready", ready(1))
}

func TestWithTheRegistryDownAtTheStartTheSessionOpensLater(t *testing.T) {
	w := newWorld(t)
	w.registry.Fail(app.E("test", app.KindOffline, errors.New("down")))
	go func() {
		for st := range w.engine.Watch(t.Context()) {
			if st.Trouble[app.AreaRegistry] == app.KindOffline {
				w.registry.Fail(nil)
				return
			}
		}
	}()
	w.begin()
	w.store(1, "one")
	w.until("ready", ready(1))
}

func TestWithoutRealtimeTheTimerFindsTheImage(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.feed.SetHealthy(false)
	w.until("polling", func(s app.Session) bool { return !s.FeedHealthy })
	w.store(1, "one") // its hint goes nowhere
	w.until("ready", ready(1))
	if w.until("ready", ready(1)).FeedHealthy {
		t.Fatal("realtime came back: this test proves nothing")
	}
}

// A delivery larger than what a sink may hold at once goes in parts, under one
// name, and the audit trail has every line.
func TestALargeDeliveryGoesInParts(t *testing.T) {
	w := newWorld(t)
	w.begin()
	big := strings.Repeat("x", 12<<20)
	for n := range 4 {
		w.store(n, fmt.Sprint(n, big))
	}
	w.until("ready to file", ready(4))
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 4 })
	if n := len(w.sink.Filed()); n != 4 {
		t.Fatalf("%d pictures in the folder", n)
	}
}

func (w *world) noted() []app.AuditEvent {
	var out []app.AuditEvent
	for _, e := range w.audit.Noted() {
		out = append(out, e.Event)
	}
	return out
}

// Without its line in the audit trail nothing becomes durable: not in the
// index, so not in the registry, and the object stays in the bucket.
func TestNothingIsDurableThatTheTrailDoesNotHold(t *testing.T) {
	w := newWorld(t)
	w.begin()
	for deadline := time.Now().Add(5 * time.Second); !slices.Contains(w.noted(), app.AuditPaired); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("noted %v", w.noted())
		}
	}
	w.audit.Fail(app.E("test", app.KindFull, errors.New("no space")))
	w.store(1, "one")
	w.until("landed in memory", func(s app.Session) bool { return states(s, app.ImageLanded) == 1 })
	if row, err := w.registry.Read(t.Context(), w.sid); err != nil || row.Images[0].State != app.ImageStored {
		t.Fatalf("the registry holds %+v, %v", row.Images, err)
	}
	w.audit.Fail(nil)
	w.until("ready", ready(1))
	w.emptyBucket()
	w.send(app.File{Delivery: string(app.NewSessionID())})
	w.until("filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 1 })
	want := []app.AuditEvent{app.AuditOpened, app.AuditPaired, app.AuditLanded, app.AuditIntent, app.AuditFiled}
	for deadline := time.Now().Add(5 * time.Second); !slices.Equal(w.noted(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("noted %v, want %v", w.noted(), want)
		}
	}
	w.stop()
	w.start()
	w.until("still filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 1 })
	if got := w.noted(); !slices.Equal(got, want) {
		t.Fatalf("after a restart %v is noted", got)
	}
}

// slowSink lets its pictures through one by one, as the test says.
type slowSink struct {
	*apptest.FakeSink
	next chan struct{}
}

func (s slowSink) Name() string { return "slow" }

func (s slowSink) Deliver(ctx context.Context, d app.Delivery) ([]app.Receipt, error) {
	for _, item := range d.Items {
		select {
		case <-s.next:
			d.Passed(item.Image)
		case <-ctx.Done():
		}
	}
	return s.FakeSink.Deliver(ctx, d)
}

// A filing is seen on its way: each picture that reaches the sink shows, while
// none is filed yet.
func TestAFilingIsSeenOnItsWay(t *testing.T) {
	slow := slowSink{&apptest.FakeSink{}, make(chan struct{})}
	w := newWorldOn(t, nil, slow)
	w.begin()
	for n := range 3 {
		w.store(n, fmt.Sprint("photo ", n))
	}
	w.until("three photos", ready(3))
	far := func(s app.Session) (made, passed int) {
		for _, im := range s.Images {
			for _, h := range im.Handovers {
				if h.Ready {
					made++
				}
				if h.Passed {
					passed++
				}
			}
		}
		return made, passed
	}
	w.send(app.File{Delivery: string(app.NewSessionID()), Sinks: []string{"slow"}})
	for n := range 3 {
		s := w.until(fmt.Sprintf("%d photos at the sink", n), func(s app.Session) bool {
			made, passed := far(s)
			return made == 3 && passed == n
		})
		if states(s, app.ImageFiled) != 0 {
			t.Fatal("filed without a receipt")
		}
		slow.next <- struct{}{}
	}
	s := w.until("three photos filed", func(s app.Session) bool { return states(s, app.ImageFiled) == 3 })
	if made, passed := far(s); made+passed != 0 {
		t.Errorf("nothing runs, and %d, %d are on their way", made, passed)
	}
}
