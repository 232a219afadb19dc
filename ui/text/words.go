package text

import (
	"fmt"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Words of the windows, the tray and the console.
const (
	Product = "ClinicPro Images"

	FormTitle      = "Who are the photos of?"
	FormSub        = "Start a session, then scan the code with your phone's camera."
	FormNHI        = "NHI"
	FormNameHint   = "As in the practice's records"
	FormNHIHint    = "ZZZ0016 (leave empty to add it later)"
	FormBirthHint  = "DD/MM/YYYY"
	FormNeedName   = "A name is needed to start."
	FormBadNHI     = "That is not an NHI: a letter or digit is wrong."
	FormGoodNHI    = "The check character fits."
	FormBadBirth   = "Please write the date as day, month, year: 17/05/1979."
	FormFuture     = "That date is in the future."
	FormStart      = "Start and show the code"
	AskTitle       = "Is this the patient in front of you?"
	NoNHI          = "No NHI yet"
	NoBirthDate    = "Date of birth not given"
	NewPatient     = "Next patient"
	NewCode        = "New code"
	ShowCode       = "Show code"
	HideCode       = "Hide code"
	Refresh        = "Look again"
	Discard        = "Discard"
	Attest         = "It is there"
	FileAgain      = "File again"
	Opening        = "Making the code…"
	CodeExpired    = "This code has expired"
	CodeExpiredDo  = "Show a new code, then scan that one."
	PairTitle      = "Scan with your phone's camera"
	PairStep1      = "Point the phone's camera at the code and tap the link."
	PairStep2      = "Check the initials, then take the photos."
	PairStep3      = "They appear here within a second or two."
	EmptyTitle     = "Ready for the first photo"
	EmptySub       = "Photos appear here as they are taken."
	EmptyOver      = "No photos were taken"
	EmptyOverSub   = "Start with the next patient when you are ready."
	LocalBadge     = "On this computer only"
	LocalExplain   = "Local mode: photos go straight from the phone to this computer."
	FileShortcut   = "Ctrl+Enter"
	NothingToFile  = "Nothing to file yet"
	AllFiled       = "All filed"
	NewCodeAsk     = "A phone is connected. Show a new code all the same?"
	NewCodeAskMore = "The connected phone can send no more photos. Photos it has not finished sending may be left on it."
	DiscardAsk     = "Discard this photo?"
	DiscardMore    = "It will not be filed, and the phone is told so."
	LeaveAsk       = "Photos of this patient are not filed yet"
	LeaveMore      = "They are kept: you find them again under “Waiting to file”."
	LeaveDo        = "Keep and go on"
	WaitingTitle   = "Waiting to file"
	OpenTitle      = "Still open"

	HelpTitle = "Photos in three steps"
	HelpStep1 = "Say who the photos are of and start. A code appears."
	HelpStep2 = "Scan it with the phone's own camera and take the photos. They appear here."
	HelpStep3 = "Look at them, then press File, or Ctrl+Enter."
	HelpSafe  = "Closing this window ends nothing and files nothing. Photos that are not filed stay here, locked, under “Waiting to file”."
	HelpAsk   = "Something wrong? Ask your IT support, and tell them this version:"

	TrayNew   = "New session"
	TrayOpen  = "Open session"
	TrayIdle  = Product
	TrayShown = Product + ": waiting for photos"
	TrayWrong = Product + ": something needs attention"

	TrayUpdate   = "The window cannot open: an update is not complete. Photos are safe. Ask IT to install it again."
	TrayNoWindow = "The window does not open. Photos are safe. Choose “New session” to try again, or ask IT."
)

// Count returns n and the noun in its number: "1 photo", "3 photos".
func Count(n int) string {
	return counted(n, photo, photos)
}

// File is the primary button.
func File(n int) string {
	if n == 0 {
		return "File"
	}
	return "File " + Count(n)
}

// Filing is the primary button while a hand-over runs.
func Filing(done, total int) string {
	return fmt.Sprintf("Filing %d of %d…", min(done+1, total), total)
}

// To says where File sends the photos.
func To(label, place string) string {
	switch {
	case label == "":
		return ""
	case place == "":
		return "to " + label
	}
	return "to " + label + " · " + place
}

// Phone says what the phone does. Codes are link.Phone's.
func Phone(code string) string {
	switch code {
	case "here":
		return "Phone connected"
	case "sending":
		return "Receiving a photo…"
	case "done":
		return "The phone is finished"
	}
	return "Waiting for a phone"
}

// PhoneMore is the line under Phone.
func PhoneMore(code string) string {
	switch code {
	case "here", "sending":
		return "Take as many as you need."
	case "done":
		return "Its photos are here. You can put it away."
	}
	return "Nobody has scanned the code yet."
}

// Ended is what stands instead of the phone's state once a session takes no
// more photos.
func Ended(draining bool) string {
	if draining {
		return "Closed for new photos; the last ones may still arrive"
	}
	return "This session has ended"
}

// ImageState is the chip on a photo.
func ImageState(s app.ImageState) string {
	switch s {
	case app.ImageReserved:
		return "On its way"
	case app.ImageStored:
		return "Arriving"
	case app.ImageLanded:
		return "Ready to file"
	case app.ImageFiled:
		return "Filed"
	case app.ImageRetracted:
		return "Removed on the phone"
	case app.ImageDiscarded:
		return "Discarded"
	case app.ImageUnconfirmed:
		return "Not certain"
	case app.ImageQuarantined:
		return "Not usable"
	}
	return ""
}

// Countdown is the time left of a code.
func Countdown(left time.Duration) string {
	s := int(left.Round(time.Second) / time.Second)
	return fmt.Sprintf("Code valid for %d:%02d", s/60, s%60)
}

// DidYouMean offers the number with a look-alike put right.
func DidYouMean(nhi string) string { return "Did you mean " + nhi + "?" }

// Years is an age.
func Years(n int) string {
	return counted(n, year, years)
}

// BirthDate is a date as a New Zealander writes it: 17 May 1979. "" for none.
func BirthDate(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return ""
	}
	return t.Format("2 January 2006")
}

// Waiting is one other session that is open or has unfiled photos.
func Waiting(n int, name string) string {
	switch n {
	case 0:
		return "The session of " + name + " is open"
	case 1:
		return "1 photo of " + name + " is waiting"
	}
	return fmt.Sprintf("%d photos of %s are waiting", n, name)
}

// WaitingSince says when a waiting session began: "today 14:05", "Tuesday
// 14:05" within a week, "17 November 14:05" before that. Both times are in the
// zone to be shown.
func WaitingSince(began, now time.Time) string {
	days := int(midnight(now).Sub(midnight(began)).Hours()/24 + 0.5)
	switch {
	case days <= 0:
		return "today " + began.Format("15:04")
	case days == 1:
		return "yesterday " + began.Format("15:04")
	case days < 7:
		return began.Format("Monday 15:04")
	}
	return began.Format("2 January 15:04")
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// Unsure is said while nothing is left but photos whose filing is not certain.
func Unsure(n int) string {
	if n == 1 {
		return "1 photo may be filed already: look, then say so"
	}
	return fmt.Sprintf("%d photos may be filed already: look, then say so", n)
}

// TrayWaiting is the tray's menu entry.
func TrayWaiting(n int) string { return fmt.Sprintf("Waiting to file (%d)", n) }

// TrayToFile is the tray's tooltip.
func TrayToFile(n int) string { return Product + ": " + Count(n) + " to file" }
