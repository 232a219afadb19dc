package text

import (
	"fmt"
	"time"
)

// Words of the settings and the first run.
const (
	SettingsByIT = "Decided by your IT support"

	PageConnections = "Connections"
	PageFolder      = "Where photos go"
	PageRules       = "What the phone asks"
	PageKeeping     = "How long photos stay"
	PageComputer    = "This computer"
	PageSupport     = "For support"

	LightsSub     = "Each part that photos need, and when it last answered."
	LightsCheck   = "Check now"
	LightsAsking  = "Checking…"
	LightGood     = "Works"
	LightSlow     = "Slower"
	LightBad      = "Does not answer"
	LightUnknown  = "Not checked yet"
	LightVault    = "Password store of this computer"
	LightSpool    = "Photo store on this computer, locked"
	LightRegistry = "Image service: sessions"
	LightObjects  = "Image service: photos"
	LightFeed     = "Live updates"
	LightFolder   = "Practice folder"

	FolderSub  = "Filed photos are saved here. Choose the folder that your record system looks in."
	FolderSave = "Use this folder"

	RulesSub     = "The phone asks for these. A session that is open keeps what it was started with."
	RulesConsent = "Who agrees to the photos, before the first one"
	RulesRequire = "Asked for once, when the photos are taken"
	RulesSite    = "Body site"
	RulesSide    = "Side"
	RulesView    = "View"
	RulesType    = "What it is"
	RulesTarget  = "Make photos smaller than"

	KeepingSub  = "Photos that are filed or discarded stay on this computer, locked, for this long. Photos that nobody has filed stay until somebody does."
	KeepingDays = "Keep for"

	ComputerSub       = "How ClinicPro Images behaves here."
	ComputerAutostart = "Start when I sign in"
	ComputerSound     = "A quiet sound when a photo arrives"
	ComputerRestart   = "The window changes its language when it opens again, the menu beside the clock at the next start."

	SupportSub  = "What helps somebody to find a fault: versions, settings, the last checks, and the log. No patient is in it, and no password. Look at it before you save it."
	SupportMake = "Show what would be saved"

	RefusedFolder = "That folder cannot be used: it is not there, or you may not write to it. Photos go where they went before."
	RefusedChange = "That could not be saved. Everything is as it was."
	RefusedBundle = "The file could not be written. Make room on the disk, then try again."

	SetUpTitle = "Set up ClinicPro Images"
	SetUpNext  = "Next"
	SetUpLater = "Finish later"
	SetUpAgain = "Run the set-up"

	SetUpWelcome     = "Photos from your phone to the right patient, in seconds."
	SetUpWelcomeMore = "Your phone needs no app, and keeps nothing. Photos are encrypted on the phone; only this computer can open them."
	SetUpTry         = "Take a test photo"
	SetUpTryMore     = "Photograph your desk, with your own phone. The session is about a test patient, so nothing gets into anybody's record. Scan the code, take one photo, then press File."
	SetUpTryStart    = "Start the test session"
	SetUpDone        = "It works"
	SetUpDoneMore    = "The test photo is in the practice folder. Delete it when you like. From now on: click the icon beside the clock, then New session."
	SetUpAlone       = "This computer alone"
	SetUpAloneMore   = "Phones on the same Wi-Fi send straight to this computer. Good for trying it out, or for one room."
	SetUpPractice    = "Your practice's service"
	SetUpPracticeNot = "Ask whoever looks after your computers for the practice's enrolment file."
	SetUpUse         = "Use this computer alone"
	SetUpUsed        = "In use"
	SetUpTestName    = "Test Patient"
	TestNHI          = "ZZZ0016" // for tests, never given to a person (HISO 10046)
)

// LightAt says when a part was asked.
func LightAt(at, now time.Time) string {
	switch ago := now.Sub(at); {
	case ago < time.Minute:
		return "just now"
	case ago < 2*time.Minute:
		return "a minute ago"
	case ago < time.Hour:
		return fmt.Sprintf("%d minutes ago", int(ago.Minutes()))
	}
	return WaitingSince(at, now)
}

// Days is a number of days.
func Days(n int) string {
	return counted(n, day, days)
}

// Kilobytes is the size that photos are made to; a kB is 1,000 bytes.
func Kilobytes(n int64) string {
	switch {
	case n%1000 == 0:
		return fmt.Sprintf("%d MB", n/1000)
	case n > 1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1000)
	}
	return fmt.Sprintf("%d kB", n)
}

// LanguageName is a language in itself.
func LanguageName(code string) string {
	if code == "mi" {
		return "Te reo Māori"
	}
	return "English (New Zealand)"
}

// SupportSaved says where the diagnostics are.
func SupportSaved(path string) string { return "Saved as " + path }

// SetUpStep counts the steps of the first run.
func SetUpStep(n, of int) string { return fmt.Sprintf("Step %d of %d", n, of) }
