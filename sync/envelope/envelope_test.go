package envelope

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

func wantReason(t *testing.T, name string, err error, want Reason) {
	t.Helper()
	if app.KindOf(err) != app.KindCorrupt || !errors.Is(err, want) {
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

func TestOpenRefusesOthers(t *testing.T) {
	g := readGolden(t)
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	_, err = Open(g.sealed, stranger, g.sid(), g.image(), g.secret)
	wantReason(t, "another key", err, ReasonKey)
	_, err = Open(g.sealed, g.id, app.NewSessionID(), g.image(), g.secret)
	wantReason(t, "another session", err, ReasonHMAC)
	_, err = Open(g.sealed, g.id, g.sid(), "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6072", g.secret)
	wantReason(t, "another image", err, ReasonHMAC)
	_, err = Open(g.sealed, g.id, g.sid(), g.image(), NewSecret())
	wantReason(t, "another secret", err, ReasonHMAC)
	_, err = Open(g.sealed, g.id, g.sid(), g.image(), Secret{})
	wantReason(t, "no secret", err, ReasonHMAC)
}

func TestOpenRefusesDamage(t *testing.T) {
	g := readGolden(t)
	for n := range g.sealed {
		flipped := bytes.Clone(g.sealed)
		flipped[n] ^= 1
		if _, err := g.open(flipped); app.KindOf(err) != app.KindCorrupt {
			t.Fatalf("byte %d flipped: %v", n, err)
		}
		if _, err := g.open(g.sealed[:n]); app.KindOf(err) != app.KindCorrupt {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	_, err := g.open(make([]byte, MaxSealed+1))
	wantReason(t, "too large", err, ReasonTooLarge)
	_, err = g.open(append([]byte("age-encryption.org/v1\n"), bytes.Repeat([]byte("-> X25519 AAAA\nAAAA\n"), 1<<16)...))
	wantReason(t, "endless header", err, ReasonSeal)
}

type entry struct {
	name   string
	data   string
	method uint16
	size   uint64 // forged when not 0
	flags  uint16
}

// archive writes a ZIP without any of pack's care.
func archive(t testing.TB, comment string, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	must(t, z.SetComment(comment))
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: e.method, Flags: e.flags, CRC32: crc32.ChecksumIEEE([]byte(e.data)),
			CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))}
		if e.size != 0 {
			h.CompressedSize64, h.UncompressedSize64 = e.size, e.size
		}
		w, err := z.CreateRaw(h)
		must(t, err)
		_, err = w.Write([]byte(e.data))
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

func TestOpenRefusesHostileArchives(t *testing.T) {
	g := readGolden(t)
	capture := string(read(t, g.Capture))
	img, cap1, mac := entry{name: imageEntry, data: string(g.jpeg)}, entry{name: captureEntry, data: capture}, entry{name: hmacEntry, data: g.HMAC}
	with := func(e entry, change func(*entry)) entry { change(&e); return e }
	deflated := with(img, func(e *entry) { e.method = zip.Deflate })
	good := archive(t, "", img, cap1, mac)
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	patched := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	many := make([]entry, 3000)
	for i := range many {
		many[i] = entry{name: "x"}
	}
	for name, b := range map[string][]byte{
		"empty":              {},
		"no archive":         []byte(strings.Repeat("x", 100)),
		"nothing inside":     archive(t, ""),
		"two entries":        archive(t, "", img, cap1),
		"four entries":       archive(t, "", img, cap1, mac, mac),
		"twice the same":     archive(t, "", img, img, mac),
		"another order":      archive(t, "", cap1, img, mac),
		"a path":             archive(t, "", with(img, func(e *entry) { e.name = "../image.jpg" }), cap1, mac),
		"a folder":           archive(t, "", with(img, func(e *entry) { e.name = "a/image.jpg" }), cap1, mac),
		"another case":       archive(t, "", with(img, func(e *entry) { e.name = "IMAGE.JPG" }), cap1, mac),
		"compressed":         archive(t, "", deflated, cap1, mac),
		"encrypted":          archive(t, "", with(img, func(e *entry) { e.flags = 1 }), cap1, mac),
		"a comment":          archive(t, "hello", img, cap1, mac),
		"bytes in front":     append([]byte("x"), good...),
		"bytes behind":       append(bytes.Clone(good), 'x'),
		"size past the end":  archive(t, "", with(img, func(e *entry) { e.size = 1 << 20 }), cap1, mac),
		"size of 4 GiB":      archive(t, "", with(img, func(e *entry) { e.size = 1<<32 - 2 }), cap1, mac),
		"size of exabytes":   archive(t, "", with(img, func(e *entry) { e.size = 1 << 62 }), cap1, mac),
		"overlapping":        archive(t, "", with(img, func(e *entry) { e.size = uint64(len(e.data)) + 60 }), cap1, mac),
		"empty image":        archive(t, "", entry{name: imageEntry}, cap1, mac),
		"long capture":       archive(t, "", img, entry{name: captureEntry, data: strings.Repeat(" ", MaxCapture+1)}, mac),
		"long hmac":          archive(t, "", img, cap1, entry{name: hmacEntry, data: g.HMAC + "0"}),
		"3,000 entries":      archive(t, "", many...),
		"wrong checksum":     patched(directory+16, 1),
		"wrong offset":       patched(directory+42, 7),
		"forged directory":   patched(len(good)-6, 0),
		"forged entry count": patched(len(good)-14, 0x00040004),
	} {
		sealed, err := encrypt(g.id.Recipient(), b)
		must(t, err)
		_, err = g.open(sealed)
		wantReason(t, name, err, ReasonArchive)
	}
	sealed, err := encrypt(g.id.Recipient(), good)
	must(t, err)
	if _, err := g.open(sealed); err != nil {
		t.Errorf("the good one: %v", err)
	}
	sealed, err = encrypt(g.id.Recipient(), make([]byte, MaxPlaintext+1))
	must(t, err)
	_, err = g.open(sealed)
	wantReason(t, "over 16 MiB inside", err, ReasonTooLarge)
}

func TestCaptureJSON(t *testing.T) {
	g := readGolden(t)
	var good map[string]any
	must(t, json.Unmarshal(read(t, g.Capture), &good))
	for _, c := range []struct {
		name, member string
		value        any
		want         Reason // "" is none
	}{
		{"unknown member", "weather", map[string]any{"rain": true}, ""},
		{"a later optional member", "caption", "left forearm", ""},
		{"unknown source", "source", "scanner", ""},
		{"newer", "v", 2, ReasonVersion},
		{"no version", "v", 0, ReasonCapture},
		{"version as text", "v", "1", ReasonCapture},
		{"another image", "imageId", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6072", ReasonMismatch},
		{"another size", "bytes", 1, ReasonMismatch},
		{"another digest", "sha256", strings.Repeat("0", 64), ReasonMismatch},
		{"no time", "takenAt", "yesterday", ""},
		{"a time that is a number", "takenAt", 1, ReasonCapture},
		{"no width", "width", 0, ReasonCapture},
		{"text as height", "height", "48", ReasonCapture},
		{"negative original", "originalBytes", -1, ReasonCapture},
	} {
		changed := map[string]any{}
		for k, v := range good {
			changed[k] = v
		}
		changed[c.member] = c.value
		capture, err := json.Marshal(changed)
		must(t, err)
		plain, err := pack(g.jpeg, capture, []byte(authentication(g.secret.key(), g.sid(), g.image(), g.jpeg, capture)))
		must(t, err)
		sealed, err := encrypt(g.id.Recipient(), plain)
		must(t, err)
		_, err = g.open(sealed)
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if c.want != "" {
			wantReason(t, c.name, err, c.want)
		}
	}
}

func TestSealLimits(t *testing.T) {
	g := readGolden(t)
	seal := func(jpeg []byte, secret Secret) error {
		_, err := Seal(g.id.Recipient(), g.sid(), g.image(), secret, jpeg, goldenMeta)
		return err
	}
	if err := seal(make([]byte, MaxPlaintext), g.secret); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("16 MiB of picture: %v", err)
	}
	if err := seal(g.jpeg, Secret{}); app.KindOf(err) != app.KindBug {
		t.Errorf("no secret: %v", err)
	}
	large := make([]byte, 15<<20)
	sealed, err := Seal(g.id.Recipient(), g.sid(), g.image(), g.secret, large, goldenMeta)
	must(t, err)
	if c, err := g.open(sealed); err != nil || !bytes.Equal(c.JPEG, large) {
		t.Errorf("15 MiB: %v", err)
	}
}

func TestParseSecret(t *testing.T) {
	s := NewSecret()
	if got, err := ParseSecret(s.Reveal()); err != nil || got != s {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "short", s.Reveal() + "A", s.Reveal()[:21], s.Reveal()[:21] + "+", "AAAAAAAAAAAAAAAAAAAAAB"} {
		if _, err := ParseSecret(bad); app.KindOf(err) != app.KindCorrupt || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Anyone with the key can open a sealed file with ordinary tools.
func TestOrdinaryToolsOpenIt(t *testing.T) {
	g, dir := readGolden(t), t.TempDir()
	key, sealed, plain := filepath.Join(dir, "key"), filepath.Join(dir, "sealed.age"), filepath.Join(dir, "plain.zip")
	must(t, os.WriteFile(key, []byte(g.Identity+"\n"), 0o600))
	must(t, os.WriteFile(sealed, g.sealed, 0o600))
	for _, c := range [][]string{{"age", "-d", "-i", key, "-o", plain, sealed}, {"unzip", "-q", plain, "-d", dir}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", c[0], err, out)
		}
	}
	for name, want := range map[string][]byte{imageEntry: g.jpeg, captureEntry: read(t, g.Capture), hmacEntry: []byte(g.HMAC)} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
