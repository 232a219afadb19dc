package software

import (
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	fynesoftware "fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
)

func save(t testing.TB, img image.Image, name string) {
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err == nil {
		err = png.Encode(f, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func TestAPatientIsTypedAndASessionStartsByKeyboard(t *testing.T) {
	d := newDesk(t, image.Pt(1080, 780), 1)
	d.ui.Show(link.Snapshot{Phase: link.PhaseNone})
	d.settle()
	d.typed("Ārohā Testperson")
	d.pressed(fyne.KeyTab, 0)
	d.typed("zzz0016")
	d.pressed(fyne.KeyReturn, 0)
	save(t, d.w.Canvas().Capture(), "form")
	last := d.sent[len(d.sent)-1]
	if last.Kind != link.InputNewSession || last.Patient.Name != "Ārohā Testperson" || last.Patient.NHI != "ZZZ0016" {
		t.Fatalf("got %+v", last)
	}
}

func TestCtrlEnterAsksWhatIsToBeFiled(t *testing.T) {
	d := newDesk(t, image.Pt(1080, 780), 1)
	d.gallery(3)
	save(t, d.w.Canvas().Capture(), "gallery")
	d.pressed(fyne.KeyReturn, fyne.KeyModifierControl)
	if last := d.sent[len(d.sent)-1]; last.Kind != link.InputPrepare || last.SID != sid {
		t.Fatalf("got %+v", last)
	}
	d.w.asksToClose()
	if last := d.sent[len(d.sent)-1]; last.Kind != link.InputCloseWindow || !d.w.closed {
		t.Fatalf("closing sent %+v, closed: %v", last, d.w.closed)
	}
}

func TestClipboardShortcuts(t *testing.T) {
	d := newDesk(t, image.Pt(1080, 780), 1)
	d.ui.Show(link.Snapshot{Phase: link.PhaseNone})
	d.settle()
	d.typed("Aroha")
	d.pressed(fyne.KeyA, fyne.KeyModifierControl)
	d.pressed(fyne.KeyX, fyne.KeyModifierControl)
	if got := d.app.clip.Content(); got != "Aroha" {
		t.Fatalf("the clipboard has %q", got)
	}
	d.pressed(fyne.KeyV, fyne.KeyModifierControl)
	d.pressed(fyne.KeyV, fyne.KeyModifierControl)
	d.pressed(fyne.KeyA, fyne.KeyModifierControl)
	d.pressed(fyne.KeyC, fyne.KeyModifierControl)
	if got := d.app.clip.Content(); got != "ArohaAroha" {
		t.Fatalf("twice pasted makes %q", got)
	}
}

// TestOnlyWhatChangesIsPaintedAndNothingIsForgotten drives the window at random
// and holds each picture against one painted from nothing.
func TestOnlyWhatChangesIsPaintedAndNothingIsForgotten(t *testing.T) {
	for _, scale := range []float32{1, 1.5} {
		rng := rand.New(rand.NewPCG(5, uint64(scale*4)))
		d := newDesk(t, image.Pt(900, 600), scale)
		d.gallery(14)
		part := 0
		for step := range 16 {
			at := fyne.NewPos(rng.Float32()*900/scale, rng.Float32()*600/scale)
			switch rng.IntN(6) {
			case 0:
				d.w.pointer.moved(at)
				d.w.pointer.scrolled(0, float32(rng.IntN(9)-4))
			case 1:
				d.ui.Show(snapshot(t, link.PhasePaired, 8+rng.IntN(6)))
			case 2:
				d.pressed(fyne.KeyTab, 0)
			case 3:
				d.w.pointer.moved(at)
			case 4:
				d.clicked(at)
			case 5:
				d.pressed(fyne.KeyF1, 0)
			}
			dirty := d.settle()
			for _, r := range dirty {
				part += r.Dx() * r.Dy()
			}
			got := d.w.scene.capture().(*image.RGBA)
			fresh := newScene()
			fresh.resize(got.Rect.Size()) // as large as the content wanted it
			fresh.paint(d.w.canvas)
			want := fresh.capture().(*image.RGBA)
			for i := range want.Pix {
				if got.Pix[i] != want.Pix[i] {
					save(t, got, "got")
					save(t, want, "want")
					t.Fatalf("scale %v, step %d: pixel %d is %d, painted from nothing %d", scale, step, i/4, got.Pix[i], want.Pix[i])
				}
			}
		}
		whole := d.screen.size.X * d.screen.size.Y
		if frames := d.w.scene.counts.frames; part > frames*whole/2 {
			t.Errorf("scale %v: %d frames painted %d pixels: more than half of every one", scale, frames, part)
		}
	}
}

// TestItLooksAsFyneDrawsIt compares with Fyne's own software canvas.
func TestItLooksAsFyneDrawsIt(t *testing.T) {
	d := newDesk(t, image.Pt(1080, 780), 1)
	d.gallery(3)
	ours := d.w.Canvas().Capture().(*image.RGBA)
	c := fynesoftware.NewCanvas()
	c.SetPadded(true)
	c.SetContent(d.w.Content())
	c.Resize(fyne.NewSize(1080, 780))
	theirs := c.Capture()
	save(t, theirs, "by-fyne")
	save(t, ours, "by-us")
	far := 0
	for y := range 780 {
		for x := range 1080 {
			r, g, b, _ := theirs.At(x, y).RGBA()
			o := ours.RGBAAt(x, y)
			if max(dist(o.R, r), dist(o.G, g), dist(o.B, b)) > 64 {
				far++
			}
		}
	}
	// Edges fall on the nearest pixel here, on the next one there.
	if share := float64(far) / (1080 * 780); share > 0.02 {
		t.Errorf("%.2f %% of the pixels differ", 100*share)
	}
}

func dist(a uint8, b uint32) int { return max(int(a)-int(b>>8), int(b>>8)-int(a)) }

func TestADragAndItsRelease(t *testing.T) {
	d := newDesk(t, image.Pt(1080, 780), 1)
	slider := widget.NewSlider(0, 100)
	ended := 0.0
	slider.OnChangeEnded = func(v float64) { ended = v }
	d.w.SetContent(slider)
	d.settle()
	at := slider.Position().AddXY(slider.Size().Width/2, slider.Size().Height/2)
	d.w.pointer.moved(at)
	d.w.pointer.button(desktop.MouseButtonPrimary, true)
	d.w.pointer.moved(at.AddXY(100, 0))
	d.w.pointer.moved(at.AddXY(250, 300)) // beside it: the drag goes on
	before := slider.Value
	d.w.pointer.button(desktop.MouseButtonPrimary, false)
	if before < 60 || ended != before {
		t.Errorf("dragged to %v, ended at %v", before, ended)
	}
	d.w.pointer.moved(at)
	if slider.Value != before {
		t.Error("it is still dragged")
	}
}

func TestADoubleTapIsNoTap(t *testing.T) {
	d := newDesk(t, image.Pt(400, 300), 1)
	e := widget.NewEntry()
	e.SetText("Aroha Testperson")
	d.w.SetContent(e)
	d.settle()
	at := fyne.NewPos(30, 20)
	d.clicked(at)
	d.clicked(at)
	if got := e.SelectedText(); got != "Aroha" {
		t.Errorf("a double click selected %q", got)
	}
}

// TestTextThatGrowsMakesRoom: a label's neighbour gives way, as in Fyne's own windows.
func TestTextThatGrowsMakesRoom(t *testing.T) {
	d := newDesk(t, image.Pt(600, 300), 1)
	first, second := widget.NewLabel("a"), widget.NewLabel("b")
	d.w.SetContent(container.NewHBox(first, second))
	d.settle()
	before := second.Position().X
	first.SetText("a text that is a good deal longer than the one before")
	d.settle()
	if second.Position().X <= before+100 {
		t.Errorf("the neighbour went from %v to %v", before, second.Position().X)
	}
}
