package app

import (
	"reflect"
	"testing"
)

// Who agreed is as the image was captured, whatever is said of it later; the
// index keeps it, and the trail's line of the filing names it.
func TestConsentStaysWithTheImage(t *testing.T) {
	s := &script{t: t, at: day}
	s.live(sidA)
	agreed := Consent{By: ConsentGuardian, At: day}
	id := imageID(1)
	s.land(sidA, id)
	s.in(sidA, Examined{Image: id, Width: 4, Height: 3, Consent: agreed})
	s.in(sidA, RowRead{Row: s.landedRow(id, 1)})
	s.in(sidA, Amended{Image: id, N: 1, Details: site("hand")})
	im := s.st.Sessions[sidA].Images[id]
	if im.Consent != agreed || im.Details != site("hand") {
		t.Fatalf("agreed by %+v", im.Consent)
	}
	session, err := recordOfSession(s.st.Sessions[sidA])
	if err != nil {
		t.Fatal(err)
	}
	image, err := recordOfImage(sidA, im)
	if err != nil {
		t.Fatal(err)
	}
	restored, _ := restoreSessions([]Record{session, image})
	if back := restored[0].Images[id].Consent; back.By != agreed.By || !back.At.Equal(agreed.At) {
		t.Fatalf("the index gives %+v back", back)
	}
	reasons := map[AuditEvent]string{}
	for _, state := range []func(*Image){
		func(im *Image) { im.State, im.Handovers = ImageFiled, []Handover{{State: HandDone}} },
		func(im *Image) { im.State, im.Handovers = ImageFiled, []Handover{{State: HandDone, Attested: true}} },
		func(im *Image) { im.State = ImageDiscarded },
	} {
		became := im
		became.Arrived = day
		state(&became)
		for _, e := range s.st.Sessions[sidA].notesOf(became, day) {
			reasons[e.Event] = e.Reason
		}
	}
	want := map[AuditEvent]string{AuditLanded: "", AuditFiled: "consent-guardian", AuditAttested: "consent-guardian", AuditDiscarded: ""}
	if !reflect.DeepEqual(reasons, want) {
		t.Fatalf("the trail says %q", reasons)
	}
}

// What the practice asks goes with the session from its start, also when the
// registry has lost it.
func TestASessionIsOpenedWithWhatIsAsked(t *testing.T) {
	asks := Asks{Consent: true, Require: []Detail{DetailSite}, Target: 480_000}
	st, _ := Step(State{Booted: true}, Input{SID: sidA, At: day, What: Start{Asks: asks, Limits: DefaultLimits}})
	s := st.Sessions[sidA]
	copied := s.restorable()
	if o := s.opening(&copied); !reflect.DeepEqual(o.Asks, asks) || !reflect.DeepEqual(o.Restore.Asks, asks) {
		t.Fatalf("opened with %+v", o)
	}
	record, err := recordOfSession(s)
	if err != nil {
		t.Fatal(err)
	}
	restored, _ := restoreSessions([]Record{record})
	if got := restored[0].Row.Asks; !reflect.DeepEqual(got, asks) {
		t.Fatalf("the index gives %+v back", got)
	}
}
