package software

import (
	"image"
	"runtime"
	"testing"
	"time"
	"unicode/utf16"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

var (
	immSetCompositionString = imm32.NewProc("ImmSetCompositionStringW")
	immNotifyIME            = imm32.NewProc("ImmNotifyIME")
	getPixel                = gdi32.NewProc("GetPixel")
	peekMessage             = user32.NewProc("PeekMessageW")
)

// native is a real window with an entry and a long list in it.
type native struct {
	t      *testing.T
	app    *app
	entry  *widget.Entry
	scroll *container.Scroll
}

func newNative(t *testing.T) *native {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	the.hwnd, the.window = 0, nil
	n := &native{t: t, entry: widget.NewEntry()}
	n.app = newApp(app{open: func(w *window) screen { return openScreen(w, false) }, post: the.post, loop: the.loop, quit: func() {},
		browse: browse, clip: systemClipboard{}})
	t.Cleanup(func() { test.NewApp() })
	n.app.settings.follow()
	n.app.settings.still = true
	w := n.app.NewWindow("ClinicPro Images")
	tall := container.NewVBox()
	for range 60 {
		tall.Add(widget.NewLabel("a line"))
	}
	n.scroll = container.NewVScroll(tall)
	w.SetContent(container.NewBorder(n.entry, nil, nil, nil, n.scroll))
	w.Resize(fyne.NewSize(500, 400))
	w.Show()
	w.Canvas().Focus(n.entry)
	n.pump()
	t.Cleanup(func() { w.Close(); n.pump() })
	return n
}

// pump serves the window until nothing waits.
func (n *native) pump() {
	n.t.Helper()
	var m message
	for idle := 0; idle < 5; {
		const remove = 1
		more, _, _ := peekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, remove)
		if more == 0 {
			idle++
			time.Sleep(20 * time.Millisecond)
			continue
		}
		idle = 0
		_, _, _ = translateMessage.Call(uintptr(unsafe.Pointer(&m)))
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func (n *native) send(id uint32, wParam, lParam uintptr) {
	_, _, _ = sendMessage.Call(uintptr(the.hwnd), uintptr(id), wParam, lParam)
	n.pump()
}

func TestCharactersBeyondSixteenBitsAndDeadKeys(t *testing.T) {
	n := newNative(t)
	for _, unit := range utf16.Encode([]rune("Ārohā 👍")) {
		n.send(wmChar, uintptr(unit), 0)
	}
	if n.entry.Text != "Ārohā 👍" {
		t.Errorf("typed %q", n.entry.Text)
	}
}

// TestAnInputMethodCommits composes as Windows' input methods do.
func TestAnInputMethodCommits(t *testing.T) {
	n := newNative(t)
	context, _, _ := immGetContext.Call(uintptr(the.hwnd))
	if context == 0 {
		t.Fatal("the window has no input context")
	}
	units := utf16.Encode([]rune("田中"))
	const setString, compositionString, complete = 9, 21, 1 // SCS_SETSTR, NI_COMPOSITIONSTR, CPS_COMPLETE
	if done, _, _ := immSetCompositionString.Call(context, setString, uintptr(unsafe.Pointer(&units[0])), uintptr(2*len(units)), 0, 0); done == 0 {
		t.Fatal("nothing can be composed")
	}
	n.pump()
	if n.entry.Text != "" {
		t.Errorf("%q is typed before it is chosen", n.entry.Text)
	}
	_, _, _ = immNotifyIME.Call(context, compositionString, complete, 0)
	_, _, _ = immReleaseContext.Call(uintptr(the.hwnd), context)
	n.pump()
	if n.entry.Text != "田中" {
		t.Errorf("the input method's text became %q", n.entry.Text)
	}
}

func TestTheWheelScrolls(t *testing.T) {
	n := newNative(t)
	n.send(wmMouseMove, 0, 200<<16|200)
	notch := -wheelDelta
	n.send(wmMouseWheel, uintptr(uint32(notch))<<16, 0)
	if n.scroll.Offset.Y != wheelStep {
		t.Errorf("a notch scrolled by %v", n.scroll.Offset.Y)
	}
}

func TestAnotherMonitorsScale(t *testing.T) {
	n := newNative(t)
	w := n.app.window
	before := w.canvas.Scale()
	to := rect{40, 40, 1040, 840}
	n.send(wmDpiChanged, 192<<16|192, uintptr(unsafe.Pointer(&to)))
	if w.canvas.Scale() != 2 {
		t.Errorf("the scale went from %v to %v", before, w.canvas.Scale())
	}
	var inside rect
	_, _, _ = getClientRect.Call(uintptr(the.hwnd), uintptr(unsafe.Pointer(&inside)))
	if size := w.scene.frame.Rect.Size(); size != image.Pt(int(inside.right), int(inside.bottom)) || size.X < 900 {
		t.Errorf("the picture is %v in %+v", size, inside)
	}
}

// TestWhatIsPaintedIsOnTheScreen reads the window's own pixels.
func TestWhatIsPaintedIsOnTheScreen(t *testing.T) {
	n := newNative(t)
	n.entry.SetText("Aroha Testperson")
	n.pump()
	dc, _, _ := getDC.Call(uintptr(the.hwnd))
	defer func() { _, _, _ = releaseDC.Call(uintptr(the.hwnd), dc) }()
	shown := n.app.window.Canvas().Capture().(*image.RGBA)
	wrong := 0
	for y := 0; y < 60; y += 2 {
		for x := 0; x < 200; x += 2 {
			got, _, _ := getPixel.Call(dc, uintptr(x), uintptr(y))
			c := shown.RGBAAt(x, y)
			if uint32(got) != uint32(c.R)|uint32(c.G)<<8|uint32(c.B)<<16 {
				wrong++
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 3000 pixels are not what was painted", wrong)
	}
}
