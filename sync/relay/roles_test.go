package relay_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/alex"
	"github.com/clinicpro-nz/images/sync/alex/alextest"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/relay"
)

// roleVar makes the test's own program play a process that is killed.
const roleVar = "CLINICPRO_TEST_ROLE"

// roles is what a process is told, as JSON in its first argument.
type roles struct {
	ALEX, Relay, Redis    string // host:port
	Dir                   string // of the process
	Keys                  string // the relay's file
	Key                   string // the workstation's
	Identity              string // age
	Deliveries            int
	Options               alextest.Options
	Settle, Patience, Due time.Duration
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVar)
	if role == "" {
		os.Exit(m.Run())
	}
	var r roles
	err := json.Unmarshal([]byte(os.Args[1]), &r)
	if err == nil {
		err = map[string]func() error{"alex": r.alex, "relay": r.relay, "agent": r.agent}[role]()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		os.Exit(1)
	}
}

func (r roles) alex() error {
	r.Options.Faults.Seed = uint64(time.Now().UnixNano()) // another course after every kill
	a, err := alextest.New(r.Options)
	if err != nil {
		return err
	}
	return serve(r.ALEX, a)
}

// serve waits for the port of the process that was killed before.
func serve(addr string, h http.Handler) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
			return server.Serve(l)
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

func (r roles) relay() error {
	registry, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://" + r.Redis)})
	if err != nil {
		return err
	}
	client, err := alex.New(alex.Config{Base: "http://" + r.ALEX + "/FHIR", TokenURL: "http://" + r.ALEX + "/token",
		ClientID: alextest.ClientID, ClientSecret: app.Seal(alextest.ClientSecret),
		Settle: r.Settle, Patience: r.Patience, Timeout: r.Due, Rest: 300 * time.Millisecond})
	if err != nil {
		return err
	}
	h, err := relay.New(relay.Config{Record: client, Base: "http://" + r.ALEX + "/FHIR", KeysFile: r.Keys, Log: slog.New(slog.DiscardHandler),
		Cache: func(p app.Practice) relay.Cache { return registry.ForPractice(p).Memory() }})
	if err != nil {
		return err
	}
	return serve(r.Relay, h)
}

// ledger is what the agent has come to, by session.
type ledger map[app.SessionID]entry

type entry struct {
	State    app.ImageState
	Delivery string
	Place    string
	Stage    app.Stage
	Hand     string // how the hand-over stands
}

