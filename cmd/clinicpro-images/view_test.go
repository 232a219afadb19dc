//go:build unix

package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"reflect"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// shown is the snapshot of a session with these images, in this order.
func shown(left bool, images ...app.Image) link.Snapshot {
	s := app.Session{ID: "one", Patient: app.Patient{Name: app.Seal("Aroha Testperson")}, Stage: app.StageLive,
		Images: map[app.ImageID]app.Image{}, Row: app.Row{State: app.SessionDraining, Left: left}}
	for _, im := range images {
		s.Images[im.ID], s.Order = im, append(s.Order, im.ID)
	}
	st := app.State{Current: s.ID, Sessions: map[app.SessionID]app.Session{s.ID: s}}
	return snapshot(st, setting{zone: time.UTC, thumb: func(app.SessionID, app.ImageID) bool { return true }}, time.Now())
}

func TestASnapshotSaysWhatThePhoneSays(t *testing.T) {
	im := app.Image{ID: "a", State: app.ImageLanded, Shown: true, Details: app.Details{
		Caption: app.Seal("after two weeks"), Site: "hand", Side: app.SideLeft, View: app.ViewNear, Intimate: true, Rotate: 90}}
	got := shown(false, im).Images[0]
	want := link.Image{ID: "a", State: app.ImageLanded, Thumb: "one/a/90", Caption: "after two weeks",
		Site: "hand", Side: app.SideLeft, View: app.ViewNear, Hidden: true,
		Reviewed: link.Reviewed{Rev: "90", Turned: 90, Kept: link.Edit{Kind: app.EditCrop, X1: app.Unit, Y1: app.Unit}, Editable: true}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	im.Details.Rotate = 180 // other pixels, so another name
	if turned := shown(false, im).Images[0].Thumb; turned == got.Thumb {
		t.Fatal("a turned thumbnail has the name of the one before")
	}
}

func TestASnapshotSaysThatNobodyAgreed(t *testing.T) {
	im := app.Image{ID: "a", State: app.ImageLanded, Shown: true}
	s := app.Session{ID: "one", Images: map[app.ImageID]app.Image{}, Order: []app.ImageID{"a"}, Row: app.Row{State: app.SessionPaired}}
	says := func() string {
		s.Images["a"] = im
		st := app.State{Current: s.ID, Sessions: map[app.SessionID]app.Session{s.ID: s}}
		return snapshot(st, setting{zone: time.UTC, thumb: func(app.SessionID, app.ImageID) bool { return true }}, time.Now()).Images[0].Problem
	}
	if got := says(); got != "" {
		t.Errorf("said %q where nobody asks", got)
	}
	s.Row.Asks.Consent = true
	if got := says(); got != text.NoConsent {
		t.Errorf("said %q of a photo that nobody agreed to", got)
	}
	im.Consent.By = app.ConsentPatient
	if got := says(); got != "" {
		t.Errorf("said %q of a photo that the patient agreed to", got)
	}
}

func TestASnapshotSaysThatThePhoneLeft(t *testing.T) {
	images := []app.Image{{ID: "a", State: app.ImageLanded}, {ID: "b", State: app.ImageRetracted}, {ID: "c", State: app.ImageRetracted},
		{ID: "d", State: app.ImageDiscarded}, {ID: "e", State: app.ImageFiled}}
	if s := shown(false, images...); s.Left != nil {
		t.Fatalf("said although it is here: %+v", s.Left)
	}
	s := shown(true, images...)
	if s.Left == nil || *s.Left != (link.Left{Kept: 2, Withdrawn: 2}) {
		t.Fatalf("left with %+v", s.Left)
	}
}

// A filing counts what is made ready and what has reached every place.
func TestASnapshotSaysHowFarAFilingIs(t *testing.T) {
	going := func(id app.ImageID, hands ...app.Handover) app.Image {
		return app.Image{ID: id, State: app.ImageLanded, Shown: true, Filing: true, Handovers: hands}
	}
	asked := func(ready, passed bool) app.Handover {
		return app.Handover{State: app.HandAsked, Ready: ready, Passed: passed}
	}
	there := app.Handover{State: app.HandDone}
	if s := shown(false, app.Image{ID: "a", State: app.ImageLanded, Shown: true}); s.Filing != nil {
		t.Errorf("nothing is being filed, and it says %+v", s.Filing)
	}
	s := shown(false, going("a", asked(true, true), asked(true, false)), going("b", there, asked(true, true)), going("c", asked(false, false)),
		app.Image{ID: "d", State: app.ImageFiled, Handovers: []app.Handover{there}})
	if s.Filing == nil || *s.Filing != (link.Filing{Ready: 2, Done: 1, Total: 3}) {
		t.Errorf("got %+v", s.Filing)
	}
}

func TestASnapshotSaysThatThePhoneIsKept(t *testing.T) {
	st := app.State{Current: "one", Sessions: map[app.SessionID]app.Session{"one": {ID: "one", Stage: app.StageLive, Row: app.Row{State: app.SessionPaired}}}}
	zone := time.FixedZone("NZDT", 13*3600)
	for _, c := range []struct {
		kept app.KeptPhone
		want link.Keep
	}{
		{app.KeptPhone{}, link.Keep{Can: true}},
		{app.KeptPhone{Stage: app.KeptOn, Until: time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)}, link.Keep{On: true, Until: "18:00"}},
		{app.KeptPhone{Stage: app.KeptEnding}, link.Keep{Can: true}},
		{app.KeptPhone{Stage: app.KeptRefused, First: "one", Reason: app.KeptUnable}, link.Keep{Can: true, Problem: text.CannotKeep(app.KeptUnable)}},
		{app.KeptPhone{Stage: app.KeptRefused, First: "another", Reason: app.KeptUnable}, link.Keep{Can: true}},
	} {
		st.Kept = c.kept
		if got := keeping(st, zone); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.kept.Stage, got, c.want)
		}
	}
	st.Kept, st.Current = app.KeptPhone{}, "none"
	if keeping(st, zone).Can {
		t.Error("a phone can be kept without a session")
	}
}

