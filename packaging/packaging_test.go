//go:build linux

package packaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// programs of a package, as small as they can be: what is tested here is
// around them.
var windowsPrograms = []string{"clinicpro-images", "clinicpro-images-start", "clinicpro-images-ui", "clinicproctl", "clinicpro-localcloud"}

// bench is a folder of small programs and a test CA.
type bench struct {
	t   *testing.T
	dir string
	env []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	b.env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	b.run("./testca", b.at("ca"))
	b.env = append(b.env, "VERIFY_CA="+b.at("ca/ca.pem"))
	return b
}

func (b *bench) at(name string) string { return filepath.Join(b.dir, name) }

// try runs a script of this folder with the bench's environment and more.
func (b *bench) try(more []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = slices.Concat(b.env, more)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (b *bench) run(name string, args ...string) string {
	b.t.Helper()
	out, err := b.try(nil, name, args...)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
	return out
}

// smallPrograms are built once for all tests.
var smallPrograms = map[string]func() ([]byte, error){"linux": smallProgram("linux"), "windows": smallProgram("windows")}

func smallProgram(goos string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "small")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		built := filepath.Join(dir, "small")
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built, "./testdata/small")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, out)
		}
		return os.ReadFile(built)
	})
}

// small builds the small program for goos as every name, and adds the notices.
func (b *bench) small(dir, goos, suffix string, names ...string) {
	b.t.Helper()
	raw, err := smallPrograms[goos]()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(b.at(dir), 0o700); err != nil {
		b.t.Fatal(err)
	}
	for _, n := range names {
		b.write(dir+"/"+n+suffix, raw)
	}
	b.write(dir+"/third-party-notices.txt", []byte("notices\n"))
}

