package ui

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/picture"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// skin paints a synthetic photo of a size, with a ruler along its edge.
func skin(w, h int, seed float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	unit := float64(h) / 180
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/unit, float64(y)/unit
			grain := 5*math.Sin(fx*.7+seed)*math.Sin(fy*.9) + 3*math.Sin(fx*5.1+2*math.Sin(fy*3.3)) - fy/14
			r, g, b := 222+grain, 178+grain, 152+grain
			d := math.Hypot((fx-118-seed*9)/1.2, fy-84+seed*6) + 5*math.Sin(seed+4*math.Atan2(fy-88, fx-120)) + 1.5*math.Sin(fx*1.7)*math.Sin(fy*2.1)
			if f := min(max((30+seed*3-d)/6, 0), 1); f > 0 {
				r, g, b = r-105*f, g-115*f, b-100*f
			}
			if fy > 160 {
				r, g, b = 240, 236, 214
				if mm := math.Mod(fx, 5); mm < .5 && (fy < 166 || math.Mod(fx, 25) < .5 && fy < 172) {
					r, g, b = 40, 40, 40
				}
			}
			img.SetRGBA(x, y, color.RGBA{uint8(min(max(r, 0), 255)), uint8(min(max(g, 0), 255)), uint8(min(max(b, 0), 255)), 255})
		}
	}
	return img
}

// skins are painted once: they are the slowest thing here.
var skins = sync.OnceValue(func() (out [3]*picture.Opened) {
	for i := range out {
		out[i] = picture.OpenedOf(skin(1000, 750, float64(i+1)))
	}
	return out
})

// answer gives the window what an agent with these images would: every look
// it has asked for and not been answered.
type answering struct {
	w      *Window
	sent   *[]link.Input
	photos map[string]*picture.Opened
	edits  map[string][]app.Edit
	from   int
}

func newAnswering(w *Window, sent *[]link.Input) *answering {
	a := &answering{w: w, sent: sent, photos: map[string]*picture.Opened{}, edits: map[string][]app.Edit{}}
	for i := range 5 {
		a.photos[imageID(i)] = skins()[i%3]
	}
	return a
}

func (a *answering) answer() {
	for ; a.from < len(*a.sent); a.from++ {
		in := (*a.sent)[a.from]
		if in.Kind != link.InputLook {
			continue
		}
		changes := picture.ChangesOf(app.Image{Edits: a.edits[in.Image]})
		open := a.photos[in.Image]
		width, height := open.Size(changes)
		a.w.Pixels(link.Pixels{Key: fmt.Sprintf("look/%d/%d/%d", in.Look.Seq, width, height), Image: open.Look(changes, in.Look.Part(), in.Look.Side)})
	}
}

func reviewed(taken string) link.Reviewed {
	return link.Reviewed{Rev: "0", Kept: link.Edit{Kind: app.EditCrop, X1: app.Unit, Y1: app.Unit}, Editable: true, Taken: taken}
}

// reviewSnapshot is a session of five photos in every state of the review.
func reviewSnapshot(t testing.TB) link.Snapshot {
	s := snapshot(t, link.PhasePaired)
	s.Phone, s.CanFile, s.Local = link.PhoneHere, true, false
	for i := range 5 {
		im := link.Image{ID: imageID(i), State: app.ImageLanded, Thumb: "t" + string(rune('1'+i%3)), Reviewed: reviewed("23 November 2026, 10:0" + string(rune('1'+i)))}
		im.Site, im.Side, im.View, im.Type = "forearm", app.SideLeft, []app.View{app.ViewLocator, app.ViewNear, app.ViewCloseUp}[i%3], app.TypeLesion
		s.Images = append(s.Images, im)
	}
	s.Images[2].Caption = "Irregular border, 6 mm, changed since August"
	return s
}

func required(s link.Snapshot) link.Snapshot {
	s.Images = append([]link.Image(nil), s.Images...)
	s.Require = []app.Detail{app.DetailSite, app.DetailSide}
	s.Images[1].Site, s.Images[1].Side, s.Images[1].Lacks = "", "", "site side"
	s.CanFile, s.WhyNot = false, text.Lacking(1)
	return s
}

func partly(s link.Snapshot) link.Snapshot {
	s.Images = append([]link.Image(nil), s.Images...)
	for i := range 3 {
		s.Images[i].State, s.Images[i].Editable, s.Images[i].Note = app.ImageFiled, false, fmt.Sprintf("ZZZ0016_2026-11-23_forearm_left_%d.jpg", i+1)
	}
	s.Images[3].Failed, s.Images[3].Editable, s.Images[3].Problem = true, false, text.Problem(text.PlaceFolder, app.KindFull).What
	s.Images[4].State, s.Images[4].Editable, s.Images[4].Problem = app.ImageUnconfirmed, false, text.FolderUnsure
	return s
}

func sized(s link.Snapshot) link.Snapshot {
	s.Images = append([]link.Image(nil), s.Images...)
	for i := range s.Images {
		s.Images[i].Name, s.Images[i].Bytes = fmt.Sprintf("ZZZ0016_2026-11-23_forearm_left_%d.jpg", i+1), int64(640_000+i*97_000)
	}
	return s
}

