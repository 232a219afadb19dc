package app

import (
	"encoding/json"
	"testing"
)

func TestRecoverSession(t *testing.T) {
	sid := NewSessionID()
	nhi, _, err := ParseNHI("ZZZ0016")
	if err != nil {
		t.Fatal(err)
	}
	const first, second = ImageID("01932e9a-0000-7000-8000-000000000001"), ImageID("01932e9a-0000-7000-8000-000000000002")
	session, err := recordOfSession(Session{ID: sid, Patient: Patient{Name: Seal("Aroha Testperson"), NHI: nhi}, Order: []ImageID{first}})
	if err != nil {
		t.Fatal(err)
	}
	image, err := recordOfImage(sid, Image{ID: first, State: ImageFiled, Place: Seal("somewhere"), Sinks: []string{"folder"}})
	if err != nil {
		t.Fatal(err)
	}
	body := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	got, ok := RecoverSession([]Record{
		image, session,
		{SID: sid, Kind: RecordImage, Key: string(second), Body: []byte("{")},
		{SID: sid, Kind: RecordDelivery, Key: "D1", Body: body(frozenDelivery{[]frozenItem{{first, "name.jpg", "sum", 4}, {second, "name_2.jpg", "sum", 4}}})},
		{SID: sid, Kind: RecordItem, Key: "D1/" + string(first), Body: []byte("jpeg")},
		{SID: sid, Kind: RecordItem, Key: "D2/" + string(second), Body: []byte("cut off")},
		{SID: sid, Kind: "later", Body: []byte("{}")},
	})
	if !ok || got.Session.ID != sid || got.Session.Patient.Name.Reveal() != "Aroha Testperson" || got.Session.Images[first].State != ImageFiled {
		t.Fatalf("recovered %v, %v", got.Session, ok)
	}
	if len(got.Frozen) != 2 || len(got.Frozen[0].Items) != 1 || string(got.Frozen[0].Items[0].JPEG) != "jpeg" ||
		got.Frozen[0].Items[0].Image != first || got.Frozen[0].Items[0].Name.Reveal() != "name.jpg" {
		t.Errorf("frozen: %v", got.Frozen)
	}
	if items := got.Frozen[1].Items; len(items) != 1 || string(items[0].JPEG) != "cut off" || !items[0].Name.IsZero() {
		t.Errorf("the bytes of a delivery that was never whole: %v", items)
	}
	if len(got.Unread) != 2 {
		t.Errorf("unread: %d records, want 2", len(got.Unread))
	}
	if _, ok := RecoverSession([]Record{image}); ok {
		t.Error("a session without its own record was recovered")
	}
}
