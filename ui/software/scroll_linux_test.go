package software

import (
	"image"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"golang.org/x/sys/unix"
)

// frameBound is what a frame may take while scrolling at 1280 × 800 physical
// pixels, in milliseconds; floor-ms beside it is what copying the picture once
// takes.
const frameBound = 50

// BenchmarkScroll scrolls a session of twenty photos, a notch of the wheel a
// frame. cpu-ms/frame holds on a computer that is busy with something else,
// where ns/op does not.
func BenchmarkScroll(b *testing.B) {
	for _, c := range []struct {
		name  string
		size  image.Point
		scale float32
	}{
		{"1280x800 at 100%", image.Pt(1280, 800), 1},
		{"1280x800 at 200%", image.Pt(1280, 800), 2},
		{"2560x1600 at 200%", image.Pt(2560, 1600), 2},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := newDesk(b, c.size, c.scale)
			d.gallery(20)
			d.w.pointer.moved(fyne.NewPos(float32(c.size.X)/2/c.scale, float32(c.size.Y)*0.6/c.scale))
			d.settle()
			from := d.w.scene.frame.Pix
			to, began := make([]byte, len(from)), cpuTime(b)
			for range 20 {
				copy(to, from)
			}
			floor := (cpuTime(b) - began) / 20
			before, slowest := d.w.scene.counts, time.Duration(0)
			began = cpuTime(b)
			b.ResetTimer()
			for i := range b.N {
				up := float32(-1)
				if i/12%2 == 1 {
					up = 1
				}
				frame := time.Now()
				d.w.pointer.scrolled(0, up)
				d.w.frame()
				slowest = max(slowest, time.Since(frame))
			}
			b.StopTimer()
			counts := d.w.scene.counts
			b.ReportMetric(milliseconds(cpuTime(b)-began)/float64(b.N), "cpu-ms/frame")
			b.ReportMetric(milliseconds(floor), "floor-ms")
			b.ReportMetric(frameBound, "bound-ms")
			b.ReportMetric(milliseconds(slowest), "slowest-ms")
			b.ReportMetric(float64(counts.painted-before.painted)/float64(counts.frames-before.frames)/1e6, "Mpx/frame")
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cpuTime is the processor's time that this process has had.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
