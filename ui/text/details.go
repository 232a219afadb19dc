package text

import (
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Details words where a photo is of and how it was taken: "Left forearm ·
// close-up"; "" when nothing is known. site is an app.Site's ID.
func Details(site string, side app.Side, view app.View) string {
	var parts []string
	if where := bodySite(site, side); where != "" {
		parts = append(parts, where)
	}
	if view != "" {
		parts = append(parts, strings.ToLower(ViewName(view)))
	}
	return upperFirst(strings.Join(parts, " · "))
}

func bodySite(id string, side app.Side) string {
	name := strings.ToLower(SiteName(id))
	switch {
	case side == "":
		return name
	case name == "":
		return named("sideAlone", side)
	}
	return fill(named("sided", side), "site", name)
}

// SiteName is a body site as it stands on a button; "" for an id that there
// is not.
func SiteName(id string) string { return named("site", id) }

// Consent words who agreed to a photo; "" where nobody was asked.
func Consent(by app.ConsentBy) string { return named("consent", by) }

// PhoneLeft says that the phone left the session, and why.
func PhoneLeft(declined bool) string {
	if declined {
		return phoneDeclined
	}
	return phoneLeft
}

// LeftAsk is asked before photos of a session are filed that the phone left.
func LeftAsk(declined bool) (title, more string) {
	if declined {
		return declinedTitle, declinedMore
	}
	return leftTitle, leftMore
}

// LeftHowTo is the same in the terminal.
func LeftHowTo(declined bool) string {
	if declined {
		return declinedHowTo
	}
	return leftHowTo
}

// LeftWith says what became of the photos of a phone that left.
func LeftWith(declined bool, kept, withdrawn int) string {
	word := leftBoth
	switch {
	case declined && kept == 0 && withdrawn == 0:
		word = declinedNone
	case declined && withdrawn == 0:
		word = declinedKept
	case kept == 0 && withdrawn == 0:
		word = leftNone
	case withdrawn == 0:
		word = leftKept
	case kept == 0:
		word = leftWithdrawn
	}
	return fill(word, "kept", Count(kept), "withdrawn", Count(withdrawn))
}
