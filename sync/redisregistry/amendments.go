package redisregistry

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
)

var _ app.Amendments = (*Registry)(nil)

// Amend records changed details of an image. The highest number wins; one that
// is not higher changes nothing. An image that nobody has announced, one that
// the workstation has decided on, and a number over app.MaxAmendments are
// refused; bytes over app.MaxAmendment are KindTooLarge.
func (r *Registry) Amend(ctx context.Context, sid app.SessionID, phoneHash app.Digest, a app.Amendment) (app.Row, error) {
	const op = "amend details"
	if len(a.Sealed) > app.MaxAmendment {
		return app.Row{}, app.E(op, app.KindTooLarge, errors.New("more than an amendment may have"))
	}
	if a.N < 1 {
		return app.Row{}, app.E(op, app.KindBug, ErrMalformed)
	}
	return r.run(ctx, op, r.scripts.amend, r.sessionKey(sid), word(phoneHash), word(a.Image), a.N, word(a.MAC),
		base64.StdEncoding.EncodeToString(a.Sealed), app.MaxAmendments)
}

// Details implements app.Amendments.
func (r *Registry) Details(ctx context.Context, sid app.SessionID, id app.ImageID) (app.Amendment, error) {
	const op = "read details"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	line, err := r.client.HGet(ctx, r.prefix+"d:"+string(sid), string(id)).Result()
	if errors.Is(err, redis.Nil) {
		return app.Amendment{}, app.E(op, app.KindNotFound, errors.New("no amendment"))
	}
	if err != nil {
		return app.Amendment{}, classify(op, err)
	}
	a, err := decodeAmendment(id, line)
	if err != nil {
		return app.Amendment{}, app.E(op, app.KindCorrupt, err)
	}
	return a, nil
}

// decodeAmendment reads "n|mac|base64".
func decodeAmendment(id app.ImageID, line string) (app.Amendment, error) {
	p := strings.Split(line, "|")
	if len(p) != 3 {
		return app.Amendment{}, errors.New("an amendment has not three fields")
	}
	n, err := strconv.Atoi(p[0])
	if err != nil {
		return app.Amendment{}, errors.New("want a number")
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(p[2])
	if err != nil || len(sealed) > app.MaxAmendment {
		return app.Amendment{}, errors.New("want base64 of an amendment")
	}
	return app.Amendment{Image: id, N: n, MAC: app.Digest(p[1]), Sealed: sealed}, nil
}
