package text

import (
	"strings"
	"testing"
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
