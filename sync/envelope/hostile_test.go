package envelope

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// sealCapture seals whatever is given as capture.json, rightly authenticated:
// a hostile phone holds the link.
func (g goldenFiles) sealCapture(t testing.TB, capture string) []byte {
	t.Helper()
	plain, err := pack(g.jpeg, []byte(capture), []byte(authentication(g.secret.key(), g.sid(), g.image(), g.jpeg, []byte(capture))))
	must(t, err)
	sealed, err := encrypt(g.id.Recipient(), plain)
	must(t, err)
	return sealed
}

// saying is a capture.json that speaks of the golden picture, with takenAt
// and more members written as given.
func (g goldenFiles) saying(takenAt, more string) string {
	return fmt.Sprintf(`{"v":1,"imageId":"%s","takenAt":%s,"width":64,"height":48,"bytes":%d,"sha256":"%s","originalType":"image/jpeg","originalBytes":1,"source":"camera","page":"1"%s}`,
		g.ImageID, takenAt, len(g.jpeg), g.ImageSHA256, more)
}

// What a phone that holds the link can write about its picture: an image is
// refused for another's sake, never for an odd remark.
func TestHostileCaptures(t *testing.T) {
	g := readGolden(t)
	now := `"2026-11-23T10:15:00.123+13:00"`
	for _, c := range []struct {
		name, capture string
		want          Reason // "": it opens
	}{
		{"the good one", g.saying(now, ""), ""},
		{"nothing", "", ReasonArchive},
		{"not JSON", "<html>", ReasonCapture},
		{"a list", "[]", ReasonCapture},
		{"null", "null", ReasonCapture},
		{"cut short", g.saying(now, "")[:100], ReasonCapture},
		{"two values", g.saying(now, "") + "{}", ReasonCapture},
		{"9,000 lists deep", g.saying(now, `,"x":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)), ""},
		{"20,000 lists deep", g.saying(now, `,"x":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), ReasonCapture},
		{"endless lists", strings.Repeat("[", MaxCapture), ReasonCapture},
		{"a megabyte", g.saying(now, `,"x":"`+strings.Repeat("x", 1<<20)+`"`), ReasonArchive},
		{"64 KiB of remarks", g.saying(now, `,"x":"`+strings.Repeat("x", MaxCapture-1000)+`"`), ""},
		{"a number without end, unknown", g.saying(now, `,"x":`+strings.Repeat("9", 50000)), ""},
		{"a number without end, known", g.saying(now, `,"width":`+strings.Repeat("9", 50000)), ReasonCapture},
		{"1e999", g.saying(now, `,"originalBytes":1e999`), ReasonCapture},
		{"NaN", g.saying(now, `,"width":NaN`), ReasonCapture},
		{"a width of 2^63", g.saying(now, `,"width":9223372036854775808`), ReasonCapture},
		{"a fraction", g.saying(now, `,"width":1.5`), ReasonCapture},
		{"twice: the last counts", g.saying(now, `,"imageId":"019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6072"`), ReasonMismatch},
		{"twice: the version", g.saying(now, `,"v":2`), ReasonVersion},
		{"not UTF-8", g.saying(now, ",\"page\":\"\xff\xfe\""), ""},
		{"a page of 40 KiB", g.saying(now, `,"page":"`+strings.Repeat("x", 40<<10)+`"`), ""},
		{"a path as type", g.saying(now, `,"originalType":"../../etc/passwd\u0000"`), ""},
	} {
		opened, err := g.open(g.sealCapture(t, c.capture))
		if c.want != "" {
			wantReason(t, c.name, err, c.want)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if m := opened.Meta; len(m.Page) > 64 || strings.ContainsFunc(m.Page+m.OriginalType, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: %q and %q came through", c.name, m.Page, m.OriginalType)
		}
	}
}

// A photo is worth more than its date: one that cannot be right is dropped.
func TestHostileTimes(t *testing.T) {
	g := readGolden(t)
	for said, want := range map[string]string{
		`"2026-11-23T10:15:00.123+13:00"`:      "2026-11-23T10:15:00.123+13:00",
		`"2020-01-01T00:00:00.000Z"`:           "2020-01-01T00:00:00.000Z",
		`"2099-12-31T23:59:59.999Z"`:           "2099-12-31T23:59:59.999Z",
		`"2026-11-23T10:15:00-12:00"`:          "2026-11-23T10:15:00.000-12:00",
		`"1970-01-01T00:00:00.000Z"`:           "",
		`"2999-12-31T23:59:59.999Z"`:           "",
		`"2569-11-23T10:15:00.000+07:00"`:      "", // a Buddhist calendar
		`"2026-11-23T10:15:00+23:59"`:          "",
		`"2026-11-23T10:15:00-13:00"`:          "",
		`"-2026-11-23T10:15:00Z"`:              "",
		`"+275760-09-13T00:00:00.000Z"`:        "", // the end of JavaScript's Date
		`"2026-02-30T10:15:00Z"`:               "",
		`"2026-11-23T24:00:00Z"`:               "",
		`"Invalid Date"`:                       "",
		`"NaN"`:                                "",
		`""`:                                   "",
		`null`:                                 "",
		`"` + strings.Repeat("2", 60000) + `"`: "",
		`"2026-11-23T10:15:00.` + strings.Repeat("1", 60000) + `Z"`: "2026-11-23T10:15:00.111Z",
	} {
		c, err := g.open(g.sealCapture(t, g.saying(said, "")))
		if err != nil {
			t.Errorf("%.40s: %v", said, err)
			continue
		}
		got := ""
		if !c.Meta.TakenAt.IsZero() {
			got = c.Meta.TakenAt.Format(takenAtForm)
		}
		if got != want {
			t.Errorf("%.40s became %q, want %q", said, got, want)
		}
	}
}

func TestHostileAge(t *testing.T) {
	g := readGolden(t)
	plain := read(t, g.Archive)
	to := func(recipients ...age.Recipient) []byte {
		t.Helper()
		var out bytes.Buffer
		w, err := age.Encrypt(&out, recipients...)
		must(t, err)
		_, err = w.Write(plain)
		must(t, err)
		must(t, w.Close())
		return out.Bytes()
	}
	strangers := func(n int) (out []age.Recipient) {
		for range n {
			id, err := age.GenerateX25519Identity()
			must(t, err)
			out = append(out, id.Recipient())
		}
		return out
	}
	stanza := func(line string) []byte { // in front of the real one
		first := len("age-encryption.org/v1\n")
		return append(append(bytes.Clone(g.sealed[:first]), line...), g.sealed[first:]...)
	}
	short := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, c := range []struct {
		name   string
		sealed []byte
		want   Reason
	}{
		{"to a second reader too", to(append(strangers(1), g.id.Recipient())...), ""},
		{"to nobody of ours", to(strangers(3)...), ReasonKey},
		{"200 readers", to(append(strangers(200), g.id.Recipient())...), ReasonSeal},
		{"scrypt of 2^22", []byte("age-encryption.org/v1\n-> scrypt " + base64.RawStdEncoding.EncodeToString(make([]byte, 16)) + " 22\n" + short + "\n--- " + short + "\n"), ReasonKey},
		{"scrypt beside the real one", stanza("-> scrypt " + base64.RawStdEncoding.EncodeToString(make([]byte, 16)) + " 22\n" + short + "\n"), ReasonSeal},
		{"a stanza nobody knows", stanza("-> weather rain\n\n"), ReasonSeal}, // the header's own MAC
		{"a point of low order", []byte("age-encryption.org/v1\n-> X25519 " + short + "\n" + short + "\n--- " + short + "\n"), ReasonSeal},
		{"another version", append([]byte("age-encryption.org/v2\n"), g.sealed[22:]...), ReasonSeal},
		{"armoured", []byte("-----BEGIN AGE ENCRYPTED FILE-----\n" + base64.StdEncoding.EncodeToString(g.sealed) + "\n-----END AGE ENCRYPTED FILE-----\n"), ReasonSeal},
		{"header only", g.sealed[:bytes.Index(g.sealed, []byte("\n--- "))+5+43+1], ReasonSeal},
		{"payload cut", g.sealed[:len(g.sealed)-1], ReasonSeal},
		{"payload doubled", append(bytes.Clone(g.sealed), g.sealed[len(g.sealed)-200:]...), ReasonSeal},
		{"bytes behind", append(bytes.Clone(g.sealed), 0), ReasonSeal},
		{"15 MiB of noise", bytes.Repeat([]byte("noise"), 3<<20), ReasonSeal},
		{"15 MiB of one line", append([]byte("age-encryption.org/v1\n-> "), bytes.Repeat([]byte("x"), 15<<20)...), ReasonSeal},
		{"nothing", nil, ReasonSeal},
	} {
		opened, err := g.open(c.sealed)
		if c.want != "" {
			wantReason(t, c.name, err, c.want)
		} else if err != nil || !bytes.Equal(opened.JPEG, g.jpeg) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Where it is done, scrypt of 2^22 takes 4 GiB and 15 seconds.
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
		t.Errorf("allocated %d bytes", took)
	}
}

// Archives whose records lie in ways that archive/zip is asked to believe.
func TestHostileArchiveRecords(t *testing.T) {
	g := readGolden(t)
	good := read(t, g.Archive)
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	end := len(good) - 22
	le := binary.LittleEndian
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	// The same entries with a zip64 end record, as if there were 2^32 of them.
	zip64 := func(entries uint64) []byte {
		b := bytes.Clone(good[:end])
		at := uint64(len(b))
		b = append(b, "PK\x06\x06"...)
		b = le.AppendUint64(b, 44)
		b = append(b, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = le.AppendUint64(b, entries)
		b = le.AppendUint64(b, entries)
		b = le.AppendUint64(b, uint64(end-directory))
		b = le.AppendUint64(b, uint64(directory))
		b = append(b, "PK\x06\x07\x00\x00\x00\x00"...)
		b = le.AppendUint64(b, at)
		b = append(b, 1, 0, 0, 0)
		b = append(b, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
		return b
	}
	var bomb bytes.Buffer // 16 MiB of directory: what may be sealed, all of it entries
	for bomb.Len() < MaxPlaintext-100 {
		bomb.WriteString("PK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x01\x00" + strings.Repeat("\x00", 16) + "x")
	}
	entries := bomb.Len() / 47
	bomb.WriteString("PK\x05\x06\x00\x00\x00\x00")
	bomb.Write(le.AppendUint16(le.AppendUint16(nil, uint16(entries)), uint16(entries)))
	bomb.Write(le.AppendUint32(le.AppendUint32(nil, uint32(47*entries)), 0))
	bomb.WriteString("\x00\x00")

	capture := string(read(t, g.Capture))
	zeros := strings.Repeat("\x00", 1<<20)
	var small bytes.Buffer
	z := zip.NewWriter(&small)
	for _, name := range []string{imageEntry, captureEntry, hmacEntry} {
		w, err := z.Create(name) // compressed
		must(t, err)
		_, err = w.Write([]byte(zeros))
		must(t, err)
	}
	must(t, z.Close())

	for name, b := range map[string][]byte{
		"zip64, three entries":       zip64(3),
		"zip64, 2^40 entries":        zip64(1 << 40),
		"65,535 entries, said":       change(func(b []byte) { le.PutUint16(b[end+8:], 0xffff); le.PutUint16(b[end+10:], 0xffff) }),
		"a directory of 16 MiB":      bomb.Bytes(),
		"a directory of 4 GiB, said": change(func(b []byte) { le.PutUint32(b[end+12:], 0xffffffff) }),
		"3 MiB in 3 KiB":             small.Bytes(),
		"names with a NUL":           change(func(b []byte) { b[directory+46+5] = 0 }),
		"a drive as name":            archive(t, "", entry{name: `C:\x.jpg`, data: string(g.jpeg)}, entry{name: captureEntry, data: capture}, entry{name: hmacEntry, data: g.HMAC}),
		"an absolute name":           archive(t, "", entry{name: "/etc/passwd", data: string(g.jpeg)}, entry{name: captureEntry, data: capture}, entry{name: hmacEntry, data: g.HMAC}),
		"a folder as image":          archive(t, "", entry{name: "image.jpg/"}, entry{name: captureEntry, data: capture}, entry{name: hmacEntry, data: g.HMAC}),
		"sizes that differ":          change(func(b []byte) { le.PutUint32(b[directory+24:], uint32(len(g.jpeg))-1) }),
		"size of zip64 without one":  change(func(b []byte) { le.PutUint32(b[directory+20:], 0xffffffff); le.PutUint32(b[directory+24:], 0xffffffff) }),
		"all entries at one place":   change(func(b []byte) { shareOffset(b, directory) }),
	} {
		if len(b) > MaxPlaintext {
			t.Fatalf("%s: %d bytes cannot be sealed", name, len(b))
		}
		sealed, err := encrypt(g.id.Recipient(), b)
		must(t, err)
		_, err = g.open(sealed)
		wantReason(t, name, err, ReasonArchive)
	}
}

// shareOffset points every directory entry at the first local header.
func shareOffset(b []byte, at int) {
	for at+46 <= len(b) && bytes.HasPrefix(b[at:], []byte("PK\x01\x02")) {
		binary.LittleEndian.PutUint32(b[at+42:], 0)
		at += 46 + int(binary.LittleEndian.Uint16(b[at+28:])) + int(binary.LittleEndian.Uint16(b[at+30:]))
	}
}

// FuzzOpen gives Open files that are no age files, and what comes after the
// decryption archives and captures as a hostile phone could seal them:
// whatever comes out was authenticated, and is bounded.
func FuzzOpen(f *testing.F) {
	g := readGolden(f)
	f.Add(g.sealed)
	f.Add(read(f, g.Archive))
	f.Add([]byte{})
	f.Add(archive(f, "", entry{name: imageEntry, size: 1 << 40}, entry{name: captureEntry, data: "{}"}, entry{name: hmacEntry, data: g.HMAC}))
	f.Add([]byte(g.saying(`"2999-11-23T10:15:00.123+13:00"`, `,"v":1`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := g.open(b)
		if err != nil && app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%v", err)
		}
		if err == nil && !bytes.Equal(c.JPEG, g.jpeg) {
			t.Error("an image nobody made came out of a file")
		}
		if c, err := authenticate(b, g.sid(), g.image(), g.secret); err == nil && !bytes.Equal(c.JPEG, g.jpeg) {
			t.Error("an image nobody made came out of an archive")
		}
		if jpeg, capture, mac, err := unpack(b); err == nil {
			if len(jpeg) == 0 || len(jpeg)+len(capture)+len(mac) > len(b) || len(capture) > MaxCapture || len(mac) > 64 {
				t.Errorf("entries of %d, %d and %d bytes", len(jpeg), len(capture), len(mac))
			}
		}
		if m, err := readMeta(b, g.image(), g.jpeg, g.ImageSHA256); err == nil {
			if !m.TakenAt.IsZero() && (m.TakenAt.Year() < 2019 || m.TakenAt.Year() > 2100) || len(m.Page)+len(m.OriginalType) > 128 || m.Width < 1 || m.Height < 1 {
				t.Errorf("unbounded: %+v", m)
			}
		}
	})
}
