package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/folder"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/text"
)

// miniature bounds the session in miniature.
const miniature = 30 * time.Second

// uploadHeaders are what the store answered to the upload: the only place
// where a workstation's key can see how the bucket is set.
type uploadHeaders struct {
	mu         sync.Mutex
	encryption string // x-amz-server-side-encryption
	expiration string // x-amz-expiration
}

// watch is a transport that keeps the headers of an upload's answer.
func (u *uploadHeaders) watch(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		res, err := next.RoundTrip(r)
		if err == nil && r.Method == http.MethodPut && r.URL.Query().Has("X-Amz-Signature") {
			u.mu.Lock()
			u.encryption, u.expiration = res.Header.Get("x-amz-server-side-encryption"), res.Header.Get("x-amz-expiration")
			u.mu.Unlock()
		}
		return res, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// session is a whole session in miniature: a phone of our own sends one
// picture that shows nobody, which is landed, filed into a scratch folder and
// removed.
func (d *doctor) session(ctx context.Context) bool {
	var at string
	done := d.step("session in miniature", func() (string, text.FaultCode) {
		ctx, cancel := context.WithTimeout(ctx, miniature)
		defer cancel()
		began := time.Now()
		heard, err := d.hold(ctx, &at)
		if err != nil {
			return "it stood still at: " + at, text.FaultSession
		}
		hint := "the hint was heard"
		if !heard {
			hint = "no hint was heard: it was polled for"
		}
		return fmt.Sprintf("code, claim, upload, landing, filing in %.1f s; %s", time.Since(began).Seconds(), hint), ""
	})
	if !done {
		return false
	}
	if d.cfg.S3Encrypts {
		d.step("S3: encrypts", func() (string, text.FaultCode) {
			if d.headers.encryption == "" {
				return "", text.FaultNotEncrypted
			}
			return d.headers.encryption, ""
		})
	}
	d.step("S3: forgets by itself", func() (string, text.FaultCode) {
		if d.headers.expiration == "" {
			return "the upload's answer names no day of deletion", text.FaultNoLifecycle
		}
		return "what nobody fetches is deleted", ""
	})
	return true
}

// hold holds the session; at says how far it came.
func (d *doctor) hold(ctx context.Context, at *string) (heard bool, err error) {
	*at = "a scratch folder"
	dir, err := os.MkdirTemp("", "clinicpro-doctor-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	filed := filepath.Join(dir, "filed")
	if err := os.Mkdir(filed, 0o700); err != nil {
		return false, err
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return false, err
	}
	quiet := slog.New(slog.DiscardHandler)
	spool, err := diskspool.Open(filepath.Join(dir, "spool"), diskspool.Keys{Identity: identity}, quiet)
	if err != nil {
		return false, err
	}
	defer spool.Close()
	ports, closePorts, err := d.cloud.Connect(workstation.Parts{Spool: spool, Darkroom: newDarkroom(), Folder: folder.Config{Dir: filed}, Log: quiet})
	if err != nil {
		return false, err
	}
	listening := &hearing{Feed: ports.Feed}
	ports.Feed = listening
	engineCtx, stop := context.WithCancel(ctx)
	engine := app.NewEngine(ports)
	states := engine.Watch(engineCtx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = engine.Run(engineCtx) }()
	defer func() { stop(); <-ended; closePorts() }()

	start, err := workstation.NewSession(app.Patient{Name: app.Seal("Connection Test"), Source: "form"}, d.cfg.PracticeName, app.Asks{}, 0)
	if err != nil {
		return false, err
	}
	await := func(ok func(app.Session) bool) (app.Session, error) {
		for {
			select {
			case <-ctx.Done():
				return app.Session{}, ctx.Err()
			case st, open := <-states:
				if !open {
					return app.Session{}, errStuck
				}
				if s, there := st.Sessions[start.SID]; there && ok(s) {
					return s, nil
				}
			}
		}
	}
	*at = "a session in the registry"
	engine.Send(start)
	s, err := await(func(s app.Session) bool {
		return s.Stage == app.StageLive && !s.CodePending && s.Row.State == app.SessionWaiting
	})
	if err != nil {
		return false, err
	}
	*at = "the phone's claim"
	link, err := workstation.Link(d.cloud.Base, d.cloud.Practice, s, time.Now())
	if err != nil {
		return false, err
	}
	transport := d.way.Transport()
	defer transport.CloseIdleConnections()
	p, err := phone.New(link, &http.Client{Transport: d.headers.watch(transport)})
	if err != nil {
		return false, err
	}
	if err := p.Join(ctx); err != nil {
		return false, err
	}
	*at = "the upload"
	picture, err := nobody()
	if err != nil {
		return false, err
	}
	im, err := p.Seal(picture, time.Now())
	if err != nil {
		return false, err
	}
	queue := phone.NewQueue(p, phone.Options{})
	queueCtx, stopQueue := context.WithCancel(ctx)
	running := make(chan struct{})
	go func() { defer close(running); _ = queue.Run(queueCtx) }()
	defer func() { stopQueue(); <-running }()
	queue.Add(im)
	if err := queue.Until(ctx, phone.StateStored); err != nil {
		return false, err
	}
	*at = "the landing"
	if _, err := await(func(s app.Session) bool { return s.Images[im.ID].CanFile() }); err != nil {
		return false, err
	}
	*at = "the filing"
	engine.Send(app.Input{SID: start.SID, What: app.File{Delivery: string(app.NewSessionID())}})
	if _, err := await(func(s app.Session) bool { return s.Images[im.ID].State == app.ImageFiled }); err != nil {
		return false, err
	}
	*at = "the session's end"
	if _, err := p.Done(ctx); err != nil {
		return false, err
	}
	engine.Send(app.Input{SID: start.SID, What: app.End{}})
	_, err = await(func(s app.Session) bool { return s.Row.State == app.SessionClosed })
	return listening.stored(), err
}

// hearing notes whether a hint about a stored image came.
type hearing struct {
	app.Feed
	mu    sync.Mutex
	heard bool
}

func (h *hearing) Listen(ctx context.Context, sid app.SessionID, notify func(app.Signal)) error {
	return h.Feed.Listen(ctx, sid, func(s app.Signal) {
		if s.Event == app.EventImageStored {
			h.mu.Lock()
			h.heard = true
			h.mu.Unlock()
		}
		notify(s)
	})
}

func (h *hearing) stored() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard
}

// nobody is a picture of nothing: a grey field.
func nobody() ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: 128}.Y
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, nil)
	return out.Bytes(), err
}
