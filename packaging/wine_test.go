//go:build wine

// The MSIs on Windows as Wine has it: make wine-packages. What Wine cannot
// show is the first pilot's checklist in README.md.
package packaging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/ui/text"
)

const (
	policyKey   = `HKLM\Software\Policies\ClinicPro\Images`
	setupKey    = `HKLM\Software\ClinicPro\Images\Setup`
	protocolKey = `HKLM\Software\Classes\clinicpro-images`
	runKey      = `HKLM\Software\Microsoft\Windows\CurrentVersion\Run`

	uninstallKey = `HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`
)

// What the phone's page says of a photo.
const (
	saysOnComputer = "on the computer"
	saysSaved      = "saved to the practice folder"
	saysEnded      = "This session has ended"
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

func (c *computer) prefix() string { return filepath.Join(c.dir, "prefix") }

func (c *computer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+c.prefix(), "WINEARCH=win64", "WINEDLLOVERRIDES=mscoree,mshtml=",
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

func (c *computer) installs(msi string, properties ...string) {
	c.t.Helper()
	if code, log := c.msiexec("/i", filepath.Join(c.msis, msi), properties...); code != 0 {
		c.t.Fatalf("%s: msiexec ends with %d\n%s", msi, code, log)
	}
}

// refuses wants an installation to fail and to change nothing. Windows writes
// the launch condition's sentence into the log; this Wine does not.
func (c *computer) refuses(why, msi string) {
	c.t.Helper()
	before := c.state()
	if code, log := c.msiexec("/i", msi); code == 0 {
		c.t.Errorf("%s is installed:\n%s", why, log)
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

func (c *computer) version() string {
	for line := range strings.SplitSeq(c.registry(setupKey), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Version" {
			return f[2]
		}
	}
	return ""
}

// programs are what a version's installation puts below Program Files.
func programs(version string) (out []string) {
	for _, f := range []string{"clinicpro-images-ui.exe", "clinicpro-images.exe", "clinicpro-localcloud.exe", "clinicproctl.exe", "third-party-notices.txt"} {
		out = append(out, version+"/"+f)
	}
	return append(out, "clinicpro-images-start.exe")
}

// starts starts the program of a version, as the Start menu does.
func (c *computer) starts(version string, args ...string) {
	c.t.Helper()
	c.background("wine", append([]string{`C:\Program Files\ClinicPro Images\` + version + `\clinicpro-images.exe`}, args...)...)
}

// running are the process ids of this computer's programs whose command line
// has all words, oldest first.
func (c *computer) running(words ...string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
next:
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if !strings.Contains(string(env), "WINEPREFIX="+c.prefix()+"\x00") {
			continue
		}
		for _, w := range words {
			if !strings.Contains(strings.ReplaceAll(string(line), "\x00", " "), w) {
				continue next
			}
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

// agent is the process of the running agent of a version, 0 when there is none.
func (c *computer) agent(version string) int {
	if pids := c.running(`\`+version+`\clinicpro-images.exe`, " -agent"); len(pids) > 0 {
		return pids[len(pids)-1]
	}
	return 0
}

// said counts what the agent's log says.
func (c *computer) said(what string) int {
	raw, _ := os.ReadFile(filepath.Join(append(append([]string{c.drive}, c.userDir()...), "logs", "agent.log")...))
	return strings.Count(string(raw), what)
}

// listens reports whether local mode is up at an address.
func (c *computer) listens(at string) bool {
	raw, _ := os.ReadFile(filepath.Join(append(append([]string{c.drive}, c.userDir()...), "local", "ready.json")...))
	return strings.Contains(string(raw), `"base":"http://`+at+`:8787"`)
}

// tellsOldOnes makes the next upgrade what it is on Windows: there the
// installer gives the version that goes the property UPGRADINGPRODUCTCODE, on
// which it ends no program. This Wine does not, so the step that ends them is
// taken out of what it keeps of the installed package; TestMSI reads the
// condition.
func (c *computer) tellsOldOnes() {
	c.t.Helper()
	kept, err := filepath.Glob(filepath.Join(c.drive, "windows", "Installer", "*.msi"))
	if err != nil || len(kept) == 0 {
		c.t.Fatalf("Wine keeps no installed package (%v)", err)
	}
	for _, msi := range kept {
		c.run("msibuild", msi, "-q", "DELETE FROM `InstallExecuteSequence` WHERE `Action`='Leave'")
	}
}

// TestWinePackages is a practice's year with the machine-wide MSI in local
// mode: a phone on the practice's network, an upgrade while the agent runs,
// refusals, removal, and a purge.
func TestWinePackages(t *testing.T) {
	c := newComputer(t)
	street := lan(t)
	takes(t, officeAddress)
	if err := os.MkdirAll(filepath.Join(c.drive, "filed"), 0o700); err != nil {
		t.Fatal(err)
	}

	// A silent installation, with what IT wants it to know.
	c.installs("machine-1.0.0.msi", "LOCALMODE=1", `SINKFOLDER=C:\filed`)
	if got := c.files("Program Files", "ClinicPro Images"); !slices.Equal(got, programs("1.0.0")) {
		t.Errorf("installed: %q", got)
	}
	c.has(policyKey, "local_mode    REG_DWORD    0x1", "local_listen    REG_SZ    network", `folder    REG_SZ    C:\filed`)
	c.has(setupKey, "1.0.0")
	c.has(protocolKey, "URL Protocol", `"C:\Program Files\ClinicPro Images\1.0.0\clinicpro-images.exe" "%1"`)
	c.has(runKey, `"C:\Program Files\ClinicPro Images\1.0.0\clinicpro-images.exe" -hidden`)
	c.has(uninstallKey, "DisplayName    REG_SZ    ClinicPro Images", "Publisher    REG_SZ    ClinicPro", "DisplayVersion    REG_SZ    1.0.0", "EstimatedSize    REG_DWORD    0x")
	if menu := c.menu(); len(menu) != 1 {
		t.Errorf("in the Start menu: %q", menu)
	}

	// It starts, and listens where the practice's phones are. A photo goes from
	// a phone there into the folder.
	c.setUp()
	c.starts("1.0.0")
	c.window()
	c.shot("1-form")
	c.enter("Zara Testpatient", "ZZZ0016", "01/02/1980")
	link := c.scan()
	if !strings.HasPrefix(link, "http://"+officeAddress+":8787/p/") {
		t.Fatalf("the code leads to %.30s…", link)
	}
	phone := newPhone(c, street)
	if got := phone.do("open", map[string]any{"url": link}); got != float64(200) {
		t.Fatalf("the phone page answered %v", got)
	}
	phone.takes(180, saysOnComputer)
	time.Sleep(3 * time.Second) // the thumbnail's paint
	c.shot("2-landed")
	c.eventually(3*time.Minute, "a file in the practice's folder", func() bool {
		c.key("ctrl+Return")
		time.Sleep(1500 * time.Millisecond) // longer than a key held down repeats
		return len(c.files("filed")) > 0
	})
	phone.sees(saysSaved)
	phone.shot("2-phone-saved")
	phone.takes(90, saysOnComputer) // stays unfiled
	time.Sleep(3 * time.Second)
	c.shot("3-filed")

	// A launch by the URL protocol reaches the agent that runs, and starts none.
	agent, launches := c.agent("1.0.0"), c.said("launch not decoded")
	c.run("wine", "start", "clinicpro-images://launch?context=QUJD&signature=REVG")
	c.eventually(time.Minute, "the launch in the agent's log", func() bool { return c.said("launch not decoded") > launches })
	if again := c.agent("1.0.0"); agent == 0 || again != agent {
		t.Errorf("agent %d ran before the launch, %d after it", agent, again)
	}
	time.Sleep(3 * time.Second)
	c.shot("4-launch")

	// The router gives the computer another address, then the first again.
	takes(t, movedAddress)
	c.eventually(3*time.Minute, "local mode at the new address", func() bool { return c.listens(movedAddress) })
	takes(t, officeAddress)
	c.eventually(3*time.Minute, "local mode at the old address", func() bool { return c.listens(officeAddress) })
	phone.takes(30, saysOnComputer)

	// The session over and the window closed, a photo not filed: an upgrade
	// asks nothing, and the agent goes over to the new version by itself.
	c.run("xdotool", "mousemove", "1079", "122", "click", "1") // Next patient
	time.Sleep(2 * time.Second)
	c.shot("5-next-asks")
	c.key("Tab", "space") // yes, though photos are not filed
	phone.sees(saysEnded)
	c.shot("5-next")
	c.key("alt+F4")
	c.eventually(time.Minute, "the window closed", func() bool { return len(c.running("clinicpro-images-ui.exe")) == 0 })
	photos := c.photos()
	c.tellsOldOnes()
	c.installs("machine-1.1.0.msi")
	if c.version() != "1.1.0" {
		t.Errorf("version %q is installed", c.version())
	}
	c.has(policyKey, "local_mode    REG_DWORD    0x1", "local_listen    REG_SZ    network", `folder    REG_SZ    C:\filed`)
	c.has(runKey, `\1.1.0\clinicpro-images.exe" -hidden`)
	c.has(protocolKey, `\1.1.0\clinicpro-images.exe" "%1"`)
	c.has(uninstallKey, "DisplayVersion    REG_SZ    1.1.0")
	c.eventually(3*time.Minute, "the agent of the new version", func() bool { return c.agent("1.1.0") != 0 })
	c.eventually(time.Minute, "the end of the old version", func() bool { return len(c.running(`\1.0.0\`)) == 0 })
	// Files that ran while they were to go are gone after a restart.
	if err := os.RemoveAll(filepath.Join(c.drive, "Program Files", "ClinicPro Images", "1.0.0")); err != nil {
		t.Fatal(err)
	}
	if got := c.files("Program Files", "ClinicPro Images"); !slices.Equal(got, programs("1.1.0")) {
		t.Errorf("after the upgrade: %q", got)
	}
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before the upgrade, %d after it", photos, got)
	}
	c.starts("1.1.0") // the Start menu brings it forward
	c.window()
	c.shot("6-upgraded")

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
	if c.agent("1.1.0") == 0 {
		t.Error("what was refused has ended the programs")
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
	c.setUp()
	c.starts("1.1.0")
	c.window()
	c.shot("7-again")
	if got := c.photos(); got != photos {
		t.Errorf("%d photos before uninstalling, %d when installed again", photos, got)
	}

	// A purge takes everything but what was filed.
	if code, log := c.msiexec("/x", filepath.Join(c.msis, "machine-1.1.0.msi"), "PURGE=1"); code != 0 || strings.Contains(log, "Photos that are not filed stay") {
		t.Errorf("purging ends with %d\n%s", code, log)
	}
	c.gone()
	if left := c.files(c.userDir()...); len(left) > 0 {
		t.Errorf("a purge has left %q", left)
	}
	if got := c.files("filed"); len(got) == 0 {
		t.Error("a purge has taken what was filed")
	}
}

// TestWineSignIn: what a user has switched on for sign-in outlives an upgrade
// while nobody is signed in, and one that names an old version's path is mended
// by the next start.
func TestWineSignIn(t *testing.T) {
	c := newComputer(t)
	const run = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	c.installs("machine-1.0.0.msi", "LOCALMODE=1")
	c.setUp()
	c.run("wine", "reg", "delete", runKey, "/v", "clinicpro-images", "/f") // IT wants none for everyone
	c.run("wine", "reg", "add", run, "/v", "clinicpro-images", "/d", `"C:\Program Files\ClinicPro Images\0.9.0\clinicpro-images.exe" -hidden`, "/f")
	c.starts("1.0.0", "-hidden")
	c.eventually(2*time.Minute, "the user's entry mended", func() bool {
		return strings.Contains(c.registry(run), `"C:\Program Files\ClinicPro Images\clinicpro-images-start.exe" -hidden`)
	})

	c.run("wineserver", "-k") // the night
	c.tellsOldOnes()
	c.installs("machine-1.1.0.msi")
	if got := c.registry(runKey); strings.Contains(got, "clinicpro") {
		t.Errorf("an upgrade switches on for everyone what IT has switched off:\n%s", got)
	}
	c.run("wineserver", "-k")
	c.background("wineboot") // somebody signs in; what that starts goes on
	c.eventually(2*time.Minute, "the agent of the new version after sign-in", func() bool { return c.agent("1.1.0") != 0 })

	if code, log := c.msiexec("/x", filepath.Join(c.msis, "machine-1.1.0.msi")); code != 0 {
		t.Errorf("%d\n%s", code, log)
	}
	c.gone()
	if got := c.registry(run); strings.Contains(got, "clinicpro") {
		t.Errorf("left behind:\n%s", got)
	}
}

// TestWineReadOnly: an upgrade that may not write ends with an error, and the
// version that is installed still works. A full disk is the first pilot's: this
// Wine removes the old version for good before it writes the new one, and so
// finds room for it.
func TestWineReadOnly(t *testing.T) {
	c := newComputer(t)
	dir := filepath.Join(c.drive, "Program Files", "ClinicPro Images")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, "-t", "tmpfs", "tmpfs", dir)
	t.Cleanup(func() {
		_ = c.command("wineserver", "-k").Run()
		_ = exec.Command("umount", "--lazy", dir).Run()
	})
	c.installs("machine-1.0.0.msi", "LOCALMODE=1")
	c.setUp()
	mount(t, "-o", "remount,ro", dir)
	if code, log := c.msiexec("/i", filepath.Join(c.msis, "machine-1.1.0.msi")); code == 0 {
		t.Errorf("an upgrade into a read-only folder succeeds:\n%s", log)
	}
	if got := c.files("Program Files", "ClinicPro Images"); !slices.Equal(got, programs("1.0.0")) {
		t.Errorf("the old version's files are now %q", got)
	}
	c.starts("1.0.0", "-hidden")
	c.eventually(2*time.Minute, "the old version's agent", func() bool { return c.agent("1.0.0") != 0 })
}

func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount %v: %v\n%s", args, err, out)
	}
}

// setUp is a user who has been through the first run.
func (c *computer) setUp() {
	c.t.Helper()
	dir := filepath.Join(append([]string{c.drive}, c.userDir()...)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		c.t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "config.toml"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return
	}
	if err == nil {
		_, err = f.WriteString("[desktop]\nset_up = true\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// menu is what the Start menu has of it.
func (c *computer) menu() (out []string) {
	for _, users := range []string{filepath.Join("users", "*", "AppData", "Roaming", "Microsoft", "Windows"), filepath.Join("ProgramData", "Microsoft", "Windows")} {
		found, _ := filepath.Glob(filepath.Join(c.drive, users, "Start Menu", "Programs", "ClinicPro*"))
		out = append(out, found...)
	}
	return out
}

// gone: nothing of an installation is left.
func (c *computer) gone() {
	c.t.Helper()
	if left := c.state(); strings.Contains(strings.ToLower(left), "clinicpro") {
		c.t.Errorf("left behind:\n%s", left)
	}
	if left := c.registry(uninstallKey); strings.Contains(left, "ClinicPro") {
		c.t.Errorf("left behind:\n%s", left)
	}
	if left := c.menu(); len(left) > 0 {
		c.t.Errorf("left in the Start menu: %q", left)
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
	// The app names the setting that cannot be, and goes on once it is mended.
	c.run("wine", "reg", "add", key, "/v", "practice", "/d", "Hill Road!", "/f")
	home := `C:\users\` + filepath.Base(filepath.Dir(filepath.Dir(filepath.Join(c.drive, c.userDir()[0])))) + `\AppData\Local\Programs\ClinicPro Images\`
	c.background("wine", home+`1.0.0\clinicpro-images.exe`, "-hidden")
	c.window()
	c.shot("8-bad-policy")
	c.key("Return")
	c.eventually(time.Minute, "the end of a start that cannot be", func() bool { return len(c.running("clinicpro-images.exe")) == 0 })
	c.run("wine", "reg", "add", key, "/v", "practice", "/d", "hill-road", "/f")
	c.background("wine", home+`1.0.0\clinicpro-images.exe`, "-hidden")
	c.eventually(2*time.Minute, "the agent, once the setting is mended", func() bool { return c.agent("1.0.0") != 0 })

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
