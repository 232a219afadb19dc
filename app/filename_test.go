package app

import (
	"strings"
	"testing"
	"time"
)

func TestRenderName(t *testing.T) {
	nhi, _, err := ParseNHI("ZZZ0016")
	if err != nil {
		t.Fatal(err)
	}
	f := NameFields{Patient: Patient{NHI: nhi, Name: Seal("Aroha Testperson")},
		Taken: time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC), Site: "forearm", Side: "left", View: "close-up", N: 2}
	noSite, hostile := f, f
	noSite.Site, noSite.Side, noSite.View = "", "", ""
	hostile.Site, hostile.Side, hostile.View = `..\..\x`, "/etc", "a:b"
	for _, c := range []struct {
		template string
		f        NameFields
		want     string
	}{
		{DefaultTemplate, f, "ZZZ0016_2026-11-23_forearm_left_2.jpg"},
		{DefaultTemplate, noSite, "ZZZ0016_2026-11-23_2.jpg"},
		{"{nhi}_{site}_{side}_{view}_{n}", f, "ZZZ0016_forearm_left_close-up_2.jpg"},
		{"{nhi}_{site}_{side}_{view}_{n}", noSite, "ZZZ0016_2.jpg"},
		{"{view}_{nhi}_{side}", noSite, "ZZZ0016.jpg"},
		{"{site}_{side}", noSite, "image.jpg"},
		{"{n}_{site}_{side}_{view}", hostile, "2_.._.._x__etc_a_b.jpg"},
		{"{name} {time}", f, "Aroha Testperson 101500.jpg"},
		{"../{nhi}", f, "_ZZZ0016.jpg"},
	} {
		got, err := RenderName(c.template, EndingJPEG, c.f)
		if err != nil || got.Reveal() != c.want {
			t.Errorf("%s: %q, %v, want %q", c.template, got.Reveal(), err, c.want)
		}
	}
	for _, bad := range []string{"{patient}", "{nhi", "{}"} {
		if _, err := RenderName(bad, EndingJPEG, f); KindOf(err) != KindCorrupt {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"a.jpg": "a.jpg", "a": "a.jpg", "A.JPG": "A.jpg", "": "image.jpg", "...": "image.jpg", ".hidden.jpg": "hidden.jpg",
		`a<b>:"/\|?*.jpg`: "a_b________.jpg", "con.jpg": "_con.jpg", "COM1.x.jpg": "_COM1.x.jpg", "lpt¹": "_lpt¹.jpg",
		"console": "console.jpg", "a\x00b\n\u202ec": "abc.jpg", "a. ": "a.jpg", "a\u00a0b": "a b.jpg", "\xff": "image.jpg",
	} {
		if got := FileName(in, EndingJPEG); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := FileName(strings.Repeat("ā", 400), EndingJPEG); len(got) > mostBytes || !strings.HasSuffix(got, "ā.jpg") {
		t.Errorf("long name became %d bytes", len(got))
	}
}

func TestCheckTemplate(t *testing.T) {
	for template, want := range map[string]TemplateFault{
		DefaultTemplate: {}, "{name}": {}, "{nhi} {date}.JPG": {}, "Clinical photo {n}": {},
		"": {Fault: TemplateEmpty}, "  ": {Fault: TemplateEmpty},
		"{nhi}_{dob}": {TemplateUnknown, "{dob}"}, "{NHI}": {TemplateUnknown, "{NHI}"}, "{}": {TemplateUnknown, "{}"},
		"{nhi": {Fault: TemplateBrace}, "nhi}_{n}": {Fault: TemplateBrace},
		"{nhi}/{n}": {TemplatePath, "/"}, `..\\{nhi}`: {TemplatePath, `\\`[:1]}, "{date}:{n}": {TemplatePath, ":"}, "{n}\t": {TemplatePath, "\t"},
		"CON": {TemplateReserved, "CON"}, "lpt1.{n}": {TemplateReserved, "lpt1."}, "aux_{site}": {TemplateReserved, "aux"}, "{nhi}_CON_{n}": {TemplateReserved, "CON"},
		".{nhi}": {Fault: TemplateEnd}, "{nhi}.": {Fault: TemplateEnd}, "{nhi} .jpg": {Fault: TemplateEnd},
		strings.Repeat("x", 41): {Fault: TemplateLong}, "{name}{name}": {Fault: TemplateLong},
	} {
		got := CheckTemplate(template)
		if got == nil {
			got = &TemplateFault{}
		}
		if *got != want {
			t.Errorf("%q: %+v, want %+v", template, *got, want)
		}
	}
}

func TestNumberedName(t *testing.T) {
	if a, b := NumberedName("a.jpg", EndingJPEG, 1), NumberedName("a.b.pdf", EndingPDF, 3); a != "a.jpg" || b != "a.b_3.pdf" {
		t.Errorf("%q and %q", a, b)
	}
}
