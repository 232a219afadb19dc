package main

import (
	"os"
	"path/filepath"
)

// autostartName is the name under which the program stands among those that
// start with the user's session.
const autostartName = "clinicpro-images"

// ownPath is the path to start the program by.
func ownPath() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.Abs(exe)
}
