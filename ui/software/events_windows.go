package software

import (
	"image"
	"unicode/utf16"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"golang.org/x/sys/windows"
)

// windowProc is what Windows calls with each message.
func windowProc(hwnd windows.HWND, id uint32, wParam, lParam uintptr) uintptr {
	s := &the
	if s.hwnd == 0 { // while it is being made
		s.hwnd = hwnd
	}
	if answer, done := s.handle(id, wParam, lParam); done {
		return answer
	}
	answer, _, _ := defWindowProc.Call(uintptr(hwnd), uintptr(id), wParam, lParam)
	return answer
}

// handle reports what it has dealt with; the rest is Windows' own.
func (s *nativeScreen) handle(id uint32, wParam, lParam uintptr) (answer uintptr, done bool) {
	w := s.window
	if w.screen == nil { // while it is being made
		return 0, false
	}
	switch id {
	case wmPosted:
		s.runPosted()
	case wmPaint:
		s.paint()
	case wmEraseBkgnd:
		return 1, true
	case wmSize:
		s.resized()
		s.paint() // while the user drags the border nothing else would
	case wmGetMinMaxInfo:
		info := *(**minMaxInfo)(unsafe.Pointer(&lParam)) // the system's memory
		least := s.outer(s.least)
		info.minTrack = point{int32(least.X), int32(least.Y)}
	case wmDpiChanged:
		s.scale = float32(low(wParam)) / 96
		to := *(**rect)(unsafe.Pointer(&lParam))
		_, _, _ = setWindowPos.Call(uintptr(s.hwnd), 0, uintptr(to.left), uintptr(to.top),
			uintptr(to.right-to.left), uintptr(to.bottom-to.top), swpNoZOrder|swpNoActivate)
		s.resized() // the size may be the same
	case wmSettingChange:
		w.app.settings.follow()
		return 0, false
	case wmSetFocus:
		w.focused(true)
	case wmKillFocus:
		w.focused(false)
	case wmClose:
		w.asksToClose()
	case wmDestroy:
		s.quit()
	case wmSetCursor:
		if low(lParam) != htClient {
			return 0, false
		}
		s.showCursor()
		return 1, true
	default:
		return s.handleInput(id, wParam, lParam)
	}
	return 0, true
}

func (s *nativeScreen) handleInput(id uint32, wParam, lParam uintptr) (answer uintptr, done bool) {
	w := s.window
	switch id {
	case wmMouseMove:
		s.trackPointer()
		w.pointer.moved(s.position(low(lParam), high(lParam)))
	case wmMouseLeave:
		s.inside = false
		w.pointer.left()
	case wmLButtonDown, wmRButtonDown, wmMButtonDown:
		_, _, _ = setCapture.Call(uintptr(s.hwnd)) // a drag goes on outside
		w.pointer.moved(s.position(low(lParam), high(lParam)))
		w.pointer.button(buttonOf(id), true)
	case wmLButtonUp, wmRButtonUp, wmMButtonUp:
		w.pointer.moved(s.position(low(lParam), high(lParam)))
		w.pointer.button(buttonOf(id), false)
		if w.pointer.buttons == 0 {
			_, _, _ = releaseCapture.Call()
		}
	case wmCaptureChanged: // another window took it, in the middle of a drag
		for _, b := range []desktop.MouseButton{desktop.MouseButtonPrimary, desktop.MouseButtonSecondary, desktop.MouseButtonTertiary} {
			if w.pointer.buttons&b != 0 {
				w.pointer.pressed = nil // and no tap comes of it
				w.pointer.button(b, false)
			}
		}
	case wmMouseWheel:
		w.pointer.scrolled(0, float32(high(wParam))/wheelDelta)
	case wmMouseHWheel:
		w.pointer.scrolled(float32(high(wParam))/wheelDelta, 0)
	case wmKeyDown, wmSysKeyDown, wmKeyUp, wmSysKeyUp:
		down, again := id == wmKeyDown || id == wmSysKeyDown, lParam&(1<<30) != 0
		if name := keyOf(wParam, lParam); name != "" {
			w.key(name, int(lParam>>16)&0xff, down, down && again)
		}
		return 0, id != wmSysKeyDown && id != wmSysKeyUp // Alt+F4 and the window's menu are the system's
	case wmChar:
		s.char(uint16(wParam))
	case wmImeStartComposing:
		s.placeComposition()
		return 0, false
	case wmImeComposition:
		if lParam&gcsResultStr == 0 {
			s.placeComposition()
			return 0, false
		}
		s.commit()
	default:
		return 0, false
	}
	return 0, true
}

func buttonOf(id uint32) desktop.MouseButton {
	switch id {
	case wmRButtonDown, wmRButtonUp:
		return desktop.MouseButtonSecondary
	case wmMButtonDown, wmMButtonUp:
		return desktop.MouseButtonTertiary
	}
	return desktop.MouseButtonPrimary
}

func (s *nativeScreen) position(x, y int) fyne.Position {
	return fyne.NewPos(float32(x)/s.scale, float32(y)/s.scale)
}

// trackPointer asks to be told when the pointer leaves.
func (s *nativeScreen) trackPointer() {
	if s.inside {
		return
	}
	s.inside = true
	const leave = 2
	t := trackMouse{flags: leave, hwnd: s.hwnd}
	t.size = uint32(unsafe.Sizeof(t))
	_, _, _ = trackMouseEvent.Call(uintptr(unsafe.Pointer(&t)))
}

