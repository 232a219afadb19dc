//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

// What the phone says when something is wrong.
const (
	phoneOffline = "No connection. Your photos are safe on this phone and are sent as soon as it is back."
	phoneKeeps   = "This browser does not let the page keep photos. Keep the page open until every photo is on the computer."
	phoneAllOne  = "The photo is on the computer."
	phoneAway    = "You can put the phone away."
)

// TestEndToEndPage is the page's failure states in a real browser, on the built
// gateway and agent, redis-server and versitygw: what the user reads, and that
// what was promised is true at the workstation.
func TestEndToEndPage(t *testing.T) {
	t.Parallel()
	s := newSurgery(t)
	t.Run("state", func(t *testing.T) {
		for name, play := range map[string]func(v *visit){
			"killed-at-each-step":          killedAtEachStep,
			"offline-in-the-middle-of-PUT": offlineInPut,
			"second-phone":                 secondPhone,
			"closed-with-three-unsent":     closedUnsent,
			"claim-answer-lost":            claimLost,
			"storage-full":                 storageFull,
			"no-storage":                   noStorage,
			"twenty-photos":                twentyPhotos,
			"odd-files":                    oddFiles,
			"damaged-links":                damagedLinks,
			"stalled-and-awake":            stalledAwake,
			"clock-wrong":                  clockWrong,
			"mini-browser":                 miniBrowser,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(s.visit(t, s.cloud.gateway, "{}"))
			})
		}
		for name, play := range map[string]func(t *testing.T, s *surgery){
			"gateway-restarted": gatewayRestarted,
			"link-expired":      linkExpired,
			"JavaScript-off":    scriptOff,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				play(t, s)
			})
		}
	})
}

// killedAtEachStep ends the tab wherever a photo can be, and scans again.
func killedAtEachStep(v *visit) {
	claimed := newGate(v.t)
	v.gateway.with(claimed.after(calls(http.MethodPost, "/claim")))
	v.phone.open(v.link)
	claimed.await()
	tools := newGate(v.t)
	v.gateway.with(tools.before(code("tools")))
	v.do("kill", nil) // the claim was made, and its answer not heard
	v.scan()

	lost := plainJPEG(v.rnd, 640, 480)
	v.choose(v.picture("IMG_lost.jpg", lost))
	v.shown("preparing", 1)
	v.phone.see(10*time.Second, "1 photo on its way. Keep this page open.")
	v.gateway.bend.Store(nil)
	v.killed() // nothing was sealed: the page does not speak of it again
	tools.open()
	v.phone.see(30*time.Second, "Take photo")
	if strings.Contains(v.text(), "Photo 1") {
		v.t.Errorf("the page still speaks of a photo that was not sealed:\n%s", v.text())
	}
	v.onComputer(0)

	step := func(uploads, gateway bend, reached func()) {
		v.t.Helper()
		v.uploads(uploads)
		if gateway != nil {
			v.gateway.with(gateway)
		}
		v.shoot(1)
		reached()
		v.uploads(nil)
		v.gateway.bend.Store(nil)
		v.killed()
		v.all()
	}
	sealed, half, put := newGate(v.t), newGate(v.t), newGate(v.t)
	step(nil, sealed.before(calls(http.MethodPost, "/uploads")), func() { sealed.await(); v.shown("queued", 1) })
	step(half.halfway(puts), nil, func() { half.await(); v.shown("sending", 1) })
	step(nil, put.before(calls(http.MethodPost, "/images")), func() { put.await(); v.shown("put", 1) })
	for _, g := range []*gate{sealed, half, put} {
		g.open()
	}

	fetch := newGate(v.t)
	v.fetches(fetch.before(func(*http.Request) bool { return true }))
	v.shoot(1)
	fetch.await()
	v.shown("stored", 1)
	v.killed()
	v.phone.see(30*time.Second, "Stored safely")
	v.fetches(nil)
	fetch.open()
	v.all()
	v.killed() // everything is there already
	v.all()
	v.kept()
	v.phone.see(30*time.Second, saysSaved)
}

