package app

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Launch is what a record system's toolbar hands over through
// clinicpro-images://launch?context=…&signature=…: two strings that only the
// record system can read. Any web page can make such an address, so both are
// untrusted; sealed, because they name a patient to whoever may decode them.
type Launch struct{ Context, Signature Sealed }

// launchForm is what either string may be made of: base64 in both alphabets,
// and dots between, never in front, where they would lead to another path.
var launchForm = regexp.MustCompile(`^[A-Za-z0-9+/=_-][A-Za-z0-9+/=_.~-]*$`)

const maxLaunchPart = 4096

func launchPart(s string) bool { return len(s) <= maxLaunchPart && launchForm.MatchString(s) }

// NewLaunch returns a Launch of the two strings, or a KindCorrupt error that
// repeats neither.
func NewLaunch(context, signature string) (Launch, error) {
	if !launchPart(context) || !launchPart(signature) {
		return Launch{}, E("read launch", KindCorrupt, fmt.Errorf("want a context and a signature"))
	}
	return Launch{Seal(context), Seal(signature)}, nil
}

// LaunchScheme begins the addresses that start ClinicPro Images.
const LaunchScheme = "clinicpro-images"

// ParseLaunch reads clinicpro-images://launch?context=…&signature=…. Another
// scheme or host, a parameter twice, missing or besides those two (a patient
// is never taken from an address), or a path is KindCorrupt.
func ParseLaunch(address string) (Launch, error) {
	const op = "read launch address"
	u, err := url.Parse(address)
	if err != nil || u.Scheme != LaunchScheme || u.Host != "launch" || u.User != nil || u.Fragment != "" ||
		u.Path != "" && u.Path != "/" { // Windows may add the slash
		return Launch{}, E(op, KindCorrupt, fmt.Errorf("want %s://launch?context=…&signature=…", LaunchScheme))
	}
	query, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B")) // base64's own, never a space
	if err != nil || len(query) != 2 || len(query["context"]) != 1 || len(query["signature"]) != 1 {
		return Launch{}, E(op, KindCorrupt, fmt.Errorf("want context and signature, once each, and nothing else"))
	}
	return NewLaunch(query["context"][0], query["signature"][0])
}

// MaxLaunchAge is from the click in the record system to the latest moment at
// which its launch is accepted.
const MaxLaunchAge = 5 * time.Minute

// Launched is what a launch decoded to.
type Launched struct {
	// Patient has Name, NHI, BirthDate and Sex from the record itself, and
	// Source SourceMedtech. The zero value: no patient is open in the record
	// system; say so and offer the manual form.
	Patient Patient
	Record  RecordRef // for app.Start; zero without a patient
}

// SourceMedtech is the Source of a patient that a launch named.
const SourceMedtech = "medtech"

// RecordRef is where in the record system a patient's images go. The zero
// value: the patient did not come from there, and only a folder can be filed
// into.
type RecordRef struct {
	Facility string // the record system's id of the practice, "F2N060-E"
	Patient  Sealed // its id of the patient
	Provider string // its id of the clinician who launched; "" not known
}

// IsZero reports whether the patient did not come from the record system.
func (r RecordRef) IsZero() bool { return r.Patient.IsZero() }

// Launcher decodes launches: through the relay, or directly where the practice
// has an admission of its own. Calls may be concurrent and have a deadline of
// their own.
//
// The same Launch is decoded once: a click is one click. Errors, each of which
// starts nothing and ends nothing:
//
//	KindCorrupt   not a launch, or the record system cannot read it
//	KindExpired   older than MaxLaunchAge
//	KindConflict  decoded before (a replay)
//	KindAuth      of a facility that is not this practice's, or we are refused
//	KindOffline   no answer; the GP clicks again
type Launcher interface {
	Decode(ctx context.Context, l Launch) (Launched, error)
}
