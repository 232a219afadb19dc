package redisregistry

import (
	"context"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Open implements app.Registry.
func (r *Registry) Open(ctx context.Context, o app.Opening) (app.Row, error) {
	token, name, asks, limits := o.TokenHash, o.PracticeName, o.Asks, o.Limits
	if o.Restore != nil {
		token, name, asks, limits = o.Restore.TokenHash, o.Restore.PracticeName, o.Restore.Asks, o.Restore.Limits
	}
	args := []any{word(token), name,
		limits.Idle.Milliseconds(), limits.Drain.Milliseconds(), limits.Claim.Milliseconds(),
		limits.Life.Milliseconds(), limits.MaxImages, limits.MaxBytes, encodeAsks(asks)}
	if c := o.Restore; c != nil {
		if !plainOffer(c.Keep) {
			return app.Row{}, app.E("open session", app.KindBug, ErrMalformed)
		}
		args = append(args, word(c.State), word(c.PhoneHash), flag(c.PhoneDone),
			millis(c.Created), millis(c.Expires), millis(c.Ends), millis(c.ClaimBy), millis(c.DrainUntil), left(c.Left, c.Declined), encodeOffer(c.Keep), millis(c.Kept), c.Seq)
		for i, m := range c.Images {
			if !known(m.State) || !word(m.SHA256).plain() || !word(strings.Join(m.Sinks, ",")).plain() {
				return app.Row{}, app.E("open session", app.KindBug, ErrMalformed)
			}
			args = append(args, word(m.ID), encodeImage(m, i+1))
		}
	}
	return r.run(ctx, "open session", r.scripts.open, r.sessionKey(o.SID), args...)
}

// Read implements app.Registry.
func (r *Registry) Read(ctx context.Context, sid app.SessionID) (app.Row, error) {
	return r.run(ctx, "read session", r.scripts.read, r.sessionKey(sid))
}

// Mark implements app.Registry.
func (r *Registry) Mark(ctx context.Context, sid app.SessionID, marks []app.Mark) (app.Row, error) {
	args := make([]any, 0, 6*len(marks))
	for _, m := range marks {
		if !known(m.State) {
			return app.Row{}, app.E("mark images", app.KindBug, ErrMalformed)
		}
		args = append(args, word(m.ID), string(m.State), flag(m.Refuse), m.Bytes, word(m.SHA256),
			word(strings.Join(m.Sinks, ",")))
	}
	return r.run(ctx, "mark images", r.scripts.mark, r.sessionKey(sid), args...)
}

// Renew implements app.Registry. A session that is draining or over refuses
// with KindConflict or KindExpired; one that expired unclaimed waits again.
func (r *Registry) Renew(ctx context.Context, sid app.SessionID, tokenHash app.Digest, dropPhone bool) (app.Row, error) {
	return r.run(ctx, "renew pairing", r.scripts.renew, r.sessionKey(sid), word(tokenHash), flag(dropPhone))
}

// Close implements app.Registry.
func (r *Registry) Close(ctx context.Context, sid app.SessionID) (app.Row, error) {
	return r.run(ctx, "close session", r.scripts.close, r.sessionKey(sid))
}

// Claim binds the session behind a token to a phone key. The same key again
// is answered as the first time; an offer then replaces the one before.
func (r *Registry) Claim(ctx context.Context, tokenHash, phoneHash app.Digest, offer app.KeepOffer) (app.Row, error) {
	return r.run(ctx, "claim session", r.scripts.claim, r.prefix+"t:"+string(tokenHash),
		r.prefix+"s:", word(tokenHash), word(phoneHash), word(offer.Recipient), word(offer.Key), word(offer.MAC))
}

// Status returns the session to the phone it is bound to, in every state.
func (r *Registry) Status(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error) {
	return r.run(ctx, "session status", r.scripts.status, r.sessionKey(sid), word(phoneHash))
}

// Reserve announces images (ID, Bytes, SHA256) before their upload, all or
// none. For an id that is reserved it replaces the bytes and checksum (an
// image sealed again); one that is stored or further is left as it is.
func (r *Registry) Reserve(ctx context.Context, sid app.SessionID, phoneHash app.Digest, want []app.RowImage) (app.Row, error) {
	return r.run(ctx, "reserve images", r.scripts.reserve, r.sessionKey(sid),
		appendImages([]any{word(phoneHash)}, want)...)
}

// Stored records uploaded images. found says what the object store holds
// under each id: Bytes and SHA256, Bytes -1 when nothing is there. Those that
// match what was reserved are recorded even when others are refused; ids that
// are stored or further stay as they are, whatever found says. next are
// reservations for the same call: where they may not be, they are left out.
func (r *Registry) Stored(ctx context.Context, sid app.SessionID, phoneHash app.Digest, found, next []app.RowImage) (app.Row, error) {
	args := appendImages([]any{word(phoneHash), len(found)}, found)
	return r.run(ctx, "images stored", r.scripts.stored, r.sessionKey(sid), appendImages(args, next)...)
}

// Retract says that the phone wants images back; the workstation decides.
func (r *Registry) Retract(ctx context.Context, sid app.SessionID, phoneHash app.Digest, ids []app.ImageID) (app.Row, error) {
	args := []any{word(phoneHash)}
	for _, id := range ids {
		args = append(args, word(id))
	}
	return r.run(ctx, "retract images", r.scripts.retract, r.sessionKey(sid), args...)
}

// Leave says that the phone leaves the session: it drains. Unless they are kept
// every image that is not filed is wanted back, as by Retract.
func (r *Registry) Leave(ctx context.Context, sid app.SessionID, phoneHash app.Digest, l app.Leaving) (app.Row, error) {
	return r.run(ctx, "leave session", r.scripts.leave, r.sessionKey(sid), word(phoneHash), flag(l.Keep), left(true, l.Declined))
}

// The field "left".
const (
	leftWrongPatient = "1"
	leftDeclined     = "2"
)

func left(left, declined bool) string {
	switch {
	case left && declined:
		return leftDeclined
	case left:
		return leftWrongPatient
	}
	return "0"
}

// Done says that the phone is finished.
func (r *Registry) Done(ctx context.Context, sid app.SessionID, phoneHash app.Digest) (app.Row, error) {
	return r.run(ctx, "phone done", r.scripts.done, r.sessionKey(sid), word(phoneHash))
}

func appendImages(args []any, images []app.RowImage) []any {
	for _, m := range images {
		args = append(args, word(m.ID), m.Bytes, word(m.SHA256))
	}
	return args
}

// word is an argument that scripts put into names and lines: ids, checksums,
// states, sinks joined by commas.
type word string

func (w word) plain() bool {
	const most = 256
	return len(w) <= most && !strings.ContainsFunc(string(w), func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_,", r)
	})
}

// known reports whether scripts can rank the state.
func known(s app.ImageState) bool {
	switch s {
	case app.ImageReserved, app.ImageStored, app.ImageLanded, app.ImageUnconfirmed,
		app.ImageFiled, app.ImageRetracted, app.ImageDiscarded, app.ImageQuarantined:
		return true
	}
	return false
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// millis writes the zero time as 0, as the hash does.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
