package link

import (
	"fmt"
	"image"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Inputs of the review. All name the session on show.
const (
	InputReview   InputKind = "review"    // Image is looked at, beside it Beside; none: the gallery
	InputRetouch  InputKind = "retouch"   // Image, Edit
	InputUndo     InputKind = "undo"      // Image: its last edit
	InputDescribe InputKind = "describe"  // Image, Field, Value; All: every image that can still be changed
	InputPutAside InputKind = "put-aside" // Image: not to be filed
	InputPutBack  InputKind = "put-back"  // Image
	InputPrepare  InputKind = "prepare"   // say as what, and how large, each image would leave
	InputLook     InputKind = "look"      // Image (of the session Of, if not this one), Look
)

// Field names what InputDescribe says.
type Field string

const (
	FieldSite     Field = "site"
	FieldSide     Field = "side"
	FieldView     Field = "view"
	FieldType     Field = "type"
	FieldCaption  Field = "caption"
	FieldIntimate Field = "intimate" // Value "yes" or ""
)

// Edit is app.Edit as it travels.
type Edit struct {
	Kind app.EditKind `json:"kind,omitempty"`
	X0   int          `json:"x0,omitempty"`
	Y0   int          `json:"y0,omitempty"`
	X1   int          `json:"x1,omitempty"`
	Y1   int          `json:"y1,omitempty"`
}

// Look asks for a part of a picture as it would leave, in its pixels; an
// empty part is all of it. The answer bears Seq.
type Look struct {
	Seq  int `json:"seq"`
	X0   int `json:"x0,omitempty"`
	Y0   int `json:"y0,omitempty"`
	X1   int `json:"x1,omitempty"`
	Y1   int `json:"y1,omitempty"`
	Side int `json:"side"` // at most so many pixels on the longer side
}

// Part is the part as a rectangle.
func (l Look) Part() image.Rectangle { return image.Rect(l.X0, l.Y0, l.X1, l.Y1) }

// Ref is an image of this session, or of another of the same patient.
type Ref struct {
	SID   string `json:"sid,omitempty"` // "": the session on show
	Image string `json:"image,omitempty"`
}

// Review is where the GP was in the review, for a window that opens again.
type Review struct {
	Image  string `json:"image"`
	Beside Ref    `json:"beside,omitzero"` // shown at its side; zero: none
}

// Earlier is an image of this patient from an earlier session that is still
// on this workstation.
type Earlier struct {
	Ref
	Taken string `json:"taken,omitempty"` // in words, the practice's time
	About string `json:"about,omitempty"`
	Rev   string `json:"rev"`
}

// Reviewed is what the review shows of an image, beside what Image says.
type Reviewed struct {
	Type     app.ImageType `json:"type,omitempty"`
	Rev      string        `json:"rev,omitempty"`   // changes with every edit
	Edits    int           `json:"edits,omitempty"` // that Undo takes back one by one
	Turned   int           `json:"turned,omitempty"`
	Kept     Edit          `json:"kept,omitzero"` // the part that leaves, in app.Unit of the upright picture
	Editable bool          `json:"editable,omitempty"`
	Aside    bool          `json:"aside,omitempty"`
	Lacks    string        `json:"lacks,omitempty"` // app.Details that the practice requires, a space between
	Taken    string        `json:"taken,omitempty"` // in words, the practice's time
	Failed   bool          `json:"failed,omitempty"`
	Filing   bool          `json:"filing,omitempty"`
	// As what it would leave; "" and 0 until InputPrepare has been answered.
	Name  string `json:"name,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
}

// reviewInput reports whether k is one of the above.
func reviewInput(k InputKind) bool {
	switch k {
	case InputReview, InputRetouch, InputUndo, InputDescribe, InputPutAside, InputPutBack, InputPrepare, InputLook:
		return true
	}
	return false
}

const maxLookSide = 8192

// validReview checks the form of an input of the review.
func (in Input) validReview() error {
	if in.Image == "" && in.Kind != InputReview && in.Kind != InputPrepare {
		return fmt.Errorf("no image named")
	}
	for _, ref := range []Ref{{in.Of, ""}, in.Beside} {
		if ref.SID != "" {
			if _, err := app.ParseSessionID(ref.SID); err != nil {
				return err
			}
		}
		if ref.Image != "" {
			if _, err := app.ParseImageID(ref.Image); err != nil {
				return err
			}
		}
	}
	switch e := in.Edit; in.Kind {
	case InputRetouch:
		if !(app.Edit{Kind: e.Kind, X0: e.X0, Y0: e.Y0, X1: e.X1, Y1: e.Y1}).Valid() {
			return fmt.Errorf("no such edit")
		}
	case InputLook:
		if in.Look.Side < 1 || in.Look.Side > maxLookSide {
			return fmt.Errorf("no such look")
		}
	}
	return nil
}

// seenPrefix begins the key of pixels that answer a look.
const seenPrefix = "look/"

// Seen answers a look: the pixels, and the whole picture's size, 0 by 0 where
// nothing can be shown.
type Seen struct {
	Seq           int
	Width, Height int
	Image         *image.NRGBA
}

// pixels is s as it goes through the pipe.
func (s Seen) pixels() Pixels {
	return Pixels{fmt.Sprintf("%s%d/%d/%d", seenPrefix, s.Seq, s.Width, s.Height), s.Image}
}

// SeenOf returns the answer that pixels are, false for a thumbnail.
func SeenOf(p Pixels) (Seen, bool) {
	rest, ok := strings.CutPrefix(p.Key, seenPrefix)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return Seen{}, false
	}
	s := Seen{Image: p.Image}
	for i, into := range []*int{&s.Seq, &s.Width, &s.Height} {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return Seen{}, false
		}
		*into = n
	}
	return s, true
}

// maxSeen bounds the answers that wait: a window asks for a few at a time.
const maxSeen = 8

// Answer gives the window that asked the answer to a look, a nil Image where
// there is none. It is not kept: the next window asks anew.
func (a *Agent) Answer(s Seen) {
	if s.Image == nil {
		s.Image, s.Width, s.Height = image.NewNRGBA(image.Rect(0, 0, 1, 1)), 0, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) < maxSeen {
		a.seen = append(a.seen, s.pixels())
	}
	a.poke()
}
