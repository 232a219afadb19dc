package phone_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/phone"
)

func code(err error) string {
	if no, ok := errors.AsType[*phone.Problem](err); ok {
		return no.Code
	}
	return ""
}

// What a phone amends over HTTP is what the registry holds, and opens under
// the session's keys alone.
func TestAmend(t *testing.T) {
	r := newRig(t)
	p, images := r.join(http.DefaultClient, 2)
	ctx, id := t.Context(), images[0].ID
	details := app.Details{Caption: app.Seal("Ward 3, ā"), Site: "foot", Side: app.SideRight}
	if _, err := p.Amend(ctx, id, 1, details); code(err) != "image-unknown" {
		t.Fatalf("before it is announced: %v", err)
	}
	if _, err := p.Reserve(ctx, images...); err != nil {
		t.Fatal(err)
	}
	a, err := p.Amend(ctx, id, 2, details)
	if err != nil || a.Session.Images[0].Details != 2 || a.Session.Images[1].Details != 0 {
		t.Fatalf("%v, %+v", err, a.Session.Images)
	}
	if a, err = p.Amend(ctx, id, 1, app.Details{}); err != nil || a.Session.Images[0].Details != 2 {
		t.Fatalf("late: %v, %+v", err, a.Session.Images)
	}
	held, err := r.registry.Details(ctx, r.drawn.SID, id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := envelope.OpenAmendment(held, r.drawn.Identity, r.drawn.SID, r.drawn.Secret); err != nil || got != details {
		t.Fatalf("%v, or other details", err)
	}
	r.land()
	if _, err := r.registry.Mark(ctx, r.drawn.SID, []app.Mark{{ID: id, State: app.ImageFiled}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Amend(ctx, id, 3, details); code(err) != "image-filed" || app.KindOf(err) != app.KindConflict {
		t.Fatalf("after it was filed: %v", err)
	}
}

func TestLeave(t *testing.T) {
	r := newRig(t)
	p, images := r.join(http.DefaultClient, 1)
	if _, err := p.Reserve(t.Context(), images...); err != nil {
		t.Fatal(err)
	}
	a, err := p.Leave(t.Context(), true)
	if err != nil || !a.Session.Left || a.Session.State != app.SessionDraining || a.Session.Images[0].RetractWanted {
		t.Fatalf("%v, %+v", err, a.Session)
	}
	if a, err = p.Leave(t.Context(), false); err != nil || !a.Session.Images[0].RetractWanted {
		t.Fatalf("%v, %+v", err, a.Session)
	}
	late, err := p.Seal([]byte("of the next patient"), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Reserve(t.Context(), late); code(err) != "session-draining" {
		t.Fatalf("a new photo: %v", err)
	}
}

func TestSealWithDetails(t *testing.T) {
	r := newRig(t)
	p, _ := r.join(http.DefaultClient, 0)
	want := app.Details{View: app.ViewLocator, Intimate: true}
	im, err := p.SealWith([]byte("not a picture"), time.Now(), want, app.Consent{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := envelope.Open(im.Sealed, r.drawn.Identity, r.drawn.SID, im.ID, r.drawn.Secret)
	if err != nil || c.Meta.Details != want {
		t.Fatalf("%v, or other details", err)
	}
}
