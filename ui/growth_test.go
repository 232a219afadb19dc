package ui

import (
	"fmt"
	"runtime"
	"testing"

	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

// One window that stays open shows patients one after another, with their
// pictures: what it holds is the last one's.
func TestAWindowShowsSessionAfterSessionWithoutGrowth(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	through := func(from, to int) {
		for n := from; n < to; n++ {
			s := link.Snapshot{Phase: link.PhasePaired, SID: fmt.Sprintf("%026d", n), Patient: link.Patient{Name: fmt.Sprint("Patient ", n), NHI: "ZZZ0016"}}
			picture := lesion(float64(n % 9))
			picture.Key = fmt.Sprint(n)
			w.Pixels(picture)
			s.Images = []link.Image{{ID: fmt.Sprint(n), State: app.ImageLanded, Thumb: picture.Key}}
			w.Show(s)
			w.Show(link.Snapshot{Phase: link.PhaseNone})
		}
	}
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	through(0, 30)
	before := held()
	through(30, 150)
	if after := held(); after > before+2<<20 {
		t.Errorf("grew from %d to %d bytes", before, after)
	}
	if len(w.pixels) > 1 || len(w.session.Tiles()) > 1 {
		t.Errorf("%d pictures and %d tiles are kept", len(w.pixels), len(w.session.Tiles()))
	}
}
