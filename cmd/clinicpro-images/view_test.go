package main

import (
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

// shown is the snapshot of a session with these images, in this order.
func shown(left bool, images ...app.Image) link.Snapshot {
	s := app.Session{ID: "one", Patient: app.Patient{Name: app.Seal("Aroha Testperson")}, Stage: app.StageLive,
		Images: map[app.ImageID]app.Image{}, Row: app.Row{State: app.SessionDraining, Left: left}}
	for _, im := range images {
		s.Images[im.ID], s.Order = im, append(s.Order, im.ID)
	}
	st := app.State{Current: s.ID, Sessions: map[app.SessionID]app.Session{s.ID: s}}
	return snapshot(st, setting{thumb: func(app.SessionID, app.ImageID) bool { return true }}, time.Now())
}

func TestASnapshotSaysWhatThePhoneSays(t *testing.T) {
	im := app.Image{ID: "a", State: app.ImageLanded, Shown: true, Details: app.Details{
		Caption: app.Seal("after two weeks"), Site: "hand", Side: app.SideLeft, View: app.ViewNear, Intimate: true, Rotate: 90}}
	got := shown(false, im).Images[0]
	want := link.Image{ID: "a", State: app.ImageLanded, Thumb: "one/a/90", Caption: "after two weeks",
		Site: "hand", Side: app.SideLeft, View: app.ViewNear, Hidden: true}
	if got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	im.Details.Rotate = 180 // other pixels, so another name
	if turned := shown(false, im).Images[0].Thumb; turned == got.Thumb {
		t.Fatal("a turned thumbnail has the name of the one before")
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
