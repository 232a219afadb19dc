package gateway_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/gateway"
)

// A whole session over two copies of the gateway on one Redis.
func TestSessionOverTwoGateways(t *testing.T) {
	c := newCloud(t)
	one, two := c.gateway(), c.gateway()
	sid, token := c.open(app.DefaultLimits)
	p := newPhone(t, one)
	first := p.claim(token).want(t, 200, "")
	if first.Session.State != "paired" || first.Session.PracticeName != "Test Practice" || first.Session.MaxImages != 20 ||
		!strings.Contains(first.Body, `"images":[]`) || !strings.Contains(first.Body, `"drainUntil":0`) {
		t.Fatalf("claimed: %s", first.Body)
	}
	p.base = two.URL
	p.claim(token).want(t, 200, "") // the same key again, at the other copy
	second := newPhone(t, one)
	second.claim(token).want(t, 409, "link-used")

	up := p.uploads(image(1), image(2)).want(t, 200, "")
	if len(up.Uploads) != 2 || up.Uploads[0].State != "reserved" || up.Uploads[0].Headers["If-None-Match"] != "*" ||
		up.Uploads[0].Expires < time.Now().UnixMilli() || !strings.HasSuffix(up.Uploads[0].URL, string(image(1).ID)) {
		t.Fatalf("uploads: %s", up.Body)
	}
	p.base = one.URL
	c.bucket.put(image(1))
	next := p.do("POST", "images", `{"stored":["`+string(image(1).ID)+`"],"uploads":`+announce(image(3))+`}`).want(t, 200, "")
	if len(next.Uploads) != 1 || next.Uploads[0].ID != string(image(3).ID) || next.Session.Images[0].State != "stored" {
		t.Fatalf("stored with next: %s", next.Body)
	}
	again := p.uploads(image(1)).want(t, 200, "")
	if u := again.Uploads[0]; u.State != "stored" || u.URL != "" || strings.Contains(again.Body, `"url"`) {
		t.Fatalf("a link for what is stored: %s", again.Body)
	}
	if _, err := c.registry.Mark(t.Context(), sid, []app.Mark{{ID: image(1).ID, State: app.ImageFiled, Sinks: []string{"folder"}}}); err != nil {
		t.Fatal(err)
	}
	st := p.do("GET", "status", "").want(t, 200, "")
	if m := st.Session.Images[0]; m.State != "filed" || len(m.Sinks) != 1 || m.Sinks[0] != "folder" {
		t.Fatalf("status: %s", st.Body)
	}
	del := p.do("DELETE", "images/"+string(image(2).ID), "").want(t, 202, "")
	if !del.Session.Images[1].RetractWanted {
		t.Fatalf("retract: %s", del.Body)
	}
	p.do("POST", "done", "{}").want(t, 200, "")
	if row, err := c.registry.Read(t.Context(), sid); err != nil || !row.PhoneDone {
		t.Fatalf("done: %+v, %v", row, err)
	}
	want := map[string]bool{"phone-paired": true, "image-stored": true, "image-retracted": true, "phone-done": true}
	for deadline := time.Now().Add(5 * time.Second); len(want) > 0; time.Sleep(time.Millisecond) {
		c.hub.mu.Lock()
		for _, ev := range c.hub.heard {
			delete(want, ev)
		}
		c.hub.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("never published: %v", want)
		}
	}
}

// A phone that asks while an image is stored and nowhere further has the
// workstation look again: the image's own hint may be lost.
func TestStatusOfStoredImageIsAHint(t *testing.T) {
	c := newCloud(t)
	sid, token := c.open(app.DefaultLimits)
	p := newPhone(t, c.gateway())
	p.claim(token).want(t, 200, "")
	c.hub.await(t, "phone-paired for "+string(sid))
	p.uploads(image(1)).want(t, 200, "")
	c.bucket.put(image(1))
	p.do("POST", "images", `{"stored":["`+string(image(1).ID)+`"]}`).want(t, 200, "")
	c.hub.await(t, "image-stored for "+string(sid))
	p.do("GET", "status", "").want(t, 200, "")
	c.hub.await(t, "phone-paired for "+string(sid))

	if _, err := c.registry.Mark(t.Context(), sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded}}); err != nil {
		t.Fatal(err)
	}
	p.do("GET", "status", "").want(t, 200, "")
	p.do("POST", "done", "{}").want(t, 200, "")
	if before := c.hub.await(t, "phone-done for "+string(sid)); slices.Contains(before, "phone-paired") {
		t.Error("with everything landed the status is a hint")
	}
}

