package app

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCaption bounds a caption, in characters.
const MaxCaption = 200

// Details are what the phone says about an image beyond its pixels: where on
// the body, how it is seen, a few words. All are optional and none is checked
// by a machine; the GP reads them. The zero value says nothing. A body site
// or a caption must not reach a log, so fmt, slog and JSON show none of it.
type Details struct {
	Caption  Sealed // at most MaxCaption characters, one line
	Site     string // a Site's ID
	Side     Side
	View     View
	Type     ImageType
	Intimate bool // no thumbnail is shown unasked
	Rotate   int  // 0, 90, 180, 270: degrees clockwise that turn what is shown
}

// Side is the laterality of a body site.
type Side string

const (
	SideLeft  Side = "left"
	SideRight Side = "right"
	SideBoth  Side = "both"
)

// View is from how far, or with what, an image was taken.
type View string

const (
	ViewLocator     View = "locator"
	ViewNear        View = "near"
	ViewCloseUp     View = "close-up"
	ViewDermoscopic View = "dermoscopic"
)

// ImageType is what an image is of.
type ImageType string

const (
	TypeLesion    ImageType = "lesion"
	TypeRash      ImageType = "rash"
	TypeWound     ImageType = "wound"
	TypeInfection ImageType = "infection"
	TypeOther     ImageType = "other"
)

// Known returns d with every value that is none of those above taken out: a
// photo is worth more than a detail that cannot be read.
func (d Details) Known() Details {
	d.Caption = Seal(oneLine(d.Caption.Reveal()))
	if _, ok := SiteOf(d.Site); !ok {
		d.Site = ""
	}
	switch d.Side {
	case SideLeft, SideRight, SideBoth:
	default:
		d.Side = ""
	}
	switch d.View {
	case ViewLocator, ViewNear, ViewCloseUp, ViewDermoscopic:
	default:
		d.View = ""
	}
	switch d.Type {
	case TypeLesion, TypeRash, TypeWound, TypeInfection, TypeOther:
	default:
		d.Type = ""
	}
	switch d.Rotate {
	case 90, 180, 270:
	default:
		d.Rotate = 0
	}
	return d
}

// oneLine is a caption as it is shown: no control or direction characters, no
// runs of spaces; "" when it is no text or longer than a caption may be.
func oneLine(s string) string {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxCaption {
		return ""
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func (d Details) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (d Details) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (d Details) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MaxAmendment bounds the sealed bytes of an amendment.
const MaxAmendment = 8 << 10

// MaxAmendments is how many amendments of one image there can be: numbers go
// from 1 to this.
const MaxAmendments = 50

// Amendment is one image's details as changed after its upload, sealed
// (design section 4). The highest N of an image is the one that counts.
type Amendment struct {
	Image  ImageID
	N      int    // 1 to MaxAmendments
	MAC    Digest // HMAC-SHA256 under the pairing secret
	Sealed []byte // age file to the session's recipient, at most MaxAmendment bytes
}
