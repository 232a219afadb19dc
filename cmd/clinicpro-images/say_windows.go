package main

import (
	"golang.org/x/sys/windows"
)

// sayAloud shows a sentence to whoever has started the program from the desktop,
// which reads no standard error: in a box, until it is read.
func sayAloud(title, sentence string) {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return
	}
	body, err := windows.UTF16PtrFromString(sentence)
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, body, caption, windows.MB_OK|windows.MB_ICONWARNING|windows.MB_SETFOREGROUND)
}