// Every code of docs/contracts.md, over HTTP.
func TestEveryCode(t *testing.T) {
	c := newCloud(t)
	s := c.gateway()
	small := app.DefaultLimits
	small.MaxImages, small.MaxBytes = 2, 1100
	sid, token := c.open(small)
	p := newPhone(t, s)
	p.claim(token).want(t, 200, "")

	t.Run("link-unknown", func(t *testing.T) {
		short := app.DefaultLimits
		short.Claim = time.Millisecond
		_, expired := c.open(short)
		time.Sleep(5 * time.Millisecond)
		var bodies []string
		for _, token := range []app.Token{app.NewToken(), expired, {Sealed: app.Seal("nonsense")}, {}} {
			bodies = append(bodies, newPhone(t, s).claim(token).want(t, 404, "link-unknown").Body)
		}
		for _, b := range bodies {
			if b != bodies[0] {
				t.Fatalf("told apart: %s and %s", bodies[0], b)
			}
		}
	})
	t.Run("link-used", func(t *testing.T) { newPhone(t, s).claim(token).want(t, 409, "link-used") })
	t.Run("session-missing", func(t *testing.T) {
		lost := *p
		lost.session = string(practice) + "/" + string(app.NewSessionID())
		lost.do("GET", "status", "").want(t, 404, "session-missing")
		c.hub.await(t, "phone-paired for "+lost.session[len(practice)+1:])
	})
	t.Run("phone-replaced", func(t *testing.T) {
		other := newPhone(t, s)
		other.session = p.session
		for _, call := range [][3]string{{"GET", "status", ""}, {"POST", "uploads", `{"uploads":` + announce(image(1)) + `}`},
			{"POST", "images", `{"stored":["` + string(image(1).ID) + `"]}`}, {"DELETE", "images/" + string(image(1).ID), ""}, {"POST", "done", "{}"}} {
			other.do(call[0], call[1], call[2]).want(t, 401, "phone-replaced")
		}
	})
	t.Run("too-many-images", func(t *testing.T) {
		p.uploads(image(1), image(2), image(3)).want(t, 422, "too-many-images")
	})
	t.Run("image-too-large", func(t *testing.T) {
		p.uploads(image(101)).want(t, 413, "image-too-large")
		p.do("POST", "uploads", `{"uploads":[`+strings.Repeat(" ", 70000)+`]}`).want(t, 413, "image-too-large")
	})
	p.uploads(image(1), image(2)).want(t, 200, "")
	t.Run("not-uploaded", func(t *testing.T) {
		got := p.stored(image(1)).want(t, 409, "not-uploaded")
		if len(got.Images) != 1 || got.Images[0] != string(image(1).ID) {
			t.Fatalf("about %v", got.Images)
		}
		p.stored(image(9)).want(t, 409, "not-uploaded") // never announced
	})
	t.Run("image-mismatch", func(t *testing.T) {
		for _, wrong := range []app.RowImage{{ID: image(1).ID, Bytes: 1, SHA256: image(1).SHA256},
			{ID: image(1).ID, Bytes: image(1).Bytes, SHA256: image(2).SHA256}, {ID: image(1).ID, Bytes: image(1).Bytes}} {
			c.bucket.put(wrong)
			p.stored(image(1)).want(t, 422, "image-mismatch")
		}
		if row, _ := c.registry.Read(t.Context(), sid); row.Images[0].State != app.ImageReserved {
			t.Fatalf("a wrong object was recorded: %+v", row.Images)
		}
		c.bucket.put(image(1))
	})
	t.Run("session-draining", func(t *testing.T) {
		if _, err := c.registry.Close(t.Context(), sid); err != nil {
			t.Fatal(err)
		}
		fresh := image(7)
		ms := fmt.Sprintf("%012x", time.Now().Add(time.Hour).UnixMilli()) // captured after the end
		fresh.ID = app.ImageID(ms[:8] + "-" + ms[8:] + string(fresh.ID[13:]))
		p.uploads(fresh).want(t, 409, "session-draining")
		p.stored(image(1)).want(t, 200, "")
		if st := p.do("GET", "status", "").want(t, 200, ""); st.Session.State != "draining" || st.Session.DrainUntil == 0 {
			t.Fatalf("status: %s", st.Body)
		}
	})
	t.Run("session-over", func(t *testing.T) {
		row, err := c.registry.Mark(t.Context(), sid, []app.Mark{{ID: image(1).ID, State: app.ImageLanded},
			{ID: image(2).ID, State: app.ImageRetracted}})
		if err != nil {
			t.Fatal(err)
		}
		// The same a day later: nothing comes any more.
		row.SID, row.TokenHash, row.DrainUntil = app.NewSessionID(), app.NewToken().Hash(), row.Now.Add(-time.Minute)
		if _, err := c.registry.Open(t.Context(), app.Opening{SID: row.SID, Restore: &row}); err != nil {
			t.Fatal(err)
		}
		later := *p
		later.session = string(practice) + "/" + string(row.SID)
		later.uploads(image(7)).want(t, 410, "session-over")
		if st := p.do("GET", "status", "").want(t, 200, ""); st.Session.State != "closed" || st.Session.Images[0].State != "landed" {
			t.Fatalf("the phone must still learn what landed: %s", st.Body)
		}
		p.claim(token).want(t, 200, "") // reload after the end
	})
	t.Run("rate-limited", func(t *testing.T) {
		for name, l := range map[string]gateway.Limits{
			"address": {AddressPerSecond: 1, AddressBurst: 2, TokenPerSecond: 99, TokenBurst: 99, Callers: 9},
			"token":   {AddressPerSecond: 99, AddressBurst: 99, TokenPerSecond: 1, TokenBurst: 2, Callers: 9},
		} {
			limited := *p
			limited.base = c.gateway(func(cfg *gateway.Config) { cfg.Limits = l }).URL
			for range 2 {
				limited.do("GET", "status", "").want(t, 200, "")
			}
			if got := limited.do("GET", "status", "").want(t, 429, "rate-limited"); got.Header.Get("Retry-After") == "" {
				t.Fatalf("%s: no Retry-After", name)
			}
		}
	})
	t.Run("unavailable", func(t *testing.T) {
		c.bucket.fail = app.E("head", app.KindOffline, errors.New("https://secret-address"))
		if got := p.stored(image(1)).want(t, 503, "unavailable"); got.Header.Get("Retry-After") == "" || strings.Contains(got.Body, "secret") {
			t.Fatalf("S3 away: %v %s", got.Header, got.Body)
		}
		c.bucket.fail = nil
		c.stopRedis()
		p.do("GET", "status", "").want(t, 503, "unavailable")
		res, err := http.Get(s.URL + "/readyz")
		if err != nil || res.StatusCode != 503 {
			t.Fatalf("readyz without Redis: %v, %v", res, err)
		}
		_ = res.Body.Close()
	})
	for _, secret := range []string{token.Reveal(), p.key, string(sid), string(image(1).ID), "secret-address"} {
		if strings.Contains(c.log.String(), secret) {
			t.Fatalf("the log holds %q", secret)
		}
	}
}

