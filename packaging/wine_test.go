//go:build wine

// The MSIs on Windows as Wine has it: make wine-packages. What Wine cannot
// show is the first pilot's checklist in README.md.
package packaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	gophone "github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	policyKey   = `HKLM\Software\Policies\ClinicPro\Images`
	setupKey    = `HKLM\Software\ClinicPro\Images\Setup`
	protocolKey = `HKLM\Software\Classes\clinicpro-images`
	runKey      = `HKLM\Software\Microsoft\Windows\CurrentVersion\Run`
)

// computer is a Windows of its own: a Wine prefix and a display.
type computer struct {
	t       *testing.T
	dir     string
	drive   string // C:
	display string
	msis    string
	shots   string
}

func newComputer(t *testing.T) *computer {
	t.Helper()
	dir := t.TempDir()
	c := &computer{t: t, dir: dir, drive: filepath.Join(dir, "prefix", "drive_c"), msis: os.Getenv("CLINICPRO_MSIS"), shots: os.Getenv("CLINICPRO_SHOTS")}
	if c.msis == "" || c.shots == "" {
		t.Fatal("CLINICPRO_MSIS must name the folder with the MSIs, CLINICPRO_SHOTS one for screenshots: run this with make wine-packages")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	_ = w.Close()
	number := make([]byte, 16)
	n, err := r.Read(number)
	if err != nil {
		t.Fatal("Xvfb does not start")
	}
	c.display = ":" + strings.TrimSpace(string(number[:n]))
	t.Cleanup(func() { _ = c.command("wineserver", "-k").Run() })
	c.run("wineboot", "--init")
	c.run("wine", "winecfg", "-v", "win10")
	// Go wants a library that this Wine has not got; it stays in the prefix.
	c.run("x86_64-w64-mingw32-gcc", "-shared", "-o", filepath.Join(c.drive, "windows", "system32", "bcryptprimitives.dll"), "testdata/bcryptprimitives.c", "-ladvapi32")
	return c
}

func (c *computer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+filepath.Join(c.dir, "prefix"), "WINEARCH=win64", "WINEDLLOVERRIDES=mscoree,mshtml=",
		"WINEDEBUG=-all", "DISPLAY="+c.display)
	return cmd
}

