package envelope

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// The details of an image travel twice: as members of capture.json, and as
// numbered amendments once it is on its way (docs/contracts.md, "Details").

// detailsJSON is read member by member: one of another type than agreed is
// left out, and spoils neither the others nor the image.
type detailsJSON struct {
	Caption  json.RawMessage `json:"caption,omitempty"`
	Site     json.RawMessage `json:"site,omitempty"`
	Side     json.RawMessage `json:"side,omitempty"`
	View     json.RawMessage `json:"view,omitempty"`
	Type     json.RawMessage `json:"type,omitempty"`
	Intimate json.RawMessage `json:"intimate,omitempty"`
	Rotate   json.RawMessage `json:"rotate,omitempty"`
}

// member reads one member, or returns the zero value.
func member[T any](raw json.RawMessage) T {
	var v T
	if json.Unmarshal(raw, &v) != nil {
		var zero T
		return zero
	}
	return v
}

func (d detailsJSON) details() app.Details {
	return app.Details{
		Caption: app.Seal(member[string](d.Caption)), Site: member[string](d.Site),
		Side: member[app.Side](d.Side), View: member[app.View](d.View), Type: member[app.ImageType](d.Type),
		Intimate: member[bool](d.Intimate), Rotate: member[int](d.Rotate),
	}.Known()
}

// detailsOf writes what says something; the rest is left out.
func detailsOf(d app.Details) detailsJSON {
	return detailsJSON{
		Caption: said(d.Caption.Reveal()), Site: said(d.Site), Side: said(d.Side), View: said(d.View),
		Type: said(d.Type), Intimate: said(d.Intimate), Rotate: said(d.Rotate),
	}
}

func said[T comparable](v T) json.RawMessage {
	var zero T
	if v == zero {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and booleans always can be written
	}
	return raw
}

// amendmentJSON is the plaintext of an amendment, version 1. Unknown members
// are ignored.
type amendmentJSON struct {
	V       int         `json:"v"`
	ImageID app.ImageID `json:"imageId"`
	N       int         `json:"n"`
	Details detailsJSON `json:"details"`
}

// SealAmendment does what the phone does: the whole set of details, as
// amendment n of an image. KindBug for a zero secret or an n out of range,
// KindTooLarge over the bounds of an amendment.
func SealAmendment(to age.Recipient, sid app.SessionID, image app.ImageID, secret Secret, n int, d app.Details) (app.Amendment, error) {
	const op = "seal amendment"
	key := secret.key()
	if key == nil || n < 1 || n > app.MaxAmendments {
		return app.Amendment{}, app.E(op, app.KindBug, errors.New("no pairing secret, or a number out of range"))
	}
	plain, err := json.Marshal(amendmentJSON{V: 1, ImageID: image, N: n, Details: detailsOf(d)})
	if err != nil {
		return app.Amendment{}, app.E(op, app.KindBug, err)
	}
	sealed, err := encrypt(to, plain)
	if err != nil {
		return app.Amendment{}, app.E(op, app.KindBug, err)
	}
	if len(sealed) > app.MaxAmendment {
		return app.Amendment{}, app.E(op, app.KindTooLarge, ReasonTooLarge)
	}
	return app.Amendment{Image: image, N: n, MAC: amendmentMAC(key, sid, image, n, sealed), Sealed: sealed}, nil
}

// OpenAmendment checks and decrypts one amendment: the MAC first, in constant
// time, so that nothing a stranger sealed is opened; then that it speaks of
// this image and this number. Details that are unknown or bad are left out.
// Every failure is KindCorrupt and carries a Reason.
func OpenAmendment(a app.Amendment, id age.Identity, sid app.SessionID, secret Secret) (app.Details, error) {
	d, err := openAmendment(a, id, sid, secret)
	if err != nil {
		return app.Details{}, app.E("open amendment", app.KindCorrupt, err)
	}
	return d, nil
}

func openAmendment(a app.Amendment, id age.Identity, sid app.SessionID, secret Secret) (app.Details, error) {
	if len(a.Sealed) > app.MaxAmendment {
		return app.Details{}, ReasonTooLarge
	}
	key := secret.key()
	if key == nil || !hmac.Equal([]byte(a.MAC), []byte(amendmentMAC(key, sid, a.Image, a.N, a.Sealed))) {
		return app.Details{}, ReasonHMAC
	}
	r, err := age.Decrypt(bytes.NewReader(a.Sealed), id)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return app.Details{}, ReasonKey
		}
		return app.Details{}, ReasonSeal
	}
	plain, err := io.ReadAll(r) // age adds to what it seals: this is shorter than Sealed
	if err != nil {
		return app.Details{}, ReasonSeal
	}
	var version struct {
		V int `json:"v"`
	}
	if json.Unmarshal(plain, &version) != nil || version.V < 1 {
		return app.Details{}, ReasonCapture
	}
	if version.V > 1 {
		return app.Details{}, ReasonVersion
	}
	var in amendmentJSON
	if json.Unmarshal(plain, &in) != nil {
		return app.Details{}, ReasonCapture
	}
	if in.ImageID != a.Image || in.N != a.N {
		return app.Details{}, ReasonMismatch
	}
	return in.Details.details(), nil
}

// amendmentMAC authenticates one amendment.
func amendmentMAC(key []byte, sid app.SessionID, id app.ImageID, n int, sealed []byte) app.Digest {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s|%s|%d|%s", sid, id, n, digest(sealed))
	return app.Digest(hex.EncodeToString(m.Sum(nil)))
}
