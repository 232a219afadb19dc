package model_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
)

// session is the n-th of a working day's: five photos, from the code to "filed".
func session(n int) []link.Snapshot {
	s := link.Snapshot{Phase: link.PhaseWaiting, SID: fmt.Sprintf("%026d", n), Now: int64(n), Patient: link.Patient{
		Name: fmt.Sprint("Patient ", n), NHI: "ZZZ0016", BirthDate: "1979-05-17", Age: 47, HasAge: true, Source: "medtech"},
		Code: &link.Code{Link: fmt.Sprint("https://images.example.nz/", n), QR: link.PackModules([][]bool{{true}}), Expires: int64(n) + 600_000}}
	steps := []link.Snapshot{s}
	s.Phase = link.PhasePaired
	for i := range 5 {
		s.Images = append(s.Images[:i:i], link.Image{ID: fmt.Sprint(n, i), State: app.ImageLanded, Thumb: fmt.Sprint(n, "/", i), Site: "hand", Caption: fmt.Sprint("note ", n)})
		s.CanFile = true
		steps = append(steps, s)
	}
	s.Images = append([]link.Image(nil), s.Images...)
	for i := range s.Images {
		s.Images[i].State = app.ImageFiled
	}
	return append(steps, s)
}

// Eight hours compressed: after 10,000 sessions through everything that the
// windows are worded from, no more is held than after the first hundred.
func TestTenThousandSessionsLeaveNothing(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	through := func(from, to int) {
		for n := from; n < to; n++ {
			for _, s := range session(n) {
				_ = model.ScreenOf(s)
				_ = model.CardOf(s.Patient).Under()
				_ = model.PairingOf(s, time.Second, false)
				_ = model.StripOf(s)
				_ = model.KeepingOf(s)
				_ = model.BarOf(s)
				if len(model.TilesOf(s)) != len(s.Images) {
					t.Fatal("a tile is missing")
				}
			}
			_ = model.CheckForm(link.Draft{Name: "Aroha", NHI: "ZZZOO16", BirthDate: "17/5/79"}, now)
		}
	}
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	through(0, 100)
	before := held()
	through(100, 10_000)
	after := held()
	if after > before+256<<10 {
		t.Errorf("grew from %d to %d bytes", before, after)
	}
	t.Logf("10,000 sessions: %d KB held after the first hundred, %d KB after all", before>>10, after>>10)
}
