// Package icons holds the program's icons, drawn by ./gen.
package icons

import "embed"

//go:embed *.png *.ico
var files embed.FS

// App is the window's icon, PNG, 256 by 256.
func App() []byte { return read("app.png") }

// Tray returns the tray icon of a state (idle, waiting, to-file, problem) for
// a dark or a light panel, as PNG or as ICO. Unknown states get idle's.
func Tray(state string, darkPanel, ico bool) []byte {
	look, ext := "light", ".png"
	if darkPanel {
		look = "dark"
	}
	if ico {
		ext = ".ico"
	}
	if b := read("tray-" + state + "-" + look + ext); b != nil {
		return b
	}
	return read("tray-idle-" + look + ext)
}

func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil
	}
	return b
}
