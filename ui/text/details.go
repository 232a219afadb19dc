package text

import (
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Words for what the phone says about a photo.
const (
	Intimate     = "Intimate photo"
	ShowIntimate = "Show intimate photo"
	HideIntimate = "Hide intimate photo"
	LeftFile     = "File to this patient"
	NoConsent    = "The phone names nobody who agreed to this photo: ask before you file it."
)

// Details words where a photo is of and how it was taken: "Left forearm ·
// close-up"; "" when nothing is known. site is an app.Site's ID.
func Details(site string, side app.Side, view app.View) string {
	var parts []string
	if where := bodySite(site, side); where != "" {
		parts = append(parts, where)
	}
	if view != "" {
		parts = append(parts, string(view))
	}
	if len(parts) == 0 {
		return ""
	}
	line := strings.Join(parts, " · ")
	return strings.ToUpper(line[:1]) + line[1:]
}

func bodySite(id string, side app.Side) string {
	s, _ := app.SiteOf(id)
	name := s.Name
	switch {
	case side == app.SideBoth && name == "":
		return "Both sides"
	case side == app.SideBoth:
		return name + ", both sides"
	case side != "" && name == "":
		return string(side) + " side"
	case side != "":
		return string(side) + " " + strings.ToLower(name)
	}
	return name
}

// Consent words who agreed to a photo; "" where nobody was asked.
func Consent(by app.ConsentBy) string {
	switch by {
	case app.ConsentPatient:
		return "Consent: patient"
	case app.ConsentGuardian:
		return "Consent: parent or guardian"
	case app.ConsentAttorney:
		return "Consent: attorney or welfare guardian"
	}
	return ""
}

// PhoneLeft says that the phone left the session, and why.
func PhoneLeft(declined bool) string {
	if declined {
		return "No consent: they did not agree to photos."
	}
	return "The phone left this session: wrong patient."
}

// LeftAsk is asked before photos of a session are filed that the phone left.
func LeftAsk(declined bool) (title, more string) {
	if declined {
		return "The phone said: no consent", "File the photos only if you know that somebody agreed to them."
	}
	return "The phone said: wrong patient", "File the photos to this patient only if you know that they are theirs."
}

// LeftHowTo is the same in the terminal.
func LeftHowTo(declined bool) string {
	title, _ := LeftAsk(declined)
	whose := "the photos are this patient's"
	if declined {
		whose = "somebody agreed to the photos"
	}
	return title + ". If " + whose + ", add the word anyway. Nothing was filed."
}

// LeftWith says what became of the photos of a phone that left.
func LeftWith(declined bool, kept, withdrawn int) string {
	switch {
	case declined && kept == 0 && withdrawn == 0:
		return "No photo was taken. Note it in the record."
	case declined && withdrawn == 0:
		return Count(kept) + " came before: look whether they may stay."
	case kept == 0 && withdrawn == 0:
		return "It had sent no photos."
	case withdrawn == 0:
		return "It left " + Count(kept) + " here: look whose they are."
	case kept == 0:
		return Count(withdrawn) + " withdrawn."
	}
	return Count(kept) + " kept, " + Count(withdrawn) + " withdrawn: look whose they are."
}
