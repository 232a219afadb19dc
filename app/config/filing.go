package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Filing is how images leave for the practice's folder.
type Filing struct {
	Size    Size `toml:"size"`    // of a picture that leaves
	As      Form `toml:"as"`      // what is filed
	Sidecar bool `toml:"sidecar"` // a JSON file beside each picture says what is known of it
}

// Size is a bound on a picture that leaves. A megabyte is 1,000,000 bytes
// here, so that it is one for whoever reckons otherwise too.
type Size string

const (
	SizeOriginal Size = "original"
	Size1MB      Size = "1MB"
	Size500KB    Size = "500KB"
)

// Sizes are all there are, largest first.
var Sizes = []Size{SizeOriginal, Size1MB, Size500KB}

// MaxBytes is the bound; 0 is none.
func (s Size) MaxBytes() int {
	switch s {
	case Size1MB:
		return 1_000_000
	case Size500KB:
		return 500_000
	}
	return 0
}

// Form is what is filed of a session.
type Form string

const (
	FormImages Form = "images" // a JPEG each
	FormPDF    Form = "pdf"    // one document of the session
	FormBoth   Form = "both"
)

// Forms are all there are.
var Forms = []Form{FormImages, FormPDF, FormBoth}

// DefaultFiling is what a workstation has before anybody chose.
var DefaultFiling = Filing{Size: SizeOriginal, As: FormImages}

func (c Config) checkFiling() error {
	if fault := app.CheckTemplate(c.NameTemplate); fault != nil {
		return fmt.Errorf("name_template: %s %s", fault.Fault, fault.Part)
	}
	if !slices.Contains(Sizes, c.Filing.Size) {
		return errors.New("filing.size: want one of " + anyOf(Sizes))
	}
	if !slices.Contains(Forms, c.Filing.As) {
		return errors.New("filing.as: want one of " + anyOf(Forms))
	}
	return nil
}

func anyOf[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quoted(string(v))
	}
	return strings.Join(out, ", ")
}
