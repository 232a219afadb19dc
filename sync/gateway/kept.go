package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// keep is what a phone that can be kept says of itself when it claims. The
// gateway has no key for the MAC.
type keep struct{ Recipient, Key, MAC string }

// maxRecipient is more than an age X25519 recipient has.
const maxRecipient = 100

func (k *keep) offer() (app.KeepOffer, error) {
	if k == nil {
		return app.KeepOffer{}, nil
	}
	key, err1 := app.ParseDigest(k.Key)
	mac, err2 := app.ParseDigest(k.MAC)
	plain := strings.HasPrefix(k.Recipient, "age1") && len(k.Recipient) <= maxRecipient &&
		!strings.ContainsFunc(k.Recipient, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	if err1 != nil || err2 != nil || !plain {
		return app.KeepOffer{}, newProblem("bad-request")
	}
	return app.KeepOffer{Recipient: k.Recipient, Key: key, MAC: mac}, nil
}

// nextAnswer is the body of "next"; times are Unix milliseconds.
type nextAnswer struct {
	Now   int64     `json:"now"`
	Until int64     `json:"until"`
	Next  *nextLink `json:"next"`
}

type nextLink struct {
	SID    app.SessionID `json:"sid"`
	N      int64         `json:"n"`
	Sealed []byte        `json:"sealed"` // written as padded base64
	MAC    app.Digest    `json:"mac"`
}

// next answers a kept phone. It has no session: its kept key is what it shows.
func (g *Gateway) next(ctx context.Context, r *http.Request) (int, any, error) {
	key, err := keptKey(r)
	if err != nil {
		return 0, nil, err
	}
	if !g.token.allow(string(key)) {
		return 0, nil, newProblem("rate-limited")
	}
	practice, err := app.ParsePractice(r.Header.Get("ClinicPro-Practice"))
	if err != nil {
		return 0, nil, newProblem("bad-request")
	}
	now, until, next, err := g.cfg.For(practice).Sessions.AskNext(ctx, key)
	if err != nil {
		return 0, nil, err
	}
	out := nextAnswer{Now: millis(now), Until: millis(until)}
	if next.SID != "" {
		out.Next = &nextLink{next.SID, next.N, next.Sealed, next.MAC}
	}
	return http.StatusOK, out, nil
}

// keptKey returns the SHA-256 of the kept key as it is written: its 43
// characters are what the phone has hashed in its offer.
func keptKey(r *http.Request) (app.Digest, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if !strings.EqualFold(scheme, "Bearer") || err != nil || len(raw) != 32 {
		return "", newProblem("bad-request")
	}
	return digest([]byte(key)), nil
}