// examined is a session with one image that the agent's darkroom has opened.
func examined(t *testing.T, a *agent) app.Session {
	t.Helper()
	in, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson")}, "Practice", app.Asks{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	const id = app.ImageID("019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071")
	s := app.Session{ID: in.SID, Secrets: in.What.(app.Start).Secrets, Stage: app.StageLive, Order: []app.ImageID{id},
		Images: map[app.ImageID]app.Image{id: {ID: id, State: app.ImageLanded, Shown: true}}}
	to, err := age.ParseX25519Recipient(s.Secrets.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 32)), nil); err != nil {
		t.Fatal(err)
	}
	sealed, err := envelope.Seal(to, s.ID, id, secret, picture.Bytes(), envelope.Meta{TakenAt: time.Now(), Width: 64, Height: 32})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := a.darkroom.Examine(t.Context(), s, id, sealed); err != nil || out.Reason != "" {
		t.Fatalf("%v, %q", err, out.Reason)
	}
	return s
}

// A thumbnail is there before the snapshot that names it, as it is turned; the
// one before goes.
func TestThumbnailsAreSentAsTheyAreTurned(t *testing.T) {
	a := testAgent(t)
	s := examined(t, a)
	id := s.Order[0]
	for _, degrees := range []int{0, 90, 0} {
		im := s.Images[id]
		before := thumbKey(s.ID, im, nil)
		im.Details.Rotate = degrees
		s.Images[id] = im
		a.state = app.State{Current: s.ID, Sessions: map[app.SessionID]app.Session{s.ID: s}}
		a.refresh()
		key := thumbKey(s.ID, im, nil)
		if got := a.screens.last.Images[0].Thumb; got != key || !a.screens.has(key) {
			t.Fatalf("by %d degrees: named %s, have %s: %v", degrees, got, key, a.screens.has(key))
		}
		if wide := a.darkroom.Thumb(s.ID, im).Rect.Dx() > 32; wide != (degrees == 0) {
			t.Errorf("by %d degrees it lies the other way", degrees)
		}
		if key != before && a.screens.has(before) {
			t.Errorf("%s is kept", before)
		}
	}
}

// TestTheCodeIsTheLinks: what is remembered is never shown for another link.
func TestTheCodeIsTheLinks(t *testing.T) {
	var last lastCode
	var fresh *lastCode // remembers nothing
	for _, address := range []string{"https://images.example.nz/p/a", "https://images.example.nz/p/a", "https://images.example.nz/p/b", "https://images.example.nz/p/a"} {
		got, err := last.of(app.Seal(address))
		want, wantErr := fresh.of(app.Seal(address))
		if err != nil || wantErr != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: another code, %v, %v", address, err, wantErr)
		}
	}
	a, _ := fresh.of(app.Seal("https://images.example.nz/p/a"))
	b, _ := fresh.of(app.Seal("https://images.example.nz/p/b"))
	if reflect.DeepEqual(a, b) {
		t.Error("two links have one code: this test proves nothing")
	}
}
