package text

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/assets/lang"
)

var update = flag.Bool("update", false, "write placed.go anew from assets/lang")

// wordsOf are the words of a language, by their names.
func wordsOf(t *testing.T, language string) map[string]string {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal(lang.Window(language), &raw); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	flatten("", raw, out)
	return out
}

// fields are what a word leaves to be filled in. A brace that stands alone is
// none.
func fields(word string) []string {
	found := regexp.MustCompile(`{[a-z]+}`).FindAllString(word, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Every language names what English names, leaves no word empty, and has the
// fields to fill in that English has.
func TestLanguages(t *testing.T) {
	english := wordsOf(t, "en")
	for _, code := range []string{"en", "mi"} {
		for name, word := range wordsOf(t, code) {
			if english[name] == "" || strings.TrimSpace(word) != word || word == "" {
				t.Errorf("%s: %s is %q, empty, spaced, or not in English", code, name, word)
			}
			if !slices.Equal(fields(word), fields(english[name])) {
				t.Errorf("%s: %s has the fields %q, English %q", code, name, fields(word), fields(english[name]))
			}
			for _, of := range quote.FindAllString(word, -1) {
				if label := english[of[2:len(of)-1]]; label == "" || quote.MatchString(label) {
					t.Errorf("%s: %s speaks of %s, which is no button", code, name, of)
				}
			}
		}
	}
	t.Cleanup(func() { Speak("en") })
	for code, want := range map[string][3]string{"en": {"Cancel", "3 photos", "Left"}, "mi": {"Whakakore", "3 whakaahua", "Mauī"}, "xx": {"Cancel", "3 photos", "Left"}} {
		if Speak(code); Cancel != want[0] || Count(3) != want[1] || SideName(app.SideLeft) != want[2] {
			t.Errorf("%s: %s, %s, %s", code, Cancel, Count(3), SideName(app.SideLeft))
		}
	}
	Speak("mi")
	if got := Problem(PlaceFolder, app.KindFull); got.What != "The practice folder is full." || !strings.HasSuffix(got.Do, "press "+File(0)+" again.") || strings.Contains(got.Do, "File") {
		t.Errorf("what te reo Māori has no words for is said as %+v", got)
	}
}

// placed.go holds a variable for each word that stands in no group.
func TestEveryWordHasItsPlace(t *testing.T) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(wordsOf(t, "en"))) {
		if !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	var b bytes.Buffer
	fmt.Fprint(&b, "// Code generated from assets/lang/window.en.json by go test ./ui/text -run Place -update; DO NOT EDIT.\n\npackage text\n\n",
		"// Words of the windows, the tray and the console, in the language that Speak\n// chose.\nvar (\n")
	for _, n := range names {
		fmt.Fprintf(&b, "%s string\n", n)
	}
	fmt.Fprint(&b, ")\n\nvar placed = map[string]*string{\n")
	for _, n := range names {
		fmt.Fprintf(&b, "%q: &%s,\n", n, n)
	}
	fmt.Fprint(&b, "}\n")
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("placed.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("placed.go"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("placed.go is not what assets/lang makes it: go test ./ui/text -run Place -update (%v)", err)
	}
}

// goFiles calls visit for every Go file below folders that is no test and not
// generated.
func goFiles(t *testing.T, visit func(path string, f *ast.File), folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution|parser.ParseComments)
			if err == nil && !ast.IsGenerated(f) {
				visit(path, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A word that nobody says is one that somebody translates for nothing. (That
// every word used is there, the compiler knows.)
func TestEveryWordIsUsed(t *testing.T) {
	used := map[string]bool{}
	goFiles(t, func(_ string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}, "../../ui", "../../cmd")
	for name := range placed {
		if !used[name] {
			t.Errorf("%s is said nowhere", name)
		}
	}
}

// Words have one home: none stands in the code of a window, the tray or this
// package. What only IT reads is left where it is.
func TestNoWordStandsInTheCode(t *testing.T) {
	english := regexp.MustCompile(`[A-Za-z]{2,} [a-z]{2,}|^[A-Z][a-z]{2,}[.…?]?$`)
	onKeys := []string{"Esc", "Del", "Space"} // as it stands on the keyboard
	goFiles(t, func(path string, f *ast.File) {
		if slices.Contains([]string{"fault.go", "uninstalled.go"}, path) { // IT's own
			return
		}
		skip := map[ast.Node]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field: // a struct's tag
				skip[n.Tag] = true
			case *ast.CallExpr: // an error's text, or the log's: no user reads either
				if fun, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"New", "Errorf", "E", "Error", "Warn", "Info", "Debug", "MustCompile", "Fields"}, fun.Sel.Name) {
					for _, arg := range n.Args {
						skip[arg] = true
					}
				}
			case *ast.BasicLit:
				if word, err := strconv.Unquote(n.Value); n.Kind == token.STRING && !skip[n] && err == nil && english.MatchString(word) && !slices.Contains(onKeys, word) {
					t.Errorf("%s: %q belongs into assets/lang", path, word)
				}
			}
			return true
		})
	}, ".", "../views", "../widgets", "../model", "../tray")
}
