//go:build linux

package main_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// phone is a real Chromium as a phone, driven through testdata/e2e/phone.mjs.
type phone struct {
	t   testing.TB
	in  *json.Encoder
	out *json.Decoder
}

// newPhone starts the browser; prefix runs it elsewhere (a network namespace).
func newPhone(t testing.TB, scratch string, prefix ...string) *phone {
	t.Helper()
	return phoneOn(t, scratch, filepath.Join(scratch, "profile"), "{}", prefix...)
}

// phoneOn is a phone with a profile of its own, or with a window of the
// browser at a ws: address; options are Playwright's for it, as JSON.
func phoneOn(t testing.TB, scratch, profile, options string, prefix ...string) *phone {
	t.Helper()
	cmd := playwright(t, scratch, prefix, "phone.mjs", profile, options)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd, filepath.Join(scratch, "phone.log"))
	t.Cleanup(func() { _ = stdin.Close() })
	p := &phone{t: t, in: json.NewEncoder(stdin), out: json.NewDecoder(bufio.NewReader(stdout))}
	p.answer("start")
	return p
}

// newBrowser starts a browser for many phones and returns its address.
func newBrowser(t testing.TB, scratch string) (address string) {
	t.Helper()
	cmd := playwright(t, scratch, nil, "browser.mjs")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd, filepath.Join(scratch, "browser.log"))
	t.Cleanup(func() { _ = stdin.Close() })
	if err := json.NewDecoder(stdout).Decode(&address); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return address
}

// playwright is one of the programs of testdata/e2e.
func playwright(t testing.TB, scratch string, prefix []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	modules, err := filepath.Abs("../../assets/phone/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(scratch, "phone-home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	argv := slices.Concat(prefix, []string{"node", "testdata/e2e/" + name, modules, "/usr/bin/chromium"}, args)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "TMPDIR=" + home}
	return cmd
}

// do runs one command and returns what the page answered.
func (p *phone) do(cmd string, args map[string]any) any {
	p.t.Helper()
	line := map[string]any{"cmd": cmd}
	for k, v := range args {
		line[k] = v
	}
	if err := p.in.Encode(line); err != nil {
		p.t.Fatalf("phone %s: %v", cmd, err)
	}
	return p.answer(cmd)
}

func (p *phone) answer(cmd string) any {
	p.t.Helper()
	var a struct {
		Value any
		Error string
	}
	if err := p.out.Decode(&a); err != nil {
		p.t.Fatalf("phone %s: %v", cmd, err)
	}
	if a.Error != "" {
		p.t.Fatalf("phone %s: %s", cmd, a.Error)
	}
	return a.Value
}

func (p *phone) open(url string) {
	p.t.Helper()
	if got := p.do("open", map[string]any{"url": url}); got != float64(200) {
		p.t.Fatalf("the phone page answered %v", got)
	}
}

func (p *phone) choose(files ...string) {
	p.t.Helper()
	p.do("choose", map[string]any{"files": files})
}

// upload holds the phone's sending to so many bytes a second; 0 frees it.
func (p *phone) upload(bytesPerSecond int) {
	p.t.Helper()
	p.do("upload", map[string]any{"rate": bytesPerSecond})
}

func (p *phone) screenshot(path string) {
	p.t.Helper()
	p.do("screenshot", map[string]any{"path": path})
}

func (p *phone) text() string {
	p.t.Helper()
	s, _ := p.do("text", nil).(string)
	return s
}

// see waits until the page shows every one of the texts, whatever their case.
func (p *phone) see(within time.Duration, texts ...string) {
	p.t.Helper()
	var page string
	eventually(p.t, within, func() bool {
		page = strings.ToLower(p.text())
		for _, s := range texts {
			if !strings.Contains(page, strings.ToLower(s)) {
				return false
			}
		}
		return true
	}, func() string {
		return "the phone should say " + strings.Join(texts, " and ") + ", and says:\n" + page
	})
}
