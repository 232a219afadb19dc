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
