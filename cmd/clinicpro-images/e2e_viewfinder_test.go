//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

// watchCameras makes the page remember every camera it opens.
const watchCameras = `(() => {
	const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	window.cameras = [];
	navigator.mediaDevices.getUserMedia = async (wish) => {
		const stream = await open(wish);
		window.cameras.push(...stream.getTracks());
		return stream;
	};
})()`

// TestEndToEndViewfinder is a guided set through the page's viewfinder, in a
// real browser with a camera for tests: each photo arrives with the view that
// was asked for and the place of the first, a step can be skipped, and the
// camera is off whenever the viewfinder is left.
func TestEndToEndViewfinder(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	camera := filepath.Join(d.scratch, "camera")
	for _, dir := range []string{camera, d.data} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	settings := `name_template = "{nhi}_{site}_{side}_{view}_{n}"`
	if err := os.WriteFile(filepath.Join(d.data, "config.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	term := d.receive(somebody)
	p := newPhone(t, d.scratch)
	tap := func(selector string) {
		t.Helper()
		p.do("tap", map[string]any{"selector": selector})
	}
	cameras := func(opened, running int) {
		t.Helper()
		for js, want := range map[string]int{"cameras.length": opened, "cameras.filter((c) => c.readyState === 'live').length": running} {
			eventually(t, 10*time.Second, func() bool { return p.do("eval", map[string]any{"js": js}) == float64(want) },
				func() string { return "not " + js + " as it should be: the page shows\n" + p.text() })
		}
	}
	landed := func(n, about string) {
		t.Helper()
		term.see("Photo " + n + ": " + text.ImageState(app.ImageLanded) + " - " + about)
	}

	p.open(term.link())
	p.see(30*time.Second, "A. T.", "016")
	p.do("eval", map[string]any{"js": watchCameras})
	tap("#guided")
	tap("#viewfinder")
	p.see(30*time.Second, "A. T.", "1 of 4")
	tap("#shutter")
	p.see(30*time.Second, "2 of 4", "ruler")
	landed("1", "Locator")
	p.screenshot(filepath.Join(artefacts(t), "phone-viewfinder.png"))
	cameras(1, 1)

	tap("#last") // where it is on the body, and back
	cameras(1, 0)
	tap("button.tile")
	tap(`[data-part="foot left"]`)
	landed("1", "Left foot · locator")
	tap("#ready")
	tap("#guided")
	tap("#viewfinder")
	tap("#skip")
	p.see(30*time.Second, "3 of 4")
	tap("#shutter")
	p.see(30*time.Second, "4 of 4")
	cameras(2, 1)
	tap("#shutter")
	p.see(60*time.Second, saysOnComputer) // the set is over: all photos are shown
	cameras(2, 0)
	landed("2", "Left foot · close-up")
	landed("3", "Left foot · dermoscopic")

	term.say("file")
	d.waitStates(t, map[string]int{"filed": 3})
	var names []string
	for _, path := range d.filed() {
		names = append(names, filepath.Base(path))
		for _, tag := range []string{"-GPS:all", "-EXIF:all"} {
			if got := exiftool(t, path, tag); got != "" {
				t.Errorf("%s holds %s: %s", filepath.Base(path), tag, got)
			}
		}
	}
	slices.Sort(names)
	want := []string{"foot_left_close-up_2.jpg", "foot_left_dermoscopic_3.jpg", "foot_left_locator_1.jpg"}
	if !slices.EqualFunc(names, want, func(name, want string) bool { return name == patientNHI+"_"+want }) {
		t.Errorf("filed as %q", names)
	}
	if said, ok := p.do("errors", nil).([]any); ok && len(said) > 0 {
		t.Errorf("the page complained: %v", said)
	}
	screen, err := os.ReadFile(term.log)
	if err != nil || strings.Contains(string(screen), "cannot") {
		t.Errorf("the terminal shows trouble: %v\n%s", err, screen)
	}
	d.canary(t, camera, nil) // the test camera's flat pictures have no stretch of bytes that is theirs alone
}
