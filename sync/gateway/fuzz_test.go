package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alicebob/miniredis/v2"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/gateway"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// codes are those of docs/contracts.md that a phone can be told while every
// service is there.
var codes = map[string]int{
	"link-unknown": 404, "link-used": 409, "session-missing": 404, "session-draining": 409, "session-over": 410,
	"phone-replaced": 401, "too-many-images": 422, "image-too-large": 413, "image-mismatch": 422,
	"not-uploaded": 409, "image-unknown": 404, "image-filed": 409, "bad-request": 400, "rate-limited": 429,
}

// calls are what a phone can ask; the last takes method and path as they come.
var calls = []struct{ method, path string }{
	{"POST", "claim"}, {"GET", "status"}, {"POST", "uploads"}, {"POST", "images"}, {"DELETE", "images/"}, {"POST", "done"}, {},
	{"PUT", "images/"}, {"POST", "leave"},
}

// FuzzProblem: whatever a phone that holds the link sends, the gateway answers
// with the session or with a problem it is documented to have.
func FuzzProblem(f *testing.F) {
	m := miniredis.RunT(f)
	r, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://" + m.Addr()), Practice: practice})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = r.Shut() })
	sid, token, key := app.NewSessionID(), app.NewToken(), make([]byte, 32)
	open := func(t testing.TB, ctx context.Context) {
		t.Helper()
		m.FlushDB()
		if _, err := r.Open(ctx, app.Opening{SID: sid, TokenHash: sum([]byte(token.Reveal())), Limits: app.DefaultLimits}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Claim(ctx, sum([]byte(token.Reveal())), sum(key), app.KeepOffer{}); err != nil {
			t.Fatal(err)
		}
	}
	none := &bucket{held: map[app.ImageID]app.RowImage{}}
	none.put(image(1))
	g, err := gateway.New(gateway.Config{
		For: func(p app.Practice) gateway.Backend {
			return gateway.Backend{Sessions: r.ForPractice(p), Objects: none, Hints: &hub{}}
		},
		Page:   fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}},
		Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: gateway.Limits{AddressPerSecond: 1 << 30, AddressBurst: 1 << 30, TokenPerSecond: 1 << 30, TokenBurst: 1 << 30, Callers: 100},
	})
	if err != nil {
		f.Fatal(err)
	}
	bearer, session := "Bearer "+base64.RawURLEncoding.EncodeToString(key), string(practice)+"/"+string(sid)
	one := announce(image(1))
	f.Add(byte(0), "", "", bearer, "", `{"practice":"test-practice","token":"`+token.Reveal()+`"}`)
	f.Add(byte(0), "", "", bearer, "", `{"practice":["x"],"token":null}`)
	f.Add(byte(1), "", "", bearer, session, "")
	f.Add(byte(2), "", "", bearer, session, `{"uploads":`+one+`}`)
	f.Add(byte(2), "", "", bearer, session, `{"uploads":[{"id":"","bytes":1e99,"sha256":"x"}]}`)
	f.Add(byte(3), "", "", bearer, session, `{"stored":["`+string(image(1).ID)+`"],"uploads":`+one+`}`)
	f.Add(byte(3), "", "", "bearer x", "test-practice", strings.Repeat("[", 70<<10))
	f.Add(byte(4), "", string(image(1).ID), bearer, session, "")
	f.Add(byte(4), "", "..%2f..", bearer, session, "")
	f.Add(byte(5), "", "", bearer, session, `{} {}`)
	f.Add(byte(7), "", string(image(1).ID)+"/details", bearer, session, `{"n":1,"sealed":"AAAA","mac":"`+strings.Repeat("0", 64)+`"}`)
	f.Add(byte(7), "", "x/details", bearer, session, `{"n":1e9,"sealed":7}`)
	f.Add(byte(8), "", "", bearer, session, `{"keep":false}`)
	f.Add(byte(8), "", "", bearer, session, `{}`)
	f.Add(byte(6), "PATCH", "/api/medtech/session/claim", bearer, session, "")
	f.Add(byte(6), "GET", "/p/test-practice/"+token.Reveal(), "", "", "")
	f.Add(byte(6), "GET", "//api/../metrics", "", "", "")
	f.Fuzz(func(t *testing.T, call byte, method, path, auth, session, body string) {
		c := calls[int(call)%len(calls)]
		if c.method != "" {
			method = c.method
			if !strings.HasSuffix(c.path, "/") {
				path = ""
			}
			path = "/api/medtech/session/" + c.path + path
		}
		req, err := http.NewRequestWithContext(t.Context(), method, "http://gateway"+path, strings.NewReader(body))
		if err != nil || req.URL.Host != "gateway" || !strings.HasPrefix(req.URL.Path, "/") {
			return // no HTTP client can say it
		}
		req.RemoteAddr = "192.0.2.1:1"
		req.Header.Set("Authorization", auth)
		req.Header.Set("ClinicPro-Session", session)
		open(t, t.Context())
		out := httptest.NewRecorder()
		g.ServeHTTP(out, req)
		if out.Code >= 500 && path != "/readyz" {
			t.Fatalf("%s %q: %d %s", method, path, out.Code, out.Body)
		}
		row, err := r.Read(t.Context(), sid)
		if err != nil || len(row.Images) > row.Limits.MaxImages || row.PhoneHash != sum(key) {
			t.Fatalf("the session came to harm: %+v, %v", row, err)
		}
		if !strings.HasPrefix(req.URL.Path, "/api/") || out.Code/100 == 3 {
			return
		}
		if out.Code < 300 {
			var answer struct{ Session struct{ SID string } }
			if json.Unmarshal(out.Body.Bytes(), &answer) != nil || answer.Session.SID != string(sid) || out.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("%s %q: %s", method, path, out.Body)
			}
			return
		}
		var p struct {
			Type, Title, Detail, Code string
			Status                    int
		}
		err = json.Unmarshal(out.Body.Bytes(), &p)
		if err != nil || codes[p.Code] != out.Code || p.Status != out.Code || p.Type != "about:blank" || p.Title == "" || len(p.Detail) < 20 ||
			out.Header().Get("Content-Type") != "application/problem+json" || out.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s %q: %d %v %s", method, path, out.Code, out.Header(), out.Body)
		}
	})
}
