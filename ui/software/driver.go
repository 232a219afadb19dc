package software

import (
	"net/url"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func rendererOf(w fyne.Widget) fyne.WidgetRenderer { return test.WidgetRenderer(w) }

// app is Fyne's windowless app with a driver of ours: one window, on whatever
// screen it is given.
type app struct {
	fyne.App // Fyne's own, for what needs no window
	driver   *driver
	settings *settings
	life     lifecycle
	clip     fyne.Clipboard
	icon     fyne.Resource
	meta     fyne.AppMetadata
	window   *window // nil until NewWindow

	open   func(*window) screen // makes the system's window, hidden
	post   func(func())         // runs a function on the window's thread; from any goroutine
	loop   func()               // serves the window's thread until quit
	quit   func()
	browse func(string) error
}

// newApp makes app the process's own, as fyne.CurrentApp gives it.
func newApp(a app) *app {
	a.App = test.NewApp()
	out := &a
	out.driver = &driver{Driver: a.App.Driver(), app: out}
	out.settings = &settings{Settings: a.App.Settings(), app: out}
	fyne.SetCurrentApp(out)
	return out
}

func (a *app) Driver() fyne.Driver                { return a.driver }
func (a *app) Settings() fyne.Settings            { return a.settings }
func (a *app) Lifecycle() fyne.Lifecycle          { return &a.life }
func (a *app) Clipboard() fyne.Clipboard          { return a.clip }
func (a *app) Icon() fyne.Resource                { return a.icon }
func (a *app) SetIcon(icon fyne.Resource)         { a.icon = icon }
func (a *app) Metadata() fyne.AppMetadata         { return a.meta }
func (a *app) UniqueID() string                   { return a.meta.ID }
func (a *app) OpenURL(u *url.URL) error           { return a.browse(u.String()) }
func (a *app) NewWindow(title string) fyne.Window { return a.driver.CreateWindow(title) }
func (a *app) Quit()                              { a.quit() }

func (a *app) Run() {
	a.life.fire(a.life.started)
	a.loop()
	a.life.fire(a.life.stopped)
}

// driver is Fyne's windowless driver with one window.
type driver struct {
	fyne.Driver
	app     *app
	running []*running
	ticking bool
}

func (d *driver) CreateWindow(title string) fyne.Window {
	if d.app.window == nil {
		d.app.window = newWindow(d.app, title)
	}
	return d.app.window
}

// CreateSplashWindow implements desktop.Driver.
func (d *driver) CreateSplashWindow() fyne.Window { return d.CreateWindow("") }

// CurrentKeyModifiers implements desktop.Driver.
func (d *driver) CurrentKeyModifiers() fyne.KeyModifier { return d.app.window.screen.modifiers() }

// HasSecondaryDisplay implements desktop.Driver: nothing here asks for one.
func (d *driver) HasSecondaryDisplay() bool { return false }

func (d *driver) AllWindows() []fyne.Window {
	if d.app.window == nil {
		return nil
	}
	return []fyne.Window{d.app.window}
}

func (d *driver) CanvasForObject(fyne.CanvasObject) fyne.Canvas {
	if d.app.window == nil {
		return nil
	}
	return d.app.window.canvas
}

func (d *driver) AbsolutePositionForObject(obj fyne.CanvasObject) fyne.Position {
	return d.app.window.canvas.positionOf(obj)
}

// DoFromGoroutine implements fyne.Driver. Nobody here waits for the window's
// thread (ui/bridge.go says why), so wait is for others' code.
func (d *driver) DoFromGoroutine(f func(), wait bool) {
	if !wait {
		d.app.post(f)
		return
	}
	done := make(chan struct{})
	d.app.post(func() { defer close(done); f() })
	<-done
}

func (d *driver) Device() fyne.Device { return device{d.Driver.Device(), d} }
func (d *driver) Run()                { d.app.Run() }
func (d *driver) Quit()               { d.app.Quit() }

// DoubleTapDelay is Windows' own default.
func (d *driver) DoubleTapDelay() time.Duration { return 500 * time.Millisecond }

type device struct {
	fyne.Device
	driver *driver
}

func (device) HasKeyboard() bool                          { return true }
func (device) Orientation() fyne.DeviceOrientation        { return fyne.OrientationHorizontalLeft }
func (d device) SystemScaleForWindow(fyne.Window) float32 { return d.driver.app.window.canvas.Scale() }

// settings follow the system's light or dark.
type settings struct {
	fyne.Settings
	app     *app
	variant fyne.ThemeVariant
	still   bool // the system asks for no animations, as Remote Desktop does
	heard   []func(fyne.Settings)
	told    []chan fyne.Settings
}

func (s *settings) ThemeVariant() fyne.ThemeVariant         { return s.variant }
func (s *settings) ShowAnimations() bool                    { return !s.still }
func (s *settings) AddListener(f func(fyne.Settings))       { s.heard = append(s.heard, f) }
func (s *settings) AddChangeListener(ch chan fyne.Settings) { s.told = append(s.told, ch) }
func (s *settings) SetTheme(t fyne.Theme) {
	s.Settings.SetTheme(t) // and forgets the fonts of the one before
	s.apply()
}

// apply shows everything in the theme as it is now.
func (s *settings) apply() {
	if w := s.app.window; w != nil {
		for _, root := range w.canvas.roots() {
			refresh(root)
		}
		w.wake()
	}
	for _, f := range s.heard {
		f(s)
	}
	for _, ch := range s.told {
		select {
		case ch <- s:
		default:
		}
	}
}

// refresh makes every object below obj, and obj, take its colours and sizes again.
func refresh(obj fyne.CanvasObject) {
	children, _ := below(obj)
	for _, child := range children {
		refresh(child)
	}
	layOutOne(obj)
	obj.Refresh()
}

// lifecycle is what the program wants to be told.
type lifecycle struct{ started, stopped, entered, exited func() }

func (l *lifecycle) SetOnEnteredForeground(f func()) { l.entered = f }
func (l *lifecycle) SetOnExitedForeground(f func())  { l.exited = f }
func (l *lifecycle) SetOnStarted(f func())           { l.started = f }
func (l *lifecycle) SetOnStopped(f func())           { l.stopped = f }

func (l *lifecycle) fire(f func()) {
	if f != nil {
		f()
	}
}

// running is an animation under way.
type running struct {
	*fyne.Animation
	began time.Time
	left  int // repetitions; -1: for ever
	back  bool
}

// animationStep is coarse: each step is a frame that Remote Desktop has to send.
const animationStep = 50 * time.Millisecond

// StartAnimation implements fyne.Driver. Where the system asks for stillness
// what would move stands at its end, and what would blink does not.
func (d *driver) StartAnimation(a *fyne.Animation) {
	if d.app.settings.still {
		if a.AutoReverse {
			a.Tick(0)
		} else {
			a.Tick(1)
		}
		return
	}
	d.running = append(d.running, &running{Animation: a, began: time.Now(), left: a.RepeatCount})
	if !d.ticking {
		d.ticking = true
		time.AfterFunc(animationStep, func() { d.app.post(d.tick) })
	}
}

// StopAnimation implements fyne.Driver.
func (d *driver) StopAnimation(a *fyne.Animation) {
	for i, r := range d.running {
		if r.Animation == a {
			d.running = append(d.running[:i:i], d.running[i+1:]...)
			return
		}
	}
}

func (d *driver) tick() {
	now := time.Now()
	for _, r := range append([]*running(nil), d.running...) {
		if r.step(now) {
			d.StopAnimation(r.Animation)
		}
	}
	d.app.window.wake()
	if d.ticking = len(d.running) > 0; d.ticking {
		time.AfterFunc(animationStep, func() { d.app.post(d.tick) })
	}
}

// step shows the animation as it is now and reports its end.
func (r *running) step(now time.Time) (over bool) {
	part := float32(1)
	if r.Duration > 0 {
		part = min(float32(now.Sub(r.began))/float32(r.Duration), 1)
	}
	curve := r.Curve
	if curve == nil {
		curve = fyne.AnimationEaseInOut
	}
	shown := part
	if r.back {
		shown = 1 - part
	}
	r.Tick(curve(shown))
	if part < 1 {
		return false
	}
	r.began = now
	if r.AutoReverse && !r.back {
		r.back = true
		return false
	}
	r.back = false
	if r.left == 0 {
		return true
	}
	if r.left > 0 {
		r.left--
	}
	return false
}

var _ desktop.Driver = (*driver)(nil)