// all waits until the page says that every photo is there, and it is.
func (v *visit) all() {
	v.t.Helper()
	says := phoneAllOne
	if n := len(v.shots); n > 1 {
		says = fmt.Sprintf("All %d photos are on the computer.", n)
	}
	v.phone.see(60*time.Second, says, phoneAway)
	v.onComputer(len(v.shots))
}

func offlineInPut(v *visit) {
	v.scan()
	half := newGate(v.t)
	v.uploads(half.halfway(puts))
	v.shoot(1)
	half.await()
	v.do("offline", map[string]any{"on": true})
	v.phone.see(30*time.Second, phoneOffline)
	half.open()
	v.onNothing()
	v.do("offline", map[string]any{"on": false})
	v.all()
	v.kept()
}

// onNothing fails when the workstation has anything of the session.
func (v *visit) onNothing() {
	v.t.Helper()
	if have := v.images(); have["landed"]+have["stored"]+have["filed"] > 0 {
		v.t.Errorf("the workstation has %v of a session of which nothing was sent", have)
	}
}

// gatewayRestarted takes the gateway away between PUT and "stored".
func gatewayRestarted(t *testing.T, s *surgery) {
	gateway := s.cloud.newGateway("gateway-restarted")
	gateway.start()
	v := s.visit(t, gateway, "{}")
	v.scan()
	half := newGate(t)
	v.uploads(half.halfway(puts))
	v.shoot(2)
	half.await()
	gateway.kill()
	half.open()
	v.phone.see(60*time.Second, phoneOffline)
	v.onNothing()
	gateway.start()
	v.all()
	v.kept()
}

