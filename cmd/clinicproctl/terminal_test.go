package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

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

// As JSON a session is told to programs, and its patient to nobody.
func TestTheTerminalAsJSON(t *testing.T) {
	var out bytes.Buffer
	term := &terminal{out: &out, json: true, window: link.NewWindow(""), told: map[string]string{}}
	lines := func() (said []string) {
		for line := range strings.Lines(out.String()) {
			said = append(said, line)
		}
		out.Reset()
		return said
	}
	states := func(s link.Snapshot) (got []receiveState) {
		t.Helper()
		s.Patient = link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1980-02-03"}
		term.show(s)
		for _, line := range lines() {
			for _, secret := range []string{"Aroha", "Testperson", "ZZZ0016", "1980", "since May"} {
				if strings.Contains(line, secret) {
					t.Errorf("%s is in %s", secret, line)
				}
			}
			var read receiveState
			reads(t, line, &read)
			got = append(got, read)
		}
		return got
	}
	if got := states(link.Snapshot{Problems: []link.Problem{{What: "The keyring is locked.", Do: "Unlock it."}}}); len(got) != 1 ||
		got[0].Problems[0] != "The keyring is locked. Unlock it." || got[0].Session != "" {
		t.Errorf("not ready: %+v", got)
	}
	if got := states(link.Snapshot{}); len(got) != 0 || !term.started {
		t.Errorf("ready: %+v", got)
	}
	s := link.Snapshot{SID: "one", Phase: link.PhaseWaiting, Code: &link.Code{Link: "https://images.example.nz/p/x/y#z", Expires: 1_800_000_000_000}}
	if got := states(s); len(got) != 1 || got[0].Event != "state" || got[0].Session != "one" || got[0].Phase != "waiting" || got[0].Link != s.Code.Link ||
		got[0].LinkExpires.Format(time.RFC3339) != "2027-01-15T08:00:00Z" || got[0].Photos == nil {
		t.Errorf("open: %+v", got)
	}
	if got := states(s); len(got) != 0 {
		t.Errorf("the same again: %+v", got)
	}
	s.Code, s.Phase, s.Phone, s.CanFile, s.Keep = nil, link.PhasePaired, link.PhoneHere, true, link.Keep{On: true, Until: "18:00"}
	s.Images = []link.Image{{ID: "a", State: app.ImageLanded, Site: "face", Hidden: true, Caption: "new since May", Note: "ZZZ0016_face.jpg", SaveAs: "ZZZ0016.jpg",
		Problem: "ZZZ0016", Reviewed: link.Reviewed{Lacks: "side view", Type: app.TypeLesion}}, {ID: "b", State: app.ImageUnconfirmed}}
	s.Left = &link.Left{Declined: true}
	got := states(s)
	if len(got) != 1 || got[0].Link != "" || got[0].Phone != "here" || !got[0].CanFile || got[0].Left != "no-consent" || got[0].KeptUntil != "18:00" || len(got[0].Photos) != 2 {
		t.Fatalf("%+v", got)
	}
	if p := got[0].Photos[0]; p.Number != 1 || p.ID != "a" || p.State != app.ImageLanded || p.Site != "face" || !p.Intimate || !p.Trouble || p.Type != app.TypeLesion || strings.Join(p.Lacks, " ") != "side view" {
		t.Errorf("%+v", p)
	}
	// The words are the same; what cannot be done is answered.
	term.canFile, term.whyNot, term.left = false, "No folder is set.", ""
	term.listen(bufio.NewReader(strings.NewReader("file\nagain 1\nnonsense\n")), func() {})
	if said := lines(); len(said) != 3 || !strings.Contains(said[0], `{"event":"reply","text":"No folder`) || !strings.Contains(said[2], "Type:") {
		t.Errorf("%q", said)
	}
	var errs bytes.Buffer
	if code := receive(t.Context(), []string{"-json"}, strings.NewReader(""), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), "-patient-from") {
		t.Errorf("%d, %s", code, errs.String())
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
