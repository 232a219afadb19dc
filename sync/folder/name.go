package folder

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/clinicpro-nz/images/app"
)

// DefaultTemplate names a picture; the target is the practice's own disk.
const DefaultTemplate = "{nhi}_{date}_{site}_{side}_{n}"

// Fields are what a template may speak of; empty ones leave no trace.
type Fields struct {
	Patient app.Patient
	Taken   time.Time // in the zone to be written
	Site    string
	Side    string
	View    string
	N       int // 1 is the session's first
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Render returns the file name for a template, ".jpg" included, already fit
// for every file system. Placeholders: {nhi} {name} {date} {time} {site}
// {side} {view} {n}. Separators around an empty part collapse into one. An unknown
// placeholder is KindCorrupt.
func Render(template string, f Fields) (app.Sealed, error) {
	unknown := false
	s := placeholder.ReplaceAllStringFunc(template, func(p string) string {
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
			return strconv.Itoa(f.N)
		}
		unknown = true
		return ""
	})
	if unknown || strings.ContainsAny(s, "{}") {
		return app.Sealed{}, app.E("render file name", app.KindCorrupt, fmt.Errorf("unknown placeholder"))
	}
	return app.Seal(FileName(collapse(s) + extension)), nil
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
	extension = ".jpg"
	mostBytes = 150 // of a name: room for a long folder, and for "_999"
)

// FileName makes a name usable on Windows and everywhere else: no separator,
// control or reserved character, no device name, no dot or space at either
// end, at most 150 bytes, ending in ".jpg".
func FileName(s string) string {
	s = strings.ToValidUTF8(s, "")
	if n := len(s) - len(extension); n >= 0 && strings.EqualFold(s[n:], extension) {
		s = s[:n]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/\|?*`, r):
			return '_'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	for len(s) > mostBytes-len(extension) {
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
	return s + extension
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

// numbered is name for 1, and name_n before the extension for n.
func numbered(name string, n int) string {
	if n <= 1 {
		return name
	}
	return strings.TrimSuffix(name, extension) + "_" + strconv.Itoa(n) + extension
}
