package link

import (
	"errors"
	"path/filepath"
	"strings"
)

// InputHand asks for a copy for the GP's own hands: Hand, and Image where it
// is of one photo.
const InputHand InputKind = "hand"

// HandTo is where such a copy goes.
type HandTo string

const (
	HandPhoto  HandTo = "photo"  // the photo to Path
	HandPDF    HandTo = "pdf"    // one PDF of the session to Path
	HandCopy   HandTo = "copy"   // the photo to the clipboard
	HandReveal HandTo = "reveal" // nothing is copied: the filed file is shown in its folder
)

// Hand is one wish for a copy.
type Hand struct {
	To   HandTo `json:"to,omitempty"`
	Path string `json:"path,omitempty"` // a whole one
}

func (h Hand) valid(image string) error {
	switch h.To {
	case HandPhoto, HandPDF:
		if !filepath.IsAbs(h.Path) || strings.ContainsRune(h.Path, 0) || len(h.Path) > 4096 {
			return errors.New("not a whole path")
		}
	case HandCopy, HandReveal:
	default:
		return errors.New("no such copy")
	}
	if h.To != HandPDF && image == "" {
		return errors.New("of no photo")
	}
	return nil
}

// Hands is what a snapshot says of copies.
type Hands struct {
	Copy bool   `json:"copy,omitempty"` // this computer's clipboard takes pictures
	PDF  string `json:"pdf,omitempty"`  // the name to offer for the session's document; "" there is nothing for one
	Busy bool   `json:"busy,omitempty"` // one is being made
	Said string `json:"said,omitempty"` // a sentence: what came of the last
	Bad  bool   `json:"bad,omitempty"`  // and it did not come through
}
