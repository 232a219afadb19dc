//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/sync/alex/alextest"
)

// noteTheWait has the page itself note when its help appears, in milliseconds
// from when the page began to wait.
const noteTheWait = `addEventListener("DOMContentLoaded", () => {
  const help = document.getElementById("help"), began = performance.now();
  window.waits = help.classList.contains("waiting");
  new MutationObserver(() => { if (!help.classList.contains("waiting")) window.waited ??= performance.now() - began; })
    .observe(help, { attributes: true });
})`

const (
	launchNot  = "ClinicPro Images did not open"
	launchHelp = `getComputedStyle(document.getElementById("help")).visibility === "visible"`
)

// launch opens the page that goes on to the program.
func (p *phone) launch(page string) {
	p.t.Helper()
	if got := p.do("open", map[string]any{"url": page, "until": "commit"}); got != float64(200) {
		p.t.Fatalf("the launch page answered %v", got)
	}
}

// title is the launch page's heading.
func (p *phone) title() string {
	p.t.Helper()
	s, _ := p.do("eval", map[string]any{"js": `document.getElementById("title").textContent`}).(string)
	return s
}

// TestEndToEndLaunchPage is the page that Evolution opens, where nothing
// answers it: in a browser that knows no such program, in one without
// JavaScript, and after a link that was cut.
func TestEndToEndLaunchPage(t *testing.T) {
	t.Parallel()
	scratch, err := os.MkdirTemp("", "cpl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(scratch) })
	c := newCloud(t, filepath.Join(scratch, "cloud"))
	gateway := "http://" + c.gateway.addr
	context, signature := alextest.Click(alextest.FacilityA, alextest.PatientA, time.Now())
	page := gateway + "/launch?context=" + context + "&signature=" + signature
	browser := newBrowser(t, scratch)

	p := phoneOn(t, scratch, browser, "{}")
	p.do("script", map[string]any{"content": noteTheWait})
	p.launch(page)
	p.until("window.waits !== undefined")
	if p.do("eval", map[string]any{"js": "window.waits"}) != true {
		t.Error("it says that nothing happened before anything could")
	}
	p.until(launchHelp)
	if waited, _ := p.do("eval", map[string]any{"js": "window.waited"}).(float64); waited < 2400 {
		t.Errorf("it gave the program %.0f ms", waited)
	}
	if said := p.title(); said != launchNot {
		t.Errorf("nothing answered, and it says %q", said)
	}
	p.see(30*time.Second, "it was refused, or it blocked it", "is not on this computer", "the small browser inside Medtech", "more than five minutes", "Nothing was taken or filed")
	if at := p.do("url", nil); at != gateway+"/launch" {
		t.Errorf("the address bar shows %v", at)
	}
	if said, _ := p.do("errors", nil).([]any); len(said) > 0 {
		t.Errorf("the browser has something against the page: %v", said)
	}
	p.screenshot(filepath.Join(artefacts(t), "launch-page.png"))
	p.do("eval", map[string]any{"js": `void dispatchEvent(new Event("blur"))`}) // the program's window came, late
	if said := p.title(); said == launchNot {
		t.Errorf("it has opened, late, and the page says %q", said)
	}
	p.do("tap", map[string]any{"selector": "#open"}) // again, by hand: the page stays
	p.see(30*time.Second, "Opening ClinicPro Images", "Nothing happened?")

	plain := phoneOn(t, scratch, browser, `{"javaScriptEnabled":false}`)
	plain.open(page) // goes nowhere by itself
	plain.see(30*time.Second, "Open ClinicPro Images", "is not on this computer")

	cut := phoneOn(t, scratch, browser, "{}")
	if status := cut.do("open", map[string]any{"url": gateway + "/launch?context=" + context}); status != float64(400) {
		t.Errorf("a link that was cut: %v", status)
	}
	cut.see(30*time.Second, "This link is not complete", "Nothing was opened", "ALEX Apps Configuration")
	if strings.Contains(cut.text(), "Opening") {
		t.Error("it opens a link that was cut")
	}
}
