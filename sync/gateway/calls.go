package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/clinicpro-nz/images/app"
)

const (
	maxBody       = 64 << 10
	maxPerCall    = 20
	headsAtOnce   = 8
	maxSealedSize = 1 << 40 // keeps numbers exact; the registry's own limit is far below
	callTimeout   = 10 * time.Second
)

// caller is who asks: the practice's backend, the session, the phone key's hash.
type caller struct {
	Backend
	practice app.Practice
	sid      app.SessionID
	phone    app.Digest
}

type announced struct {
	ID     string `json:"id"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (g *Gateway) claim(ctx context.Context, r *http.Request) (int, any, error) {
	var in struct {
		Practice, Token string
		Keep            *keep
	}
	if err := decodeBody(r, &in); err != nil {
		return 0, nil, err
	}
	// A malformed link says no more than an unknown one.
	practice, err := app.ParsePractice(in.Practice)
	if err != nil {
		return 0, nil, newProblem("link-unknown")
	}
	token, err := app.ParseToken(in.Token)
	if err != nil {
		return 0, nil, newProblem("link-unknown")
	}
	phone, err := bearer(r)
	if err != nil {
		return 0, nil, err
	}
	offer, err := in.Keep.offer()
	if err != nil {
		return 0, nil, err
	}
	hash := digest([]byte(token.Reveal()))
	if !g.token.allow(string(hash)) {
		return 0, nil, newProblem("rate-limited")
	}
	b := g.cfg.For(practice)
	row, err := b.Sessions.Claim(ctx, hash, phone, offer)
	if err != nil {
		return 0, nil, err
	}
	g.hints.send(ctx, b.Hints, hint{row.SID, app.EventPhonePaired, "", row.Seq})
	return http.StatusOK, answer{Session: newStatus(practice, row)}, nil
}

func (g *Gateway) status(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	row, err := c.Sessions.Status(ctx, c.sid, c.phone)
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	if slices.ContainsFunc(row.Images, func(m app.RowImage) bool { return m.State == app.ImageStored }) {
		g.look(ctx, c)
	}
	return http.StatusOK, answer{Session: newStatus(c.practice, row)}, nil
}

func (g *Gateway) uploads(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	var in struct{ Uploads []announced }
	if err := decodeBody(r, &in); err != nil {
		return 0, nil, err
	}
	want, err := reservations(in.Uploads)
	if err != nil || len(want) == 0 {
		return 0, nil, newProblem("bad-request")
	}
	row, err := c.Sessions.Reserve(ctx, c.sid, c.phone, want)
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	return c.withLinks(ctx, row, want)
}

// stored looks the objects up first and lets the registry compare: one Redis
// command, and nothing is said to a phone whose key is wrong.
func (g *Gateway) stored(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	var in struct {
		Stored  []string
		Uploads []announced
	}
	if err := decodeBody(r, &in); err != nil {
		return 0, nil, err
	}
	ids, err := imageIDs(in.Stored)
	if err != nil || len(ids) == 0 {
		return 0, nil, newProblem("bad-request")
	}
	next, err := reservations(in.Uploads)
	if err != nil {
		return 0, nil, err
	}
	found, err := c.find(ctx, ids)
	if err != nil {
		return 0, nil, err
	}
	row, err := c.Sessions.Stored(ctx, c.sid, c.phone, found, next)
	for _, m := range row.Images { // also the good ones of a call that was refused
		if m.State == app.ImageStored && slices.Contains(ids, m.ID) {
			g.hints.send(ctx, c.Hints, hint{c.sid, app.EventImageStored, m.ID, m.Seq})
		}
	}
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	return c.withLinks(ctx, row, next)
}

func (g *Gateway) retract(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	id, err := app.ParseImageID(r.PathValue("id"))
	if err != nil {
		return 0, nil, newProblem("bad-request")
	}
	row, err := c.Sessions.Retract(ctx, c.sid, c.phone, []app.ImageID{id})
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	for _, m := range row.Images {
		if m.ID == id && m.RetractWanted && !m.Refused && !m.State.Terminal() {
			g.hints.send(ctx, c.Hints, hint{c.sid, app.EventImageRetracted, id, m.Seq})
		}
	}
	return http.StatusAccepted, answer{Session: newStatus(c.practice, row)}, nil
}

func (g *Gateway) done(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	var in struct{}
	if err := decodeBody(r, &in); err != nil {
		return 0, nil, err
	}
	row, err := c.Sessions.Done(ctx, c.sid, c.phone)
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	g.hints.send(ctx, c.Hints, hint{c.sid, app.EventPhoneDone, "", row.Seq})
	return http.StatusOK, answer{Session: newStatus(c.practice, row)}, nil
}

func notACall(context.Context, *http.Request) (int, any, error) {
	return 0, nil, newProblem("bad-request")
}

// caller reads the headers of every call but claim.
func (g *Gateway) caller(r *http.Request) (caller, error) {
	phone, err := bearer(r)
	if err != nil {
		return caller{}, err
	}
	if !g.token.allow(string(phone)) {
		return caller{}, newProblem("rate-limited")
	}
	slug, id, _ := strings.Cut(r.Header.Get("ClinicPro-Session"), "/")
	practice, err1 := app.ParsePractice(slug)
	sid, err2 := app.ParseSessionID(id)
	if err1 != nil || err2 != nil {
		return caller{}, newProblem("bad-request")
	}
	return caller{Backend: g.cfg.For(practice), practice: practice, sid: sid, phone: phone}, nil
}

// bearer returns the SHA-256 of the phone key; the key goes no further.
func bearer(r *http.Request) (app.Digest, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if !strings.EqualFold(scheme, "Bearer") || err != nil || len(raw) != 32 {
		return "", newProblem("bad-request")
	}
	return digest(raw), nil
}

func digest(b []byte) app.Digest {
	sum := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(sum[:]))
}

// decodeBody reads one JSON value. Unknown members are left alone: a page may
// be newer than the gateway.
func decodeBody(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	err := d.Decode(into)
	if err == nil {
		err = d.Decode(&struct{}{})
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &tooLarge):
		return newProblem("image-too-large")
	}
	return newProblem("bad-request")
}

func imageIDs(texts []string) ([]app.ImageID, error) {
	var ids []app.ImageID
	for _, s := range texts {
		id, err := app.ParseImageID(s)
		if err != nil || slices.Contains(ids, id) || len(ids) == maxPerCall {
			return nil, newProblem("bad-request")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func reservations(in []announced) ([]app.RowImage, error) {
	var texts []string
	for _, u := range in {
		texts = append(texts, u.ID)
	}
	ids, err := imageIDs(texts)
	if err != nil {
		return nil, err
	}
	var out []app.RowImage
	for i, u := range in {
		sum, err := app.ParseDigest(u.SHA256)
		if err != nil || u.Bytes < 1 || u.Bytes > maxSealedSize {
			return nil, newProblem("bad-request")
		}
		out = append(out, app.RowImage{ID: ids[i], Bytes: u.Bytes, SHA256: sum})
	}
	return out, nil
}

// find asks the object store for all ids at once.
func (c caller) find(ctx context.Context, ids []app.ImageID) ([]app.RowImage, error) {
	found := make([]app.RowImage, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(headsAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			size, sum, err := c.Objects.Head(ctx, c.sid, id)
			switch app.KindOf(err) {
			case "":
				found[i] = app.RowImage{ID: id, Bytes: size, SHA256: sum}
			case app.KindNotFound, app.KindAuth:
				found[i] = app.RowImage{ID: id, Bytes: -1}
			case app.KindCorrupt:
				found[i] = app.RowImage{ID: id}
			default:
				return err
			}
			return nil
		})
	}
	return found, group.Wait()
}

// withLinks answers with an upload link for each wanted image that is still
// to be sent.
func (c caller) withLinks(ctx context.Context, row app.Row, want []app.RowImage) (int, any, error) {
	out := answer{Session: newStatus(c.practice, row), Uploads: []upload{}}
	for _, w := range want {
		i := slices.IndexFunc(row.Images, func(m app.RowImage) bool { return m.ID == w.ID })
		if i < 0 { // a next image that may not be reserved: see Sessions.Stored
			continue
		}
		m := row.Images[i]
		u := upload{ID: m.ID, State: m.State}
		if m.State == app.ImageReserved {
			link, err := c.Objects.PresignPut(ctx, c.sid, m.ID, m.Bytes, m.SHA256)
			if err != nil {
				return 0, nil, err
			}
			u.URL, u.Headers, u.Expires = link.URL, link.Headers, link.Expires.UnixMilli()
		}
		out.Uploads = append(out.Uploads, u)
	}
	return http.StatusOK, out, nil
}

// missed asks the workstation to look when the registry has lost a session
// that a phone still holds: the agent restores it from its own copy.
func (g *Gateway) missed(ctx context.Context, c caller, err error) error {
	var no refusal
	if errors.As(err, &no) && no.RefusalCode() == "session-missing" {
		g.look(ctx, c)
	}
	return err
}

// look asks the workstation to look at the registry: it has lost the session,
// or a phone still waits for an image whose own hint may never have been
// heard. With the second as sequence number, a phone that keeps asking is one
// hint a second.
func (g *Gateway) look(ctx context.Context, c caller) {
	g.hints.send(ctx, c.Hints, hint{c.sid, app.EventPhonePaired, "", time.Now().Unix()})
}
