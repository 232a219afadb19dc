package workstation

import (
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/pairing"
)

// NewSession draws the ids and secrets of a new session about patient and
// returns the input that starts it. practiceName is shown on the phone, which
// asks for what the practice asks; keep is how long the session stays once nothing is left to do, 0 the default.
func NewSession(patient app.Patient, practiceName string, asks app.Asks, keep time.Duration) (app.Input, error) {
	drawn, err := pairing.NewSecrets()
	if err != nil {
		return app.Input{}, err
	}
	return app.Input{SID: drawn.SID, What: app.Start{
		Patient: patient, PracticeName: practiceName, Asks: asks, Limits: app.DefaultLimits, Keep: keep,
		Code: drawn.Token.Hash(),
		Secrets: app.Secrets{Token: drawn.Token, Identity: app.Seal(drawn.Identity.String()),
			Recipient: drawn.Identity.Recipient().String(), Pairing: app.Seal(drawn.Secret.Reveal())},
	}}, nil
}

// Link is what the QR code of a session says: base is the gateway's origin as
// the phone reaches it, and the hint is the patient's at the day now.
// KindCorrupt when the session's secrets cannot be read.
func Link(base string, practice app.Practice, s app.Session, now time.Time) (app.Sealed, error) {
	recipient, err := age.ParseX25519Recipient(s.Secrets.Recipient)
	if err != nil {
		return app.Sealed{}, app.E("read session recipient", app.KindCorrupt, err)
	}
	secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	if err != nil {
		return app.Sealed{}, err
	}
	return pairing.Link{
		Base: base, Practice: practice, Token: s.Secrets.Token, Recipient: recipient,
		Secret: secret, Hint: pairing.NewHint(s.Patient, now, false),
	}.Build(), nil
}
