package gateway_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

var opens = regexp.MustCompile(`id="open"[^>]* href="([^"]*)"`)

// What Evolution opens is forwarded as it came, and nothing else is.
func TestTheLaunchPageForwards(t *testing.T) {
	s := newCloud(t).gateway()
	for query, want := range map[string][2]string{
		"context=YWJj&signature=ZGVm":                   {"YWJj", "ZGVm"},
		"context=a+b/c%3D%3D&signature=-_x":             {"a+b/c==", "-_x"}, // plain base64 as it is, and escaped
		"signature=ZGVm&context=YWJj&facility=F2N060-E": {"YWJj", "ZGVm"},
	} {
		res, body := get(t, s.URL+"/launch?"+query)
		found := opens.FindStringSubmatch(body)
		if res.StatusCode != 200 || found == nil {
			t.Fatalf("%s: %d\n%s", query, res.StatusCode, body)
		}
		l, err := app.ParseLaunch(html.UnescapeString(found[1]))
		if err != nil || l.Context.Reveal() != want[0] || l.Signature.Reveal() != want[1] {
			t.Errorf("%s: forwards to %s", query, found[1])
		}
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'self';") {
			t.Errorf("headers %v", res.Header)
		}
	}
	for _, query := range []string{"", "context=YWJj", "context=YWJj&context=YWJj&signature=ZGVm", "context={context}&signature={signature}",
		"context=%22%3E%3Cscript%3E&signature=ZGVm", "context=javascript:alert(1)&signature=ZGVm", "context=..&signature=..", "context=Aroha%20Testperson&signature=x"} {
		res, body := get(t, s.URL+"/launch?"+query)
		if res.StatusCode != http.StatusBadRequest || opens.MatchString(body) || strings.Contains(body, "<script>") || strings.Contains(body, "Testperson") {
			t.Errorf("%s: %d\n%s", query, res.StatusCode, body)
		}
	}
	for path, want := range map[string]int{"/launch/launch.js": 200, "/launch/launch.css": 200, "/launch/launch.html": 404, "/launch/": 404, "/launch/../go.mod": 404} {
		if res, _ := get(t, s.URL+path); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	// A gateway without a relay has none.
	if res, err := http.Post(s.URL+"/api/medtech/record/launch", "application/json", strings.NewReader("{}")); err != nil || res.StatusCode/100 == 2 {
		t.Errorf("a relay that is not configured: %v, %v", res, err)
	}
}
