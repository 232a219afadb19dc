// Package lang holds the words of the windows and the tray; the phone page's
// lie beside them and are built into the page.
package lang

import "embed"

//go:embed window.*.json
var words embed.FS

// Window returns the words of the windows and the tray in a language, as JSON:
// a name and the words for each. nil for a language that there is not.
func Window(language string) []byte {
	raw, err := words.ReadFile("window." + language + ".json")
	if err != nil {
		return nil
	}
	return raw
}
