package text

// Words for patients that come from other systems, and for what a start brings.
const (
	LaunchAsking   = "Asking your record system who the patient is…"
	LaunchNobody   = "No patient selected in Medtech."
	LaunchNobodyDo = "Open the patient there and press the button again, or type the patient in here."

	NoPatient     = "No patient yet"
	NoPatientMore = "Photos can be taken now. They are filed once you have said whose they are."
	NoPatientDo   = "Say who it is"
	NoPatientNow  = "No patient yet: choose later"
	AssignTitle   = "Who are these photos of?"
	AssignSub     = "They stay with the patient you name here."
	AssignDo      = "These photos are of this patient"
	SourceMedtech = "from Medtech"
	SourceOther   = "handed over"
	SourceForm    = "typed in"
	SourceTest    = "test, nobody's record"

	StartOneThing   = "Give one launch link, or -patient-from, and nothing else; see -h."
	StartBadLink    = "That is not a launch link of ClinicPro Images. Nothing was opened. Press the button in the record system again."
	StartNoPatient  = "The patient file is not there, or cannot be read. Nothing was opened."
	StartKeptFile   = "The patient file could not be deleted after it was read. Delete it: it holds a patient."
	StartBadPatient = "That is no patient: want {\"name\": …, \"nhi\": …, \"birthDate\": \"2006-01-02\"}, at most 4 KiB, with a name. Nothing was opened."
)

// Words for a launch about the patient whom the GP has typed in before.
const (
	AskJoin    = "You typed this patient in. With your yes, their photos here can be filed into Medtech too."
	AskJoinYes = "Yes, the same person"
	AskJoinNo  = "No, leave it"
)

// Source says where a patient's name came from; "" for no patient.
func Source(code string) string {
	switch code {
	case "medtech":
		return SourceMedtech
	case "handover":
		return SourceOther
	case "form":
		return SourceForm
	case "test":
		return SourceTest
	}
	return ""
}

// AskUnfiled says that somebody else's photos are not filed yet; name is "" for
// a session without a patient.
func AskUnfiled(name string) string {
	if name == "" {
		name = "a session without a patient"
	}
	return "Photos of " + name + " are not filed yet. They are kept: you find them under “Waiting to file”."
}
