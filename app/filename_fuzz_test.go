package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzFileName: whatever patient, site and template say, the name is one file
// of one folder on every system.
func FuzzFileName(f *testing.F) {
	f.Add(DefaultTemplate, "Aroha Testperson", "forearm", "left", int64(1795392900), 1)
	f.Add("{name}{name}", "..", "/", `\\`, int64(0), -1)
	f.Add("{site}", "", "CON", "", int64(32472144000), 1<<62)
	f.Add("{view}_{nhi}", "", "/..", "\\", int64(0), 1)
	f.Add("{view}_{nhi}", "", "}", "{", int64(-4), -94)
	f.Add("{side}.{n}", "", "", "com¹.", int64(-62135596800), 0)
	f.Add("{name}", strings.Repeat("ā", 200)+".jpg.JPG", "", "", int64(1<<62), 1)
	f.Fuzz(func(t *testing.T, template, name, site, side string, unix int64, n int) {
		got, err := RenderName(template, EndingJPEG, NameFields{Patient: Patient{Name: Seal(name)}, Site: site, Side: side, View: side + site, Taken: time.Unix(unix, 0), N: n})
		if err != nil {
			if KindOf(err) != KindCorrupt || name != "" && len(name) > 3 && strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
			if CheckTemplate(template) == nil {
				t.Errorf("%q passes and names nothing", template)
			}
			return
		}
		for _, s := range []string{got.Reveal(), NumberedName(got.Reveal(), EndingJPEG, 2), FileName(name, EndingJPEG)} {
			base := strings.TrimSuffix(s, EndingJPEG)
			switch {
			case s == base, base == "", len(s) > mostBytes+len("__999"), !utf8.ValidString(s):
				t.Errorf("%q is no name of a picture", s)
			case filepath.Base(s) != s, !filepath.IsLocal(s), strings.ContainsAny(s, `<>:"/\|?*`):
				t.Errorf("%q names a place", s)
			case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }):
				t.Errorf("%q holds what cannot be seen", s)
			case strings.HasPrefix(s, ".") || strings.HasPrefix(s, " ") || strings.HasSuffix(base, " ") || strings.HasSuffix(base, "."):
				t.Errorf("%q loses an end on Windows", s)
			case device(base):
				t.Errorf("%q is a device", s)
			case FileName(FileName(s, EndingJPEG), EndingJPEG) != FileName(s, EndingJPEG):
				t.Errorf("%q becomes another name each time", s)
			}
		}
	})
}
