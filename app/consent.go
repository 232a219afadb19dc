package app

import "time"

// Consent is who agreed to a session's photos, as the phone was told before
// the first of them. The zero value: nobody was asked, or the answer cannot be
// read.
type Consent struct {
	By ConsentBy `json:"by"`
	At time.Time `json:"at,omitzero"` // by the registry's clock as the phone knows it; zero: not known
}

// ConsentBy is who can agree for a patient.
type ConsentBy string

const (
	ConsentPatient  ConsentBy = "patient"
	ConsentGuardian ConsentBy = "guardian" // a parent or guardian
	ConsentAttorney ConsentBy = "attorney" // an enduring power of attorney, or a welfare guardian
)

// Known returns c, or the zero Consent where it is by none of the above.
func (c Consent) Known() Consent {
	switch c.By {
	case ConsentPatient, ConsentGuardian, ConsentAttorney:
		return c
	}
	return Consent{}
}

// reason is what the audit trail says of it where an image is filed.
func (c Consent) reason() string {
	if c.By == "" {
		return ""
	}
	return "consent-" + string(c.By)
}
