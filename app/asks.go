package app

import "cmp"

// Asks is what a practice asks of the phone. The zero value asks nothing.
type Asks struct {
	Consent bool     // the patient's agreement, before the first photo
	Require []Detail // what is to be said of every photo; nil: nothing. Asked for once, and can be skipped
	Target  int64    // bytes of a JPEG that the phone aims below; 0: DefaultTarget
}

// Detail names a member of Details that a practice can ask for.
type Detail string

const (
	DetailSite Detail = "site"
	DetailSide Detail = "side"
	DetailView Detail = "view"
	DetailType Detail = "type"
)

// Known reports whether d is one of the above.
func (d Detail) Known() bool {
	switch d {
	case DetailSite, DetailSide, DetailView, DetailType:
		return true
	}
	return false
}

// DefaultTarget is what the record systems accept.
const DefaultTarget = 1_000_000

// TargetBytes is Target, or its default.
func (a Asks) TargetBytes() int64 { return cmp.Or(a.Target, DefaultTarget) }

// Nothing reports whether the phone need not be told of a.
func (a Asks) Nothing() bool {
	return !a.Consent && len(a.Require) == 0 && a.TargetBytes() == DefaultTarget
}
