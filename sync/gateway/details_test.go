package gateway_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// amended is the body of amendment n with these sealed bytes.
func amended(n int, sealed []byte) string {
	return fmt.Sprintf(`{"n":%d,"sealed":%q,"mac":%q}`, n, base64.StdEncoding.EncodeToString(sealed), sum(sealed))
}

func TestDetails(t *testing.T) {
	c := newCloud(t)
	sid, token := c.open(app.DefaultLimits)
	p := newPhone(t, c.gateway())
	p.claim(token).want(t, 200, "")
	path := "images/" + string(image(1).ID) + "/details"
	p.do("PUT", path, amended(1, []byte("one"))).want(t, 404, "image-unknown")
	p.uploads(image(1)).want(t, 200, "")

	first := p.do("PUT", path, amended(1, []byte("one"))).want(t, 200, "")
	if first.Session.Images[0].Details != 1 || first.Session.Left {
		t.Fatalf("first: %s", first.Body)
	}
	c.hub.await(t, "details for "+string(sid))
	hint := c.hub.latest(app.EventDetails)
	if hint.image != image(1).ID {
		t.Fatalf("the hint names %q", hint.image)
	}
	p.do("PUT", path, amended(3, []byte("three"))).want(t, 200, "")
	c.hub.await(t, "details for "+string(sid))
	if next := c.hub.latest(app.EventDetails); next.seq <= hint.seq {
		t.Fatalf("seq went from %d to %d", hint.seq, next.seq)
	}
	late := p.do("PUT", path, amended(2, []byte("two"))).want(t, 200, "")
	if late.Session.Images[0].Details != 3 {
		t.Fatalf("late: %s", late.Body)
	}
	held, err := c.registry.Details(t.Context(), sid, image(1).ID)
	if err != nil || held.N != 3 || string(held.Sealed) != "three" || held.MAC != sum([]byte("three")) {
		t.Fatalf("held: %+v, %v", held, err)
	}
	p.do("PUT", path, amended(app.MaxAmendments+1, []byte("x"))).want(t, 429, "rate-limited")
	p.do("PUT", path, amended(4, make([]byte, app.MaxAmendment))).want(t, 200, "")
	p.do("PUT", path, amended(5, make([]byte, app.MaxAmendment+1))).want(t, 413, "image-too-large")
	p.do("PUT", path, amended(5, make([]byte, 100<<10))).want(t, 413, "image-too-large")

	if _, err := c.registry.Mark(t.Context(), sid, []app.Mark{{ID: image(1).ID, State: app.ImageFiled, Sinks: []string{"folder"}}}); err != nil {
		t.Fatal(err)
	}
	p.do("PUT", path, amended(9, []byte("nine"))).want(t, 409, "image-filed")
	p.do("PUT", path, amended(4, []byte("four"))).want(t, 200, "") // the answer to the first was lost
}

func TestHostileDetails(t *testing.T) {
	c := newCloud(t)
	sid, token := c.open(app.DefaultLimits)
	s := c.gateway()
	p := newPhone(t, s)
	p.claim(token).want(t, 200, "")
	p.uploads(image(1)).want(t, 200, "")
	before, err := c.registry.Read(t.Context(), sid)
	if err != nil {
		t.Fatal(err)
	}
	path := "images/" + string(image(1).ID) + "/details"
	mac := strings.Repeat("0", 64)
	for name, body := range map[string]string{
		"nothing": "", "null": "null", "an array": "[]", "no number": `{"sealed":"AAAA","mac":"` + mac + `"}`,
		"number 0": `{"n":0,"sealed":"AAAA","mac":"` + mac + `"}`, "a negative number": `{"n":-1,"sealed":"AAAA","mac":"` + mac + `"}`,
		"half a number": `{"n":1.5,"sealed":"AAAA","mac":"` + mac + `"}`, "nothing sealed": `{"n":1,"sealed":"","mac":"` + mac + `"}`,
		"no padding": `{"n":1,"sealed":"AA","mac":"` + mac + `"}`, "base64url": `{"n":1,"sealed":"-_-_","mac":"` + mac + `"}`,
		"a short mac": `{"n":1,"sealed":"AAAA","mac":"00"}`, "an upper-case mac": `{"n":1,"sealed":"AAAA","mac":"` + strings.Repeat("A", 64) + `"}`,
	} {
		t.Log(name)
		p.do("PUT", path, body).want(t, 400, "bad-request")
	}
	p.do("PUT", "images/nonsense/details", amended(1, []byte("x"))).want(t, 400, "bad-request")
	p.do("PUT", "images/"+string(image(1).ID), amended(1, []byte("x"))).want(t, 400, "bad-request")
	for _, body := range []string{"", "{}", `{"keep":null}`, `{"keep":1}`, `[true]`} {
		p.do("POST", "leave", body).want(t, 400, "bad-request")
	}
	stranger := newPhone(t, s)
	stranger.session = p.session
	stranger.do("PUT", path, amended(1, []byte("x"))).want(t, 401, "phone-replaced")
	stranger.do("POST", "leave", `{"keep":false}`).want(t, 401, "phone-replaced")
	lost := *p
	lost.session = string(practice) + "/" + string(app.NewSessionID())
	lost.do("PUT", path, amended(1, []byte("x"))).want(t, 404, "session-missing")
	lost.do("POST", "leave", `{"keep":true}`).want(t, 404, "session-missing")
	after, err := c.registry.Read(t.Context(), sid)
	if err != nil || after.Seq != before.Seq {
		t.Fatalf("hostile input changed the session: %+v, %v", after, err)
	}
}

func TestLeaveDeclined(t *testing.T) {
	c := newCloud(t)
	sid, token := c.open(app.DefaultLimits)
	p := newPhone(t, c.gateway())
	p.claim(token).want(t, 200, "")
	p.do("POST", "leave", `{"declined":true}`).want(t, 400, "bad-request")
	if st := p.do("POST", "leave", `{"keep":true,"declined":true}`).want(t, 200, ""); !st.Session.Left || st.Session.State != "draining" {
		t.Fatal(string(st.Body))
	}
	c.hub.await(t, "phone-left for "+string(sid))
}

func TestLeave(t *testing.T) {
	for _, keep := range []bool{true, false} {
		c := newCloud(t)
		sid, token := c.open(app.DefaultLimits)
		p := newPhone(t, c.gateway())
		p.claim(token).want(t, 200, "")
		p.uploads(image(1)).want(t, 200, "")
		left := p.do("POST", "leave", fmt.Sprintf(`{"keep":%v}`, keep)).want(t, 200, "")
		if left.Session.State != "draining" || !left.Session.Left || left.Session.Images[0].RetractWanted == keep {
			t.Fatalf("keep %v: %s", keep, left.Body)
		}
		c.hub.await(t, "phone-left for "+string(sid))
		ms := fmt.Sprintf("%012x", time.Now().Add(time.Hour).UnixMilli())
		later := image(2)
		later.ID = app.ImageID(ms[:8] + "-" + ms[8:] + string(later.ID[13:]))
		p.uploads(later).want(t, 409, "session-draining")
		c.bucket.put(image(1))
		p.stored(image(1)).want(t, 200, "")
		if st := p.do("GET", "status", "").want(t, 200, ""); !st.Session.Left || st.Session.Images[0].State != "stored" {
			t.Fatalf("keep %v: %s", keep, st.Body)
		}
	}
}
