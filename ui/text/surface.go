package text

// Where the window cannot be shown at all.
const (
	TrayNoOpenGL = "No window can be shown here: this display has no OpenGL. Photos are safe. Run “clinicproctl receive” in a terminal instead."
)