// reviewScenes are what a designer looks at beside the snapshots' screens.
var reviewScenes = map[string]func(t testing.TB, w *Window, a *answering){
	"20-review": func(t testing.TB, w *Window, a *answering) {
		w.Show(reviewSnapshot(t))
		w.lookAt(imageID(2), link.Ref{})
	},
	"21-review-marks": func(t testing.TB, w *Window, a *answering) {
		s := reviewSnapshot(t)
		s.Images[2].Edits, s.Images[2].Rev = 2, "0-1"
		a.edits[imageID(2)] = []app.Edit{{Kind: app.EditArrow, X0: app.Unit / 5, Y0: app.Unit / 4, X1: app.Unit * 2 / 5, Y1: app.Unit * 2 / 5},
			{Kind: app.EditMask, X0: app.Unit * 7 / 10, Y0: app.Unit / 10, X1: app.Unit * 9 / 10, Y1: app.Unit / 4}}
		w.Show(s)
		w.lookAt(imageID(2), link.Ref{})
	},
	"22-review-crop": func(t testing.TB, w *Window, a *answering) {
		w.Show(reviewSnapshot(t))
		w.lookAt(imageID(2), link.Ref{})
		a.answer()
		w.review.Key(fyne.KeyC, false)
	},
	"23-review-zoomed": func(t testing.TB, w *Window, a *answering) {
		w.Show(reviewSnapshot(t))
		w.lookAt(imageID(1), link.Ref{})
		a.answer()
		w.review.Key(fyne.KeySpace, false)
	},
	"24-review-required": func(t testing.TB, w *Window, a *answering) {
		w.Show(required(reviewSnapshot(t)))
		w.lookAt(imageID(1), link.Ref{})
	},
	"25-compare": func(t testing.TB, w *Window, a *answering) {
		s := reviewSnapshot(t)
		s.Earlier = []link.Earlier{{Ref: link.Ref{SID: waitingSession.SID, Image: imageID(4)}, Taken: "17 November 2026, 14:12", About: "Left forearm · close-up", Rev: "0"}}
		w.Show(s)
		w.lookAt(imageID(2), link.Ref{})
		w.review.Key(fyne.KeyP, false)
	},
	"26-review-intimate": func(t testing.TB, w *Window, a *answering) {
		s := reviewSnapshot(t)
		s.Images[3].Hidden, s.Images[3].Site = true, "trunk"
		w.Show(s)
		w.lookAt(imageID(3), link.Ref{})
	},
	"27-review-partly": func(t testing.TB, w *Window, a *answering) {
		w.Show(partly(reviewSnapshot(t)))
		w.lookAt(imageID(3), link.Ref{})
	},
	"28-sheet": func(t testing.TB, w *Window, a *answering) {
		w.Show(sized(reviewSnapshot(t)))
		w.file()
	},
	"29-sheet-sizing": func(t testing.TB, w *Window, a *answering) {
		s := sized(reviewSnapshot(t))
		s.Images[4].Bytes, s.Images[4].Name = 0, ""
		w.Show(s)
		w.file()
	},
	"30-sheet-blocked": func(t testing.TB, w *Window, a *answering) {
		w.Show(required(sized(reviewSnapshot(t))))
		w.file()
	},
	"31-keys": func(t testing.TB, w *Window, a *answering) {
		w.Show(reviewSnapshot(t))
		w.lookAt(imageID(2), link.Ref{})
		w.keys()
	},
	"32-gallery-partly": func(t testing.TB, w *Window, a *answering) {
		s := partly(reviewSnapshot(t))
		s.Images[0].State, s.Images[0].Aside, s.Images[0].Note = app.ImageLanded, true, ""
		w.Show(s)
	},
}

// TestScreensOfTheReview paints the review's scenes, light and dark; with
// CLINICPRO_SCREENSHOTS set (make screenshots) at 200 per cent too, which is
// to be looked at and proves nothing more.
func TestScreensOfTheReview(t *testing.T) {
	dir, scales := os.Getenv("CLINICPRO_SCREENSHOTS"), []float32{1, 2}
	if dir == "" {
		dir, scales = t.TempDir(), scales[:1]
	}
	for name, scene := range reviewScenes {
		t.Run(name, func(t *testing.T) {
			for look, v := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
				for _, scale := range scales {
					w, sent := newTestWindow(t, v)
					w.win.Canvas().(software.WindowlessCanvas).SetScale(scale)
					a := newAnswering(w, sent)
					scene(t, w, a)
					for range 4 { // an answer can ask for more
						a.answer()
					}
					if min := w.win.Canvas().Content().MinSize(); min.Width > 1080 || min.Height > 780 {
						t.Errorf("needs %v", min)
					}
					suffix := map[float32]string{1: "", 2: "-200"}[scale]
					savePNG(t, filepath.Join(dir, name+"-"+look+suffix+".png"), w.win.Canvas().Capture())
				}
			}
		})
	}
}

func savePNG(t *testing.T, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}
