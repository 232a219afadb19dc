//go:build linux

package main_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/ui/link"
)

// TestEndToEndPagePlainHTTP is the worst of them at the address of a practice's
// Wi-Fi, where browsers withhold crypto.subtle, wake lock and service workers.
func TestEndToEndPagePlainHTTP(t *testing.T) {
	t.Parallel()
	office, street := namespaces(t)
	d := newDesk(t, false, office...)
	w := newWorkstation(d, "-local", "-listen", "192.0.2.1:8787", "-sink", d.sink, "-practice-name", "Kauri Test Practice", "-no-window")
	w.start()
	d.ready()
	sid, address := w.session()
	p := newPhone(t, d.scratch, street...)
	p.open(address.Reveal())
	if secure := p.do("eval", map[string]any{"js": "window.isSecureContext"}); secure != false {
		t.Fatalf("isSecureContext is %v: this test proves nothing", secure)
	}
	v := &visit{t: t, phone: p, rnd: rand.New(rand.NewPCG(1, 5))}
	const crawl = 20_000 // bytes a second: a photo takes half a minute

	p.upload(crawl)
	v.choose(v.promised(plainJPEG(v.rnd, 1200, 900)))
	p.until("document.querySelector('[data-image-state=sending] progress')?.value > 1")
	p.do("kill", nil)
	other := phoneOn(t, d.scratch, filepath.Join(d.scratch, "second"), "{}", street...)
	other.open(address.Reveal())
	other.see(30*time.Second, "Another phone is using this code")
	p.open(address.Reveal())
	p.see(60*time.Second, phoneAllOne, phoneAway)
	d.waitStates(t, map[string]int{"landed": 1})

	p.upload(crawl)
	v.choose(v.promised(plainJPEG(v.rnd, 1200, 900)))
	p.until("document.querySelector('[data-image-state=sending] progress')?.value > 1")
	p.do("offline", map[string]any{"on": true})
	p.see(60*time.Second, phoneOffline)
	p.do("offline", map[string]any{"on": false})
	p.see(60*time.Second, "All 2 photos are on the computer.", phoneAway)

	p.upload(crawl)
	var three []string
	for range 3 {
		three = append(three, v.promised(plainJPEG(v.rnd, 1200, 900)))
	}
	p.choose(three...)
	p.until("document.querySelectorAll('[data-image-state=sending],[data-image-state=queued]').length === 3")
	w.send(link.Input{Kind: link.InputCloseSession, SID: string(sid)})
	p.do("eval", map[string]any{"js": "dispatchEvent(new Event('online'))"}) // as when the screen is switched on
	p.see(60*time.Second, "The session has ended on the computer. 3 photos are still on this phone and being sent.")
	p.upload(0)
	p.see(60*time.Second, "This session has ended", "5 photos are safely on the computer.")
	eventually(t, 60*time.Second, func() bool {
		w.send(link.Input{Kind: link.InputFileAll, SID: string(sid), Confirmed: true})
		return d.imageStates()["filed"] == 5
	}, func() string { return fmt.Sprintf("not filed: %v", d.imageStates()) })
	if got := count(t, v.shots, d.sink); got != (tally{sent: 5, filed: 5}) {
		t.Errorf("in the practice folder: %+v", got)
	}
}
