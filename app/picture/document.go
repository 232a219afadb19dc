package picture

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/clinicpro-nz/images/app"
)

// Document is what a PDF or TIFF is made of. The same Document makes the same
// PDF, byte for byte, in every run and version.
type Document struct {
	Patient  app.Patient // on every page
	Practice string
	Made     time.Time            // in the practice's zone; zero: not said
	Pages    []Page               // at least one
	Cut      func(pictures []int) // told how many pictures each file holds; nil: nobody asks
	Of       Volume               // zero: it is the whole of a hand-over
}

// Volume says which of several documents of one hand-over a document is, for
// the number on its pages.
type Volume struct {
	N, Of        int // the N-th of so many, from 1
	From, Images int // so many images are in those before it, and in all
}

// Page is one picture and what is printed beneath it. The words are English:
// a record is in one language, whatever the window's.
type Page struct {
	JPEG    []byte      // as it is filed; embedded as it is
	Details app.Details // Rotate is in the pixels already
	Taken   time.Time   // in the practice's zone; zero: not known
	TakenBy app.Clock
	Consent app.Consent
	More    []string // anything else that the target cannot hold, a line each

	tiff *directory // set by TIFFs for itself
}

// DocumentMargin is what a document of one picture takes beside it, bytes, at
// most: with a colour profile of up to 32 KiB and 2,000 characters of text.
const DocumentMargin = 128 << 10

// patientLine says who the document is about.
func (d Document) patientLine() (name, rest string) {
	name = printable(d.Patient.Name.Reveal())
	if name == "" {
		name = "Patient not named"
	}
	var parts []string
	if born, err := time.Parse(time.DateOnly, d.Patient.BirthDate.Reveal()); err == nil {
		parts = append(parts, "Born "+born.Format("2 January 2006"))
	}
	if !d.Patient.NHI.IsZero() {
		parts = append(parts, "NHI "+d.Patient.NHI.Reveal())
	}
	return name, strings.Join(parts, " · ")
}

// heading is where on the body and how a picture was taken, in one line.
func (p Page) heading() string {
	site, _ := app.SiteOf(p.Details.Site)
	where := site.Name
	switch p.Details.Side {
	case app.SideLeft, app.SideRight:
		where = strings.TrimSpace(string(p.Details.Side) + " " + lowerFirst(site.Name))
	case app.SideBoth:
		where = strings.TrimPrefix(site.Name+", both sides", ", ")
	}
	parts := []string{where, string(p.Details.View), string(p.Details.Type)}
	if p.Details.View == app.ViewLocator {
		parts[1] = "overview"
	}
	if p.Details.Type == app.TypeOther {
		parts[2] = ""
	}
	kept := parts[:0]
	for _, s := range parts {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return upperFirst(strings.Join(kept, ", "))
}

// lines is everything else that is known of a picture.
func (p Page) lines() []string {
	var out []string
	if s := printable(p.Details.Caption.Reveal()); s != "" {
		out = append(out, s)
	}
	const moment = "2 January 2006, 3:04 pm"
	switch {
	case p.Taken.IsZero():
	case p.TakenBy == app.ClockSession:
		out = append(out, "Received "+p.Taken.Format(moment))
	default:
		out = append(out, "Taken "+p.Taken.Format(moment))
	}
	if who, ok := consents[p.Consent.By]; ok {
		if !p.Consent.At.IsZero() && !p.Taken.IsZero() {
			who += ", " + p.Consent.At.In(p.Taken.Location()).Format(moment)
		}
		out = append(out, "Consent given by "+who)
	}
	if p.Details.Intimate {
		out = append(out, "Marked as intimate")
	}
	for _, s := range p.More {
		if s = printable(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

var consents = map[app.ConsentBy]string{
	app.ConsentPatient: "the patient", app.ConsentGuardian: "a parent or guardian",
	app.ConsentAttorney: "an attorney or welfare guardian",
}

// footer numbers a page among all pictures of a hand-over.
func (d Document) footer(i int) string {
	parts := []string{fmt.Sprintf("Image %d of %d", d.Of.From+i+1, d.Of.Images)}
	if d.Of.Of > 1 {
		parts = append(parts, fmt.Sprintf("document %d of %d", d.Of.N, d.Of.Of))
	}
	if s := printable(d.Practice); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, " · ")
}

// split cuts the document into as few as hold each at most maxBytes, in
// order. KindTooLarge when one picture alone is too much.
func (d Document) split(maxBytes int, size func(Page) int, write func(Document) ([]byte, error)) ([][]byte, error) {
	const op = "make document"
	if len(d.Pages) == 0 {
		return nil, app.E(op, app.KindBug, ReasonEmpty)
	}
	for room := maxBytes - 64<<10; ; room -= 64 << 10 {
		groups, err := d.group(room, size)
		if err != nil {
			return nil, err
		}
		out, from, over := make([][]byte, len(groups)), 0, false
		for i, pages := range groups {
			one := d
			one.Pages = pages
			if len(groups) > 1 || d.Of == (Volume{}) {
				one.Of = Volume{i + 1, len(groups), from, len(d.Pages)}
			}
			if out[i], err = write(one); err != nil {
				return nil, err
			}
			from += len(pages)
			over = over || len(out[i]) > maxBytes
		}
		if !over {
			if d.Cut != nil {
				counts := make([]int, len(groups))
				for i := range groups {
					counts[i] = len(groups[i])
				}
				d.Cut(counts)
			}
			return out, nil
		}
	}
}

// group is the greedy cut by what the pages take by themselves.
func (d Document) group(room int, size func(Page) int) ([][]Page, error) {
	var groups [][]Page
	used := 0
	for _, p := range d.Pages {
		n := size(p)
		if n > room {
			return nil, app.E("make document", app.KindTooLarge, ReasonTooLarge)
		}
		if len(groups) == 0 || used+n > room {
			groups, used = append(groups, nil), 0
		}
		last := len(groups) - 1
		groups[last], used = append(groups[last], p), used+n
	}
	return groups, nil
}

// printable is a text in one line without what cannot be seen.
func printable(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)), " ")
}

func upperFirst(s string) string { return mapFirst(s, unicode.ToUpper) }
func lowerFirst(s string) string { return mapFirst(s, unicode.ToLower) }

func mapFirst(s string, f func(rune) rune) string {
	for i, r := range s {
		return string(f(r)) + s[i+len(string(r)):]
	}
	return s
}
