package workstation

import (
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
)

// inviter implements app.Inviter for one cloud.
type inviter struct {
	base     string // the gateway's origin as phones reach it
	practice app.Practice
	now      func() time.Time
}

// Offered implements app.Inviter.
func (inviter) Offered(s app.Session) error {
	secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	if err != nil {
		return err
	}
	token := s.Secrets.Claimed
	if token.IsZero() {
		token = s.Secrets.Token
	}
	return envelope.CheckOffer(secret, token, s.Row.Keep)
}

// Invite implements app.Inviter.
func (v inviter) Invite(k app.KeptPhone, s app.Session, n int64) (app.NextLink, error) {
	first, err := envelope.ParseSecret(k.Pairing.Reveal())
	if err != nil {
		return app.NextLink{}, err
	}
	link, err := Link(v.base, v.practice, s, v.now())
	if err != nil {
		return app.NextLink{}, err
	}
	return envelope.SealNext(first, k.Recipient, s.ID, n, link)
}
