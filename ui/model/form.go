// Package model turns a link.Snapshot into what each part of the window
// shows: plain values, no Fyne, no clock.
package model

import (
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// Form is what the patient form says about what was typed.
type Form struct {
	NHI     Field
	Birth   Field
	Suggest string // the NHI probably meant; taken only at the GP's click
	Patient link.Patient
	Ready   bool
	WhyNot  string
}

// Field is the line under an entry.
type Field struct {
	Note string
	Bad  bool
}

// CheckForm judges a draft on the day now. A name is needed; NHI and date of
// birth may be empty, but not wrong.
func CheckForm(d link.Draft, now time.Time) Form {
	f := Form{Patient: link.Patient{Name: strings.Join(strings.Fields(d.Name), " "), Source: "form"}}
	if strings.TrimSpace(d.NHI) != "" {
		nhi, suggest, err := app.ParseNHI(d.NHI)
		switch {
		case err == nil:
			f.NHI, f.Patient.NHI = Field{Note: text.FormGoodNHI}, nhi.Reveal()
		case !suggest.IsZero():
			f.Suggest = suggest.Reveal()
			f.NHI = Field{Note: text.DidYouMean(f.Suggest), Bad: true}
		case len(strings.TrimSpace(d.NHI)) >= 7:
			f.NHI = Field{Note: text.FormBadNHI, Bad: true}
		default:
			f.NHI.Bad = true // still being typed: no reproach yet
		}
	}
	if strings.TrimSpace(d.BirthDate) != "" {
		born, ok := ParseBirthDate(d.BirthDate, now)
		switch {
		case !ok && len(strings.TrimSpace(d.BirthDate)) >= 6:
			f.Birth = Field{Note: text.FormBadBirth, Bad: true}
		case !ok:
			f.Birth.Bad = true
		case born.After(now):
			f.Birth = Field{Note: text.FormFuture, Bad: true}
		default:
			f.Patient.BirthDate = born.Format(time.DateOnly)
			f.Patient.Age, f.Patient.HasAge = app.Patient{BirthDate: app.Seal(f.Patient.BirthDate)}.Age(now)
			f.Birth.Note = text.BirthDate(f.Patient.BirthDate) + " · " + text.Years(f.Patient.Age)
		}
	}
	if f.Patient.Name == "" {
		f.WhyNot = text.FormNeedName
	}
	f.Ready = f.Patient.Name != "" && !f.NHI.Bad && !f.Birth.Bad
	return f
}

// ParseBirthDate reads day, month, year as people type it: 17/05/1979,
// 17.5.79, 17-05-1979, 17051979, 17 May 1979. A year of two digits is the
// latest one that is not in the future.
func ParseBirthDate(s string, now time.Time) (time.Time, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/.- ,", r) })
	if len(parts) == 1 && len(s) == 8 {
		parts = []string{s[:2], s[2:4], s[4:]}
	}
	if len(parts) != 3 {
		return time.Time{}, false
	}
	day, okD := number(parts[0])
	month, okM := monthOf(parts[1])
	year, okY := number(parts[2])
	if !okD || !okM || !okY {
		return time.Time{}, false
	}
	switch len(parts[2]) {
	case 2:
		year += now.Year() / 100 * 100
		if time.Date(year, month, day, 0, 0, 0, 0, time.UTC).After(now) {
			year -= 100
		}
	case 4:
	default:
		return time.Time{}, false
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == day && t.Month() == month && year >= now.Year()-130
}

func monthOf(s string) (time.Month, bool) {
	if n, ok := number(s); ok {
		return time.Month(n), n >= 1 && n <= 12
	}
	for m := time.January; m <= time.December; m++ {
		if len(s) >= 3 && strings.HasPrefix(strings.ToLower(m.String()), s) {
			return m, true
		}
	}
	return 0, false
}

func number(s string) (int, bool) {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, s != "" && len(s) <= 4
}