// char takes a UTF-16 unit: macrons come by dead keys, emoji in two units.
func (s *nativeScreen) char(unit uint16) {
	r := rune(unit)
	if utf16.IsSurrogate(r) {
		if s.half == 0 {
			s.half = unit
			return
		}
		r = utf16.DecodeRune(rune(s.half), r)
	}
	s.half = 0
	s.window.rune(r)
}

// commit types what an input method has made.
func (s *nativeScreen) commit() {
	context, _, _ := immGetContext.Call(uintptr(s.hwnd))
	if context == 0 {
		return
	}
	defer func() { _, _, _ = immReleaseContext.Call(uintptr(s.hwnd), context) }()
	bytes, _, _ := immGetCompositionString.Call(context, gcsResultStr, 0, 0)
	if n := int32(bytes); n < 2 {
		return
	}
	units := make([]uint16, bytes/2)
	_, _, _ = immGetCompositionString.Call(context, gcsResultStr, uintptr(unsafe.Pointer(&units[0])), bytes)
	for _, r := range utf16.Decode(units) {
		s.window.rune(r)
	}
}

// placeComposition puts what is being composed, and the list to choose from,
// at the widget that will get it.
func (s *nativeScreen) placeComposition() {
	focused, ok := s.window.canvas.Focused().(fyne.CanvasObject)
	if !ok {
		return
	}
	at := areaOf(s.window.canvas.positionOf(focused), focused.Size()).pixels(s.scale)
	context, _, _ := immGetContext.Call(uintptr(s.hwnd))
	if context == 0 {
		return
	}
	line := rect{int32(at.Min.X), int32(at.Min.Y), int32(at.Max.X), int32(at.Max.Y)}
	compose := compositionForm{style: cfsPoint, at: caret(at, s.scale)}
	_, _, _ = immSetCompositionWindow.Call(context, uintptr(unsafe.Pointer(&compose)))
	choose := candidateForm{style: cfsExclude, at: point{line.left, line.bottom}, area: line}
	_, _, _ = immSetCandidateWindow.Call(context, uintptr(unsafe.Pointer(&choose)))
	_, _, _ = immReleaseContext.Call(uintptr(s.hwnd), context)
}

// caret is inside the entry's border: Fyne does not say where its cursor is.
func caret(entry image.Rectangle, scale float32) point {
	return point{int32(entry.Min.X + pixel(8, scale)), int32(entry.Min.Y + pixel(6, scale))}
}

// named keys, by Windows' virtual-key codes (winuser.h).
var named = map[uintptr]fyne.KeyName{
	0x08: fyne.KeyBackspace, 0x09: fyne.KeyTab, 0x0D: fyne.KeyReturn, 0x1B: fyne.KeyEscape, 0x20: fyne.KeySpace,
	0x21: fyne.KeyPageUp, 0x22: fyne.KeyPageDown, 0x23: fyne.KeyEnd, 0x24: fyne.KeyHome,
	0x25: fyne.KeyLeft, 0x26: fyne.KeyUp, 0x27: fyne.KeyRight, 0x28: fyne.KeyDown,
	0x2D: fyne.KeyInsert, 0x2E: fyne.KeyDelete,
	0x6A: fyne.KeyAsterisk, 0x6B: fyne.KeyPlus, 0x6D: fyne.KeyMinus, 0x6E: fyne.KeyPeriod, 0x6F: fyne.KeySlash,
	0xBA: fyne.KeySemicolon, 0xBB: fyne.KeyEqual, 0xBC: fyne.KeyComma, 0xBD: fyne.KeyMinus, 0xBE: fyne.KeyPeriod,
	0xBF: fyne.KeySlash, 0xC0: fyne.KeyBackTick, 0xDB: fyne.KeyLeftBracket, 0xDC: fyne.KeyBackslash,
	0xDD: fyne.KeyRightBracket, 0xDE: fyne.KeyApostrophe,
	0x10: desktop.KeyShiftLeft, 0x11: desktop.KeyControlLeft, 0x12: desktop.KeyAltLeft, 0x14: desktop.KeyCapsLock,
	0x5B: desktop.KeySuperLeft, 0x5C: desktop.KeySuperRight, 0x5D: desktop.KeyMenu, 0x2C: desktop.KeyPrintScreen,
}

// keyOf is Fyne's name of a key; "" for those that it has none for.
func keyOf(virtual, lParam uintptr) fyne.KeyName {
	extended := lParam&(1<<24) != 0
	switch {
	case virtual == 0x0D && extended: // on the number pad
		return fyne.KeyEnter
	case virtual == 0x11 && extended:
		return desktop.KeyControlRight
	case virtual == 0x12 && extended:
		return desktop.KeyAltRight
	case virtual >= '0' && virtual <= '9' || virtual >= 'A' && virtual <= 'Z':
		return fyne.KeyName(rune(virtual))
	case virtual >= 0x60 && virtual <= 0x69: // digits of the number pad
		return fyne.KeyName(rune('0' + virtual - 0x60))
	case virtual >= 0x70 && virtual <= 0x7B:
		return functionKeys[virtual-0x70]
	}
	return named[virtual]
}

var functionKeys = [...]fyne.KeyName{fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6,
	fyne.KeyF7, fyne.KeyF8, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11, fyne.KeyF12}
