package config

import "errors"

// UI is how the window is painted.
type UI string

// The three ways. Auto asks whether there is OpenGL; the others are for support.
const (
	UIAuto     UI = "auto"
	UIGL       UI = "gl"
	UISoftware UI = "software"
)

// errUI says what is wanted.
var errUI = errors.New("ui: want auto, gl or software")

func (u UI) known() bool { return u == UIAuto || u == UIGL || u == UISoftware }

// Set implements flag.Value.
func (u *UI) Set(text string) error {
	if !UI(text).known() {
		return errUI
	}
	*u = UI(text)
	return nil
}

// String implements flag.Value.
func (u *UI) String() string { return string(*u) }