func (b *bench) write(name string, raw []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.at(name), raw, 0o700); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(name string) []byte {
	b.t.Helper()
	raw, err := os.ReadFile(b.at(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// signer is the environment that signs with a key of the test CA, with the
// time where osslsigncode (2.6 and newer) can be its own authority.
func (b *bench) signer(name string) []string {
	env := []string{"SIGN_KEY=" + b.at("ca/"+name+".key"), "SIGN_CERTS=" + b.at("ca/"+name+".pem")}
	if help, _ := exec.Command("osslsigncode", "sign", "-help").CombinedOutput(); bytes.Contains(help, []byte("TSA-key")) {
		env = append(env, "SIGN_TSA_KEY="+b.at("ca/tsa.key"), "SIGN_TSA_CERTS="+b.at("ca/tsa.pem"))
	}
	return env
}

// table reads a table of an MSI back: rows of columns.
func (b *bench) table(msi, name string) (rows [][]string) {
	b.t.Helper()
	lines := strings.Split(strings.ReplaceAll(b.run("msiinfo", "export", b.at(msi), name), "\r", ""), "\n")
	for _, l := range lines[min(3, len(lines)):] {
		if l != "" {
			rows = append(rows, strings.Split(l, "\t"))
		}
	}
	return rows
}

// row is the row whose first column is key.
func row(t *testing.T, rows [][]string, key string) []string {
	t.Helper()
	i := slices.IndexFunc(rows, func(r []string) bool { return r[0] == key })
	if i < 0 {
		t.Fatalf("no row %s", key)
	}
	return rows[i]
}

// TestMSI builds both MSIs and reads back what matters on two hundred
// workstations at night.
func TestMSI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.small("programs", "windows", ".exe", windowsPrograms...)
	for _, scope := range []string{"machine", "user"} {
		msi := scope + ".msi"
		b.run("./windows/msi", "1.2.0", scope, b.at("programs"), b.at(msi))
		b.run("./windows/msi", "1.2.0", scope, b.at("programs"), b.at("again.msi"))
		if !bytes.Equal(b.read(msi), b.read("again.msi")) {
			t.Errorf("%s: the same input gave other bytes", scope)
		}
		b.run("./windows/msi", "1.3.0", scope, b.at("programs"), b.at("next.msi"))

		properties, next := b.table(msi, "Property"), b.table("next.msi", "Property")
		if row(t, properties, "UpgradeCode")[1] != row(t, next, "UpgradeCode")[1] || row(t, properties, "ProductCode")[1] == row(t, next, "ProductCode")[1] {
			t.Errorf("%s: the next version is no major upgrade of this one", scope)
		}
		for _, p := range []string{"PRACTICE", "GATEWAY", "ENROLFILE", "AUTOSTART", "SINKFOLDER", "LOCALMODE", "PURGE"} {
			if !slices.Contains(strings.Split(row(t, properties, "SecureCustomProperties")[1], ";"), p) {
				t.Errorf("%s: %s does not reach the elevated half of an installation", scope, p)
			}
		}

		sequence := b.table(msi, "InstallExecuteSequence")
		at := func(action string) int {
			n := 0
			for _, c := range row(t, sequence, action)[2] {
				n = 10*n + int(c-'0')
			}
			return n
		}
		if r := at("RemoveExistingProducts"); r <= at("InstallInitialize") || r >= at("ProcessComponents") {
			t.Errorf("%s: the old version is removed outside the transaction, at %d", scope, r)
		}
		if cond := row(t, sequence, "Leave")[1]; !strings.Contains(cond, "NOT UPGRADINGPRODUCTCODE") || !strings.Contains(cond, "NOT PURGE") {
			t.Errorf("%s: an upgrade would end the programs: %s", scope, cond)
		}

		root, settings := "2", `Software\Policies\ClinicPro\Images` // HKEY_LOCAL_MACHINE
		if scope == "user" {
			root, settings = "1", `Software\ClinicPro\Images` // HKEY_CURRENT_USER, never policy
		}
		conditions := b.table(msi, "Component")
		want := map[string]string{"practice": "PRACTICE", "gateway": "GATEWAY", "enrol_file": "ENROLFILE", "folder": "SINKFOLDER",
			"local_mode": "LOCALMODE", "local_listen": "LOCALMODE", "autostart": "AUTOSTART"}
		for _, r := range b.table(msi, "Registry") {
			if r[1] != root {
				t.Errorf("%s: %s goes to root %s", scope, r[2], r[1])
			}
			property, policy := want[r[3]]
			if r[2] != settings || !policy {
				continue
			}
			delete(want, r[3])
			if cond := row(t, conditions, r[5])[4]; !strings.Contains(cond, property) {
				t.Errorf("%s: %s is written whether asked for or not: %q", scope, r[3], cond)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: never written: %v", scope, want)
		}
		for _, c := range conditions {
			if c[3] != "256" && c[3] != "260" {
				t.Errorf("%s: %s is no 64-bit component", scope, c[0])
			}
		}
		summary := b.run("msiinfo", "suminfo", b.at(msi))
		if elevated := !strings.Contains(summary, "Source: 10 (a)"); elevated != (scope == "machine") {
			t.Errorf("%s: asks for administrator rights: %v", scope, elevated)
		}
		refusals := b.table(msi, "LaunchCondition")
		if said := row(t, refusals, "NOT WIX_DOWNGRADE_DETECTED")[1]; !strings.Contains(said, "newer version") || !strings.Contains(said, "left as it is") {
			t.Errorf("%s: a downgrade is refused with %q", scope, said)
		}
		if scope == "user" { // the computer's own MSI is there already
			if said := row(t, refusals, "Installed OR NOT FORTHISCOMPUTER")[1]; !strings.Contains(said, "installed for everyone") || !strings.Contains(said, "left as it is") {
				t.Errorf("a second one is refused with %q", said)
			}
		}
	}
}

func TestNoVersion(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, dir: t.TempDir(), env: append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")}
	for _, v := range []string{"1.2", "v1.2.3", "1.2.3.4", "999.0.0", "1.2.3-rc1", ""} {
		if out, err := b.try(nil, "./windows/msi", v, "machine", b.dir, b.at("x.msi")); err == nil || !strings.Contains(out, "three numbers") {
			t.Errorf("%q: %v, %s", v, err, out)
		}
	}
}

// TestSignatures signs a program and an MSI; what is signed verifies, and
// nothing else does.
func TestSignatures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.small("programs", "windows", ".exe", windowsPrograms...)
	b.run("./windows/msi", "1.2.0", "machine", b.at("programs"), b.at("good.msi"))
	b.write("good.exe", b.read("programs/clinicproctl.exe"))
	b.write("expired.exe", b.read("good.exe"))
	b.write("unsigned.exe", b.read("good.exe"))
	b.write("nothing.exe", []byte("no program"))
	sign := func(key string, files ...string) (string, error) {
		for i, f := range files {
			files[i] = b.at(f)
		}
		return b.try(b.signer(key), "./sign", files...)
	}
	if out, err := sign("code", "good.exe", "good.msi"); err != nil {
		t.Fatal(err, out)
	}
	if out, err := sign("expired", "expired.exe"); err != nil {
		t.Fatal(err, out)
	}
	if out, err := sign("code", "nothing.exe"); err == nil || !strings.Contains(out, "could not be signed, and is unsigned still") {
		t.Errorf("something that is no program: %v, %s", err, out)
	}
	if out, err := b.try(nil, "./sign", b.at("good.exe")); err == nil || !strings.Contains(out, "No signing key is named") {
		t.Errorf("without a key: %v, %s", err, out)
	}

	verify := func(name string) (string, error) { return b.try(nil, "./authenticode", b.at(name)) }
	for _, name := range []string{"good.exe", "good.msi"} {
		if out, err := verify(name); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		raw := b.read(name)
		bent := slices.Clone(raw)
		bent[len(bent)/2] ^= 1
		b.write("bent"+filepath.Ext(name), bent)
		if out, err := verify("bent" + filepath.Ext(name)); err == nil {
			t.Errorf("%s with one bit flipped verifies:\n%s", name, out)
		}
		b.write("cut"+filepath.Ext(name), raw[:len(raw)*2/3])
		if out, err := verify("cut" + filepath.Ext(name)); err == nil {
			t.Errorf("%s cut off verifies:\n%s", name, out)
		}
	}
	for _, name := range []string{"expired.exe", "unsigned.exe", "nothing.exe"} {
		if out, err := verify(name); err == nil || !strings.Contains(out, name) {
			t.Errorf("%s verifies, or the sentence does not name it: %v\n%s", name, err, out)
		}
	}
	t.Run("another authority", func(t *testing.T) {
		other := newBench(t)
		if out, err := b.try([]string{"VERIFY_CA=" + other.at("ca/ca.pem")}, "./authenticode", b.at("good.exe")); err == nil {
			t.Errorf("verifies:\n%s", out)
		}
	})
	t.Run("a token", func(t *testing.T) {
		if err := os.Mkdir(b.at("tokens"), 0o700); err != nil {
			t.Fatal(err)
		}
		b.write("softhsm.conf", []byte("directories.tokendir = "+b.at("tokens")+"\nobjectstore.backend = file\n"))
		b.write("pin", []byte("123456"))
		conf := "SOFTHSM2_CONF=" + b.at("softhsm.conf")
		for _, args := range [][]string{
			{"--init-token", "--free", "--label", "signing", "--pin", "123456", "--so-pin", "654321"},
			{"--import", b.at("ca/code.key"), "--token", "signing", "--label", "code", "--id", "01", "--pin", "123456"},
		} {
			if out, err := b.try([]string{conf}, "softhsm2-util", args...); err != nil {
				t.Fatal(err, out)
			}
		}
		b.write("token.exe", b.read("unsigned.exe"))
		with := []string{conf, "SIGN_PKCS11=pkcs11:token=signing;object=code", "SIGN_MODULE=/usr/lib/softhsm/libsofthsm2.so", "SIGN_CERTS=" + b.at("ca/code.pem")}
		if out, err := b.try(append(with, "SIGN_PASSFILE="+b.at("pin")), "./sign", b.at("token.exe")); err != nil {
			t.Fatal(err, out)
		}
		if out, err := verify("token.exe"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		b.write("wrong", []byte("000000"))
		if out, err := b.try(append(with, "SIGN_PASSFILE="+b.at("wrong")), "./sign", b.at("unsigned.exe")); err == nil || !strings.Contains(out, "could not be signed, and is unsigned still") {
			t.Errorf("with a wrong PIN: %v, %s", err, out)
		}
	})
	t.Run("a signing service", func(t *testing.T) {
		b.write("hook", []byte("#!/bin/sh\nset -e\nexport SIGN_HOOK= SIGN_KEY="+b.at("ca/code.key")+" SIGN_CERTS="+b.at("ca/code.pem")+"\nexec ./sign \"$1\"\n"))
		b.write("hooked.exe", b.read("unsigned.exe"))
		if out, err := b.try([]string{"SIGN_HOOK=" + b.at("hook")}, "./sign", b.at("hooked.exe")); err != nil {
			t.Fatal(err, out)
		}
		if out, err := verify("hooked.exe"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// TestResources: what Windows shows of a program, and what it is told about it.
func TestResources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.small("programs", "windows", ".exe", windowsPrograms...)
	for _, name := range windowsPrograms {
		b.run("./windows/resources", "1.2.0", b.at("programs/"+name+".exe"))
		out := "resources-" + name
		b.run("../.cache/go-winres", "extract", "--dir", b.at(out), b.at("programs/"+name+".exe"))
		told := string(b.read(out + "/winres.json"))
		for _, want := range []string{`"dpi-awareness": "per monitor v2"`, `"execution-level": ""`, `"ui-access": false`, `"CompanyName": "ClinicPro"`,
			`"FileVersion": "1.2.0"`, `"ProductName": "ClinicPro Images"`, `"OriginalFilename": "` + name + `.exe"`, `"file_version": "1.2.0.0"`} {
			if !strings.Contains(told, want) {
				t.Errorf("%s: no %s in\n%s", name, want, told)
			}
		}
		if icons, err := filepath.Glob(b.at(out + "/*.ico")); err != nil || len(icons) != 1 {
			t.Errorf("%s: icons %q (%v)", name, icons, err)
		}
		if described := strings.Count(told, `"FileDescription": "ClinicPro Images`); described != 1 {
			t.Errorf("%s is not described:\n%s", name, told)
		}
	}
}

// TestWinget: the manifest names the very MSIs that lie beside it.
func TestWinget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.small("programs", "windows", ".exe", windowsPrograms...)
	var want []string
	for scope, msi := range map[string]string{"machine": "clinicpro-images-1.2.0-x64.msi", "user": "clinicpro-images-1.2.0-x64-user.msi"} {
		b.run("./windows/msi", "1.2.0", scope, b.at("programs"), b.at(msi))
		code := row(t, b.table(msi, "Property"), "ProductCode")[1]
		want = append(want, fmt.Sprintf("- Architecture: x64\n  Scope: %s\n  InstallerUrl: https://example.nz/%s\n  InstallerSha256: %X\n  ProductCode: \"%s\"\n",
			scope, msi, sha256.Sum256(b.read(msi)), code))
	}
	if out, err := b.try([]string{"PACKAGE_URL=https://example.nz"}, "./windows/winget", "1.2.0", b.dir); err != nil {
		t.Fatal(err, out)
	}
	installer := string(b.read("winget/ClinicPro.Images.installer.yaml"))
	for _, w := range append(want, "PackageVersion: 1.2.0\n", "Protocols:\n- clinicpro-images\n", "ManifestType: installer\n") {
		if !strings.Contains(installer, w) {
			t.Errorf("no %q in\n%s", w, installer)
		}
	}
	for _, f := range []string{"ClinicPro.Images.yaml", "ClinicPro.Images.locale.en-NZ.yaml"} {
		if text := string(b.read("winget/" + f)); !strings.Contains(text, "PackageIdentifier: ClinicPro.Images\nPackageVersion: 1.2.0\n") {
			t.Errorf("%s:\n%s", f, text)
		}
	}
}
