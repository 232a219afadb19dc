package software

import (
	"image"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"github.com/skip2/go-qrcode"

	imagesapp "github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui"
	"github.com/clinicpro-nz/images/ui/link"
)

// fakeScreen is a screen without a system under it.
type fakeScreen struct {
	w      *window
	size   image.Point
	scale  float32
	mods   fyne.KeyModifier
	woken  bool
	raised int
	cursor desktop.StandardCursor
}

func (s *fakeScreen) show()                              {}
func (s *fakeScreen) hide()                              {}
func (s *fakeScreen) raise()                             { s.raised++ }
func (s *fakeScreen) close()                             {}
func (s *fakeScreen) setTitle(string)                    {}
func (s *fakeScreen) setMin(image.Point)                 {}
func (s *fakeScreen) wake()                              { s.woken = true }
func (s *fakeScreen) setCursor(c desktop.StandardCursor) { s.cursor = c }
func (s *fakeScreen) modifiers() fyne.KeyModifier        { return s.mods }
func (s *fakeScreen) setSize(p image.Point)              { s.size = p; s.w.resized(p, s.scale) }

// desk is the program's window on a fake screen.
type desk struct {
	t      testing.TB
	app    *app
	screen *fakeScreen
	ui     *ui.Window
	w      *window

	mu     sync.Mutex
	posted []func()
	sent   []link.Input
}

var clock = time.UnixMilli(1_000_000)

func newDesk(t testing.TB, size image.Point, scale float32) *desk {
	t.Helper()
	d := &desk{t: t, screen: &fakeScreen{scale: scale}}
	d.app = newApp(app{
		open: func(w *window) screen { d.screen.w = w; return d.screen },
		post: func(f func()) { d.mu.Lock(); d.posted = append(d.posted, f); d.mu.Unlock() },
		loop: func() {}, quit: func() {}, browse: func(string) error { return nil },
		clip: test.NewClipboard(),
	})
	d.app.settings.still = true
	t.Cleanup(func() { test.NewApp() })
	d.app.Settings().SetTheme(ui.NewThemeOf(theme.VariantLight))
	d.ui = ui.NewWindow(d.app, func() time.Time { return clock }, func(in link.Input) { d.sent = append(d.sent, in) })
	d.ui.Fyne().Resize(ui.Size)
	d.w = d.app.window
	d.screen.size = size
	d.w.resized(size, scale)
	d.w.Show()
	d.w.focused(true)
	d.settle()
	return d
}

// settle does what was posted and paints until nothing asks for a frame.
func (d *desk) settle() (dirty []image.Rectangle) {
	d.t.Helper()
	for range 50 {
		d.mu.Lock()
		due := d.posted
		d.posted = nil
		d.mu.Unlock()
		for _, f := range due {
			f()
		}
		if !d.screen.woken && len(due) == 0 {
			return dirty
		}
		d.screen.woken = false
		dirty = append(dirty, d.w.frame()...)
	}
	d.t.Fatal("the window asks for frames without end")
	return nil
}

func (d *desk) typed(s string) {
	for _, r := range s {
		d.w.rune(r)
	}
	d.settle()
}

func (d *desk) pressed(name fyne.KeyName, mods fyne.KeyModifier) {
	d.screen.mods = mods
	d.w.key(name, 0, true, false)
	d.w.key(name, 0, false, false)
	d.screen.mods = 0
	d.settle()
}

func (d *desk) clicked(at fyne.Position) {
	d.w.pointer.moved(at)
	d.w.pointer.button(desktop.MouseButtonPrimary, true)
	d.w.pointer.button(desktop.MouseButtonPrimary, false)
	d.settle()
}

const sid = "0123456789ABCDEFGHJKMNPQRS"

func snapshot(t testing.TB, phase link.Phase, images int) link.Snapshot {
	t.Helper()
	code, err := qrcode.New("https://images.example.nz/p/karaka/"+sid+"#age1q.x.y", qrcode.Low)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	s := link.Snapshot{
		Now: clock.UnixMilli(), SID: sid, Practice: "Karaka Medical Centre", Phase: phase, Line: link.LineLive,
		Patient: link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17", Age: 47, HasAge: true},
		Code:    &link.Code{Link: "https://images.example.nz/", QR: link.PackModules(code.Bitmap()), Expires: clock.Add(9 * time.Minute).UnixMilli()},
		Sink:    link.Sink{Label: "the practice folder"},
	}
	if phase == link.PhasePaired {
		s.Phone, s.CanFile = link.PhoneHere, true
	}
	for i := range images {
		s.Images = append(s.Images, link.Image{ID: imageID(i), State: imagesapp.ImageLanded, Thumb: "t" + imageID(i)})
	}
	return s
}

func imageID(n int) string {
	return "01890a5d-ac96-774b-bcce-b302099a8" + string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

// gallery shows a session with so many photos, each another.
func (d *desk) gallery(images int) {
	for i := range images {
		img := image.NewNRGBA(image.Rect(0, 0, 240, 180))
		for p := 0; p < len(img.Pix); p += 4 {
			x, y := p/4%240, p/4/240
			copy(img.Pix[p:], []byte{byte(200 - y/4), byte(150 + x/8), byte(100 + i*7), 0xff})
		}
		d.ui.Pixels(link.PixelsOf("t"+imageID(i), img))
	}
	d.ui.Show(snapshot(d.t, link.PhasePaired, images))
	d.settle()
}
