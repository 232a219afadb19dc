package app

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The page is built with assets/sites.json; the table here is the same one.
func TestSitesAreThePages(t *testing.T) {
	raw, err := os.ReadFile("../assets/sites.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range Sites() {
		line, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "  "+string(line))
	}
	if want := "[\n" + strings.Join(lines, ",\n") + "\n]\n"; string(raw) != want {
		t.Fatalf("assets/sites.json is\n%s, want\n%s", raw, want)
	}
	// domain.md: corrected codes, each once.
	if s, ok := SiteOf("forearm"); !ok || s.SCT != "14975008" || s.Name != "Forearm" {
		t.Fatalf("forearm is %+v, %v", s, ok)
	}
	if _, ok := SiteOf(""); ok {
		t.Fatal("no id is a site")
	}
	if n := len(Sites()); n != 11 {
		t.Fatalf("%d sites", n)
	}
}

func TestDetailsKeepWhatIsKnown(t *testing.T) {
	good := Details{Caption: Seal("left border irregular"), Site: "face", Side: SideLeft, View: ViewNear,
		Type: TypeLesion, Intimate: true, Rotate: 270}
	if got := good.Known(); got != good {
		t.Fatalf("good details lost something")
	}
	bad := Details{Caption: Seal(strings.Repeat("ā", 201)), Site: "../face", Side: "top", View: "far", Type: "x", Rotate: 45}
	if got := bad.Known(); got != (Details{}) {
		t.Fatalf("of bad details something stays")
	}
	for said, want := range map[string]string{
		" two\n lines\t": "two lines", "a\u202eb\x00c": "abc", "\xff": "", strings.Repeat("ā", 200): strings.Repeat("ā", 200),
	} {
		if got := (Details{Caption: Seal(said)}).Known().Caption.Reveal(); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
}

func TestDetailsAreNotPrinted(t *testing.T) {
	im := Image{Details: Details{Caption: Seal("words"), Site: "face"}}
	text, err := json.Marshal(im)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(text), fmt.Sprintf("%v %+v %#v %s", im, im, im.Details, im.Details)} {
		if strings.Contains(shown, "words") || strings.Contains(shown, "face") {
			t.Errorf("printed: %s", shown)
		}
	}
}
