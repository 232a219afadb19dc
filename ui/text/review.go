package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Words of the review and of the sheet before filing.
const (
	ReviewAll     = "All photos"
	ReviewKeys    = "Keys"
	Rotate        = "Rotate"
	Crop          = "Crop"
	Arrow         = "Arrow"
	Mask          = "Mask"
	UndoEdit      = "Undo"
	Delete        = "Delete"
	PutBack       = "Put back"
	Compare       = "Compare"
	CompareEnd    = "End compare"
	CompareNone   = "There is no other photo of this patient to compare with."
	CompareHere   = "This session"
	BodySite      = "Body site"
	SideTitle     = "Side"
	ViewTitle     = "View"
	TypeTitle     = "Type"
	Caption       = "Caption"
	CaptionHint   = "A few words, if they help (N)"
	IntimateTitle = "Intimate"
	ApplyAll      = "Same for all photos"
	Required      = "required"
	ChipAside     = "Deleted"
	ChipLacks     = "Details missing"
	ChipFailed    = "Not filed"
	Locked        = "Handed over already: it cannot be changed any more."
	LockedAside   = "Deleted: it will not be filed."
	LockedUnsure  = "It may be filed already, so it cannot be changed. Look whether it is there."
	DrawCrop      = "Drag over what is to stay. Or arrow keys, Shift+arrow keys for its size, then Enter. Esc leaves it."
	DrawArrow     = "Drag to where the arrow points. Or arrow keys, Shift+arrow keys for its tip, then Enter. Esc leaves it."
	DrawMask      = "Drag over what is to be blacked out. Or arrow keys, Shift+arrow keys for its size, then Enter. Esc leaves it."
	FileTitle     = "File these photos?"
	FileTo        = "Goes to"
	FileGo        = "File now"
	FileBlocked   = "Go to the photo"
	FileSizes     = "Working out the sizes…"
	KeysTitle     = "Keys in the review"
)

// KeyHelp are the review's keys and what they do.
func KeyHelp() [][2]string {
	return [][2]string{
		{"Arrow keys", "Photo before, photo after; in an enlarged photo: move"},
		{"Enter", "Next photo"},
		{"Space", "All of the photo, or its own size"},
		{"+  −", "Larger, smaller (or the wheel)"},
		{"R", "Rotate clockwise"},
		{"C  A  M", "Crop, arrow, mask (black out)"},
		{"Ctrl+Z", "Undo the last change"},
		{"Delete", "Delete; again: put back"},
		{"1 … 9, 0, F", "Body site"},
		{"Shift+L  Shift+R  Shift+B", "Left, right, both sides"},
		{"V  T", "Next view, next type"},
		{"I  N", "Intimate; caption"},
		{"U", "Say the same of all photos"},
		{"P", "Compare, side by side; [ and ] choose the other"},
		{"Esc", "Back. It files nothing"},
		{"Ctrl+Enter", "File"},
	}
}

// PhotoOf is where the GP is: "Photo 2 of 5".
func PhotoOf(n, of int) string { return fmt.Sprintf("Photo %d of %d", n, of) }

// Changes counts edits.
func Changes(n int) string {
	changes := fmt.Sprintf("%d changes", n)
	if n == 1 {
		changes = "1 change"
	}
	return changes + " in the copy that is filed; the photo as it came is kept."
}

// SideName is a side as it stands on a button.
func SideName(s app.Side) string {
	return map[app.Side]string{app.SideLeft: "Left", app.SideRight: "Right", app.SideBoth: "Both"}[s]
}

// ViewName is a view as it stands on a button.
func ViewName(v app.View) string {
	return map[app.View]string{app.ViewLocator: "Overview", app.ViewNear: "Near", app.ViewCloseUp: "Close-up", app.ViewDermoscopic: "Dermoscopic"}[v]
}

// TypeName is a type as it stands on a button.
func TypeName(t app.ImageType) string {
	return map[app.ImageType]string{app.TypeLesion: "Lesion", app.TypeRash: "Rash", app.TypeWound: "Wound", app.TypeInfection: "Infection", app.TypeOther: "Other"}[t]
}

// Size is a file's size: "840 KB", "1.2 MB" (1 kB is 1000 bytes); "" for none.
func Size(bytes int64) string {
	switch {
	case bytes <= 0:
		return ""
	case bytes < 999_500:
		return fmt.Sprintf("%d KB", max((bytes+500)/1000, 1))
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// SizeOfAll sums up what is about to leave.
func SizeOfAll(n int, bytes int64) string { return Count(n) + ", " + Size(bytes) }

// Retry is the primary button where filing failed before.
func Retry(n int) string { return "Try again: file " + Count(n) }

// FiledSome says how far a filing came that did not go through as a whole.
func FiledSome(filed, failed int) string {
	return fmt.Sprintf("%d filed, %d not: they are kept, try again", filed, failed)
}

// When is a moment as it is written beside a photo.
func When(t time.Time) string { return t.Format("2 January 2006, 15:04") }

// Percent is the size shown, of the photo's own; "" for 0.
func Percent(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", n)
}

// Lacking says why nothing is filed: what the practice requires is missing.
func Lacking(n int) string {
	if n == 1 {
		return "1 photo lacks what the practice requires"
	}
	return fmt.Sprintf("%d photos lack what the practice requires", n)
}

// DetailName is what a detail is called in a sentence.
func DetailName(d app.Detail) string {
	switch d {
	case app.DetailSite:
		return "body site"
	case app.DetailSide:
		return "side"
	case app.DetailView:
		return "view"
	case app.DetailType:
		return "type"
	}
	return ""
}

// Lacks says what one photo lacks; details are app.Details, a space between.
func Lacks(details string) string {
	var names []string
	for _, d := range strings.Fields(details) {
		names = append(names, DetailName(app.Detail(d)))
	}
	return "Needs " + strings.Join(names, ", ")
}
