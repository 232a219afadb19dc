package text

import "github.com/clinicpro-nz/images/app"

// SinkLabel is what a sink is called in a sentence.
func SinkLabel(name string) string {
	if label := named("sink", name); label != "" {
		return label
	}
	return name
}

// SinkLabels joins what is chosen: "Inbox Scan in Medtech and the practice folder".
func SinkLabels(names []string) string {
	out := ""
	for i, n := range names {
		switch {
		case i == 0:
			out = SinkLabel(n)
		case i == len(names)-1:
			out = fill(listAnd, "list", out, "more", SinkLabel(n))
		default:
			out = fill(listComma, "list", out, "more", SinkLabel(n))
		}
	}
	return out
}

// Recorded is what a record system's word for a failure means to the GP. The
// words are package alex's; an unknown one is the general sentence. Its Safe is
// true also where part of a filing has come through.
func Recorded(code string) Sentence {
	s, ok := sentence("recorded." + code)
	if !ok {
		s, _ = sentence("recorded.other")
	}
	return s
}

// Launch is why a launch opened nobody: by the record system's own word for it
// where that says more than the kind.
func Launch(code string, kind app.Kind) Sentence {
	if s, ok := sentence("launch." + code); ok {
		return s
	}
	return Problem(PlaceLaunch, kind)
}

// InPlaces says where a filed photo is.
func InPlaces(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fill(inPlaces, "places", SinkLabels(names))
}

// Partly says where a photo has arrived and where not, and why not.
func Partly(there, not []string, why string) string {
	word := partly
	if len(there) == 0 {
		word = partlyNowhere
	}
	return fill(word, "there", SinkLabels(there), "not", SinkLabels(not), "why", why)
}
