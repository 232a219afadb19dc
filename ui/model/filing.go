package model

import (
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/text"
)

// FileNames is what the settings say of a template while it is typed.
type FileNames struct {
	Fault  string // a sentence; "" while it can be used
	Hints  []string
	First  string // a session's first photo
	Second string // its second
	Taken  string // the first, where another file has its name already
	PDF    string // the session's document
}

// example is a made-up patient; the NHI is one of those kept for tests.
func example() app.NameFields {
	nhi, _, _ := app.ParseNHI("ZZZ0016")
	return app.NameFields{Patient: app.Patient{NHI: nhi, Name: app.Seal("Aroha Testperson")},
		Taken: time.Date(2026, time.November, 23, 10, 15, 0, 0, time.UTC), Site: "forearm", Side: "left", View: "close-up", N: 1}
}

// FileNamesOf judges a template and shows what it comes to.
func FileNamesOf(template string) FileNames {
	if fault := app.CheckTemplate(template); fault != nil {
		return FileNames{Fault: text.TemplateFault(fault)}
	}
	render := func(ending string, change func(*app.NameFields)) string {
		f := example()
		change(&f)
		name, err := app.RenderName(template, ending, f)
		if err != nil {
			return ""
		}
		return name.Reveal()
	}
	out := FileNames{
		First:  render(app.EndingJPEG, func(*app.NameFields) {}),
		Second: render(app.EndingJPEG, func(f *app.NameFields) { f.N, f.View, f.Taken = 2, "near", f.Taken.Add(20*time.Second) }),
		PDF:    render(app.EndingPDF, func(f *app.NameFields) { f.Site, f.Side, f.View, f.N = "", "", "", 0 }),
	}
	out.Taken = app.NumberedName(out.First, app.EndingJPEG, 2)
	if out.Second == out.First || !strings.Contains(template, "{n}") && !strings.Contains(template, "{time}") {
		out.Hints = append(out.Hints, text.NameNotUnique)
	}
	if out.Second == out.First {
		out.Second = out.Taken
	}
	if !strings.Contains(template, "{nhi}") && !strings.Contains(template, "{name}") {
		out.Hints = append(out.Hints, text.NameNoPatient)
	}
	if strings.Contains(template, "{name}") {
		out.Hints = append(out.Hints, text.NameHasName)
	}
	return out
}

// Insert puts a placeholder into a template at a place counted in letters,
// with a separator where two would meet, and returns where to go on.
func Insert(template string, at int, placeholder string) (string, int) {
	letters := []rune(template)
	at = min(max(at, 0), len(letters))
	before, after := string(letters[:at]), string(letters[at:])
	if strings.HasSuffix(before, "}") {
		placeholder = "_" + placeholder
	}
	if strings.HasPrefix(after, "{") {
		placeholder += "_"
	}
	return before + placeholder + after, at + len([]rune(placeholder))
}

// PlaceholdersLeft are those that a template does not have yet.
func PlaceholdersLeft(template string) []string {
	return slices.DeleteFunc(slices.Clone(app.Placeholders), func(p string) bool { return strings.Contains(template, p) })
}
