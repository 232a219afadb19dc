package diag

import (
	"runtime"
	"slices"
	"strings"
)

// ours begins the name of every function of this module.
const ours = "github.com/clinicpro-nz/images/"

// Waiting names the functions of this module that goroutines are in, innermost
// first, one goroutine after another, for the log of a program that does not
// come to its end. Names only: no argument, and nothing of a person.
func Waiting() string {
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+16)
	n, _ := runtime.GoroutineProfile(records)
	var out []string
	for _, r := range records[:n] {
		var names []string
		frames := runtime.CallersFrames(r.Stack())
		for {
			f, more := frames.Next()
			if name, own := strings.CutPrefix(f.Function, ours); own || strings.HasPrefix(f.Function, "main.") {
				names = append(names, name)
			}
			if !more {
				break
			}
		}
		if len(names) > 0 {
			out = append(out, strings.Join(names, " < "))
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}
