package text

import "github.com/clinicpro-nz/images/app"

// SinkLabel is what a sink is called in a sentence.
func SinkLabel(name string) string {
	switch name {
	case "folder":
		return "the practice folder"
	case "alex-scan":
		return "Inbox Scan in Medtech"
	case "alex-media":
		return "Media in Medtech"
	}
	return name
}

// SinkLabels joins what is chosen: "Inbox Scan in Medtech and the practice folder".
func SinkLabels(names []string) string {
	out := ""
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			out += " and "
		case i > 0:
			out += ", "
		}
		out += SinkLabel(n)
	}
	return out
}

const (
	RecordForever  = "What is filed into Medtech cannot be changed or deleted there. Look once more."
	RecordNoLaunch = "To file into Medtech, open the patient there and click the ClinicPro Images icon."
	ChooseOne      = "Choose where the photos go."
	RecordUnsure   = "It may be in Medtech already. Look in the patient's Inbox there, then say so here."
	RecordTrying   = "It is tried again by itself; you can go on with the next patient."
	RecordPress    = "Press File to try again, or choose another place."
)

// safeHere is true also where part of a filing has come through.
const safeHere = "Every photo is still here, and each says where it has arrived."

// Recorded is what a record system's word for a failure means to the GP. The
// words are package alex's; an unknown one is the general sentence.
func Recorded(code string) Sentence {
	switch code {
	case "asleep":
		return Sentence{"Medtech at your practice cannot be reached: its link is asleep or switched off.", safeHere, doAutomatic + " If it lasts, ask IT to wake the computer that runs the ALEX relay."}
	case "unreachable":
		return Sentence{"Medtech's service does not answer.", safeHere, doAutomatic + " If it has never worked here, its address may not be admitted: " + lowerFirst(doCallIT)}
	case "busy":
		return Sentence{"Medtech's service is busy.", safeHere, doAutomatic}
	case "unknown":
		return Sentence{"Medtech did not answer in time, so these photos may be in the record already.", "Nothing is sent twice: Medtech is asked for them first. Every image is still here.", doAutomatic}
	case "forbidden":
		return Sentence{"Medtech refused the photos: a right is missing, or it does not take them in this form.", safeHere, doCallIT}
	case "rule":
		return Sentence{"Medtech refused the photos by one of its own rules.", safeHere, "File them into the practice folder, and " + lowerFirst(doCallIT)}
	case "toolarge":
		return Sentence{"Medtech says that the photos are too large.", safeHere, "File fewer at a time, or into the practice folder."}
	case "token":
		return Sentence{"Medtech refused ClinicPro's own credentials.", safeHere, doCallIT}
	case "key":
		return Sentence{"This computer's key to Medtech is not accepted any more.", safeHere, doCallIT}
	case "foreign":
		return Sentence{"This practice's key does not reach that facility in Medtech.", safeHere, doCallIT}
	}
	return Sentence{"Medtech did not take the photos.", safeHere, doCallIT}
}

// Launch is why a launch opened nobody: by the record system's own word for it
// where it has one that says more than the kind.
func Launch(code string, kind app.Kind) Sentence {
	s := Problem(PlaceLaunch, kind)
	switch code {
	case "asleep", "unreachable", "busy":
		s.What = Recorded(code).What
	case "token", "key", "forbidden":
		s.What, s.Do = Recorded(code).What, "Type the patient in here. To use the button, "+lowerFirst(doCallIT)
		if code == "forbidden" { // its sentence speaks of photos
			s.What = "Medtech refused to say who the patient is: a right is missing."
		}
	case "rule":
		s.What = "Medtech does not know the patient of that button press."
	case "foreign":
		s.What, s.Do = "That button press came from a practice that this computer does not belong to.", "Type the patient in here. To use the button, "+lowerFirst(doCallIT)
	}
	return s
}

const (
	TryingAgain = "Trying again"
	InRecord    = "In the record"

	RecordOthers     = "Photos of another patient have not arrived in Medtech yet."
	RecordOthersSafe = "They are safe on this computer, under “Waiting to file”."

	RecordKeyMissing     = "This computer has no key to Medtech, so photos can go into the practice folder only."
	RecordKeyMissingSafe = "Photos are not affected."
	RecordKeyMissingDo   = "Ask IT to enrol this computer again, with Medtech."
)

// InPlaces says where a filed photo is.
func InPlaces(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "In " + SinkLabels(names)
}

// Partly says where a photo has arrived and where not, and why not.
func Partly(there, not []string, why string) string {
	out := "Not in " + SinkLabels(not) + " yet. " + why
	if len(there) > 0 {
		out = "In " + SinkLabels(there) + ", not in " + SinkLabels(not) + " yet. " + why
	}
	return out
}
