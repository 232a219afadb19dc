package app

import (
	"fmt"
	"log/slog"
	"slices"
)

// Edit is one change that the GP makes to the copy that is handed over. The
// landed image stays as it came: edits are a list beside it. A place on the
// picture reaches no log, so fmt and slog show none of it.
//
// X0, Y0 and X1, Y1 are two points in Unit-ths of the picture's width and
// height as it stands upright, before any turn or crop: so an edit means the
// same pixels whatever is turned or cropped after it.
type Edit struct {
	Kind           EditKind
	X0, Y0, X1, Y1 int // 0 to Unit; both 0 for a turn
}

// EditKind is what an Edit does.
type EditKind string

const (
	EditTurn  EditKind = "turn"  // 90 degrees clockwise
	EditBack  EditKind = "back"  // 90 degrees anticlockwise
	EditCrop  EditKind = "crop"  // only what lies between the points stays; the last one counts
	EditArrow EditKind = "arrow" // from the first point to the second, which it points at
	EditMask  EditKind = "mask"  // what lies between the points is made black
)

const (
	// Unit is the width, and the height, of a picture in an Edit's points.
	Unit = 1 << 16
	// MaxEdits bounds the edits of one image.
	MaxEdits = 100
	// minPatch is the least side of a crop or a mask, and the least length of
	// an arrow: less is a slip of the hand.
	minPatch = Unit / 200
)

// Valid reports whether e can be carried out. Points may be in either order.
func (e Edit) Valid() bool {
	for _, v := range []int{e.X0, e.Y0, e.X1, e.Y1} {
		if v < 0 || v > Unit {
			return false
		}
	}
	wide, high := max(e.X0, e.X1)-min(e.X0, e.X1), max(e.Y0, e.Y1)-min(e.Y0, e.Y1)
	switch e.Kind {
	case EditTurn, EditBack:
		return wide+high+e.X0+e.Y0 == 0
	case EditCrop, EditMask:
		return wide >= minPatch && high >= minPatch
	case EditArrow:
		return wide >= minPatch || high >= minPatch
	}
	return false
}

func (e Edit) LogValue() slog.Value       { return slog.StringValue(redacted) }
func (e Edit) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// Turned is how far a picture is turned when it leaves: what the phone, or
// the GP in its place, said and the turns among the edits. 0, 90, 180 or 270
// degrees clockwise.
func (im Image) Turned() int {
	quarters := im.Details.Rotate / 90
	for _, e := range im.Edits {
		switch e.Kind {
		case EditTurn:
			quarters++
		case EditBack:
			quarters += 3
		}
	}
	return quarters % 4 * 90
}

// Kept is the part of the upright picture that is handed over, its first
// point nearest to the picture's: the last crop, or all of it.
func (im Image) Kept() Edit {
	for _, e := range slices.Backward(im.Edits) {
		if e.Kind == EditCrop {
			return Edit{EditCrop, min(e.X0, e.X1), min(e.Y0, e.Y1), max(e.X0, e.X1), max(e.Y0, e.Y1)}
		}
	}
	return Edit{Kind: EditCrop, X1: Unit, Y1: Unit}
}

// Editable reports whether edits and details can still be changed: nothing of
// the image has been frozen to be handed over, and its pixels are known.
func (im Image) Editable() bool { return !im.frozen() && im.Shown && !im.Aside }
