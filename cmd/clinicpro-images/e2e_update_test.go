//go:build linux

package main_test

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndUpdate replaces the programs under a running agent with an open
// session. With the window alone replaced the agent keeps working and says
// what is wrong, without starting anything in a loop; once its own program is
// new too, it gives its place up to it, and the window opens with the session
// as it was.
func TestEndToEndUpdate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.copyPrograms()
	d.startAgent(apptest.FreeAddr(t))
	p := d.panel()
	d.window()
	d.settle()
	d.enter(patientName, patientNHI, patientBirth)
	link := d.scan()
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(t, 10*time.Second, func() bool { return len(d.windows()) == 0 }, func() string { return "the window does not close" })
	agent := d.agent()

	d.update(windowProgram)
	p.click(text.TrayOpen)
	p.looks(20*time.Second, "problem", text.Product+": "+text.TrayUpdate)
	p.shows(5*time.Second, "("+text.TrayUpdate+")", text.TrayNew, text.TrayOpen, "("+text.TrayWaiting(0)+")", "("+text.KeepPhone+")", text.SettingsTitle, text.TrayHelp, text.TrayQuit)
	tries := func() int {
		raw, err := os.ReadFile(filepath.Join(d.data, "logs", "agent.log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(raw), "the window program is of another version")
	}
	before := tries()
	for range 30 { // an agent or a window started in a loop would show by now
		time.Sleep(100 * time.Millisecond)
		if d.agent() != agent || d.process(windowProgram) != 0 || tries() != before {
			t.Fatal("something is started again and again")
		}
	}
	if before != 1 {
		t.Errorf("the window was tried %d times for one click", before)
	}
	p.click(text.TrayOpen)
	eventually(t, 10*time.Second, func() bool { return tries() == 2 }, func() string { return "a click does not try the window again" })

	d.update(agentProgram)
	if again := d.scan(); again != link {
		t.Error("another session's code is on show")
	}
	if now := d.agent(); now == agent {
		t.Error("the agent is still the old program")
	}
	if active := d.active(); active != text.Product {
		t.Errorf("the GP asked for the window, and %q has the focus", active)
	}
	p.looks(20*time.Second, "waiting", text.TrayShown)
}

// copyPrograms gives the desk programs of its own, that it may replace.
func (d *desk) copyPrograms() {
	d.t.Helper()
	own := filepath.Join(d.scratch, "bin")
	if err := os.MkdirAll(own, 0o700); err != nil {
		d.t.Fatal(err)
	}
	for _, name := range []string{agentProgram, windowProgram, cloudProgram} {
		raw, err := os.ReadFile(filepath.Join(d.bin, name))
		if err != nil {
			d.t.Fatal(err)
		}
		d.install(filepath.Join(own, name), raw)
	}
	d.bin = own
}

// update puts a program in its own place that differs in its build id alone,
// as an installer does: beside it, then renamed over it.
func (d *desk) update(name string) {
	d.t.Helper()
	path := filepath.Join(d.bin, name)
	source := d.source(name)
	raw, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	d.install(path, bytes.ReplaceAll(raw, []byte(source), bytes.Repeat([]byte("e"), len(source))))
}

// source is the hash of what a program was built from, as the program has it.
func (d *desk) source(name string) (source string) {
	d.t.Helper()
	info, err := buildinfo.ReadFile(filepath.Join(d.bin, name))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, s := range info.Settings {
		if m := regexp.MustCompile(`link\.source=(\w+)`).FindStringSubmatch(s.Value); s.Key == "-ldflags" && m != nil {
			source = m[1]
		}
	}
	if source == "" {
		d.t.Fatal(name + " does not say what it was built from: build it with make bin and make ui")
	}
	return source
}

func (d *desk) install(path string, raw []byte) {
	d.t.Helper()
	if err := os.WriteFile(path+".new", raw, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		d.t.Fatal(err)
	}
}
