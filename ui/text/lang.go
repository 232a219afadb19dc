package text

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/assets/lang"
)

// Words that stand in assets/lang, in every language that has them. The
// others are English.
var (
	FormName         string
	FormBirthDate    string
	Cancel           string
	Close            string
	Open             string
	TrayHelp         string
	TrayQuit         string
	TryAgain         string
	AskYes           string
	AskNo            string
	CopyLink         string
	Copied           string
	SettingsTitle    string
	SettingsBack     string
	ComputerLanguage string
	SetUpDoneFinish  string
	SupportSave      string
	SupportVersion   string
	FolderName       string
	SetUpBackStep    string

	photo, photos, year, years, day, days string // one, and {n} of them
)

// spoken names them as assets/lang does.
var spoken = map[string]*string{
	"FormName":         &FormName,
	"FormBirthDate":    &FormBirthDate,
	"Cancel":           &Cancel,
	"Close":            &Close,
	"Open":             &Open,
	"TrayHelp":         &TrayHelp,
	"TrayQuit":         &TrayQuit,
	"TryAgain":         &TryAgain,
	"AskYes":           &AskYes,
	"AskNo":            &AskNo,
	"CopyLink":         &CopyLink,
	"Copied":           &Copied,
	"SettingsTitle":    &SettingsTitle,
	"SettingsBack":     &SettingsBack,
	"ComputerLanguage": &ComputerLanguage,
	"SetUpDoneFinish":  &SetUpDoneFinish,
	"SupportSave":      &SupportSave,
	"SupportVersion":   &SupportVersion,
	"FolderName":       &FolderName,
	"SetUpBackStep":    &SetUpBackStep,
	"photo":            &photo,
	"photos":           &photos,
	"year":             &year,
	"years":            &years,
	"day":              &day,
	"days":             &days,
}

func init() { Speak("en") }

// Speak chooses the language, "en" or "mi" (te reo Māori); what it has no words
// for stays English. It is for the start of a program, before anything is shown.
func Speak(language string) {
	for _, code := range []string{"en", language} {
		words := map[string]string{}
		if json.Unmarshal(lang.Window(code), &words) != nil { // a language that there is not
			continue
		}
		for name, word := range words {
			if into := spoken[name]; into != nil {
				*into = word
			}
		}
	}
}

// counted is n of something: one, or many with {n} in it.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return strings.Replace(many, "{n}", strconv.Itoa(n), 1)
}
