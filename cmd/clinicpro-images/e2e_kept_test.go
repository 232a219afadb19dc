//go:build linux

package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	gophone "github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/ui/text"
)

// next waits until a kept phone is offered a session.
func (d *desk) next(k *gophone.Kept) *gophone.Phone {
	d.t.Helper()
	var p *gophone.Phone
	var err error
	eventually(d.t, 20*time.Second, func() bool {
		p, err = k.Next(d.t.Context())
		return err == nil && p != nil
	}, func() string { return "the kept phone is offered nothing: " + whyNot(err) })
	return p
}

func whyNot(err error) string {
	if err == nil {
		return "no link"
	}
	return err.Error()
}

// forgotten waits until a phone is told that it is not kept.
func (d *desk) forgotten(k *gophone.Kept) {
	d.t.Helper()
	var err error
	eventually(d.t, 20*time.Second, func() bool {
		_, err = k.Next(d.t.Context())
		return app.KindOf(err) == app.KindAuth
	}, func() string { return "the phone is still kept: " + whyNot(err) })
}

// TestEndToEndKeptPhone: a phone that the GP keeps is given the next patient's
// session without a scan, takes photos for it, and survives a restart of the
// agent; it is forgotten at the GP's word, and when the desktop is locked.
func TestEndToEndKeptPhone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	if err := os.Mkdir(camera, 0o700); err != nil {
		t.Fatal(err)
	}
	listen := apptest.FreeAddr(t)
	d.startAgent(listen, "-no-window")
	d.ready()
	first := d.receive(`{"name":"` + patientName + `","nhi":"` + patientNHI + `"}`)
	p, err := gophone.New(app.Seal(first.link()), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	k, err := p.Offer()
	if err == nil {
		_, err = p.Claim(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	first.see(text.Phone("here"))
	first.say("keep")
	first.see("Phone kept until ")
	var heard gophone.Answer
	eventually(t, 20*time.Second, func() bool { // the registry is told after the GP
		heard, err = p.Status(t.Context())
		return err == nil && heard.Session.Kept > heard.Session.Now && heard.Session.Kept <= heard.Session.Now+app.MaxKept.Milliseconds()
	}, func() string { return fmt.Sprintf("the phone hears %d, %v", heard.Session.Kept, err) })
	pocket{t, p}.shoot()
	d.waitStates(t, map[string]int{"landed": 1})
	first.say("quit")

	second := d.receive(`{"name":"Wiremu Testperson","nhi":"ZZZ0024"}`)
	second.link()
	got := d.next(k)
	if hint := got.Hint(); hint.Name.Reveal() != "W. T." || hint.NHITail.Reveal() != "024" {
		t.Fatal("the phone shows another patient")
	}
	if a, err := got.Claim(t.Context()); err != nil || a.Session.Kept == 0 || got.SID() == p.SID() {
		t.Fatalf("claimed: %v", err)
	}
	second.see(text.Phone("here"))
	pocket{t, got}.shoot()
	second.file(1)
	d.waitStates(t, map[string]int{"landed": 1, "filed": 1})
	if filed := d.filed(); len(filed) != 1 || !strings.HasPrefix(filepath.Base(filed[0]), "ZZZ0024_") {
		t.Fatalf("filed as %q", filed)
	}
	if again, err := k.Next(t.Context()); again != nil || err != nil {
		t.Fatalf("a session that it has is offered again: %v", err)
	}
	second.say("quit")

	before := d.agent()
	d.killAgent()
	eventually(t, 30*time.Second, func() bool {
		now := d.agent() // of an orphan whoever took it, for a moment
		return now != before && slices.ContainsFunc(d.processes(), func(p process) bool {
			return p.pid == now && p.exe == filepath.Join(d.bin, agentProgram)
		})
	},
		func() string { return "the keeper has not started the agent again" })
	third := d.receive(`{"name":"Hone Testperson"}`)
	third.link()
	third.see("Phone kept until ")
	unclaimed := d.next(k)
	third.say("end")
	eventually(t, 20*time.Second, func() bool { return d.onOffer() == "" }, func() string { return "on offer after its end: " + d.onOffer() })
	if _, err := unclaimed.Claim(t.Context()); app.KindOf(err) != app.KindNotFound {
		t.Fatalf("claimed after its end: %v", err)
	}
	third.say("quit")

	fourth := d.receive(`{"name":"Mere Testperson"}`)
	fourth.link()
	taken := d.next(k)
	if _, err := taken.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	fourth.say("forget")
	fourth.see("No phone is kept any more.")
	d.forgotten(k)
	if a, err := taken.Status(t.Context()); err != nil || a.Session.Kept != 0 {
		t.Fatalf("forgotten, and told %d, %v", a.Session.Kept, err)
	}

	// Kept again, under this session's secret.
	fourth.say("keep")
	eventually(t, 20*time.Second, func() bool {
		a, err := taken.Status(t.Context())
		return err == nil && a.Session.Kept > 0
	}, func() string { return "the phone is not kept again" })
	fourth.say("quit")
	fifth := d.receive(`{"name":"Rangi Testperson"}`)
	fifth.link()
	d.next(k)
	d.lockDesktop()
	fifth.see("No phone is kept any more.")
	d.forgotten(k)
	d.canary(t, camera, [][]byte{[]byte("Wiremu"), []byte("Hone"), []byte("Mere T"), []byte("Rangi")})
}

// onOffer is what the registry holds for the one kept phone.
func (d *desk) onOffer() string {
	d.t.Helper()
	keys := strings.Fields(d.redis("KEYS", "cp:{*}:k:*"))
	if len(keys) != 1 {
		d.t.Fatalf("kept phones: %q", keys)
	}
	return strings.TrimSpace(d.redis("HGET", keys[0], "next"))
}

// lockDesktop says on the session bus what a screen saver says.
func (d *desk) lockDesktop() {
	d.t.Helper()
	out, err := d.command("dbus-send", "--session", "--type=signal", "/org/freedesktop/ScreenSaver",
		"org.freedesktop.ScreenSaver.ActiveChanged", "boolean:true").CombinedOutput()
	if err != nil {
		d.t.Fatalf("%v\n%s", err, out)
	}
}
