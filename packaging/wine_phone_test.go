//go:build wine

package packaging

import (
	"bufio"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Addresses of the practice's network: the computer's, another of its, and the
// phone's.
const (
	officeAddress = "192.168.77.1"
	movedAddress  = "192.168.77.3"
	phoneAddress  = "192.168.77.2"
)

// lan joins this network namespace, which is the test's own, by a cable to
// another, and returns what runs a program there. The computer has no address
// of that network yet: takes gives it one.
func lan(t *testing.T) (phone []string) {
	t.Helper()
	hold := exec.Command("unshare", "--net", "sleep", "infinity")
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hold.Process.Kill(); _ = hold.Wait() })
	pid := strconv.Itoa(hold.Process.Pid)
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if other, err := os.Readlink("/proc/" + pid + "/ns/net"); err == nil && other != own {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no second network namespace")
		}
	}
	phone = []string{"nsenter", "--net", "--target", pid}
	ip(t, nil, "link", "add", "office", "type", "veth", "peer", "name", "phone", "netns", pid)
	t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", "office").Run() })
	ip(t, nil, "link", "set", "office", "up")
	ip(t, phone, "link", "set", "lo", "up")
	ip(t, phone, "address", "add", phoneAddress+"/24", "dev", "phone")
	ip(t, phone, "link", "set", "phone", "up")
	return phone
}

func ip(t *testing.T, where []string, args ...string) {
	t.Helper()
	argv := slices.Concat(where, []string{"ip"}, args)
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// takes gives the computer its address on the practice's network.
func takes(t *testing.T, address string) {
	t.Helper()
	ip(t, nil, "address", "flush", "dev", "office")
	ip(t, nil, "address", "add", address+"/24", "dev", "office")
}

// phone is a real Chromium as a phone, driven by the end-to-end tests' program.
type phone struct {
	c   *computer
	in  *json.Encoder
	out *json.Decoder
}

// newPhone starts the browser behind prefix.
func newPhone(c *computer, prefix []string) *phone {
	c.t.Helper()
	modules, err := filepath.Abs("../assets/phone/node_modules")
	if err != nil {
		c.t.Fatal(err)
	}
	home := filepath.Join(c.dir, "phone")
	if err := os.MkdirAll(home, 0o700); err != nil {
		c.t.Fatal(err)
	}
	argv := slices.Concat(prefix, []string{"node", "../cmd/clinicpro-images/testdata/e2e/phone.mjs", modules, "/usr/bin/chromium", filepath.Join(home, "profile")})
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "TMPDIR=" + home}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	p := &phone{c, json.NewEncoder(stdin), json.NewDecoder(bufio.NewReader(stdout))}
	p.answer("start")
	return p
}

// do runs one command and returns what the page answered.
func (p *phone) do(cmd string, args map[string]any) any {
	p.c.t.Helper()
	line := map[string]any{"cmd": cmd}
	for k, v := range args {
		line[k] = v
	}
	if err := p.in.Encode(line); err != nil {
		p.c.t.Fatalf("phone %s: %v", cmd, err)
	}
	return p.answer(cmd)
}

func (p *phone) answer(cmd string) any {
	p.c.t.Helper()
	var a struct {
		Value any
		Error string
	}
	if err := p.out.Decode(&a); err != nil || a.Error != "" {
		p.c.t.Fatalf("phone %s: %v %s", cmd, err, a.Error)
	}
	return a.Value
}

// takes takes a photo of its own shade and waits until the page says what it is to.
func (p *phone) takes(shade uint8, says string) {
	p.c.t.Helper()
	path := filepath.Join(p.c.dir, "phone", "IMG_"+strconv.Itoa(int(shade))+".jpg")
	img := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for y := range 900 {
		for x := range 1200 {
			img.Set(x, y, color.RGBA{shade, uint8(x / 5), uint8(y / 4), 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		p.c.t.Fatal(err)
	}
	if err := jpeg.Encode(f, img, nil); err != nil {
		p.c.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		p.c.t.Fatal(err)
	}
	before := p.c.photos()
	p.do("choose", map[string]any{"files": []string{path}})
	p.c.eventually(3*time.Minute, "the photo in the spool", func() bool { return p.c.photos() > before })
	p.sees(says)
}

// sees waits until the page says text.
func (p *phone) sees(text string) {
	p.c.t.Helper()
	p.c.eventually(3*time.Minute, "the phone saying "+text, func() bool {
		page, _ := p.do("text", nil).(string)
		return strings.Contains(strings.ToLower(page), strings.ToLower(text))
	})
}

// shot is a picture of the phone's page.
func (p *phone) shot(name string) {
	p.c.t.Helper()
	p.do("screenshot", map[string]any{"path": filepath.Join(p.c.shots, name+".png")})
}