// linkExpired is a photo on its way so slowly that S3 does not take its link
// any more. The links live five minutes; this gateway's clock makes them old
// when they are made.
func linkExpired(t *testing.T, s *surgery) {
	const live = 15 * time.Second // the page does not begin on one that has ten left
	gateway := s.cloud.newGateway("gateway-late")
	gateway.skew = live - 5*time.Minute
	gateway.start()
	v := s.visit(t, gateway, "{}")
	v.scan()
	answers := make(chan int, 1)
	v.uploads(func(out http.ResponseWriter, in *http.Request, pass http.Handler) {
		if in.Method != http.MethodPut {
			pass.ServeHTTP(out, in)
			return
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(in.Body); err != nil {
			return
		}
		in.Body = readCloser{&body}
		seen := &heard{ResponseWriter: out}
		pass.ServeHTTP(seen, in)
		select {
		case answers <- seen.code:
		default:
		}
	})
	slow := plainJPEG(v.rnd, 1200, 900)
	v.upload(len(slow) * int(time.Second) / int(live+3*time.Second))
	v.choose(v.promised(slow))
	if code := <-answers; code != http.StatusForbidden {
		t.Errorf("S3 answered %d: no link has expired here", code)
	}
	v.upload(0)
	v.all()
	v.kept()
}

// heard is an answer whose status is remembered.
type heard struct {
	http.ResponseWriter
	code int
}

func (h *heard) WriteHeader(code int) {
	h.code = code
	h.ResponseWriter.WriteHeader(code)
}

// secondPhone scans a code that is in use, then a new one that the GP insists
// on: the first phone is told, and names what it could not send.
func secondPhone(v *visit) {
	v.scan()
	v.shoot(1)
	v.all()
	other := v.another("{}")
	other.open(v.link)
	other.see(30*time.Second, "Another phone is using this code", "Nothing was sent from this phone.")

	half := newGate(v.t)
	v.uploads(half.halfway(puts))
	v.choose(v.picture("IMG_held.jpg", plainJPEG(v.rnd, 640, 480)))
	half.await()
	_, before, _ := strings.Cut(v.link, "/p/")
	v.workstation.send(link.Input{Kind: link.InputNewCode, SID: string(v.sid), Insist: true})
	var fresh string
	eventually(v.t, 30*time.Second, func() bool {
		v.workstation.open(v.sid)()
		v.workstation.mu.Lock()
		snap := v.workstation.snap
		v.workstation.mu.Unlock()
		if snap.SID == string(v.sid) && snap.Code != nil && !strings.HasSuffix(snap.Code.Link, before) {
			fresh = snap.Code.Link
		}
		return fresh != ""
	}, func() string { return "the workstation shows no new code" })
	other.open(strings.Replace(fresh, v.s.cloud.phoneGateway.addr(), v.gateway.addr, 1))
	other.until("document.getElementById('take-input') !== null")
	half.open()
	v.phone.see(60*time.Second, "Another phone has taken over", "1 photo could not be sent. It is sealed on this phone and nobody can open it")
	v.uploads(nil)
	v.phone = other
	v.shoot(1)
	v.shown("landed", 2)
	v.kept()
}

// closedUnsent closes the session at the workstation while three photos are on
// the phone.
func closedUnsent(v *visit) {
	v.scan()
	half := newGate(v.t)
	v.uploads(half.halfway(puts))
	v.shoot(3)
	half.await()
	v.shown("preparing", 0)
	eventually(v.t, 30*time.Second, func() bool {
		v.workstation.send(link.Input{Kind: link.InputCloseSession, SID: string(v.sid)})
		return v.field("state") == "draining"
	}, func() string { return "the session is " + v.field("state") })
	v.do("eval", map[string]any{"js": "dispatchEvent(new Event('online'))"}) // as when the screen is switched on
	v.phone.see(60*time.Second, "The session has ended on the computer. 3 photos are still on this phone and being sent.")
	if strings.Contains(v.text(), "Take") {
		v.t.Errorf("a photo can be taken in a session that has ended:\n%s", v.text())
	}
	half.open()
	v.phone.see(60*time.Second, "3 photos", "on the computer")
	v.onComputer(3)
	v.phone.see(60*time.Second, "This session has ended", "3 photos are safely on the computer.")
	v.kept()
}

func claimLost(v *visit) {
	claimed := newGate(v.t)
	v.gateway.with(claimed.after(calls(http.MethodPost, "/claim")))
	v.phone.open(v.link)
	claimed.await()
	if state := v.field("state"); state != "paired" {
		v.t.Errorf("the claim did not reach the registry: the session is %s", state)
	}
	claimed.open()
	v.phone.see(30*time.Second, "Take photo")
	v.shoot(1)
	v.all()
	v.kept()
}

// damagedLinks opens the link as people forward it; then as it is.
func damagedLinks(v *visit) {
	whole := v.link
	bare, fragment, _ := strings.Cut(whole, "#")
	for _, one := range []struct{ link, title, says string }{
		{bare, "Part of the link is missing", "Nothing was sent. Scan the QR code on the computer with the phone’s camera; a copied or forwarded link does not work."},
		{bare + "#" + fragment[:20] + fragment[21:], "The link is damaged", "Nothing was sent. Scan the QR code on the computer again with the phone’s camera."},
	} {
		v.phone.open(one.link)
		v.phone.see(30*time.Second, one.title, one.says)
		if state := v.field("state"); state != string(app.SessionWaiting) {
			v.t.Errorf("a link that is not whole was claimed: the session is %s", state)
		}
		v.do("kill", nil)
	}
	v.scan()
	v.shoot(1)
	v.all()
	v.kept()
}

func scriptOff(t *testing.T, s *surgery) {
	v := s.visit(t, s.cloud.gateway, `{"javaScriptEnabled":false}`)
	v.phone.open(v.link)
	v.phone.see(30*time.Second, "This page needs JavaScript", "Nothing was sent.")
	if state := v.field("state"); state != string(app.SessionWaiting) {
		v.t.Errorf("the session is %s", state)
	}
	v.phone = v.another("{}") // "or scan the QR code with another phone or browser"
	v.scan()
	v.shoot(1)
	v.all()
	v.kept()
}
