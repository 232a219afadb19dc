package software

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// key tells of a key that went down (again, while it is held) or came up, in
// Fyne's order: raw key, Tab, shortcut, key.
func (w *window) key(name fyne.KeyName, scan int, down, again bool) {
	defer w.wake()
	c := w.canvas
	e := &fyne.KeyEvent{Name: name, Physical: fyne.HardwareKey{ScanCode: scan}}
	if !again {
		w.rawKey(e, down)
	}
	if !down {
		return
	}
	mods := w.screen.modifiers()
	if name == fyne.KeyTab && mods&^fyne.KeyModifierShift == 0 && !w.keepsTab(mods) {
		return
	}
	if w.shortcut(name, mods) {
		return
	}
	if f := c.Focused(); f != nil {
		f.TypedKey(e)
	} else if typed := c.OnTypedKey(); typed != nil {
		typed(e)
	}
}

func (w *window) rawKey(e *fyne.KeyEvent, down bool) {
	if f := w.canvas.Focused(); f != nil {
		if k, ok := f.(desktop.Keyable); ok {
			if down {
				k.KeyDown(e)
			} else {
				k.KeyUp(e)
			}
		}
		return
	}
	told := w.canvas.onKeyUp
	if down {
		told = w.canvas.onKeyDown
	}
	if told != nil {
		told(e)
	}
}

// keepsTab moves the focus, unless the widget that has it wants Tab for itself.
func (w *window) keepsTab(mods fyne.KeyModifier) bool {
	if t, ok := w.canvas.Focused().(fyne.Tabbable); ok && t.AcceptsTab() {
		return true
	}
	if mods == 0 {
		w.canvas.FocusNext()
	} else {
		w.canvas.FocusPrevious()
	}
	return false
}

// rune tells of a character that the keyboard, or an input method, has made.
func (w *window) rune(r rune) {
	defer w.wake()
	if r < ' ' || r == 0x7f {
		return
	}
	if f := w.canvas.Focused(); f != nil {
		f.TypedRune(r)
	} else if typed := w.canvas.OnTypedRune(); typed != nil {
		typed(r)
	}
}

// shortcut reports whether the key was one.
func (w *window) shortcut(name fyne.KeyName, mods fyne.KeyModifier) bool {
	s := shortcutOf(name, mods, w.app.clip)
	if s == nil {
		return false
	}
	if to, ok := w.canvas.Focused().(fyne.Shortcutable); ok {
		if d, ok := to.(interface {
			fyne.Disableable
			SelectedText() string
		}); ok && d.Disabled() && s.ShortcutName() != "Copy" { // text that cannot be changed can be copied
			return false
		}
		to.TypedShortcut(s)
		return true
	}
	w.canvas.TypedShortcut(s)
	return true
}

func shortcutOf(name fyne.KeyName, mods fyne.KeyModifier, clip fyne.Clipboard) fyne.Shortcut {
	switch mods {
	case 0:
		return nil
	case fyne.KeyModifierShift:
		switch name {
		case fyne.KeyInsert:
			return &fyne.ShortcutPaste{Clipboard: clip, Secondary: true}
		case fyne.KeyDelete:
			return &fyne.ShortcutCut{Clipboard: clip, Secondary: true}
		}
		return nil
	case fyne.KeyModifierControl:
		switch name {
		case fyne.KeyZ:
			return &fyne.ShortcutUndo{}
		case fyne.KeyY:
			return &fyne.ShortcutRedo{}
		case fyne.KeyV:
			return &fyne.ShortcutPaste{Clipboard: clip}
		case fyne.KeyC:
			return &fyne.ShortcutCopy{Clipboard: clip}
		case fyne.KeyInsert:
			return &fyne.ShortcutCopy{Clipboard: clip, Secondary: true}
		case fyne.KeyX:
			return &fyne.ShortcutCut{Clipboard: clip}
		case fyne.KeyA:
			return &fyne.ShortcutSelectAll{}
		}
	}
	switch name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight, "":
		return nil
	}
	return &desktop.CustomShortcut{KeyName: name, Modifier: mods}
}
