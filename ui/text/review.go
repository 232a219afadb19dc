package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// KeyHelp are the review's keys and what they do.
func KeyHelp() [][2]string {
	var out [][2]string
	for _, name := range strings.Fields("arrows enter space zoom rotate draw undo delete site side view intimate all compare esc file") {
		out = append(out, [2]string{catalogue["keys."+name+".key"], catalogue["keys."+name+".does"]})
	}
	return out
}

// PhotoOf is where the GP is: "Photo 2 of 5".
func PhotoOf(n, of int) string {
	return fill(photoOf, "n", strconv.Itoa(n), "of", strconv.Itoa(of))
}

// Changes counts edits.
func Changes(n int) string { return counted(n, changesOne, changesMany) }

// SideName is a side as it stands on a button.
func SideName(s app.Side) string { return named("side", s) }

// ViewName is a view as it stands on a button.
func ViewName(v app.View) string { return named("view", v) }

// TypeName is a type as it stands on a button.
func TypeName(t app.ImageType) string { return catalogue["type."+string(t)] }

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
func SizeOfAll(n int, bytes int64) string {
	return fill(sizeOfAll, "photos", Count(n), "size", Size(bytes))
}

// Retry is the primary button where filing failed before.
func Retry(n int) string { return fill(retry, "photos", Count(n)) }

// FiledSome says how far a filing came that did not go through as a whole.
func FiledSome(filed, failed int) string {
	return fill(filedSome, "filed", strconv.Itoa(filed), "failed", strconv.Itoa(failed))
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
func Lacking(n int) string { return counted(n, lackingOne, lackingMany) }

// DetailName is what a detail is called in a sentence.
func DetailName(d app.Detail) string { return named("detail", d) }

// Lacks says what one photo lacks; details are app.Details, a space between.
func Lacks(details string) string {
	var names []string
	for _, d := range strings.Fields(details) {
		names = append(names, DetailName(app.Detail(d)))
	}
	return fill(needs, "details", strings.Join(names, ", "))
}
