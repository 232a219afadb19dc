//go:build linux

package packaging

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLinuxPackages builds deb and rpm of workstation and gateway and reads
// them back with the distributions' own tools.
func TestLinuxPackages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.small("linux", "linux", "", "clinicpro-images", "clinicpro-images-ui", "clinicproctl", "clinicpro-localcloud", "clinicpro-gateway")
	build := func(out, key string) {
		t.Helper()
		if err := os.Mkdir(b.at(out), 0o700); err != nil {
			t.Fatal(err)
		}
		if said, err := b.try([]string{"PACKAGE_KEY=" + key}, "./linux/packages", "1.2.0", b.at("linux"), b.at("linux/third-party-notices.txt"), b.at(out)); err != nil {
			t.Fatal(err, said)
		}
	}
	build("one", "")
	build("two", "")
	build("signed", b.at("ca/packages.key.asc"))
	files, err := filepath.Glob(b.at("one/*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("want deb and rpm of workstation and gateway, got %q", files)
	}
	for i, f := range files {
		files[i] = filepath.Base(f)
		if !bytes.Equal(b.read("one/"+files[i]), b.read("two/"+files[i])) {
			t.Errorf("%s: the same input gave other bytes", files[i])
		}
	}

	verify := func(file string) (string, error) {
		return b.try([]string{"PACKAGE_PUBLIC_KEY=" + b.at("ca/packages.pub.asc")}, "./linux/signed", b.at(file))
	}
	for _, f := range files {
		if out, err := verify("signed/" + f); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := verify("one/" + f); err == nil {
			t.Errorf("%s, unsigned, verifies:\n%s", f, out)
		}
		bent := slices.Clone(b.read("signed/" + f))
		bent[len(bent)/2] ^= 1
		b.write("bent"+filepath.Ext(f), bent)
		if out, err := verify("bent" + filepath.Ext(f)); err == nil {
			t.Errorf("%s with one bit flipped verifies:\n%s", f, out)
		}
	}

	deb := b.at("signed/clinicpro-images_1.2.0_amd64.deb")
	holds := b.run("dpkg-deb", "--contents", deb)
	for _, f := range []string{"/usr/bin/clinicpro-images -> ", "/usr/lib/clinicpro-images/clinicpro-images-ui", "/usr/lib/clinicpro-images/clinicpro-localcloud",
		"/etc/xdg/autostart/clinicpro-images.desktop", "/usr/share/applications/nz.co.clinicpro.images.desktop", "/usr/share/metainfo/nz.co.clinicpro.images.metainfo.xml",
		"/usr/share/icons/hicolor/256x256/apps/nz.co.clinicpro.images.png", "/lib/systemd/system/clinicpro-localcloud.service",
		"/usr/share/man/man1/clinicproctl.1.gz", "/usr/share/doc/clinicpro-images/copyright"} {
		if !strings.Contains(holds, f) {
			t.Errorf("the deb lacks %s", f)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(holds), "\n") {
		if !strings.Contains(line, "root/root") {
			t.Errorf("not root's: %s", line)
		}
	}
	b.run("dpkg-deb", "--extract", deb, b.at("out"))
	b.run("desktop-file-validate", b.at("out/usr/share/applications/nz.co.clinicpro.images.desktop"), b.at("out/etc/xdg/autostart/clinicpro-images.desktop"))
	if entry := string(b.read("out/usr/share/applications/nz.co.clinicpro.images.desktop")); !strings.Contains(entry, "MimeType=x-scheme-handler/clinicpro-images;") {
		t.Error("the launch link has no handler")
	}
	b.run("appstreamcli", "validate", "--no-net", "--explain", b.at("out/usr/share/metainfo/nz.co.clinicpro.images.metainfo.xml"))
	for _, page := range []string{"man1/clinicpro-images.1.gz", "man1/clinicproctl.1.gz", "man8/clinicpro-localcloud.8.gz"} {
		if out := b.run("man", "--warnings", "-l", "-Tutf8", b.at("out/usr/share/man/"+page)); !strings.Contains(out, "1.2.0") || strings.Contains(out, "warning:") {
			t.Errorf("%s: %s", page, out)
		}
	}
}
