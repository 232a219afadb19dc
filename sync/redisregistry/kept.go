package redisregistry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

var _ app.KeptRegistry = (*Registry)(nil)

func (r *Registry) keptKey(key app.Digest) string { return r.prefix + "k:" + string(key) }

// Keep implements app.KeptRegistry.
func (r *Registry) Keep(ctx context.Context, sid app.SessionID, key app.Digest, until time.Time) (app.Row, error) {
	return r.run(ctx, "keep phone", r.scripts.keep, r.sessionKey(sid), word(key), millis(until), app.MaxKept.Milliseconds())
}

// Rekeep implements app.KeptRegistry.
func (r *Registry) Rekeep(ctx context.Context, key app.Digest, until time.Time, sessions ...app.SessionID) error {
	const op = "keep phone again"
	args := []any{word(key), millis(until), app.MaxKept.Milliseconds()}
	for _, sid := range sessions {
		args = append(args, r.sessionKey(sid))
	}
	out, err := r.call(ctx, op, r.scripts.rekeep, r.keptKey(key), args...)
	if err != nil {
		return err
	}
	return done(op, out)
}

// Next implements app.KeptRegistry.
func (r *Registry) Next(ctx context.Context, key app.Digest, next app.NextLink) error {
	const op = "offer next session"
	if next.N < 1 || len(next.Sealed) > app.MaxNextLink || !word(next.SID).plain() || !word(next.MAC).plain() {
		return app.E(op, app.KindBug, ErrMalformed)
	}
	out, err := r.call(ctx, op, r.scripts.next, r.keptKey(key), next.N, encodeNext(next))
	if err != nil {
		return err
	}
	return done(op, out)
}

// Forget implements app.KeptRegistry.
func (r *Registry) Forget(ctx context.Context, key app.Digest, sessions ...app.SessionID) error {
	const op = "forget phone"
	args := []any{word(key)}
	for _, sid := range sessions {
		args = append(args, r.sessionKey(sid))
	}
	out, err := r.call(ctx, op, r.scripts.forget, r.keptKey(key), args...)
	if err != nil {
		return err
	}
	return done(op, out)
}

// AskNext answers a kept phone: the registry's time, until when it is kept,
// and the link on offer (SID "": none).
func (r *Registry) AskNext(ctx context.Context, key app.Digest) (now, until time.Time, next app.NextLink, err error) {
	const op = "ask for next session"
	out, err := r.call(ctx, op, r.scripts.asknext, r.keptKey(key))
	if err == nil {
		err = done(op, out)
	}
	if err != nil {
		return time.Time{}, time.Time{}, app.NextLink{}, err
	}
	if len(out) != 4 {
		return time.Time{}, time.Time{}, app.NextLink{}, app.E(op, app.KindBug, fmt.Errorf("the script answered %d values", len(out)))
	}
	d := decoder{}
	now, until, next = d.time(d.text(out[1])), d.time(d.text(out[2])), d.next(d.text(out[3]))
	if d.err != nil {
		return time.Time{}, time.Time{}, app.NextLink{}, app.E(op, app.KindCorrupt, d.err)
	}
	return now, until, next, nil
}

// done reads the code of an answer without a session.
func done(op string, out []any) error {
	d := decoder{}
	if len(out) < 2 {
		return app.E(op, app.KindBug, fmt.Errorf("the script answered %d values", len(out)))
	}
	if no := (Refusal{code: d.text(out[0])}); no.code != "ok" {
		return app.E(op, no.kind(), no)
	}
	return nil
}

// encodeNext writes "sid|n|mac|base64"; nothing for a link taken back.
func encodeNext(next app.NextLink) string {
	if next.SID == "" {
		return ""
	}
	return fmt.Sprintf("%s|%d|%s|%s", next.SID, next.N, next.MAC, base64.StdEncoding.EncodeToString(next.Sealed))
}

func (d *decoder) next(line string) app.NextLink {
	if line == "" {
		return app.NextLink{}
	}
	p := strings.Split(line, "|")
	if len(p) != 4 {
		d.fail(errors.New("a link has not four fields"))
		return app.NextLink{}
	}
	n, err1 := strconv.ParseInt(p[1], 10, 64)
	sealed, err2 := base64.StdEncoding.Strict().DecodeString(p[3])
	if err1 != nil || err2 != nil || len(sealed) > app.MaxNextLink {
		d.fail(errors.New("want a number and base64 of a link"))
		return app.NextLink{}
	}
	return app.NextLink{SID: app.SessionID(p[0]), N: n, MAC: app.Digest(p[2]), Sealed: sealed}
}

// encodeOffer writes "recipient|key|mac"; nothing for none.
func encodeOffer(o app.KeepOffer) string {
	if o.IsZero() {
		return ""
	}
	return o.Recipient + "|" + string(o.Key) + "|" + string(o.MAC)
}

// decodeOffer reads it. What is none makes no phone one that can be kept.
func decodeOffer(line string) app.KeepOffer {
	p := strings.Split(line, "|")
	if len(p) != 3 {
		return app.KeepOffer{}
	}
	return app.KeepOffer{Recipient: p[0], Key: app.Digest(p[1]), MAC: app.Digest(p[2])}
}

func plainOffer(o app.KeepOffer) bool {
	return word(o.Recipient).plain() && word(o.Key).plain() && word(o.MAC).plain()
}
