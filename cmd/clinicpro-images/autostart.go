package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/clinicpro-nz/images/app/versions"
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

// startProgram lies beside the folders of versions and starts the newest.
const startProgram = "clinicpro-images-start"

// signInProgram is the program that a user's own entry names for exe. No
// installer rewrites that entry, so where versions lie beside each other it is
// the one whose path stays (docs/decisions/0042).
func signInProgram(exe string) string {
	root := filepath.Dir(filepath.Dir(exe))
	if _, versioned := versions.Numbers(filepath.Base(filepath.Dir(exe))); versioned {
		stays := filepath.Join(root, startProgram+filepath.Ext(exe))
		if info, err := os.Stat(stays); err == nil && info.Mode().IsRegular() {
			return stays
		}
	}
	return exe
}

// staleEntry reports whether a user's entry names a program whose place exe
// has taken: one that is gone, or of another version beside exe's.
func staleEntry(entry, exe string) bool {
	if strings.EqualFold(entry, exe) || strings.EqualFold(entry, signInProgram(exe)) {
		return false
	}
	if _, err := os.Stat(entry); errors.Is(err, fs.ErrNotExist) {
		return true
	}
	_, versioned := versions.Numbers(filepath.Base(filepath.Dir(entry)))
	return versioned && strings.EqualFold(filepath.Dir(filepath.Dir(entry)), filepath.Dir(filepath.Dir(exe)))
}
