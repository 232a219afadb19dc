package text

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestEveryWordOfARecordHasItsOwnSentence(t *testing.T) {
	general := Recorded("no such word")
	for _, code := range []string{"asleep", "unreachable", "busy", "unknown", "forbidden", "rule", "toolarge", "token", "key", "foreign"} {
		s := Recorded(code)
		if s == general {
			t.Errorf("%s has only the general wording", code)
		}
		for _, part := range []string{s.What, s.Safe, s.Do} {
			if !strings.HasSuffix(part, ".") || len(part) > 190 {
				t.Errorf("%s: %q", code, part)
			}
		}
	}
	if got := SinkLabels([]string{"alex-scan", "alex-media", "folder"}); got != "Inbox Scan in Medtech, Media in Medtech and the practice folder" {
		t.Error(got)
	}
}

// A launch that opened nobody says why as exactly as is known, that nothing
// was opened, and what to do.
func TestALaunchThatOpensNobodySaysWhy(t *testing.T) {
	said := map[string]string{}
	for code, kind := range map[string]app.Kind{"asleep": app.KindOffline, "unreachable": app.KindOffline, "busy": app.KindOffline,
		"token": app.KindAuth, "key": app.KindAuth, "forbidden": app.KindAuth, "foreign": app.KindAuth,
		"rule": app.KindConflict, "expired": app.KindExpired, "replayed": app.KindConflict, "": app.KindOffline} {
		s := Launch(code, kind)
		if other, twice := said[s.What]; twice {
			t.Errorf("%q and %q say the same", code, other)
		}
		said[s.What] = code
		if strings.Contains(s.What, "photos") || s.Safe != "Nothing was opened." || !strings.HasSuffix(s.Do, ".") {
			t.Errorf("%s: %+v", code, s)
		}
	}
}