// Hostile input: refused as malformed, nothing recorded, nothing panicked.
func TestHostileInput(t *testing.T) {
	c := newCloud(t)
	s := c.gateway()
	sid, token := c.open(app.DefaultLimits)
	p := newPhone(t, s)
	p.claim(token).want(t, 200, "")
	before, err := c.registry.Read(t.Context(), sid)
	if err != nil {
		t.Fatal(err)
	}
	id, sha := string(image(1).ID), string(image(1).SHA256)
	one := func(id, bytes, sha string) string {
		return fmt.Sprintf(`{"uploads":[{"id":%q,"bytes":%s,"sha256":%q}]}`, id, bytes, sha)
	}
	var many []app.RowImage
	for n := range 21 {
		many = append(many, image(byte(n)))
	}
	for name, in := range map[string][3]string{
		"not JSON":             {"POST", "uploads", `hello`},
		"cut off":              {"POST", "uploads", `{"uploads":[`},
		"two values":           {"POST", "uploads", one(id, "1", sha) + `{}`},
		"an array":             {"POST", "uploads", `[]`},
		"none":                 {"POST", "uploads", `{"uploads":[]}`},
		"null":                 {"POST", "uploads", `null`},
		"21 images":            {"POST", "uploads", `{"uploads":` + announce(many...) + `}`},
		"same image twice":     {"POST", "uploads", `{"uploads":` + announce(image(1), image(1)) + `}`},
		"path in the id":       {"POST", "uploads", one("../../other/x", "1", sha)},
		"separator in the id":  {"POST", "uploads", one(id+"|", "1", sha)},
		"upper-case id":        {"POST", "uploads", one(strings.ToUpper("01936d2e-0000-7000-8000-00000000000a"), "1", sha)},
		"UUIDv4":               {"POST", "uploads", one("01936d2e-0000-4000-8000-000000000001", "1", sha)},
		"zero bytes":           {"POST", "uploads", one(id, "0", sha)},
		"negative bytes":       {"POST", "uploads", one(id, "-1", sha)},
		"fraction of a byte":   {"POST", "uploads", one(id, "1.5", sha)},
		"huge number":          {"POST", "uploads", one(id, "9223372036854775807", sha)},
		"beyond numbers":       {"POST", "uploads", one(id, "1e400", sha)},
		"short checksum":       {"POST", "uploads", one(id, "1", sha[:63])},
		"upper-case checksum":  {"POST", "uploads", one(id, "1", strings.ToUpper(sha))},
		"separator in the sum": {"POST", "uploads", one(id, "1", sha[:62]+"|1")},
		"stored nothing":       {"POST", "images", `{"stored":[]}`},
		"stored nonsense":      {"POST", "images", `{"stored":["*"]}`},
		"stored with bad next": {"POST", "images", `{"stored":["` + id + `"],"uploads":[{"id":"x"}]}`},
		"retract nonsense":     {"DELETE", "images/nonsense", ""},
		"done with a list":     {"POST", "done", `[1]`},
		"wrong method":         {"GET", "claim", ""},
		"unknown call":         {"POST", "everything", "{}"},
		"claim with a number":  {"POST", "claim", `{"practice":1,"token":2}`},
	} {
		t.Log(name)
		p.do(in[0], in[1], in[2]).want(t, 400, "bad-request")
	}
	for name, change := range map[string]func(*phone){
		"no key":             func(p *phone) { p.key = "" },
		"short key":          func(p *phone) { p.key = p.key[:42] },
		"padded key":         func(p *phone) { p.key += "=" },
		"long key":           func(p *phone) { p.key += "AAAA" },
		"no session":         func(p *phone) { p.session = "" },
		"glob as practice":   func(p *phone) { p.session = "*/" + string(sid) },
		"braces as practice": func(p *phone) { p.session = "a}:{b/" + string(sid) },
		"short session":      func(p *phone) { p.session = string(practice) + "/123" },
		"three parts":        func(p *phone) { p.session += "/x" },
	} {
		t.Log(name)
		bad := *p
		change(&bad)
		bad.do("GET", "status", "").want(t, 400, "bad-request")
	}
	after, err := c.registry.Read(t.Context(), sid)
	if err != nil || after.Seq != before.Seq || len(after.Images) != 0 {
		t.Fatalf("hostile input changed the session: %+v, %v", after, err)
	}
	// Another practice's name with this session's id leads nowhere.
	stray := *p
	stray.session = "other-practice/" + string(sid)
	stray.do("GET", "status", "").want(t, 404, "session-missing")
}

// No answer waits for the hub, whatever state it is in.
func TestAnswersDoNotWaitForHints(t *testing.T) {
	for name, h := range map[string]*hub{"silent": {slow: true}, "panicking": {panic: true}} {
		c := newCloud(t)
		c.hub = h
		_, token := c.open(app.DefaultLimits)
		p := newPhone(t, c.gateway())
		p.claim(token).want(t, 200, "")
		p.uploads(image(1)).want(t, 200, "")
		c.bucket.put(image(1))
		began := time.Now()
		const calls = 100 // more than there are slots for hints
		for range calls {
			p.stored(image(1)).want(t, 200, "")
		}
		each := time.Since(began) / calls
		t.Logf("%s hub: stored answers in %v", name, each)
		if each > 100*time.Millisecond {
			t.Fatalf("%s: %v a call", name, each)
		}
	}
}
