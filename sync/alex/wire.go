package alex

import (
	"net/http"

	"github.com/clinicpro-nz/images/app"
)

// How a workstation asks a relay: JSON over POST below RelayPath, so that no
// address holds anything; the workstation's key is the bearer. A delivery's
// Handoff is in HandoffHeader, as JSON, and its resource is the body.
const (
	RelayPath     = "/api/medtech/record/"
	HandoffHeader = "Clinicpro-Handoff"
	CorrelationID = "Clinicpro-Correlation"
)

// LaunchAsk asks RelayPath+"launch".
type LaunchAsk struct {
	Context   string `json:"context"`
	Signature string `json:"signature"`
	Attempt   string `json:"attempt"`
}

// PatientAsk asks RelayPath+"patient".
type PatientAsk struct {
	Facility string `json:"facility"`
	Patient  string `json:"patient"` // the record system's id
}

// LaunchAnswer is what a launch is about; no Reference: no patient is open.
type LaunchAnswer struct {
	Name      string `json:"name"`
	NHI       string `json:"nhi"`
	BirthDate string `json:"birthDate"`
	Sex       string `json:"sex"`
	Reference string `json:"reference"`
	Facility  string `json:"facility"`
	Provider  string `json:"provider"`
}

// CheckAnswer is what RelayPath+"check" answers a key that it takes, once it
// has a token of ALEX's: what the key reaches.
type CheckAnswer struct {
	Practice   app.Practice `json:"practice"`
	Facilities []string     `json:"facilities"`
}

// StatusAsk asks RelayPath+"status" what became of a delivery.
type StatusAsk struct {
	Facility string `json:"facility"`
	Resource string `json:"resource"`
	ID       string `json:"id"`
}

// Refusal is the answer to whatever did not succeed.
type Refusal struct {
	Code    string `json:"code"`
	Unknown bool   `json:"unknown"`
	Looked  bool   `json:"looked"` // and nothing was sent in this try
	// Absent: ALEX itself refused the delivery, so it is certainly not there. A
	// relay's own refusal says nothing of tries before it.
	Absent bool `json:"absent"`
}

// AnswerOf and its Launched write and read a launch on the way.
func AnswerOf(l app.Launched) LaunchAnswer {
	return LaunchAnswer{Name: l.Patient.Name.Reveal(), NHI: l.Patient.NHI.Reveal(), BirthDate: l.Patient.BirthDate.Reveal(),
		Sex: l.Patient.Sex.Reveal(), Reference: l.Record.Patient.Reveal(), Facility: l.Record.Facility, Provider: l.Record.Provider}
}

// Launched is what the answer says; the zero value: no patient is open.
func (a LaunchAnswer) Launched() app.Launched {
	if a.Reference == "" {
		return app.Launched{}
	}
	nhi, _, _ := app.ParseNHI(a.NHI) // one that is wrong is shown as none
	return app.Launched{
		Patient: app.Patient{Name: app.Seal(a.Name), NHI: nhi, BirthDate: app.Seal(a.BirthDate), Sex: app.Seal(a.Sex), Source: app.SourceMedtech},
		Record:  app.RecordRef{Facility: a.Facility, Patient: app.Seal(a.Reference), Provider: a.Provider},
	}
}

// StatusOf is the HTTP status that goes with a word.
func StatusOf(code string) int {
	switch code {
	case CodeAsleep, CodeUnreachable, CodeUnknown, CodeToken:
		return http.StatusBadGateway
	case CodeBusy:
		return http.StatusTooManyRequests
	case CodeForbidden, CodeFacility:
		return http.StatusForbidden
	case CodeKey:
		return http.StatusUnauthorized
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeExpired:
		return http.StatusGone
	case CodeReplayed:
		return http.StatusConflict
	case CodeNotThere:
		return http.StatusNotFound
	}
	return http.StatusUnprocessableEntity
}
