package envelope

import (
	"bytes"
	"crypto/hkdf"
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

// A phone that is kept is told of further sessions by sealed links
// (docs/contracts.md, "Keep this phone"). Two secrets make them worth
// believing, and the gateway has neither: the pairing secret of the session
// under which the phone is kept, which both sides have from its QR code, and
// the phone's own age identity.

const keptInfo = "ClinicPro Images kept phone v1"

// ErrNextOld is OpenNext's for a link numbered no higher than the last taken.
var ErrNextOld = errors.New("a link that was taken before, or an earlier one")

// NewOffer is what a phone says of itself when it claims the session of token:
// recipient is the phone's own, key the SHA-256 of its kept key. The zero
// offer for a zero secret.
func NewOffer(secret Secret, token app.Token, recipient string, key app.Digest) app.KeepOffer {
	raw := secret.key()
	if raw == nil {
		return app.KeepOffer{}
	}
	return app.KeepOffer{Recipient: recipient, Key: key, MAC: offerMAC(raw, token, recipient, key)}
}

// CheckOffer reports that somebody who saw the session's code made the offer,
// and that it can be sealed to. KindCorrupt, with a Reason, when not.
func CheckOffer(secret Secret, token app.Token, o app.KeepOffer) error {
	const op = "check a phone's offer"
	raw := secret.key()
	if raw == nil || !hmac.Equal([]byte(o.MAC), []byte(offerMAC(raw, token, o.Recipient, o.Key))) {
		return app.E(op, app.KindCorrupt, ReasonHMAC)
	}
	if _, err := age.ParseX25519Recipient(o.Recipient); err != nil {
		return app.E(op, app.KindCorrupt, ReasonKey)
	}
	return nil
}

func offerMAC(key []byte, token app.Token, recipient string, kept app.Digest) app.Digest {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "keep|%s|%s|%s", token.Reveal(), recipient, kept)
	return app.Digest(hex.EncodeToString(m.Sum(nil)))
}

// nextJSON is the plaintext of a next link, version 1. Unknown members are
// ignored.
type nextJSON struct {
	V    int    `json:"v"`
	N    int64  `json:"n"`
	Link string `json:"link"`
}

// SealNext seals the link of session sid to a kept phone, as its n-th, n from
// 1. first is the pairing secret of the session under which it is kept.
// KindBug for a zero secret or an n out of range, KindCorrupt for a recipient
// that is none, KindTooLarge over the bounds.
func SealNext(first Secret, recipient string, sid app.SessionID, n int64, link app.Sealed) (app.NextLink, error) {
	const op = "seal next link"
	key := nextKey(first)
	if key == nil || n < 1 {
		return app.NextLink{}, app.E(op, app.KindBug, errors.New("no pairing secret, or a number out of range"))
	}
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return app.NextLink{}, app.E(op, app.KindCorrupt, ReasonKey)
	}
	var plain bytes.Buffer
	text := json.NewEncoder(&plain)
	text.SetEscapeHTML(false)
	if err := text.Encode(nextJSON{V: 1, N: n, Link: link.Reveal()}); err != nil {
		return app.NextLink{}, app.E(op, app.KindBug, err)
	}
	sealed, err := encrypt(to, plain.Bytes())
	if err != nil {
		return app.NextLink{}, app.E(op, app.KindBug, err)
	}
	if len(sealed) > app.MaxNextLink {
		return app.NextLink{}, app.E(op, app.KindTooLarge, ReasonTooLarge)
	}
	return app.NextLink{SID: sid, N: n, MAC: nextMAC(key, sid, n, sealed), Sealed: sealed}, nil
}

// OpenNext does what the phone does: the number must be higher than last, the
// highest it has taken, then the MAC right, in constant time, before anything
// is opened. Every failure is KindCorrupt and carries ErrNextOld or a Reason.
func OpenNext(first Secret, id age.Identity, next app.NextLink, last int64) (app.Sealed, error) {
	link, err := openNext(first, id, next, last)
	if err != nil {
		return app.Sealed{}, app.E("open next link", app.KindCorrupt, err)
	}
	return link, nil
}

func openNext(first Secret, id age.Identity, next app.NextLink, last int64) (app.Sealed, error) {
	if next.N <= last {
		return app.Sealed{}, ErrNextOld
	}
	if len(next.Sealed) > app.MaxNextLink {
		return app.Sealed{}, ReasonTooLarge
	}
	key := nextKey(first)
	if key == nil || !hmac.Equal([]byte(next.MAC), []byte(nextMAC(key, next.SID, next.N, next.Sealed))) {
		return app.Sealed{}, ReasonHMAC
	}
	r, err := age.Decrypt(bytes.NewReader(next.Sealed), id)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return app.Sealed{}, ReasonKey
		}
		return app.Sealed{}, ReasonSeal
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return app.Sealed{}, ReasonSeal
	}
	var in nextJSON
	if json.Unmarshal(plain, &in) != nil || in.V < 1 || in.Link == "" {
		return app.Sealed{}, ReasonCapture
	}
	if in.V > 1 {
		return app.Sealed{}, ReasonVersion
	}
	if in.N != next.N {
		return app.Sealed{}, ReasonMismatch
	}
	return app.Seal(in.Link), nil
}

// nextKey is derived, so that no MAC over one thing is ever one over another.
func nextKey(first Secret) []byte {
	raw := first.key()
	if raw == nil {
		return nil
	}
	key, err := hkdf.Key(sha256.New, raw, nil, keptInfo, sha256.Size)
	if err != nil {
		panic(err) // only for lengths that SHA-256 cannot give
	}
	return key
}

func nextMAC(key []byte, sid app.SessionID, n int64, sealed []byte) app.Digest {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "next|%s|%d|%s", sid, n, digest(sealed))
	return app.Digest(hex.EncodeToString(m.Sum(nil)))
}
