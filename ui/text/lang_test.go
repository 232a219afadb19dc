package text

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/clinicpro-nz/images/assets/lang"
)

// Every language names what English names, leaves no word empty, and counts
// with {n} where English does.
func TestLanguages(t *testing.T) {
	read := func(code string) map[string]string {
		words := map[string]string{}
		if err := json.Unmarshal(lang.Window(code), &words); err != nil {
			t.Fatal(err)
		}
		return words
	}
	english := read("en")
	if len(english) != len(spoken) {
		t.Errorf("%d words, %d places for them", len(english), len(spoken))
	}
	fields := regexp.MustCompile(`{[a-z]+}`)
	for _, code := range []string{"en", "mi"} {
		for name, word := range read(code) {
			if spoken[name] == nil || word == "" {
				t.Errorf("%s: %s is %q, and has no place or no word", code, name, word)
			}
			if fields.FindString(word) != fields.FindString(english[name]) {
				t.Errorf("%s: %s has other fields", code, name)
			}
		}
	}
	t.Cleanup(func() { Speak("en") })
	for code, want := range map[string][2]string{"en": {"Cancel", "3 photos"}, "mi": {"Whakakore", "3 whakaahua"}, "xx": {"Cancel", "3 photos"}} {
		if Speak(code); Cancel != want[0] || Count(3) != want[1] {
			t.Errorf("%s: %s, %s", code, Cancel, Count(3))
		}
	}
}
