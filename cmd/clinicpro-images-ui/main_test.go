package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

const sid = "0123456789ABCDEFGHJKMNPQRS"

// display starts an Xvfb of its own, of so many pixels, and returns its DISPLAY.
func display(t *testing.T, pixels string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", pixels+"x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal("Xvfb is needed (the Makefile installs it): ", err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	_ = w.Close()
	_ = r.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 16)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal("Xvfb did not come up: ", err)
	}
	return ":" + strings.TrimSpace(string(buf[:n]))
}

func buildWindow(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "clinicpro-images-ui")
	build := exec.Command("go", "build", "-buildvcs=false", "-tags", "x11", "-o", exe, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// window starts the built process as the agent does, and returns its inputs.
func window(t *testing.T, exe, display string, agent *link.Agent, env ...string) (<-chan link.Input, <-chan error) {
	t.Helper()
	cmd := exec.Command(exe, "-look", "light")
	cmd.Env = append(append(os.Environ(), "DISPLAY="+display, "HOME="+t.TempDir(), "LIBGL_ALWAYS_SOFTWARE=1"), env...)
	var noise bytes.Buffer
	cmd.Stderr = &noise
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inputs, served := make(chan link.Input, 100), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { served <- agent.Serve(ctx, out, in, func(in link.Input) { inputs <- in }) }()
	t.Cleanup(func() {
		cancel()
		exited := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		if !exited.Stop() {
			t.Error("the window did not leave when its pipe ended")
		}
		if strings.Contains(noise.String(), "Error in Fyne call thread") {
			t.Error(noise.String())
		}
	})
	return inputs, served
}

func x(t *testing.T, display string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+display)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// shoot photographs the screen until it has more than a blank's colours.
func shoot(t *testing.T, display, name string) {
	t.Helper()
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	file := filepath.Join(dir, name+".png")
	for range 40 {
		time.Sleep(250 * time.Millisecond)
		x(t, display, "import", "-window", "root", file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i := range 400 {
			r, g, bl, _ := img.At(100+i*2, 100+i).RGBA()
			seen[fmt.Sprint(r, g, bl)] = true
		}
		if len(seen) > 5 {
			return
		}
	}
	t.Fatal("the screen stayed blank: ", name)
}

func await(t *testing.T, inputs <-chan link.Input, kind link.InputKind) link.Input {
	t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		select {
		case in := <-inputs:
			if in.Kind == kind {
				return in
			}
		case <-deadline:
			t.Fatal("the window never sent ", kind)
		}
	}
}

func TestTheBuiltWindowIsDrivenByAnAgent(t *testing.T) {
	exe, d := buildWindow(t), display(t, "1200x900")
	agent := link.NewAgent(link.Version)
	agent.Show(link.Snapshot{Phase: link.PhaseNone})
	inputs, served := window(t, exe, d, agent)
	shoot(t, d, "window-1-form")
	// No window manager runs here: keys go to the window under the pointer.
	x(t, d, "xdotool", "mousemove", "540", "380")
	x(t, d, "xdotool", "type", "--delay", "40", "Aroha Testperson")
	x(t, d, "xdotool", "key", "Return")
	if in := await(t, inputs, link.InputNewSession); in.Patient.Name != "Aroha Testperson" {
		t.Errorf("typed %+v", in.Patient)
	}

	code, err := qrcode.New("https://images.example.nz/p/karaka/"+sid+"#age1x.y.z", qrcode.Low)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	s := link.Snapshot{Phase: link.PhaseWaiting, SID: sid, Now: 1, Patient: link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016"},
		Code: &link.Code{QR: link.PackModules(code.Bitmap()), Expires: 600_000}, Sink: link.Sink{Label: "the practice folder"}}
	agent.Show(s)
	time.Sleep(time.Second)
	shoot(t, d, "window-2-code")
	s.Phase, s.Phone, s.CanFile = link.PhasePaired, link.PhoneHere, true
	s.Images = []link.Image{{ID: "01890a5d-ac96-774b-bcce-b302099a8057", State: app.ImageLanded, Reviewed: link.Reviewed{Name: "one.jpg", Bytes: 1}}}
	agent.Show(s)
	time.Sleep(time.Second)
	shoot(t, d, "window-3-gallery")
	x(t, d, "xdotool", "key", "ctrl+Return") // the sheet; and, a second later, yes
	time.Sleep(time.Second)
	shoot(t, d, "window-4-sheet")
	x(t, d, "xdotool", "key", "ctrl+Return")
	if in := await(t, inputs, link.InputFileAll); in.SID != sid {
		t.Errorf("filed %+v", in)
	}
	agent.Quit()
	select {
	case err := <-served:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the window did not quit")
	}
}

func TestAWindowOfAnotherBuildIsRefused(t *testing.T) {
	exe, d := buildWindow(t), display(t, "1200x900")
	_, served := window(t, exe, d, link.NewAgent("another"))
	select {
	case err := <-served:
		var m *link.BuildMismatch
		if !errors.As(err, &m) || m.Theirs == m.Ours {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no answer")
	}
}

// TestTheWindowFitsItsScreen: on small screens, and on scaled ones, nothing of
// the window lies beyond the edge; where there is room it is as large as it is
// drawn for.
func TestTheWindowFitsItsScreen(t *testing.T) {
	exe := buildWindow(t)
	for _, c := range []struct {
		name, scale   string
		width, height int
		whole         bool
	}{
		{"a large screen", "1", 1920, 1080, true},
		{"an old laptop", "1", 1366, 768, false},
		{"a small projector", "1", 1024, 600, false},
		{"twice the scale", "2", 1920, 1080, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := display(t, fmt.Sprintf("%dx%d", c.width, c.height))
			agent := link.NewAgent(link.Version)
			agent.Show(link.Snapshot{Phase: link.PhasePaired, SID: sid, Now: 1, Patient: link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016"},
				Problems: []link.Problem{{What: "The practice folder is not there.", Safe: "Nothing was filed.", Do: "Check the network drive."}}})
			window(t, exe, d, agent, "FYNE_SCALE="+c.scale)
			var at, size image.Point
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
				out, err := exec.Command("env", "DISPLAY="+d, "xdotool", "search", "--onlyvisible", "--name", "^"+text.Product+"$", "getwindowgeometry").Output()
				if _, told, found := strings.Cut(string(out), "Position: "); err == nil && found {
					_, err = fmt.Sscanf(told, "%d,%d (screen: 0)\n  Geometry: %dx%d", &at.X, &at.Y, &size.X, &size.Y)
				}
				if err == nil && size != (image.Point{}) {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("no window: %s %v", out, err)
				}
			}
			if at.X < 0 || at.Y < 0 || at.X+size.X > c.width || at.Y+size.Y > c.height {
				t.Errorf("%v at %v, on a screen of %d by %d", size, at, c.width, c.height)
			}
			if whole := size == image.Pt(1080, 780); whole != c.whole {
				t.Errorf("it is %v", size)
			}
		})
	}
}

// TestFyneAppToml keeps the packager's file and the program's own metadata equal.
func TestFyneAppToml(t *testing.T) {
	b, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Name = " + strconv.Quote(text.Product), "ID = " + strconv.Quote(link.AppID)} {
		if !bytes.Contains(b, []byte(line)) {
			t.Errorf("FyneApp.toml lacks %s", line)
		}
	}
}
