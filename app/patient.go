package app

import (
	"strings"
	"time"
	"unicode"
)

// Patient is who the session is about. Every field is sealed: nothing of it
// reaches a log, key, URL or JSON unless a caller reveals it.
type Patient struct {
	Name      Sealed // as the practice writes it: "Aroha Testperson"
	NHI       NHI    // may be zero: "assign later"
	BirthDate Sealed // "2006-01-02"; may be empty
	Sex       Sealed // FHIR administrative gender; may be empty
	Source    string // "form", "handover", "medtech"
}

// IsZero reports whether no patient has been given yet.
func (p Patient) IsZero() bool { return p.Name.IsZero() && p.NHI.IsZero() }

// Same reports whether p and q are certainly one person: the same NHI or,
// where one of them has none, the same name and date of birth.
func (p Patient) Same(q Patient) bool {
	if !p.NHI.IsZero() && !q.NHI.IsZero() {
		return p.NHI.Reveal() == q.NHI.Reveal()
	}
	return !p.Name.IsZero() && !p.BirthDate.IsZero() && p.BirthDate.Reveal() == q.BirthDate.Reveal() && sameName(p, q)
}

// Agrees reports whether everything that tells two patients apart is given of
// both and is the same: NHI, name and date of birth. It is what a machine may
// go by where Same is not enough.
func (p Patient) Agrees(q Patient) bool {
	if p.NHI.IsZero() || p.Name.IsZero() || p.BirthDate.IsZero() {
		return false
	}
	return p.NHI.Reveal() == q.NHI.Reveal() && p.BirthDate.Reveal() == q.BirthDate.Reveal() && sameName(p, q)
}

func sameName(p, q Patient) bool {
	return strings.EqualFold(strings.Join(strings.Fields(p.Name.Reveal()), " "), strings.Join(strings.Fields(q.Name.Reveal()), " "))
}

// Age returns whole years at the day now, and false when there is no usable
// birth date.
func (p Patient) Age(now time.Time) (int, bool) {
	born, err := time.Parse(time.DateOnly, p.BirthDate.Reveal())
	if err != nil || born.After(now) {
		return 0, false
	}
	years := now.Year() - born.Year()
	if now.Month() < born.Month() || now.Month() == born.Month() && now.Day() < born.Day() {
		years--
	}
	return years, true
}

// Initials returns the first letter of each part of the name: "A. T.".
func (p Patient) Initials() string {
	var out []string
	for _, part := range strings.Fields(p.Name.Reveal()) {
		r := []rune(part)[0]
		if unicode.IsLetter(r) {
			out = append(out, string(unicode.ToUpper(r))+".")
		}
	}
	return strings.Join(out, " ")
}
