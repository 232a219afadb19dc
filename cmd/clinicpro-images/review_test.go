//go:build unix

package main

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
)

const (
	firstPhoto  = app.ImageID("019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071")
	secondPhoto = app.ImageID("019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6072")
)

// heldSpool is a spool of sealed images in memory.
type heldSpool struct {
	app.Spool
	sealed map[app.SessionID]map[app.ImageID][]byte
}

func (s heldSpool) Sealed(_ context.Context, sid app.SessionID, id app.ImageID) ([]byte, error) {
	if raw := s.sealed[sid][id]; raw != nil {
		return raw, nil
	}
	return nil, app.E("read image", app.KindNotFound, nil)
}

// reviewAgent is an agent with sessions, each with two photos that have been
// examined, and a window that hears what it is answered.
func reviewAgent(t *testing.T, patients ...app.Patient) (a *agent, sessions []app.Session, answers chan link.Seen) {
	t.Helper()
	a = testAgent(t)
	a.reviewer, a.darkroom = newReviewer(), workstation.NewDarkroom("{nhi}_{date}_{site}_{n}", time.UTC, 0)
	spool := heldSpool{sealed: map[app.SessionID]map[app.ImageID][]byte{}}
	a.state.Sessions = map[app.SessionID]app.Session{}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 640, 480)), nil); err != nil {
		t.Fatal(err)
	}
	for i, patient := range patients {
		in, err := workstation.NewSession(patient, "Practice", app.Asks{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := app.Session{ID: in.SID, Patient: patient, Secrets: in.What.(app.Start).Secrets, Stage: app.StageLive, Images: map[app.ImageID]app.Image{}}
		to, err := age.ParseX25519Recipient(s.Secrets.Recipient)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := envelope.ParseSecret(s.Secrets.Pairing.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		spool.sealed[s.ID] = map[app.ImageID][]byte{}
		for _, id := range []app.ImageID{firstPhoto, secondPhoto} {
			sealed, err := envelope.Seal(to, s.ID, id, secret, picture.Bytes(), envelope.Meta{TakenAt: time.Now(), Width: 640, Height: 480})
			if err != nil {
				t.Fatal(err)
			}
			spool.sealed[s.ID][id] = sealed
			s.Images[id] = app.Image{ID: id, State: app.ImageLanded, Shown: true, TakenAt: time.Date(2026, 11, 17+i, 14, 12, 0, 0, time.UTC)}
			s.Order = append(s.Order, id)
		}
		a.state.Sessions[s.ID], sessions = s, append(sessions, s)
	}
	a.state.Current = sessions[0].ID
	a.setSpool(spool)

	answers = make(chan link.Seen, 20)
	ar, ww, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	wr, aw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.screens.window.Serve(t.Context(), ar, aw, func(link.Input) {}) }()
	go func() {
		_ = link.NewWindow("").Run(t.Context(), wr, ww, link.Hear{Show: func(link.Snapshot) {}, Raise: func() {}, Pixels: func(p link.Pixels) {
			if seen, ok := link.SeenOf(p); ok {
				answers <- seen
			}
		}})
	}()
	return a, sessions, answers
}

func person(name, nhi, born string) app.Patient {
	p := app.Patient{Name: app.Seal(name), BirthDate: app.Seal(born)}
	if nhi != "" {
		p.NHI, _, _ = app.ParseNHI(nhi)
	}
	return p
}

// TestALookShowsThisPatientsPhotosAlone: those of this session, and of others
// of the same patient; anything else is answered with nothing.
func TestALookShowsThisPatientsPhotosAlone(t *testing.T) {
	aroha := person("Aroha Testperson", "ZZZ0016", "1979-05-17")
	a, s, answers := reviewAgent(t, aroha, person("A Testperson", "ZZZ0016", ""), person("Aroha Testperson", "", "1979-05-17"),
		person("Wiremu Testperson", "ZZZ0024", "1979-05-17"), person("Aroha Testperson", "ZZZ0024", "1979-05-17"))
	for seq, c := range []struct {
		of   app.SessionID
		id   app.ImageID
		want bool
	}{
		{"", firstPhoto, true}, {s[0].ID, secondPhoto, true}, {s[1].ID, firstPhoto, true}, {s[2].ID, firstPhoto, true},
		{s[3].ID, firstPhoto, false}, {s[4].ID, firstPhoto, false}, {"", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6079", false}, {"0000000000000000000000000X", firstPhoto, false},
	} {
		a.look(t.Context(), link.Input{SID: string(s[0].ID), Of: string(c.of), Image: string(c.id), Look: link.Look{Seq: seq, Side: 320}})
		got := <-answers
		if shown := got.Width == 640 && got.Height == 480 && got.Image.Rect == image.Rect(0, 0, 320, 240); got.Seq != seq || shown != c.want {
			t.Errorf("look %d: answer %d of %d × %d, %v", seq, got.Seq, got.Width, got.Height, got.Image.Rect)
		}
	}
	var offered []string
	for _, e := range earlier(a.state, s[0], time.UTC) {
		offered = append(offered, e.SID)
		if !strings.HasPrefix(e.Taken, "1") || !strings.Contains(e.Taken, "November 2026, 14:12") {
			t.Errorf("taken %q", e.Taken)
		}
	}
	want := []string{string(s[2].ID), string(s[2].ID), string(s[1].ID), string(s[1].ID)}
	if strings.Join(offered, " ") != strings.Join(want, " ") {
		t.Error("offered are other photos than this patient's, or not the newest first")
	}
}

func TestTheSheetIsToldAsWhatEachPhotoWouldLeave(t *testing.T) {
	a, s, _ := reviewAgent(t, person("Aroha Testperson", "ZZZ0016", ""))
	set := setting{zone: time.UTC, thumb: a.darkroom.HasThumb, reviewer: &a.reviewer}
	said := func() (names []string, bytes []int64) {
		for _, im := range snapshot(a.state, set, time.Now()).Images {
			names, bytes = append(names, im.Name), append(bytes, im.Bytes)
		}
		return names, bytes
	}
	a.prepare(t.Context(), s[0].ID)
	names, first := said()
	if names[0] != "ZZZ0016_2026-11-17_1.jpg" && !strings.HasPrefix(names[0], "ZZZ0016_") || first[0] == 0 || first[1] == 0 {
		t.Fatalf("said %v, %v", names, first)
	}
	im := s[0].Images[firstPhoto]
	im.Details.Site, im.Edits = "hand", []app.Edit{{Kind: app.EditMask, X1: app.Unit / 2, Y1: app.Unit / 2}}
	s[0].Images[firstPhoto] = im
	if names, sizes := said(); names[0] != "" || sizes[0] != 0 || sizes[1] == 0 {
		t.Fatalf("an edited photo is said to leave as before: %v, %v", names, sizes)
	}
	a.prepare(t.Context(), s[0].ID)
	if names, sizes := said(); !strings.Contains(names[0], "_hand_") || sizes[0] == 0 || sizes[0] == first[0] {
		t.Fatalf("said %v, %v", names, sizes)
	}
	if len(a.leaves) != 2 {
		t.Errorf("%d outcomes are remembered", len(a.leaves))
	}
}

func TestTheAgentRemembersWhereTheReviewWas(t *testing.T) {
	a, s, _ := reviewAgent(t, person("Aroha Testperson", "ZZZ0016", ""), person("Wiremu Testperson", "ZZZ0024", ""))
	set := setting{zone: time.UTC, thumb: a.darkroom.HasThumb, reviewer: &a.reviewer}
	a.review(link.Input{Kind: link.InputReview, SID: string(s[0].ID), Image: string(secondPhoto), Beside: link.Ref{Image: string(firstPhoto)}})
	if r := snapshot(a.state, set, time.Now()).Review; r == nil || r.Image != string(secondPhoto) || r.Beside.Image != string(firstPhoto) {
		t.Fatalf("remembered %+v", r)
	}
	a.state.Current = s[1].ID
	if r := snapshot(a.state, set, time.Now()).Review; r != nil {
		t.Fatalf("another patient's session opens at %+v", r)
	}
	a.state.Current = s[0].ID
	a.review(link.Input{Kind: link.InputReview, SID: string(s[0].ID)})
	if r := snapshot(a.state, set, time.Now()).Review; r != nil {
		t.Fatalf("the gallery is remembered as %+v", r)
	}
}

// Every field that the window can say becomes that member, and nothing else.
func TestWhatIsDescribed(t *testing.T) {
	for field, value := range map[link.Field]string{link.FieldSite: "hand", link.FieldSide: "left", link.FieldView: "near", link.FieldType: "wound",
		link.FieldCaption: "sore", link.FieldIntimate: "yes"} {
		set, ok := described(field, value)
		got := map[link.Field]bool{link.FieldSite: set.Site != nil && *set.Site == "hand", link.FieldSide: set.Side != nil && *set.Side == app.SideLeft,
			link.FieldView: set.View != nil && *set.View == app.ViewNear, link.FieldType: set.Type != nil && *set.Type == app.TypeWound,
			link.FieldCaption: set.Caption != nil && set.Caption.Reveal() == "sore", link.FieldIntimate: set.Intimate != nil && *set.Intimate}
		for other, is := range got {
			if !ok || is != (other == field) {
				t.Errorf("%s: %s is said: %v", field, other, is)
			}
		}
	}
	if _, ok := described("weight", "80"); ok {
		t.Error("a field that is none was taken")
	}
}
