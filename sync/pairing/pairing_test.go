package pairing

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clinicpro-nz/images/app"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newLink(t testing.TB) Link {
	t.Helper()
	s, err := NewSecrets()
	must(t, err)
	return Link{Base: "https://images.example.nz", Practice: "testpractice", Token: s.Token,
		Recipient: s.Identity.Recipient(), Secret: s.Secret,
		Hint: Hint{Name: app.Seal("A. T."), Age: app.Seal("47"), NHITail: app.Seal("016")}}
}

func TestBuildAndParse(t *testing.T) {
	for _, base := range []string{"https://images.example.nz", "http://192.168.1.20:8787", "http://[fe80::1]:8787"} {
		l := newLink(t)
		l.Base = base
		got, err := Parse(l.Build())
		must(t, err)
		if got.Base != l.Base || got.Practice != l.Practice || got.Token != l.Token || got.Secret != l.Secret ||
			got.Hint != l.Hint || got.Recipient.String() != l.Recipient.String() {
			t.Errorf("%s: another link came back", base)
		}
	}
}

func TestNothingOfTheSecretsLeavesTheFragment(t *testing.T) {
	l := newLink(t)
	address, _, _ := strings.Cut(l.Build().Reveal(), "#")
	if address != l.Base+"/p/testpractice/"+l.Token.Reveal() {
		t.Errorf("the part that is sent: %s", address)
	}
}

func TestParseRefuses(t *testing.T) {
	good := newLink(t).Build().Reveal()
	change := func(old, now string) string { return strings.Replace(good, old, now, 1) }
	for name, s := range map[string]string{
		"empty":             "",
		"no fragment":       strings.Split(good, "#")[0],
		"another scheme":    change("https:", "ftp:"),
		"a script":          change("https://images.example.nz", "javascript:"),
		"no host":           change("images.example.nz", ""),
		"a user":            change("images.example.nz", "x@images.example.nz"),
		"a query":           change("#", "?a=b#"),
		"an empty query":    change("#", "?#"),
		"another path":      change("/p/", "/q/"),
		"a longer path":     change("#", "/more#"),
		"an escaped path":   change("/testpractice/", "/test%2fpractice/"),
		"an upper practice": change("testpractice", "Testpractice"),
		"a short token":     change("#", "")[:60] + "#" + strings.Split(good, "#")[1],
		"recipient in caps": change("#age1", "#AGE1"),
		"another recipient": change("#age1", "#age2"),
		"a fourth part":     good + ".x",
		"padding":           good + "=",
		"hint without bars": good[:strings.LastIndex(good, ".")+1] + "QQ",
		"too long":          good + strings.Repeat("A", 3000),
	} {
		_, err := Parse(app.Seal(s))
		if app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%s: %v", name, err)
		} else if err.Error() != "read pairing link: corrupt: not a pairing link" {
			t.Errorf("%s: the error says more than it should: %v", name, err)
		}
	}
}

func TestHint(t *testing.T) {
	nhi, _, err := app.ParseNHI("ZZZ0016")
	must(t, err)
	p := app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi, BirthDate: app.Seal("1979-11-24")}
	today := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		hint Hint
		want string
	}{
		{"initials", NewHint(p, today, false), "A. T.|46|016"},
		{"full name", NewHint(p, today, true), "Aroha Testperson|46|016"},
		{"birthday", NewHint(p, today.AddDate(0, 0, 1), false), "A. T.|47|016"},
		{"nothing known", NewHint(app.Patient{}, today, false), "||"},
		{"a bar inside", Hint{Name: app.Seal("A|B")}, "A B||"},
		{"no text", Hint{Name: app.Seal("A\xffB")}, "AB||"},
	} {
		if got := c.hint.text(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	long := Hint{Name: app.Seal(strings.Repeat("ā", 200)), Age: app.Seal("47"), NHITail: app.Seal("016")}
	if s := long.text(); len(s) > MaxHint || !utf8.ValidString(s) || !strings.HasSuffix(s, "ā|47|016") {
		t.Errorf("long name: %d bytes, %q", len(s), s)
	}
	l := newLink(t)
	l.Hint = long
	if _, err := Parse(l.Build()); err != nil {
		t.Errorf("long name: %v", err)
	}
}

func TestModules(t *testing.T) {
	m, err := Modules(newLink(t).Build())
	must(t, err)
	for y, row := range m {
		if len(row) != len(m) {
			t.Fatalf("row %d has %d modules of %d", y, len(row), len(m))
		}
		for x, dark := range row {
			if edge := min(x, y, len(m)-1-x, len(m)-1-y); dark && edge < 4 {
				t.Fatalf("dark at %d,%d inside the quiet zone", x, y)
			}
		}
	}
	if !m[4][4] || !m[4][10] || m[5][5] || !m[6][6] {
		t.Error("no finder pattern in the corner")
	}
	// Version 10 (57 modules) or below: what a phone reads off a screen with ease.
	if len(m) > 57+8 {
		t.Errorf("%d modules a side", len(m))
	}
	if _, err := Modules(app.Seal(strings.Repeat("x", 4000))); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("4,000 bytes: %v", err)
	}
}

func TestTerminal(t *testing.T) {
	const dark, light = true, false
	got := Terminal([][]bool{{dark, light, dark, light}, {dark, light, light, dark}, {dark, light, dark, light}})
	if want := " █▄▀\n▄█▄█\n"; got != want {
		t.Errorf("drawn\n%swant\n%s", got, want)
	}
}