// agent is a workstation's engine on a spool of its own, that files one
// picture after another until it has begun r.Deliveries of them. What it has
// come to is in ledger.json.
func (r roles) agent() error {
	identity, err := age.ParseX25519Identity(r.Identity)
	if err != nil {
		return err
	}
	var spool *diskspool.Spool
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		spool, err = diskspool.Open(filepath.Join(r.Dir, "spool"), diskspool.Keys{Identity: identity}, slog.New(slog.DiscardHandler))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return err
		}
	}
	remote, err := alex.NewRemote("http://"+r.Relay, app.Seal(r.Key))
	if err != nil {
		return err
	}
	registry, bucket, feed := &apptest.FakeRegistry{}, &apptest.FakeBucket{}, &apptest.FakeFeed{}
	engine := app.NewEngine(app.Ports{Registry: registry, Amendments: registry, Kept: registry, Objects: bucket.For(practiceA), Feed: feed, Spool: spool,
		Sinks:    []app.Sink{alex.NewMedia(remote, alex.Options{})},
		Darkroom: room{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx := context.Background()
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	begun := map[app.SessionID]bool{}
	filed := map[app.SessionID]bool{}
	next := time.NewTicker(40 * time.Millisecond)
	defer next.Stop()
	var st app.State
	states := engine.Watch(ctx)
	for {
		select {
		case err := <-ended:
			return err
		case st = <-states:
			for sid, s := range st.Sessions {
				begun[sid] = true
				if err := r.store(ctx, s, registry, bucket, feed); err != nil {
					return err
				}
				for _, im := range s.Images {
					if im.CanFile() && len(im.Handovers) == 0 && !filed[sid] {
						filed[sid] = true
						engine.Send(app.Input{SID: sid, What: app.File{Delivery: string(app.NewSessionID()), Sinks: []string{alex.MediaName}}})
					}
				}
			}
			if err := write(filepath.Join(r.Dir, "ledger.json"), ledgerOf(st)); err != nil {
				return err
			}
		case <-next.C:
			// The session before is ended by the next: its picture has landed by then.
			if st.Booted && len(begun) < r.Deliveries && len(st.Sessions) == len(begun) && landed(st) {
				sid := app.NewSessionID()
				begun[sid] = true
				engine.Send(app.Input{SID: sid, What: app.Start{Patient: app.Patient{Name: app.Seal("Aroha Testperson")},
					Record:  app.RecordRef{Facility: alextest.FacilityA, Patient: app.Seal("http://" + r.ALEX + "/FHIR/Patient/" + alextest.PatientA)},
					Secrets: app.Secrets{Token: app.NewToken()}, Limits: app.DefaultLimits, Code: app.NewToken().Hash()}})
			}
		}
	}
}

// landed reports whether every session has its picture.
func landed(st app.State) bool {
	for _, s := range st.Sessions {
		_, toCome := s.Outstanding()
		if len(s.Images) == 0 || toCome > 0 {
			return false
		}
	}
	return true
}

// store puts one picture into a live session, as its phone does.
func (r roles) store(ctx context.Context, s app.Session, registry *apptest.FakeRegistry, bucket *apptest.FakeBucket, feed *apptest.FakeFeed) error {
	if s.Stage != app.StageLive || s.Row.TokenHash == "" {
		return nil
	}
	for _, im := range s.Images {
		if im.State != app.ImageReserved && im.State != app.ImageStored {
			return nil
		}
	}
	sum := sha256.Sum256([]byte(s.ID))
	id := app.ImageID(fmt.Sprintf("01900000-0000-7000-8000-%x", sum[:6]))
	sealed := []byte(s.ID)
	hash := sha256.Sum256(sealed)
	row := app.RowImage{ID: id, Bytes: int64(len(sealed)), SHA256: app.Digest(hex.EncodeToString(hash[:]))}
	phone := app.Digest(hex.EncodeToString(sum[:]))
	if _, err := registry.Claim(ctx, s.Row.TokenHash, phone, app.KeepOffer{}); err != nil {
		return nil // not there yet: the agent puts it back after a start
	}
	if _, err := registry.Reserve(ctx, s.ID, phone, []app.RowImage{row}); err != nil {
		return nil
	}
	if err := bucket.For(practiceA).Put(ctx, s.ID, id, sealed); err != nil && app.KindOf(err) != app.KindConflict {
		return err
	}
	after, err := registry.Stored(ctx, s.ID, phone, []app.RowImage{row}, nil)
	if err != nil {
		return nil // said again at the next look
	}
	return feed.Publish(ctx, s.ID, app.EventImageStored, id, after.Seq)
}

func ledgerOf(st app.State) ledger {
	out := ledger{}
	for sid, s := range st.Sessions {
		e := entry{}
		for _, im := range s.Images {
			e.State, e.Delivery, e.Place = im.State, im.Delivery, im.Place.Reveal()
			for _, h := range im.Handovers {
				e.Hand = fmt.Sprint(h.State, " ", h.Kind, " ", h.Code, " unknown ", h.Unknown)
			}
		}
		e.Stage = s.Stage
		out[sid] = e
	}
	return out
}

func write(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// room is a darkroom whose every picture is one small JPEG.
type room struct{}

func (room) Examine(context.Context, app.Session, app.ImageID, []byte) (app.Examined, error) {
	return app.Examined{Width: 8, Height: 8}, nil
}

func (room) Amendment(app.Session, app.Amendment) (app.Details, error) { return app.Details{}, nil }

func (room) Prepare(_ context.Context, _ app.Session, id app.ImageID, n int, _ []byte) (app.DeliveryItem, error) {
	jpeg := apptest.FlatJPEG{Width: 8, Height: 8}.Bytes()
	sum := sha256.Sum256(jpeg)
	return app.DeliveryItem{Image: id, Name: app.Seal("photo_" + strconv.Itoa(n) + ".jpg"), JPEG: jpeg, SHA256: app.Digest(hex.EncodeToString(sum[:]))}, nil
}