func (c *computer) run(name string, args ...string) string {
	c.t.Helper()
	out, err := c.command(name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return strings.ReplaceAll(string(out), "\r", "")
}

// background starts a program that outlives the call.
func (c *computer) background(name string, args ...string) {
	c.t.Helper()
	cmd := c.command(name, args...)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
}

// msiexec runs the Windows Installer silently; its exit code is Windows's own,
// of which a Unix process can hand on the lowest eight bits.
func (c *computer) msiexec(verb, msi string, properties ...string) (code int, log string) {
	c.t.Helper()
	logFile := filepath.Join(c.dir, "msi.log")
	_ = os.Remove(logFile)
	args := append([]string{"msiexec", verb, "Z:" + strings.ReplaceAll(msi, "/", `\`), "/qn", "/l*v", "Z:" + strings.ReplaceAll(logFile, "/", `\`)}, properties...)
	cmd := c.command("wine", args...)
	_ = cmd.Run()
	raw, _ := os.ReadFile(logFile)
	return cmd.ProcessState.ExitCode(), string(raw)
}

const installFailed = 1603 & 0xff // ERROR_INSTALL_FAILURE

func (c *computer) installs(msi string, properties ...string) {
	c.t.Helper()
	if code, log := c.msiexec("/i", filepath.Join(c.msis, msi), properties...); code != 0 {
		c.t.Fatalf("%s: msiexec ends with %d\n%s", msi, code, log)
	}
}

// refuses wants an installation to fail and to change nothing.
func (c *computer) refuses(why, msi string) {
	c.t.Helper()
	before := c.state()
	if code, _ := c.msiexec("/i", msi); code == 0 {
		c.t.Errorf("%s: msiexec ends with %d", why, code)
	}
	if after := c.state(); after != before {
		c.t.Errorf("%s: changed\n%s\nto\n%s", why, before, after)
	}
}

// state is all that an installation puts onto a computer.
func (c *computer) state() string {
	return strings.Join(c.files("Program Files", "ClinicPro Images"), "\n") + c.registry(policyKey) + c.registry(setupKey) + c.registry(protocolKey) + c.registry(runKey)
}

// registry is a key with everything under it, "" when there is none.
func (c *computer) registry(key string) string {
	out, err := c.command("wine", "reg", "query", key, "/s").Output()
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(out), "\r", "")
}

func (c *computer) has(key string, values ...string) {
	c.t.Helper()
	got := c.registry(key)
	for _, v := range values {
		if !strings.Contains(got, v) {
			c.t.Errorf("%s lacks %q:\n%s", key, v, got)
		}
	}
}

// files are the files below a folder of C:, as slash paths from it.
func (c *computer) files(parts ...string) (out []string) {
	root := filepath.Join(append([]string{c.drive}, parts...)...)
	_ = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(root, path)
			out = append(out, rel)
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// userDir is the user's state folder.
func (c *computer) userDir() []string {
	users, err := filepath.Glob(filepath.Join(c.drive, "users", "*", "AppData", "Local"))
	if err != nil || len(users) == 0 {
		c.t.Fatal("no user's folder")
	}
	for _, u := range users {
		if _, err := os.Stat(filepath.Join(u, "ClinicPro")); err == nil {
			users = []string{u}
		}
	}
	rel, _ := filepath.Rel(c.drive, users[0])
	return []string{rel, "ClinicPro", "Images"}
}

func (c *computer) photos() (n int) {
	for _, f := range c.files(append(c.userDir(), "spool")...) {
		if strings.HasSuffix(f, ".age") {
			n++
		}
	}
	return n
}

func (c *computer) log() (out string) {
	for _, name := range []string{"logs/agent.log", "local/localcloud.log"} {
		raw, _ := os.ReadFile(filepath.Join(append(append([]string{c.drive}, c.userDir()...), name)...))
		out += string(raw[max(0, len(raw)-4000):])
	}
	return out
}

func (c *computer) eventually(within time.Duration, what string, ok func() bool) {
	c.t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(250 * time.Millisecond) {
		if time.Now().After(end) {
			c.shot("failed")
			c.t.Fatalf("never: %s\n%s", what, c.log())
		}
	}
}

func (c *computer) shot(name string) string {
	c.t.Helper()
	path := filepath.Join(c.shots, name+".png")
	c.run("import", "-window", "root", path)
	return path
}

// scan reads the code off the screen, as a phone's camera would.
func (c *computer) scan() (link string) {
	c.t.Helper()
	c.eventually(2*time.Minute, "a code on the screen", func() bool {
		out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", c.shot("code")).Output()
		link = strings.TrimSpace(string(out))
		return err == nil && strings.Contains(link, "/p/")
	})
	return link
}

func (c *computer) key(keys ...string) {
	c.t.Helper()
	c.run("xdotool", append([]string{"key", "--clearmodifiers"}, keys...)...)
}

// enter types each text into the next field of the form, and Enter.
func (c *computer) enter(fields ...string) {
	c.t.Helper()
	for i, f := range fields {
		if i > 0 {
			c.key("Tab")
		}
		c.run("xdotool", "type", "--delay", "40", f)
	}
	c.key("Return")
}

// window waits for the app's window.
func (c *computer) window() {
	c.t.Helper()
	c.eventually(2*time.Minute, "a window", func() bool {
		out, err := c.command("xdotool", "search", "--onlyvisible", "--name", "^ClinicPro Images$").Output()
		id := strings.Fields(string(out))
		return err == nil && len(id) > 0 && c.command("xdotool", "windowfocus", id[len(id)-1]).Run() == nil
	})
	time.Sleep(3 * time.Second) // its first paint, however slow the computer
}

// send takes a photo with the phone and waits until the computer has it.
func (c *computer) send(p *gophone.Phone, shade uint8) {
	c.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for y := range 900 {
		for x := range 1200 {
			img.Set(x, y, color.RGBA{shade, uint8(x / 5), uint8(y / 4), 255})
		}
	}
	var raw bytes.Buffer
	if err := jpeg.Encode(&raw, img, nil); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	sealed, err := p.Seal(raw.Bytes(), time.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	before := c.photos()
	a, err := p.Reserve(ctx, sealed)
	if err != nil || len(a.Uploads) != 1 {
		c.t.Fatalf("reserve: %v", err)
	}
	if err := p.Put(ctx, a.Uploads[0], sealed.Sealed); err != nil {
		c.t.Fatal(err)
	}
	if _, err := p.Stored(ctx, []app.ImageID{sealed.ID}); err != nil {
		c.t.Fatal(err)
	}
	c.eventually(2*time.Minute, "the photo in the spool", func() bool { return c.photos() > before })
}

func (c *computer) version() string {
	for line := range strings.SplitSeq(c.registry(setupKey), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Version" {
			return f[2]
		}
	}
	return ""
}

// TestWinePackages is a practice's year with the machine-wide MSI.
func TestWinePackages(t *testing.T) {
	c := newComputer(t)
	if err := os.MkdirAll(filepath.Join(c.drive, "filed"), 0o700); err != nil {
		t.Fatal(err)
	}
	programs := func(version string) (out []string) {
		for _, f := range []string{"clinicpro-images-ui.exe", "clinicpro-images.exe", "clinicpro-localcloud.exe", "clinicproctl.exe", "third-party-notices.txt"} {
			out = append(out, version+"/"+f)
		}
		return out
	}

	// A silent installation, with what IT wants it to know.
	c.installs("machine-1.0.0.msi", "LOCALMODE=1", `SINKFOLDER=C:\filed`)
	if got := c.files("Program Files", "ClinicPro Images"); !slices.Equal(got, programs("1.0.0")) {
		t.Errorf("installed: %q", got)
	}
	c.has(policyKey, "local_mode    REG_DWORD    0x1", `folder    REG_SZ    C:\filed`)
	c.has(setupKey, "1.0.0")
	c.has(protocolKey, "URL Protocol", `"C:\Program Files\ClinicPro Images\1.0.0\clinicpro-images.exe" "%1"`)
	c.has(runKey, `"C:\Program Files\ClinicPro Images\1.0.0\clinicpro-images.exe" -hidden`)
	c.has(`HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`, "ClinicPro Images", "Publisher    REG_SZ    ClinicPro")

	// It starts, and a photo goes from the phone into the folder.
	c.background("wine", `C:\Program Files\ClinicPro Images\1.0.0\clinicpro-images.exe`)
	c.window()
	c.shot("1-form")
	c.enter("Zara Testpatient", "ZZZ0016", "01/02/1980")
	phone, err := gophone.New(app.Seal(c.scan()), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.send(phone, 180)
	time.Sleep(3 * time.Second) // the thumbnail's paint
	c.shot("2-landed")
	c.key("ctrl+Return")
	c.eventually(2*time.Minute, "a file in the practice's folder", func() bool { return len(c.files("filed")) > 0 })
	c.send(phone, 90) // stays unfiled
	time.Sleep(3 * time.Second)
	c.shot("3-filed")

	// An upgrade with the app open: nothing is asked, nothing is lost.
	photos := c.photos()
	c.installs("machine-1.1.0.msi")
	if c.version() != "1.1.0" {
		t.Errorf("version %q is installed", c.version())
	}
	c.has(policyKey, "local_mode    REG_DWORD    0x1", `folder    REG_SZ    C:\filed`)
	c.has(runKey, `\1.1.0\clinicpro-images.exe" -hidden`)
	c.has(protocolKey, `\1.1.0\clinicpro-images.exe" "%1"`)
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before the upgrade, %d after it", photos, got)
	}

	// What cannot be installed changes nothing.
	c.refuses("an older version", filepath.Join(c.msis, "machine-1.0.0.msi"))
	c.refuses("the user's beside the computer's", filepath.Join(c.msis, "user-1.1.0.msi"))
	raw, err := os.ReadFile(filepath.Join(c.msis, "machine-1.1.0.msi"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(c.dir, "damaged.msi")
	if err := os.WriteFile(damaged, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	c.refuses("a damaged one", damaged)

	// The new version shows what the old one left. (This Wine does not tell an
	// old version that it goes for a newer one, so the upgrade has ended the
	// programs; on Windows they move over by themselves.)
	c.background("wine", `C:\Program Files\ClinicPro Images\1.1.0\clinicpro-images.exe`)
	c.window()
	c.eventually(5*time.Minute, "the phone is heard again", func() bool {
		_, err := phone.Status(t.Context())
		return err == nil
	})
	c.shot("4-upgraded")
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before the upgrade, %d when the new version has started", photos, got)
	}

	// Uninstalling leaves photos, and a word about them.
	if code, log := c.msiexec("/x", filepath.Join(c.msis, "machine-1.1.0.msi")); code != 0 || !strings.Contains(log, "Photos that are not filed stay") {
		t.Errorf("uninstalling ends with %d\n%s", code, log)
	}
	c.gone()
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before, %d after uninstalling", photos, got)
	}
	word := filepath.Join(append(append([]string{c.drive}, c.userDir()...), text.UninstalledFile)...)
	if said, err := os.ReadFile(word); err != nil || !strings.Contains(string(said), fmt.Sprintf("%d photo", photos)) {
		t.Errorf("%q, %v", said, err)
	}

	// Installed again everything is as it was.
	c.installs("machine-1.1.0.msi", "LOCALMODE=1", `SINKFOLDER=C:\filed`)
	c.background("wine", `C:\Program Files\ClinicPro Images\1.1.0\clinicpro-images.exe`)
	c.window()
	c.shot("5-again")
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before uninstalling, %d when installed again", photos, got)
	}
	// PURGE is not for here: this Wine has not got the call that removes files
	// without following links. TestLeave has it.
}

// gone: nothing of an installation is left.
func (c *computer) gone() {
	c.t.Helper()
	if left := c.state(); strings.Contains(strings.ToLower(left), "clinicpro") {
		c.t.Errorf("left behind:\n%s", left)
	}
	if left := c.registry(`HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`); strings.Contains(left, "ClinicPro") {
		c.t.Errorf("left behind:\n%s", left)
	}
	menu, _ := filepath.Glob(filepath.Join(c.drive, "users", "*", "AppData", "Roaming", "Microsoft", "Windows", "Start Menu", "Programs", "ClinicPro*"))
	if len(menu) > 0 {
		c.t.Errorf("left in the Start menu: %q", menu)
	}
}

// TestWineUser is the MSI for one user, without administrator rights.
func TestWineUser(t *testing.T) {
	c := newComputer(t)
	const key = `HKCU\Software\ClinicPro\Images`
	c.installs("user-1.0.0.msi", "PRACTICE=hill-road", "GATEWAY=https://images.example.nz", "AUTOSTART=0")
	c.has(key, "practice    REG_SZ    hill-road", "gateway    REG_SZ    https://images.example.nz", "autostart    REG_DWORD    0x0")
	c.has(`HKCU\Software\Classes\clinicpro-images`, `\AppData\Local\Programs\ClinicPro Images\1.0.0\clinicpro-images.exe" "%1"`)
	if c.registry(policyKey) != "" || strings.Contains(c.registry(`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`), "clinicpro") {
		t.Error("a user's installation wrote policy, or starts by itself though told not to")
	}
	c.installs("user-1.1.0.msi", "GATEWAY=-", "AUTOSTART=1")
	c.has(key, "practice    REG_SZ    hill-road", "1.1.0")
	if got := c.registry(key); strings.Contains(got, "gateway") || strings.Contains(got, "autostart ") {
		t.Errorf("what was taken back is still there:\n%s", got)
	}
	c.has(`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, `\1.1.0\clinicpro-images.exe" -hidden`)
	if code, log := c.msiexec("/x", filepath.Join(c.msis, "user-1.1.0.msi")); code != 0 {
		t.Errorf("%d\n%s", code, log)
	}
	for _, left := range []string{key, `HKCU\Software\Classes\clinicpro-images`} {
		if got := c.registry(left); got != "" {
			t.Errorf("left behind:\n%s", got)
		}
	}
}
