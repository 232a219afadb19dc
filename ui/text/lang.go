package text

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clinicpro-nz/images/assets/lang"
)

var (
	// catalogue is every word in the language that Speak chose, by its name in
	// assets/lang; a word in a group has the names of both, a dot between.
	catalogue map[string]string
	spoken    string // that language
)

func init() { Speak("en") }

// Speak chooses the language, "en" or "mi" (te reo Māori); what it has no words
// for stays English. It is for the start of a program, before anything is shown.
func Speak(language string) {
	if language == spoken {
		return
	}
	spoken, catalogue = language, map[string]string{}
	for _, code := range slices.Compact([]string{"en", language}) {
		var words map[string]any
		if json.Unmarshal(lang.Window(code), &words) == nil { // nil: a language that there is not
			flatten("", words, catalogue)
		}
	}
	for name, word := range catalogue {
		if strings.Contains(word, "{@") {
			catalogue[name] = quote.ReplaceAllStringFunc(word, func(of string) string { return catalogue[of[2:len(of)-1]] })
		}
	}
	for name, into := range placed {
		*into = catalogue[name]
	}
}

// quote is where a sentence speaks of a button: {@TrayNew} is what stands on
// it in the language that is spoken, whichever the sentence is in.
var quote = regexp.MustCompile(`{@[A-Za-z.]+}`)

// flatten names the words of groups by both names, a dot between.
func flatten(prefix string, words map[string]any, into map[string]string) {
	for name, word := range words {
		switch word := word.(type) {
		case string:
			into[prefix+name] = word
		case map[string]any:
			flatten(prefix+name+".", word, into)
		}
	}
}

// named is the word for a code in a group; the group's "other" where the code
// has none of its own, "" where there is neither.
func named[S ~string](group string, code S) string {
	if word, ok := catalogue[group+"."+string(code)]; ok {
		return word
	}
	return catalogue[group+".other"]
}

// fill puts values into the fields of a word: pairs of a field's name and its
// value.
func fill(word string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(word)
}

// counted is n of something: one, or many with {n} in it.
func counted(n int, one, many string, pairs ...string) string {
	word := many
	if n == 1 {
		word = one
	}
	return fill(word, append([]string{"n", strconv.Itoa(n)}, pairs...)...)
}

// upperFirst begins a line.
func upperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
