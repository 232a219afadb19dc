package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/clinicpro-nz/images/app"
)

// details records an amendment. The gateway sees a number, a MAC it has no key
// for, and ciphertext.
func (g *Gateway) details(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	a, err := amendment(r)
	if err != nil {
		return 0, nil, err
	}
	row, err := c.Sessions.Amend(ctx, c.sid, c.phone, a)
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	i := slices.IndexFunc(row.Images, func(m app.RowImage) bool { return m.ID == a.Image })
	if i >= 0 && row.Images[i].Details == a.N {
		g.hints.send(ctx, c.Hints, hint{c.sid, app.EventDetails, a.Image, row.Images[i].Seq})
	}
	return http.StatusOK, answer{Session: newStatus(c.practice, row)}, nil
}

func amendment(r *http.Request) (app.Amendment, error) {
	var in struct {
		N      int
		Sealed string
		MAC    string
	}
	id, err := app.ParseImageID(r.PathValue("id"))
	if err != nil {
		return app.Amendment{}, newProblem("bad-request")
	}
	if err := decodeBody(r, &in); err != nil {
		return app.Amendment{}, err
	}
	mac, err1 := app.ParseDigest(in.MAC)
	sealed, err2 := base64.StdEncoding.Strict().DecodeString(in.Sealed)
	if err1 != nil || err2 != nil || in.N < 1 || len(sealed) == 0 {
		return app.Amendment{}, newProblem("bad-request")
	}
	if len(sealed) > app.MaxAmendment {
		return app.Amendment{}, newProblem("image-too-large")
	}
	return app.Amendment{Image: id, N: in.N, MAC: mac, Sealed: sealed}, nil
}

// leave is "wrong patient" on the phone, or that nobody agreed to photos.
// Whether its images are kept has to be said: there is no answer that is right
// unasked.
func (g *Gateway) leave(ctx context.Context, r *http.Request) (int, any, error) {
	c, err := g.caller(r)
	if err != nil {
		return 0, nil, err
	}
	var in struct {
		Keep     *bool
		Declined bool
	}
	if err := decodeBody(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Keep == nil {
		return 0, nil, newProblem("bad-request")
	}
	row, err := c.Sessions.Leave(ctx, c.sid, c.phone, app.Leaving{Keep: *in.Keep, Declined: in.Declined})
	if err != nil {
		return 0, nil, g.missed(ctx, c, err)
	}
	g.hints.send(ctx, c.Hints, hint{c.sid, app.EventPhoneLeft, "", row.Seq})
	return http.StatusOK, answer{Session: newStatus(c.practice, row)}, nil
}
