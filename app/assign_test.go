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

// A session that was typed in learns where its patient is in the record system
// from a launch about that very patient, once, and files there only after the
// index holds it.
func TestARecordIsNamedOfTheSamePatientOnly(t *testing.T) {
	record := RecordRef{Facility: "F2N060-E", Patient: Seal("https://alex.example/FHIR/Patient/1"), Provider: "p"}
	typed := somebody("Aroha Testperson")
	elsewhere := RecordRef{Facility: "F2N060-E", Patient: Seal("https://alex.example/FHIR/Patient/2")}
	without := func(change func(*Patient)) Patient {
		p := typed
		change(&p)
		return p
	}
	other, _, _ := ParseNHI("ZZZ0024")
	for name, c := range map[string]struct {
		session, launched Patient
		before            RecordRef
		record            RecordRef
		want              RecordRef
	}{
		"the same":                       {typed, typed, RecordRef{}, record, record},
		"the same, written otherwise":    {without(func(p *Patient) { p.Name = Seal("aroha  TESTPERSON") }), typed, RecordRef{}, record, record},
		"another NHI":                    {typed, without(func(p *Patient) { p.NHI = other }), RecordRef{}, record, RecordRef{}},
		"another name":                   {typed, somebody("Wiremu Testperson"), RecordRef{}, record, RecordRef{}},
		"another date of birth":          {typed, without(func(p *Patient) { p.BirthDate = Seal("1979-05-18") }), RecordRef{}, record, RecordRef{}},
		"nobody knows the date of birth": {patient("Aroha Testperson"), patient("Aroha Testperson"), RecordRef{}, record, RecordRef{}},
		"no NHI":                         {without(func(p *Patient) { p.NHI = NHI{} }), without(func(p *Patient) { p.NHI = NHI{} }), RecordRef{}, record, RecordRef{}},
		"no name":                        {without(func(p *Patient) { p.Name = Sealed{} }), without(func(p *Patient) { p.Name = Sealed{} }), RecordRef{}, record, RecordRef{}},
		"nobody yet":                     {Patient{}, typed, RecordRef{}, record, RecordRef{}},
		"one that has another":           {typed, typed, elsewhere, record, elsewhere},
		"a launch that names no record":  {typed, typed, RecordRef{}, RecordRef{}, RecordRef{}},
	} {
		s := &script{t: t, at: day}
		s.in(sidA, Start{Patient: c.session, Record: c.before, Limits: DefaultLimits, Code: "c"})
		s.in(sidA, SessionSaved{})
		s.in(sidA, SessionSaved{})
		s.in(sidA, Refer{c.launched, c.record})
		got := s.st.Sessions[sidA]
		if got.Record != c.want || got.Referred != (c.want != c.before) || got.Patient != c.session {
			t.Errorf("%s: %+v", name, got.Record)
		}
	}

	im := Image{ID: imageID(1), State: ImageLanded, Shown: true}
	s := &script{t: t, at: day, st: State{Sessions: map[SessionID]Session{sidA: {ID: sidA, Stage: StageSettled, kept: true, Patient: typed,
		Images: map[ImageID]Image{im.ID: im}, Order: []ImageID{im.ID}}}}}
	s.in(sidA, File{Delivery: "D", Sinks: []string{"alex-scan"}})
	if s.st.Sessions[sidA].Images[im.ID].Filing {
		t.Fatal("filed into a record that nobody named")
	}
	save := want[SaveSession](t, s.in(sidA, Refer{typed, record}))
	noted := false
	for _, e := range save.Audit {
		noted = noted || e.Event == AuditReferred
	}
	if !noted {
		t.Error("nothing in the trail")
	}
	rec, err := recordOfSession(save.Session)
	if err != nil {
		t.Fatal(err)
	}
	if back, _ := restoreSessions([]Record{rec}); len(back) != 1 || !back[0].Referred || back[0].Record != record {
		t.Errorf("restored as %+v", back)
	}
	filed := want[SaveImage](t, s.in(sidA, File{Delivery: "D", Sinks: []string{"alex-scan"}}))
	none[Deliver](t, s.in(sidA, ImageSaved{Image: filed.Image}))
	if d := want[Deliver](t, s.in(sidA, SessionSaved{})); d.Sink != "alex-scan" {
		t.Errorf("delivered to %s", d.Sink)
	}
}
