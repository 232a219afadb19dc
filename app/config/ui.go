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

// UnmarshalText reads one of the three.
func (u *UI) UnmarshalText(text []byte) error { return u.Set(string(text)) }

// Set implements flag.Value.
func (u *UI) Set(text string) error {
	switch UI(text) {
	case UIAuto, UIGL, UISoftware:
		*u = UI(text)
		return nil
	}
	return errors.New("ui: want auto, gl or software")
}

// String implements flag.Value.
func (u *UI) String() string { return string(*u) }
