package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

// What is new is said once: a photo, its changed details, and that the phone left.
func TestTheTerminalSaysDetailsAndThatThePhoneLeft(t *testing.T) {
	var out bytes.Buffer
	term := &terminal{out: &out, started: true, told: map[string]string{}}
	s := link.Snapshot{SID: "one", Images: []link.Image{{ID: "a", State: app.ImageLanded, Site: "face", Hidden: true}}}
	says := func(want string) {
		t.Helper()
		out.Reset()
		term.show(s)
		if got := strings.TrimSpace(out.String()); got != want {
			t.Fatalf("said %q, want %q", got, want)
		}
	}
	says("Photo 1: Ready to file - Intimate photo - Face")
	says("")
	s.Images = []link.Image{{ID: "a", State: app.ImageLanded, Site: "face", View: app.ViewNear, Caption: "new since May"}}
	says("Photo 1: Ready to file - Face · near - new since May")
	s.Left = &link.Left{Kept: 1}
	says("The phone left this session: wrong patient. It left 1 photo here: look whose they are.")
	s.Left = &link.Left{Declined: true}
	says("No consent: they did not agree to photos. No photo was taken. Note it in the record.")
	says("")
	s.Keep = link.Keep{On: true, Until: "18:00"}
	says("Phone kept until 18:00.")
	says("")
	s.Keep = link.Keep{Can: true, Problem: "This phone cannot be kept."}
	says("No phone is kept any more.")
	s.Keep = link.Keep{Can: true}
	says("")
	s.Keep.Problem = "This phone cannot be kept."
	says("This phone cannot be kept.")
	says("")
}

// What the practice requires can be said in the terminal too, and nothing else.
func TestTheTerminalSaysWhatThePracticeRequires(t *testing.T) {
	for _, c := range []struct {
		field link.Field
		value string
		can   bool
	}{{link.FieldSite, "hand", true}, {link.FieldSide, "left", true}, {link.FieldView, "close-up", true}, {link.FieldType, "rash", true},
		{link.FieldSite, "left", false}, {link.FieldSide, "", false}, {link.FieldCaption, "sore", false}, {link.FieldType, "no such type", false}} {
		if got := sayable(c.field, c.value); got != c.can {
			t.Errorf("%s %q: %v", c.field, c.value, got)
		}
	}
	var out bytes.Buffer
	term := &terminal{out: &out, started: true, told: map[string]string{}, window: link.NewWindow("")}
	term.show(link.Snapshot{SID: "one", Images: []link.Image{{ID: "a", State: app.ImageLanded, Reviewed: link.Reviewed{Lacks: "site"}}}})
	if !strings.Contains(out.String(), "Needs body site. Type: say") {
		t.Errorf("said %q", out.String())
	}
	for what, wrong := range map[string]bool{"1 site hand": false, "2 site hand": true, "1 weight 80": true, "1 site nowhere": true, "x": true} {
		out.Reset()
		if term.say("one", what); (out.Len() > 0) != wrong {
			t.Errorf("%s: said %q", what, out.String())
		}
	}
}

func TestTheTerminalSaysHowFarAFilingIs(t *testing.T) {
	var out strings.Builder
	term := &terminal{out: &out, started: true, told: map[string]string{}}
	for _, f := range []*link.Filing{{Total: 2}, {Total: 2}, {Ready: 2, Total: 2}, {Ready: 2, Done: 1, Total: 2}, nil, nil} {
		term.show(link.Snapshot{SID: "one", Filing: f})
	}
	if got, want := out.String(), "Preparing 1 of 2…\nFiling 1 of 2…\nFiling 2 of 2…\n"; !strings.Contains(got, want) || strings.Count(got, "…") != 3 {
		t.Errorf("said %q", got)
	}
}
