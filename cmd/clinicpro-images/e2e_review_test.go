//go:build linux

package main_test

import (
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndReview is the phone's review in a real browser against the built
// programs: what the GP says of a photo there reaches the workstation though
// the tab dies meanwhile, a photo removed there is withdrawn once the undo time
// is over, and a phone that shows another patient leaves the session.
func TestEndToEndReview(t *testing.T) {
	t.Parallel()
	d, camera, photos := headlessDesk(t)
	term := d.receive(somebody)
	link := term.link()
	p := newPhone(t, d.scratch)
	p.open(link)
	p.choose(photos...)
	d.waitStates(t, map[string]int{"landed": 2})
	p.see(60*time.Second, saysOnComputer)

	const caption = "sore since the ferry"
	p.do("tap", map[string]any{"selector": "button.tile"})
	p.do("fill", map[string]any{"selector": "#caption", "text": caption})
	p.do("tap", map[string]any{"selector": `[data-part="foot left"]`})
	p.do("tap", map[string]any{"selector": "#rotate"})
	p.screenshot(filepath.Join(artefacts(t), "phone-review.png"))
	p.do("reload", nil) // a moment later the tab is gone and back
	term.see("Photo 1: " + text.ImageState(app.ImageLanded) + " - Left foot - " + caption)

	p.see(30*time.Second, "Photo 2")
	p.screenshot(filepath.Join(artefacts(t), "phone-reloaded.png"))
	p.do("tap", map[string]any{"selector": "li:nth-child(2) button.tile"})
	p.do("tap", map[string]any{"selector": "#remove"})
	d.waitStates(t, map[string]int{"landed": 1, "retracted": 1})

	p.see(30*time.Second, "Wrong patient?")
	p.do("tap", map[string]any{"selector": "#wrong"})
	p.do("tap", map[string]any{"selector": "#leave-keep"})
	term.see(text.PhoneLeft(false))
	d.waitStates(t, map[string]int{"landed": 1, "retracted": 1})
	p.screenshot(filepath.Join(artefacts(t), "phone-left.png"))

	term.say("file")
	term.see(text.LeftHowTo(false)) // whose they are is the GP's to say
	d.waitStates(t, map[string]int{"landed": 1, "retracted": 1})
	term.say("file anyway")
	d.waitStates(t, map[string]int{"filed": 1, "retracted": 1})
	filed := d.filed()
	if len(filed) != 1 || !strings.Contains(filepath.Base(filed[0]), "_foot_left_") {
		t.Fatalf("filed as %q", filed)
	}
	f, err := os.Open(filed[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if size, err := jpeg.DecodeConfig(f); err != nil || size.Width != 4000 || size.Height != 3000 {
		t.Errorf("what was filed is %d by %d, %v: not the upright photo turned", size.Width, size.Height, err)
	}
	if said, ok := p.do("errors", nil).([]any); ok && len(said) > 0 {
		t.Errorf("the page complained: %v", said)
	}
	screen, err := os.ReadFile(term.log)
	if err != nil || strings.Contains(string(screen), "cannot") {
		t.Errorf("the terminal shows trouble: %v\n%s", err, screen)
	}
	d.canary(t, camera, append(stretches(t, filed), []byte(caption)))
}
