package text

import (
	"fmt"

	"github.com/clinicpro-nz/images/app"
)

// Words of copies for the GP's own hands.
const (
	HandMenu       = "Save a copy"
	HandPDF        = "All photos as a PDF…"
	HandPhoto      = "Save as…"
	HandCopy       = "Copy"
	HandReveal     = "Show in folder"
	SaveChoose     = "Choose…"
	SaveFolder     = "Folder"
	SaveWhere      = "Say in which folder, and under which name."
	SavePhotoTitle = "Save a copy of this photo"
	SavePDFTitle   = "Save all photos as a PDF"
	HandBusy       = "Making the copy…"
	HandNote       = "A copy that you save is not in the record."
	CopiedPhoto    = "Copied. It leaves the clipboard in two minutes."
	RevealFailed   = "The folder cannot be shown here. The photo is filed under the name on its tile."
)

// Saved says where a copy went.
func Saved(name string) string { return "Saved as " + name + ". " + HandNote }

// SavedParts says that a document became several.
func SavedParts(name string, n int) string {
	return fmt.Sprintf("Saved in %d parts, from %s on. %s", n, name, HandNote)
}

// CopyFailed says why a copy was not made, and what to do.
func CopyFailed(kind app.Kind) string {
	switch kind {
	case app.KindNotFound:
		return "No copy was made: that folder is not there. Choose another."
	case app.KindFull:
		return "No copy was made: there is no room. Choose another folder."
	case app.KindAuth:
		return "No copy was made: you may not write there. Choose another folder."
	case app.KindTooLarge:
		return "No copy was made: that name and folder are too long together. Choose a shorter one."
	case app.KindConflict:
		return "No copy was made: something else has its place. Try again."
	case app.KindOffline:
		return "That folder does not answer. Look whether the copy is there before you use it."
	case app.KindCanceled:
		return "No copy was made: the program is closing."
	}
	return "No copy was made. The photos are safe here."
}
