//go:build linux

package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app/apptest"
)

// What the phone says; ui and page share these sentences' beginnings.
const (
	saysOnComputer = "on the computer"
	saysSaved      = "saved to the practice folder"
)

// TestEndToEnd is the product's promise on one machine: photos from a real
// browser reach the practice folder through the built programs, with Redis
// emptied and the agent killed on the way, and leave no trace elsewhere.
func TestEndToEnd(t *testing.T) {
	d := newDesk(t, true)
	pictures := artefacts(t)
	input := filepath.Join(d.scratch, "camera")
	photos := writePhotos(t, input, 2)

	listen := apptest.FreeAddr(t)
	d.startAgent(listen)
	d.window()
	d.settle()
	d.screenshot(filepath.Join(pictures, "form.png"))
	d.enter(patientName, patientNHI, patientBirth)
	link := d.scan()
	d.screenshot(filepath.Join(pictures, "pairing.png"))

	p := newPhone(t, d.scratch)
	p.open(link)
	p.see(20*time.Second, "A. T.", "016")
	if at, _ := p.do("url", nil).(string); strings.Contains(at, "#") {
		t.Error("the key is still in the phone's address bar")
	}
	p.screenshot(filepath.Join(pictures, "phone-ready.png"))

	p.choose(photos[0])
	p.see(60*time.Second, saysOnComputer)
	d.waitStates(t, map[string]int{"landed": 1})
	p.screenshot(filepath.Join(pictures, "phone-landed.png"))
	d.settle()
	d.screenshot(filepath.Join(pictures, "landed.png"))

	// The second photo is on its way when everything that can go, goes.
	p.upload(60_000)
	p.choose(photos[1])
	d.waitStates(t, map[string]int{"landed": 1, "reserved": 1})
	if got := strings.TrimSpace(d.redis("FLUSHALL")); got != "OK" {
		t.Fatalf("FLUSHALL: %q", got)
	}
	d.killAgent()
	p.upload(0)
	d.restartIfGone(listen)
	d.waitStates(t, map[string]int{"landed": 2})
	p.see(60*time.Second, saysOnComputer)
	d.bucketEmpty()
	d.canary(t, input, nil)

	d.raise(listen)
	d.settle()
	d.screenshot(filepath.Join(pictures, "session.png"))
	d.fileByKey(2)
	p.see(60*time.Second, saysSaved)
	d.waitStates(t, map[string]int{"filed": 2})
	d.settle()
	d.screenshot(filepath.Join(pictures, "filed.png"))
	p.screenshot(filepath.Join(pictures, "phone-saved.png"))

	filed := d.filed()
	if len(filed) != 2 {
		t.Fatalf("%d pictures in the practice folder: %q", len(filed), filed)
	}
	for _, path := range filed {
		if !strings.HasPrefix(filepath.Base(path), patientNHI) {
			t.Errorf("%s is not named after the patient's NHI", filepath.Base(path))
		}
		checkFiled(t, path)
	}
	d.bucketEmpty()
	d.canary(t, input, stretches(t, filed))
}

// TestEndToEndPlainHTTP is local mode as a phone on the practice's Wi-Fi sees
// it: an http:// address that is not loopback, where browsers withhold
// crypto.subtle, wake lock and service workers. Both ends live in network
// namespaces of the test's own; the workstation has no display, so the
// session runs in the terminal.
func TestEndToEndPlainHTTP(t *testing.T) {
	t.Parallel()
	office, street := namespaces(t)
	d := newDesk(t, false, office...)
	input := filepath.Join(d.scratch, "camera")
	photos := writePhotos(t, input, 2)

	d.startAgent("192.0.2.1:8787", "-no-window")
	d.ready() // or the terminal would start an agent of its own
	term := d.receive(somebody)
	link := term.link()
	if !strings.HasPrefix(link, "http://192.0.2.1:8787/p/") {
		t.Fatalf("the link is for another address: %.40s…", link)
	}

	p := newPhone(t, d.scratch, street...)
	p.open(link)
	if secure := p.do("eval", map[string]any{"js": "window.isSecureContext"}); secure != false {
		t.Fatalf("isSecureContext is %v: this test proves nothing", secure)
	}
	p.choose(photos...)
	p.see(90*time.Second, saysOnComputer)
	d.waitStates(t, map[string]int{"landed": 2})
	p.screenshot(filepath.Join(artefacts(t), "phone-plain-http.png"))

	term.file(2)
	p.see(60*time.Second, saysSaved)
	filed := d.filed()
	if len(filed) != 2 {
		t.Fatalf("%d pictures in the practice folder: %q", len(filed), filed)
	}
	for _, path := range filed {
		checkFiled(t, path)
	}
	d.noObjects()
	term.say("quit")
	d.canary(t, input, stretches(t, filed))
}

// somebody is the synthetic patient as receive reads one.
const somebody = `{"name":"` + patientName + `","nhi":"` + patientNHI + `","birthDate":"1980-02-01"}`

