package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
)

// What is said before the window is there is on it when it first shows, and
// nothing is lost or overtaken on the way to the window that runs.
func TestTheFirstThingShownIsThePatient(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	e := NewEarly()
	h := e.Hear()
	h.Pixels(lesion(1))
	h.Show(link.Snapshot{Phase: link.PhaseNone})
	h.Show(snapshot(t, link.PhaseWaiting))
	h.Raise()
	e.Dress(w, time.Minute)
	if w.screen() != model.ScreenSession || w.snap.Patient.NHI != "ZZZ0016" || w.pixels["t1"] == nil {
		t.Fatalf("shows %s", w.screen())
	}
	h.Show(snapshot(t, link.PhasePaired)) // between the dressing and the running
	h.Pixels(lesion(2))
	h.Help()
	var heard []string
	e.Live(link.Hear{Show: func(s link.Snapshot) { heard = append(heard, string(s.Phase)) }, Pixels: func(p link.Pixels) { heard = append(heard, p.Key) },
		Raise: func() { heard = append(heard, "raise") }, Help: func() { heard = append(heard, "help") }})
	h.Show(snapshot(t, link.PhaseClosed))
	if want := []string{"t2", "paired", "raise", "help", "closed"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}

// An agent that says nothing does not keep the window from opening.
func TestASilentAgentKeepsNoWindow(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	e := NewEarly()
	e.Dress(w, time.Millisecond)
	if w.shown || w.screen() != model.ScreenForm {
		t.Errorf("shows %s", w.screen())
	}
	e.Hear().Show(snapshot(t, link.PhaseWaiting))
	heard := 0
	e.Live(link.Hear{Show: func(link.Snapshot) { heard++ }, Pixels: func(link.Pixels) {}, Raise: func() {}, Help: func() {}})
	if heard != 1 {
		t.Error("what came late was lost")
	}
}
