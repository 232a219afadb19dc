// Package icons holds the program's icons, drawn by ./gen.
package icons

import "embed"

//go:embed *.png *.ico
var files embed.FS

// App is the window's icon, PNG, 256 by 256.
func App() []byte { return read("app.png") }

// Panel is what the tray icon lies on.
type Panel string

const (
	Dark  Panel = "dark"
	Light Panel = "light"
	Any   Panel = "any" // nobody can tell; PNG only
)

// Tray returns the tray icon of a state (idle, waiting, to-file, problem), as
// PNG or as ICO. Unknown states get idle's.
func Tray(state string, panel Panel, ico bool) []byte {
	ext := ".png"
	if ico {
		ext = ".ico"
	}
	if b := read("tray-" + state + "-" + string(panel) + ext); b != nil {
		return b
	}
	return read("tray-idle-" + string(panel) + ext)
}

func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil
	}
	return b
}
