//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndKeptPage is a kept phone in a real browser: the next patient
// comes to it without a scan, also after the page was put away, one tap takes
// the new name, and each photo is filed under the patient it was taken for.
func TestEndToEndKeptPage(t *testing.T) {
	t.Parallel()
	d, camera, photos := headlessDesk(t)
	first := d.receive(somebody)
	p := newPhone(t, d.scratch)
	p.open(first.link())
	p.see(30*time.Second, "A. T.", "016")
	first.see(text.Phone("here"))
	eventually(t, 60*time.Second, func() bool { // the page offers itself once its sealing code is there
		first.say("keep")
		time.Sleep(time.Second)
		return strings.Contains(strings.ToLower(p.text()), "kept until")
	}, func() string {
		screen, _ := os.ReadFile(first.log)
		return "the phone does not say that it is kept:\n" + p.text() + "\n" + string(screen)
	})
	p.choose(photos[0])
	first.file(1)
	d.waitStates(t, map[string]int{"filed": 1})
	first.say("quit")

	second := d.receive(`{"name":"Wiremu Testperson","nhi":"ZZZ0024"}`)
	second.link()
	p.see(60*time.Second, "W. T.", "024")
	p.do("reload", nil)
	p.see(60*time.Second, "W. T.", "024")
	if p.do("eval", map[string]any{"js": `document.querySelectorAll('input[type="file"]').length`}) != float64(0) {
		t.Error("the shutter is there before the new patient was taken")
	}
	p.screenshot(filepath.Join(artefacts(t), "phone-next.png"))
	p.do("tap", map[string]any{"selector": "#take-next"})
	second.see(text.Phone("here"))
	p.see(30*time.Second, "W. T.", "024")
	p.choose(photos[1])
	second.file(2)
	d.waitStates(t, map[string]int{"filed": 2})
	filed := d.filed()
	if len(filed) != 2 || !strings.HasPrefix(filepath.Base(filed[0]), patientNHI+"_") || !strings.HasPrefix(filepath.Base(filed[1]), "ZZZ0024_") {
		t.Fatalf("filed as %q", filed)
	}
	for _, path := range filed {
		checkFiled(t, path)
	}
	second.say("forget")
	p.see(60*time.Second, "no longer kept")
	d.canary(t, camera, stretches(t, filed))
}
