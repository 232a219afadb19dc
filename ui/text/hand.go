package text

import (
	"strconv"

	"github.com/clinicpro-nz/images/app"
)

// Saved says where a copy went.
func Saved(name string) string { return fill(saved, "name", name) }

// SavedParts says that a document became several.
func SavedParts(name string, n int) string {
	return fill(savedParts, "name", name, "n", strconv.Itoa(n))
}

// CopyFailed says why a copy was not made, and what to do.
func CopyFailed(kind app.Kind) string { return named("copyFailed", kind) }
