package desktop

import (
	"errors"

	"github.com/go-gl/glfw/v3.4/glfw"
)

// Probe makes a hidden window as Fyne makes its own, and reports why it cannot:
// where there is no OpenGL, Fyne runs on without a window and without a word.
// A driver may end the process, or never answer: whoever asks runs this in a
// process of its own.
func Probe() error {
	if err := glfw.Init(); err != nil {
		return err
	}
	defer glfw.Terminate()
	glfw.WindowHint(glfw.Visible, glfw.False)
	glfw.WindowHint(glfw.ContextVersionMajor, 2) // what Fyne asks for
	glfw.WindowHint(glfw.ContextVersionMinor, 1)
	w, err := glfw.CreateWindow(64, 64, "", nil, nil)
	if err != nil {
		return err
	}
	if w == nil { // a platform's error is only printed
		return errors.New("no window with OpenGL")
	}
	defer w.Destroy()
	w.MakeContextCurrent()
	return nil
}
