package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/text"
)

func TestFileNamesOf(t *testing.T) {
	got := FileNamesOf(app.DefaultTemplate)
	want := FileNames{First: "ZZZ0016_2026-11-23_forearm_left_1.jpg", Second: "ZZZ0016_2026-11-23_forearm_left_2.jpg",
		Taken: "ZZZ0016_2026-11-23_forearm_left_1_2.jpg", PDF: "ZZZ0016_2026-11-23.pdf"}
	if got.Fault != "" || len(got.Hints) > 0 || got.First != want.First || got.Second != want.Second || got.Taken != want.Taken || got.PDF != want.PDF {
		t.Errorf("%+v", got)
	}
	got = FileNamesOf("{name} {date}")
	if got.First != "Aroha Testperson 2026-11-23.jpg" || got.Second != "Aroha Testperson 2026-11-23_2.jpg" ||
		!slices.Equal(got.Hints, []string{text.NameNotUnique, text.NameHasName}) {
		t.Errorf("%+v", got)
	}
	if got = FileNamesOf("{site} {n}"); !slices.Equal(got.Hints, []string{text.NameNoPatient}) {
		t.Errorf("%+v", got)
	}
	for template, want := range map[string]string{
		"":                         "A file needs a name.",
		"{nhi}_{dob}":              "{dob} means nothing here.",
		"{nhi":                     "stands alone",
		"a/{n}":                    "another folder",
		"{n}?":                     "does not take ?",
		"{n}\t":                    "does not take that character",
		"nul":                      "keeps the name NUL",
		".{n}":                     "begin or end",
		strings.Repeat("long", 20): "too long",
	} {
		if got := FileNamesOf(template); !strings.Contains(got.Fault, want) || got.First != "" {
			t.Errorf("%q: %+v", template, got)
		}
	}
}

func TestInsert(t *testing.T) {
	for _, c := range []struct {
		template string
		at       int
		want     string
		next     int
	}{
		{"", 0, "{date}", 6}, {"{nhi}", 5, "{nhi}_{date}", 12}, {"{nhi}", 0, "{date}_{nhi}", 7},
		{"ā {n}", 2, "ā {date}_{n}", 9}, {"x", 99, "x{date}", 7}, {"x", -1, "{date}x", 6},
	} {
		if got, next := Insert(c.template, c.at, "{date}"); got != c.want || next != c.next {
			t.Errorf("%q at %d: %q, %d", c.template, c.at, got, next)
		}
	}
	if left := PlaceholdersLeft("{nhi}_{date}_{n}"); !slices.Equal(left, []string{"{name}", "{time}", "{site}", "{side}", "{view}"}) {
		t.Errorf("left %q", left)
	}
}
