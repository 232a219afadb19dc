package config

import "testing"

// english gives the test's session a language.
func english(t *testing.T) {
	t.Helper()
	for _, name := range []string{"LANGUAGE", "LC_ALL", "LC_MESSAGES"} {
		t.Setenv(name, "")
	}
	t.Setenv("LANG", "en_NZ.UTF-8")
}

func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		wanted []string
		want   string
	}{
		{[]string{"mi_NZ.UTF-8"}, "mi"}, {[]string{"mi-NZ", "en-NZ"}, "mi"}, {[]string{"en-NZ", "mi-NZ"}, "en"}, {[]string{"", "mi"}, "mi"},
		{[]string{"fr_FR.UTF-8", "mi_NZ"}, "mi"}, {[]string{"C.UTF-8"}, "en"}, {[]string{"min_ID.UTF-8"}, "en"}, {nil, "en"}, {[]string{"MI@x"}, "mi"},
	} {
		if got := languageOf(c.wanted...); got != c.want {
			t.Errorf("%q: %s, want %s", c.wanted, got, c.want)
		}
	}
}
