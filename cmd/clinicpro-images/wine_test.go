//go:build linux && wine

package main_test

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	handset "github.com/clinicpro-nz/images/sync/phone"
)

// wineDesk is a Windows workstation: the built Windows programs under Wine, on
// a screen of its own without OpenGL, at a scale (1 is 96 dots an inch).
type wineDesk struct {
	*desk
	listen string
}

func newWineDesk(t *testing.T, size string, scale int) *wineDesk {
	t.Helper()
	wine, bin := os.Getenv("CLINICPRO_WINE"), os.Getenv("CLINICPRO_BIN")
	if wine == "" || bin == "" {
		t.Fatal("CLINICPRO_WINE and CLINICPRO_BIN name Wine's folder and the built programs: run this test with make wine")
	}
	scratch, err := os.MkdirTemp("", "cpw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			keep := filepath.Join(artefacts(t), "failed")
			_ = os.MkdirAll(keep, 0o700)
			for _, log := range []string{"agent.log", "data/logs/agent.log", "data/local/localcloud.log"} {
				if raw, err := os.ReadFile(filepath.Join(scratch, log)); err == nil {
					_ = os.WriteFile(filepath.Join(keep, strings.ReplaceAll(t.Name()+"-"+log, "/", "-")), raw, 0o600)
				}
			}
		}
		_ = os.RemoveAll(scratch)
	})
	d := &wineDesk{listen: apptest.FreeAddr(t), desk: &desk{t: t, bin: bin, scratch: scratch,
		data: filepath.Join(scratch, "data"), sink: filepath.Join(scratch, "practice folder"),
		prefix: []string{"sh", "-c", `umask 077; exec "$0" "$@"`}, // Wine keeps the mode of a file by it
		env: []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + filepath.Join(scratch, "home"), "WINEPREFIX=" + filepath.Join(wine, "prefix"),
			"WINEARCH=win64", "WINEDLLOVERRIDES=mscoree,mshtml=", "WINEDEBUG=-all"}}}
	if err := os.MkdirAll(d.sink, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(scratch, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.displayWithoutGL(size)
	t.Cleanup(d.shutDown)
	// Wine's first program starts its services, which takes a while.
	if out, err := d.wine(2*time.Minute, "reg", "add", `HKCU\Control Panel\Desktop`, "/v", "LogPixels", "/t", "REG_DWORD", "/d", fmt.Sprint(96*scale), "/f"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return d
}

// wine runs a Windows program to its end and returns what it says.
func (d *wineDesk) wine(within time.Duration, program string, args ...string) (string, error) {
	d.t.Helper()
	cmd := d.command("timeout", append([]string{fmt.Sprintf("%.0f", within.Seconds()), "wine", program}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// startAgent starts the program once more, and does not wait for it.
func (d *wineDesk) startAgent() (exited <-chan struct{}) {
	d.t.Helper()
	return start(d.t, d.command("wine", filepath.Join(d.bin, "clinicpro-images.exe"), "-local", "-dir", `Z:`+d.data, "-listen", d.listen,
		"-sink", `Z:`+d.sink, "-practice-name", "Kauri Test Practice"), filepath.Join(d.scratch, "agent.log"))
}

// shutDown ends every Windows program, as a power cut does.
func (d *wineDesk) shutDown() {
	_ = d.command("wineserver", "-k").Run()
	_ = d.command("wineserver", "-w").Run()
}

// running counts this desk's Windows processes whose command line has all words.
func (d *wineDesk) running(words ...string) (n int) {
	d.t.Helper()
next:
	for _, p := range d.processes() {
		line := strings.ReplaceAll(string(p.args), "\x00", " ")
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		n++
	}
	return n
}

// showsPhoto waits for a photo on the screen: the test camera's are of no colour
// that the window has.
func (d *wineDesk) showsPhoto(before int) {
	d.t.Helper()
	eventually(d.t, 60*time.Second, func() bool { return d.colours() > before+500 }, func() string {
		return fmt.Sprintf("no photo shows: %d colours on the screen, %d before it came", d.colours(), before)
	})
}

// colours counts the colours on the screen.
func (d *wineDesk) colours() int {
	d.t.Helper()
	path := filepath.Join(d.scratch, "colours.png")
	d.screenshot(path)
	f, err := os.Open(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		d.t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}

// TestWineSession is TestEndToEnd on Windows without OpenGL: three starts at
// once, a patient typed, a code scanned, photos sent, seen and filed, a power
// cut between, and the workstation's identity out of Windows' own credential
// store after it.
func TestWineSession(t *testing.T) {
	d := newWineDesk(t, "1280x900", 1)
	pictures := artefacts(t)

	// A GP who double-clicks, and clicks again.
	starts := []<-chan struct{}{d.startAgent(), d.startAgent(), d.startAgent()}
	d.window()
	ended := 0
	eventually(t, 60*time.Second, func() bool {
		ended = 0
		for _, exited := range starts {
			select {
			case <-exited:
				ended++
			default:
			}
		}
		return ended == 2
	}, func() string { return fmt.Sprintf("of three starts %d have ended, not two", ended) })
	d.ready()
	if n := d.running("clinicpro-images.exe", "-agent"); n != 1 {
		t.Errorf("%d agents run after three starts", n)
	}
	if n := d.running("clinicpro-images-ui.exe", "-ui software"); n != 1 {
		t.Errorf("%d windows are painted in software", n)
	}
	d.settle()
	d.screenshot(filepath.Join(pictures, "wine-form.png"))

	d.enter(patientName, patientNHI, patientBirth)
	address := app.Seal(d.scan())
	d.screenshot(filepath.Join(pictures, "wine-code.png"))
	c := newCamera(t, address, 1, nil)
	before := d.colours()
	c.take(2)
	c.reach(time.Minute, handset.StateLanded)
	d.showsPhoto(before)
	d.settle()
	d.screenshot(filepath.Join(pictures, "wine-photos.png"))

	d.shutDown()
	d.startAgent()
	d.window()
	c.take(1)
	c.reach(2*time.Minute, handset.StateLanded)
	d.showsPhoto(before)
	d.settle()
	d.fileByKey(3)
	if n := len(d.filed()); n != 3 {
		t.Errorf("%d files in the practice folder", n)
	}
	for _, path := range d.filed() {
		if !strings.HasPrefix(filepath.Base(path), patientNHI) {
			t.Errorf("%s is not named after the patient's NHI", filepath.Base(path))
		}
	}
	if got := count(t, c.taken(), d.sink); got.lost != 0 || got.doubled != 0 {
		t.Errorf("%+v", got)
	}
	c.reach(time.Minute, handset.StateFiled)
	d.settle()
	d.screenshot(filepath.Join(pictures, "wine-filed.png"))

	// Closing the window ends neither session nor agent, and nothing is filed by it.
	d.xdotool("key", "--clearmodifiers", "alt+F4")
	eventually(t, 30*time.Second, func() bool { return d.running("clinicpro-images-ui.exe") == 0 }, func() string { return "the window stays" })
	if n := d.running("clinicpro-images.exe", "-agent"); n != 1 {
		t.Errorf("%d agents run once the window is closed", n)
	}
	<-d.startAgent()
	d.window()
}

// TestWineAt200Percent shows the window at twice the size.
func TestWineAt200Percent(t *testing.T) {
	d := newWineDesk(t, "2400x1800", 2)
	d.startAgent()
	d.window()
	d.settle()
	d.enter(patientName, patientNHI, patientBirth)
	d.scan()
	d.settle()
	d.screenshot(filepath.Join(artefacts(t), "wine-200-percent.png"))
	out, err := d.command("xdotool", "search", "--onlyvisible", "--name", "^ClinicPro Images$", "getwindowgeometry", "--shell").Output()
	var w, h int
	for line := range strings.Lines(string(out)) {
		_, _ = fmt.Sscanf(line, "WIDTH=%d", &w)
		_, _ = fmt.Sscanf(line, "HEIGHT=%d", &h)
	}
	if err != nil || w < 2000 || h < 1400 {
		t.Errorf("at 200 %% the window is %d by %d pixels (%v)", w, h, err)
	}
}

// winePart is the part of a package's tests that is for Windows. Wine refuses
// the removal of t.TempDir's folders, so tests that have one are not.
var winePart = map[string]string{
	"cmd-clinicpro-images.exe": "Desktop|OpenGL|Driver",
	"ui-instance.exe":          "Together|Hostile",
}

// TestWinePackages runs the tests of what only Windows has, compiled for it.
func TestWinePackages(t *testing.T) {
	d := newWineDesk(t, "1280x900", 1)
	tests, err := filepath.Glob(filepath.Join(os.Getenv("CLINICPRO_WINE"), "tests", "*.exe"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("no compiled tests (%v)", err)
	}
	for _, exe := range tests {
		t.Run(strings.TrimSuffix(filepath.Base(exe), ".exe"), func(t *testing.T) {
			run, some := winePart[filepath.Base(exe)]
			if !some {
				run = "."
			}
			out, err := d.wine(5*time.Minute, exe, "-test.v", "-test.run", run)
			if err != nil || !strings.Contains(out, "--- PASS") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
