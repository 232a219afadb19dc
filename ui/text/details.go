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
	PhoneLeft    = "The phone left this session: wrong patient."
	LeftAsk      = "The phone said: wrong patient"
	LeftAskMore  = "File the photos to this patient only if you know that they are theirs."
	LeftFile     = "File to this patient"
	LeftHowTo    = "The phone said: wrong patient. If the photos are this patient's, add the word anyway. Nothing was filed."
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

// LeftWith says what became of the photos of a phone that left.
func LeftWith(kept, withdrawn int) string {
	switch {
	case kept == 0 && withdrawn == 0:
		return "It had sent no photos."
	case withdrawn == 0:
		return "It left " + Count(kept) + " here: look whose they are."
	case kept == 0:
		return Count(withdrawn) + " withdrawn."
	}
	return Count(kept) + " kept, " + Count(withdrawn) + " withdrawn: look whose they are."
}
