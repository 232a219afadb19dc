package app

import "testing"

// Photos taken before anybody said whose they are go nowhere until somebody
// has, and then to that patient for good.
func TestAPatientIsNamedOnce(t *testing.T) {
	s := &script{t: t, st: State{}, at: day}
	s.in("", Boot{})
	s.in(sidA, Start{Secrets: Secrets{Recipient: "age1"}, Limits: DefaultLimits, Code: "c"})
	s.in(sidB, Start{Patient: patient("Wiremu"), Limits: DefaultLimits, Code: "d"})
	s.in(sidA, Assign{})
	if got := s.st.Sessions[sidA]; got.Assigned || !got.Patient.IsZero() {
		t.Error("nobody was named, and somebody is there")
	}
	s.in(sidB, Assign{Patient: patient("Aroha")})
	if got := s.st.Sessions[sidB].Patient.Name.Reveal(); got != "Wiremu" {
		t.Errorf("another patient took the place: %s", got)
	}
	s.in(sidA, SessionSaved{})
	s.in(sidA, SessionSaved{})
	save := want[SaveSession](t, s.in(sidA, Assign{Patient: patient("Aroha")}))
	noted := false
	for _, e := range save.Audit {
		noted = noted || e.Event == AuditAssigned && e.Patient.Name.Reveal() == "Aroha"
	}
	if !noted || save.Session.Patient.Name.Reveal() != "Aroha" {
		t.Error("the name is not in what is saved, or not in the trail")
	}
	rec, err := recordOfSession(save.Session)
	if err != nil {
		t.Fatal(err)
	}
	back, unreadable := restoreSessions([]Record{rec})
	if unreadable != 0 || len(back) != 1 || !back[0].Assigned || back[0].Patient.Name.Reveal() != "Aroha" {
		t.Errorf("restored as %+v", back)
	}
	s.in(sidA, Assign{Patient: patient("Wiremu")})
	if got := s.st.Sessions[sidA].Patient.Name.Reveal(); got != "Aroha" {
		t.Errorf("renamed to %s", got)
	}
}

// What leaves never leaves before the index says whose it is.
func TestFilingWaitsUntilThePatientIsDurable(t *testing.T) {
	im := Image{ID: imageID(1), State: ImageLanded, Shown: true}
	s := &script{t: t, at: day, st: State{Sessions: map[SessionID]Session{sidA: {ID: sidA, Stage: StageSettled, kept: true,
		Images: map[ImageID]Image{im.ID: im}, Order: []ImageID{im.ID}}}}}
	if e := s.in(sidA, File{Delivery: "D"}); len(e) > 0 && s.st.Sessions[sidA].Images[im.ID].Filing {
		t.Fatal("filed without a patient")
	}
	want[SaveSession](t, s.in(sidA, Assign{Patient: patient("Aroha")}))
	save := want[SaveImage](t, s.in(sidA, File{Delivery: "D"}))
	none[Deliver](t, s.in(sidA, ImageSaved{Image: save.Image}))
	want[Deliver](t, s.in(sidA, SessionSaved{}))
}
