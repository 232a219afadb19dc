package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/gateway"
)

// askNext makes one call of a kept phone and returns status, body and code.
func askNext(t *testing.T, s *httptest.Server, key, practice string) (int, string, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/api/medtech/session/next", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("ClinicPro-Practice", practice)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Code string }
	_ = json.Unmarshal(body, &doc)
	return resp.StatusCode, string(body), doc.Code
}

var keptKey = base64.RawURLEncoding.EncodeToString([]byte("a kept key of thirty-two bytes.."))

func TestNext(t *testing.T) {
	c := newCloud(t)
	sid, token := c.open(app.DefaultLimits)
	s := c.gateway()
	p := newPhone(t, s)
	recipient, mac := "age1"+strings.Repeat("q", 58), sum([]byte("mac"))
	claim := fmt.Sprintf(`{"practice":%q,"token":%q,"keep":{"recipient":%q,"key":%q,"mac":%q}}`,
		practice, token.Reveal(), recipient, sum([]byte(keptKey)), mac)
	got := p.do("POST", "claim", claim).want(t, 200, "")
	p.session = string(practice) + "/" + string(sid)
	if !strings.Contains(got.Body, `"kept":0`) {
		t.Fatalf("claimed: %s", got.Body)
	}
	row, err := c.registry.Read(t.Context(), sid)
	if want := (app.KeepOffer{Recipient: recipient, Key: sum([]byte(keptKey)), MAC: mac}); err != nil || row.Keep != want {
		t.Fatalf("offered %+v, %v", row.Keep, err)
	}
	if status, _, code := askNext(t, s, keptKey, string(practice)); status != 401 || code != "phone-forgotten" {
		t.Fatalf("before it is kept: %d %s", status, code)
	}
	until := row.Now.Add(time.Hour)
	if _, err := c.registry.Keep(t.Context(), sid, row.Keep.Key, until); err != nil {
		t.Fatal(err)
	}
	if got := p.do("GET", "status", "").want(t, 200, ""); !strings.Contains(got.Body, fmt.Sprintf(`"kept":%d`, until.UnixMilli())) {
		t.Fatalf("kept: %s", got.Body)
	}
	status, body, _ := askNext(t, s, keptKey, string(practice))
	if status != 200 || !strings.HasSuffix(strings.TrimSpace(body), fmt.Sprintf(`"until":%d,"next":null}`, until.UnixMilli())) {
		t.Fatalf("nothing on offer: %d %s", status, body)
	}
	if err := c.registry.Next(t.Context(), row.Keep.Key, app.NextLink{SID: sid, N: 4, MAC: mac, Sealed: []byte{0xfb, 0xff}}); err != nil {
		t.Fatal(err)
	}
	if _, body, _ = askNext(t, s, keptKey, string(practice)); !strings.Contains(body, fmt.Sprintf(`"next":{"sid":%q,"n":4,"sealed":"+/8=","mac":%q}}`, sid, mac)) {
		t.Fatalf("on offer: %s", body)
	}
	if status, _, code := askNext(t, s, keptKey, "another-practice"); status != 401 || code != "phone-forgotten" {
		t.Fatalf("at another practice: %d %s", status, code)
	}
	if err := c.registry.Forget(t.Context(), row.Keep.Key, sid); err != nil {
		t.Fatal(err)
	}
	if status, _, code := askNext(t, s, keptKey, string(practice)); status != 401 || code != "phone-forgotten" {
		t.Fatalf("forgotten: %d %s", status, code)
	}
	if got := p.do("GET", "status", "").want(t, 200, ""); !strings.Contains(got.Body, `"kept":0`) {
		t.Fatalf("forgotten: %s", got.Body)
	}
}

func TestHostileNext(t *testing.T) {
	c := newCloud(t)
	s := c.gateway(func(cfg *gateway.Config) { cfg.Limits.TokenPerSecond, cfg.Limits.TokenBurst = 1, 3 })
	for _, key := range []string{"", "short", keptKey + "A", strings.Repeat("=", 43), strings.Repeat("+", 43)} {
		if status, _, code := askNext(t, s, key, string(practice)); status != 400 || code != "bad-request" {
			t.Errorf("key %q: %d %s", key, status, code)
		}
	}
	for _, bad := range []string{"", "A", "a/b", "../../x", "cp:{x}"} {
		other := base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("%-32.32s", bad)))
		if status, _, code := askNext(t, s, other, bad); status != 400 || code != "bad-request" {
			t.Errorf("practice %q: %d %s", bad, status, code)
		}
	}
	limited := false
	for range 6 {
		status, _, _ := askNext(t, s, keptKey, string(practice))
		limited = limited || status == 429
	}
	if !limited {
		t.Error("a guesser is not held up")
	}
	_, token := c.open(app.DefaultLimits)
	good := sum([]byte("x"))
	for name, keep := range map[string]string{
		"no recipient": fmt.Sprintf(`{"key":%q,"mac":%q}`, good, good), "a separator": fmt.Sprintf(`{"recipient":"age1|x","key":%q,"mac":%q}`, good, good),
		"a long one": fmt.Sprintf(`{"recipient":"age1%s","key":%q,"mac":%q}`, strings.Repeat("q", 200), good, good),
		"no mac":     fmt.Sprintf(`{"recipient":"age1q","key":%q}`, good), "no key": fmt.Sprintf(`{"recipient":"age1q","mac":%q}`, good),
		"a list": "[]", "a word": `"yes"`,
	} {
		p := newPhone(t, s)
		t.Log(name)
		p.do("POST", "claim", fmt.Sprintf(`{"practice":%q,"token":%q,"keep":%s}`, practice, token.Reveal(), keep)).want(t, 400, "bad-request")
	}
}
