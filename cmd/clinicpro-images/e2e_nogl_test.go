//go:build linux

package main_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	handset "github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/ui/text"
)

// TestEndToEndNoOpenGL: on a display without OpenGL no window is tried, that is
// said, and the terminal serves.
func TestEndToEndNoOpenGL(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.displayWithoutGL("1280x900")
	listen := apptest.FreeAddr(t)
	d.startAgent(listen)
	d.ready()
	log := filepath.Join(d.scratch, "agent.log")
	eventually(t, time.Minute, func() bool {
		said, _ := os.ReadFile(log)
		return strings.Contains(string(said), text.TrayNoOpenGL)
	}, func() string { return "the agent does not say why no window opens" })
	if d.process(windowProgram) != 0 {
		t.Error("a window process runs")
	}

	if err := os.MkdirAll(filepath.Join(d.scratch, "camera"), 0o700); err != nil {
		t.Fatal(err)
	}
	term := d.receive(somebody)
	c := newCamera(t, app.Seal(term.link()), 7, nil)
	c.take(1)
	c.reach(time.Minute, handset.StateLanded)
	term.file(1)
	term.say("quit")
}

// displayWithoutGL gives the desk a screen that OpenGL cannot draw on.
func (d *desk) displayWithoutGL(size string) {
	d.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	defer r.Close()
	x := d.command("Xvfb", "-displayfd", "3", "-screen", "0", size+"x24", "-extension", "GLX", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	start(d.t, x, filepath.Join(d.scratch, "xvfb.log"))
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		d.t.Fatalf("Xvfb: %v", err)
	}
	d.env = append(d.env, "DISPLAY=:"+strings.TrimSpace(number))
	if out, err := d.command("xdpyinfo").Output(); err != nil || strings.Contains(string(out), "GLX") {
		d.t.Fatalf("this screen has OpenGL, so that the test proves nothing (%v)", err)
	}
	start(d.t, d.command("openbox"), filepath.Join(d.scratch, "openbox.log"))
}
