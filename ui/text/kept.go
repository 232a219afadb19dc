package text

import "github.com/clinicpro-nz/images/app"

// Words for a phone that is kept for the sessions to come.
const (
	KeepPhone   = "Keep this phone"
	ForgetPhone = "Forget phone"
	KeepMore    = "It shows the next patient without a new scan, until you forget it, lock this computer, or the day ends."
)

// KeptUntil says how long; clock is "18:00".
func KeptUntil(clock string) string { return "Phone kept until " + clock + "." }

// CannotKeep says why a phone is not kept; "" for an end that needs no words.
func CannotKeep(why app.KeptEnd) string {
	switch why {
	case app.KeptUnable:
		return "This phone cannot be kept: its browser does not offer it. Scan the code for each patient."
	case app.KeptForeign:
		return "This phone cannot be kept: it could not prove that it scanned this code. Show a new code, scan it and try again."
	case app.KeptTooLate:
		return "This phone was not kept: its session has ended. Keep it in the next one."
	}
	return ""
}
