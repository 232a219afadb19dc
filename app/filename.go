package app

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// DefaultTemplate names a picture; the target is the practice's own disk.
const DefaultTemplate = "{nhi}_{date}_{site}_{side}_{n}.jpg"

// Endings of what is filed.
const (
	EndingJPEG = ".jpg"
	EndingPDF  = ".pdf"
	EndingJSON = ".json"
)

// NameFields are what a template may speak of; empty ones leave no trace.
type NameFields struct {
	Patient Patient
	Taken   time.Time // in the zone to be written
	Site    string
	Side    string
	View    string
	N       int // 1 is the session's first
}

// Placeholders are all that a template may have, in the order of their use.
var Placeholders = []string{"{nhi}", "{name}", "{date}", "{time}", "{site}", "{side}", "{view}", "{n}"}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// TemplateFault is what is wrong with a template, and which part of it.
type TemplateFault struct {
	Fault TemplateReason
	Part  string // as it stands in the template; "" where the fault is the whole
}

func (f *TemplateFault) Error() string { return string(f.Fault) }

// TemplateReason is one fault of a template, a fixed word.
type TemplateReason string

const (
	TemplateEmpty    TemplateReason = "empty"
	TemplateUnknown  TemplateReason = "unknown placeholder"
	TemplateBrace    TemplateReason = "brace without its other"
	TemplatePath     TemplateReason = "character that names a folder or is not allowed"
	TemplateReserved TemplateReason = "name that Windows keeps for a device"
	TemplateEnd      TemplateReason = "dot or space at an end"
	TemplateLong     TemplateReason = "too long"
)

// CheckTemplate returns what is wrong with a template, nil for nothing. What
// it passes names a file with any patient and any details.
func CheckTemplate(template string) *TemplateFault {
	if strings.TrimSpace(template) == "" {
		return &TemplateFault{Fault: TemplateEmpty}
	}
	for _, p := range placeholder.FindAllString(template, -1) {
		if !slices.Contains(Placeholders, p) {
			return &TemplateFault{TemplateUnknown, p}
		}
	}
	own := placeholder.ReplaceAllString(template, "") // its own words
	if strings.ContainsAny(own, "{}") {
		return &TemplateFault{Fault: TemplateBrace}
	}
	for _, r := range own {
		if strings.ContainsRune(reserved, r) || unseen(r) || r == utf8.RuneError {
			return &TemplateFault{TemplatePath, string(r)}
		}
	}
	stem := withoutEnding(template, EndingJPEG)
	if strings.Trim(stem, ". ") != stem {
		return &TemplateFault{Fault: TemplateEnd}
	}
	bare := strings.TrimFunc(collapse(placeholder.ReplaceAllString(stem, "")), separator)
	if device(stem) || device(bare) {
		return &TemplateFault{TemplateReserved, bare}
	}
	if len(own) > mostOwnBytes || strings.Count(template, "{name}") > 1 {
		return &TemplateFault{Fault: TemplateLong}
	}
	return nil
}

// mostOwnBytes leaves room in a name for every placeholder once, and a
// patient's name of some length.
const mostOwnBytes = 40

// RenderName returns the file name for a template with an ending, already fit
// for every file system. Separators around an empty part collapse into one.
// KindCorrupt for an unknown placeholder or brace.
func RenderName(template, ending string, f NameFields) (Sealed, error) {
	unknown := false
	s := placeholder.ReplaceAllStringFunc(withoutEnding(template, EndingJPEG), func(p string) string {
		switch p {
		case "{nhi}":
			return f.Patient.NHI.Reveal()
		case "{name}":
			return f.Patient.Name.Reveal()
		case "{date}":
			return stamp(f.Taken, time.DateOnly)
		case "{time}":
			return stamp(f.Taken, "150405")
		case "{site}":
			return f.Site
		case "{side}":
			return f.Side
		case "{view}":
			return f.View
		case "{n}":
			if f.N == 0 {
				return ""
			}
			return strconv.Itoa(f.N)
		}
		unknown = true
		return ""
	})
	own := placeholder.ReplaceAllString(withoutEnding(template, EndingJPEG), "") // a patient's name may have braces
	if unknown || strings.ContainsAny(own, "{}") {
		return Sealed{}, E("render file name", KindCorrupt, errors.New("unknown placeholder"))
	}
	return Seal(FileName(collapse(s)+ending, ending)), nil
}

func stamp(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(layout)
}

// collapse turns every run of separators into its first and trims the ends.
func collapse(s string) string {
	var out strings.Builder
	var before rune
	for _, r := range s {
		if !separator(r) || !separator(before) {
			out.WriteRune(r)
		}
		before = r
	}
	return strings.TrimFunc(out.String(), separator)
}

func separator(r rune) bool { return r == '_' || r == '-' || r == ' ' }

const (
	reserved  = `<>:"/\|?*`
	mostBytes = 150 // of a name: room for a long folder, and for "_999"
)

func withoutEnding(s, ending string) string {
	if n := len(s) - len(ending); n >= 0 && strings.EqualFold(s[n:], ending) {
		return s[:n]
	}
	return s
}

// unseen reports whether nothing of r is seen, and it is no space.
func unseen(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// FileName makes a name usable on Windows and everywhere else: no separator,
// control or reserved character, no device name, no dot or space at either
// end, at most 150 bytes, with the ending.
func FileName(s, ending string) string {
	s = withoutEnding(strings.ToValidUTF8(s, ""), ending)
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(reserved, r):
			return '_'
		case unseen(r), r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	for len(s) > mostBytes-len(EndingJSON) {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	s = strings.Trim(s, ". ")
	if s == "" {
		s = "image"
	}
	if device(s) {
		s = "_" + s
	}
	return s + ending
}

// device reports whether Windows takes the name for a device, whatever
// follows its first dot.
func device(s string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	if port, ok := strings.CutPrefix(base, "COM"); ok {
		return portDigit(port)
	}
	port, ok := strings.CutPrefix(base, "LPT")
	return ok && portDigit(port)
}

func portDigit(s string) bool {
	return utf8.RuneCountInString(s) == 1 && strings.Contains("0123456789¹²³", s)
}

// NumberedName is what a file gets when n-1 others of its name are there:
// the name for 1, and name_n before the ending for n.
func NumberedName(name, ending string, n int) string {
	name = strings.TrimSuffix(name, ending)
	if n > 1 {
		name += "_" + strconv.Itoa(n)
	}
	return name + ending
}