// headlessDesk is a desk without a display whose agent answers, and two photos
// in a camera's folder.
func headlessDesk(t testing.TB) (d *desk, camera string, photos []string) {
	t.Helper()
	d = newDesk(t, false)
	camera = filepath.Join(d.scratch, "camera")
	photos = writePhotos(t, camera, 2)
	d.startAgent(apptest.FreeAddr(t), "-no-window")
	d.ready()
	return d, camera, photos
}

// writePhotos fills a folder with n photos.
func writePhotos(t testing.TB, dir string, n int) []string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range n {
		path := filepath.Join(dir, "IMG_000"+string(rune('1'+i))+".jpg")
		writePhoto(t, path, uint64(i))
		out = append(out, path)
	}
	return out
}

// waitStates waits until the registry's session holds exactly these images.
func (d *desk) waitStates(t testing.TB, want map[string]int) {
	t.Helper()
	var got map[string]int
	wanted, _ := json.Marshal(want)
	var have []byte
	eventually(t, 90*time.Second, func() bool {
		got = d.imageStates()
		have, _ = json.Marshal(got)
		return string(have) == string(wanted)
	}, func() string { return "the registry should hold " + string(wanted) + " and holds " + string(have) })
}

// settle gives the window a moment to take in what was typed and to paint: as
// long as its threads stand in line for a processor, it is not done.
func (d *desk) settle() {
	d.t.Helper()
	time.Sleep(1500 * time.Millisecond)
	window := d.process(windowProgram)
	const look = 300 * time.Millisecond
	for end := time.Now().Add(20 * time.Second); window != 0 && time.Now().Before(end); {
		before := standing(window)
		time.Sleep(look)
		if standing(window)-before < look/2 {
			return
		}
	}
}

// standing is for how long the threads of a process have been ready to run,
// waiting for a processor, in all.
func standing(pid int) (total time.Duration) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, t := range tasks {
		raw, _ := os.ReadFile(t) // a thread may have ended
		if f := strings.Fields(string(raw)); len(f) > 1 {
			ns, _ := strconv.ParseInt(f[1], 10, 64)
			total += time.Duration(ns)
		}
	}
	return total
}

// restartIfGone starts the agent when its keeper has not brought it back.
func (d *desk) restartIfGone(listen string) {
	d.t.Helper()
	running := func() bool {
		for _, p := range d.processes() {
			if p.exe == filepath.Join(d.bin, "clinicpro-localcloud") {
				return true
			}
		}
		return false
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if running() {
			return
		}
	}
	d.startAgent(listen)
}

// raise starts the program a second time, as a GP would, to see the window.
func (d *desk) raise(listen string) {
	d.t.Helper()
	d.startAgent(listen)
	d.window()
}

// terminal is clinicproctl receive.
type terminal struct {
	d   *desk
	in  io.Writer
	log string
}

// receive starts a session in a terminal, attached to the running agent.
func (d *desk) receive(patient string) *terminal {
	d.t.Helper()
	from := filepath.Join(d.scratch, "camera", "patient.json")
	if err := os.WriteFile(from, []byte(patient), 0o600); err != nil {
		d.t.Fatal(err)
	}
	cmd := d.command(filepath.Join(d.bin, "clinicproctl"), "receive", "-local", "-dir", d.data, "-patient-from", from)
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	term := &terminal{d: d, in: in, log: filepath.Join(d.scratch, "camera", "terminal.txt")}
	out, err := os.Create(term.log)
	if err != nil {
		d.t.Fatal(err)
	}
	cmd.Stdout = out
	start(d.t, cmd, filepath.Join(d.scratch, "ctl.log"))
	_ = out.Close()
	return term
}

// link waits for the line that holds the link.
func (term *terminal) link() (link string) {
	term.d.t.Helper()
	var screen []byte
	eventually(term.d.t, 60*time.Second, func() bool {
		screen, _ = os.ReadFile(term.log)
		for line := range strings.Lines(string(screen)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "Link: "); ok {
				link = rest
				return true
			}
		}
		return false
	}, func() string { return "the terminal shows no link:\n" + string(screen) })
	return link
}

// see waits until the terminal has shown words.
func (term *terminal) see(words string) {
	term.d.t.Helper()
	var screen []byte
	eventually(term.d.t, 60*time.Second, func() bool {
		screen, _ = os.ReadFile(term.log)
		return strings.Contains(string(screen), words)
	}, func() string { return "the terminal should show " + words + " and shows:\n" + string(screen) })
}

// file types file until the practice folder holds n pictures: landed is on
// disk, and only a moment later it has been opened and can be filed.
func (term *terminal) file(n int) {
	term.d.t.Helper()
	eventually(term.d.t, 60*time.Second, func() bool {
		term.say("file")
		time.Sleep(time.Second)
		return len(term.d.filed()) == n
	}, func() string { return "typing file does not file" })
}

func (term *terminal) say(line string) {
	term.d.t.Helper()
	if _, err := io.WriteString(term.in, line+"\n"); err != nil {
		term.d.t.Fatal(err)
	}
}
