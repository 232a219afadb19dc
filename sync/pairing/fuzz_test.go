package pairing

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// vectors is testdata/links.json: what the phone page's tests read too. Both
// parsers agree on every one.
type vectors struct {
	Base    string `json:"base"`
	Good    string `json:"good"` // path and fragment of a link
	Accepts []struct {
		Why  string `json:"why"`
		Link string `json:"link"`
		Name string `json:"name"`
		Age  string `json:"age"`
		Tail string `json:"nhiTail"`
	} `json:"accepts"`
	Refuses []struct {
		Why  string `json:"why"`
		Link string `json:"link"`
	} `json:"refuses"`
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "links.json"))
	must(t, err)
	must(t, json.Unmarshal(b, &v))
	if len(v.Accepts) < 5 || len(v.Refuses) < 20 {
		t.Fatal("the vectors are not there")
	}
	return v
}

func TestVectors(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Accepts {
		l, err := Parse(app.Seal(v.Base + c.Link))
		if err != nil || l.Hint.Name.Reveal() != c.Name || l.Hint.Age.Reveal() != c.Age || l.Hint.NHITail.Reveal() != c.Tail {
			t.Errorf("%s: %v, %q", c.Why, err, l.Hint.text())
		}
	}
	for _, c := range v.Refuses {
		if _, err := Parse(app.Seal(v.Base + c.Link)); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%s: %v", c.Why, err)
		}
	}
}

// FuzzLink: a link is refused, or means the same when it is written again.
func FuzzLink(f *testing.F) {
	v := readVectors(f)
	for _, c := range v.Accepts {
		f.Add(v.Base + c.Link)
	}
	for _, c := range v.Refuses {
		f.Add(v.Base + c.Link)
	}
	f.Add("http://%zz/p/#")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := Parse(app.Seal(s))
		if err != nil {
			if app.KindOf(err) != app.KindCorrupt || err.Error() != "read pairing link: corrupt: not a pairing link" {
				t.Errorf("%v", err)
			}
			return
		}
		if len(l.Hint.text()) > MaxHint || strings.ContainsAny(l.Base, "#?@") {
			t.Errorf("read as %q with %q", l.Base, l.Hint.text())
		}
		again, err := Parse(l.Build())
		if err != nil || again.Token != l.Token || again.Hint.text() != l.Hint.text() || again.Base != l.Base ||
			again.Practice != l.Practice || again.Secret != l.Secret || again.Recipient.String() != l.Recipient.String() {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
