// Package text says every sentence a person at the workstation reads: in the
// windows, the tray and the console. Plain words: what happened, what is safe,
// what to do next. They stand in assets/lang; what only IT reads, the faults
// and what uninstalling says, stands here, in NZ English.
package text

import "github.com/clinicpro-nz/images/app"

// Place is the part of the work that an error came from.
type Place string

const (
	PlaceRegistry Place = "registry" // Redis
	PlaceObjects  Place = "objects"  // S3
	PlaceFeed     Place = "feed"     // realtime
	PlaceSpool    Place = "spool"    // this computer's own disk
	PlaceVault    Place = "vault"    // the OS keyring
	PlaceFolder   Place = "folder"   // where File puts the images
	PlaceRecord   Place = "record"   // a record system
	PlaceEnrol    Place = "enrol"    // this computer's enrolment
	PlaceLink     Place = "link"     // the QR code
	PlaceImage    Place = "image"    // one picture
	PlaceAudit    Place = "audit"    // the record of who did what
	PlaceLaunch   Place = "launch"   // a record system's button
	PlaceHandover Place = "handover" // a patient that another program names
)

// Sentence is one problem as a person reads it.
type Sentence struct {
	What string // what happened
	Safe string // what is safe
	Do   string // what to do next
}

// Problem returns the sentence for an error of a kind at a place. Every pair
// has one: what is not worded apart gets the place's or the general wording.
// A canceled error is our own stop, and reads as nothing at all.
func Problem(place Place, kind app.Kind) Sentence {
	if kind == app.KindCanceled || kind == "" {
		return Sentence{}
	}
	for _, name := range []string{string(place) + "." + string(kind), string(place) + ".other"} {
		if s, ok := sentence("problem." + name); ok {
			return s
		}
	}
	s, _ := sentence("problem.other.other")
	return s
}

// sentence is the one of a group in assets/lang.
func sentence(group string) (Sentence, bool) {
	s := Sentence{catalogue[group+".what"], catalogue[group+".safe"], catalogue[group+".do"]}
	return s, s.What != ""
}

// Enrol is what somebody is told whose computer has no enrolment, or one that
// does not fit its policy any more; support is whom to call, "" when nobody is
// named.
func Enrol(kind app.Kind, support string) Sentence {
	s := Problem(PlaceEnrol, kind)
	if support != "" {
		s.Do = fill(callSupport, "support", support)
	}
	return s
}

// BadSettings is what somebody is told whose settings keep the agent from
// starting: cause names the layer, the setting and what is wanted; support is
// whom to call, "" when nobody is named.
func BadSettings(cause, support string) string {
	out := fill(badSettings, "cause", cause)
	if support != "" {
		out += " " + fill(callSupport, "support", support)
	}
	return out
}

// Line joins a sentence for one line of a console.
func (s Sentence) Line() string {
	out := s.What
	for _, more := range []string{s.Safe, s.Do} {
		if more != "" {
			out += " " + more
		}
	}
	return out
}
