package text

import (
	"fmt"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

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
