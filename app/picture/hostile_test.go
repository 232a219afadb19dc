package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
)

// icc is a profile of a size in chunks of at most a size, as APP2 segments.
func icc(size, chunk int) (out [][]byte) {
	profile := make([]byte, size)
	binary.BigEndian.PutUint32(profile, uint32(size))
	copy(profile[36:], "acsp")
	count := (size + chunk - 1) / chunk
	for n := 1; len(profile) > 0; n++ {
		part := profile[:min(chunk, len(profile))]
		profile = profile[len(part):]
		out = append(out, apptest.JPEGSegment(markerAPP2, iccName+string([]byte{byte(n), byte(count)})+string(part)))
	}
	return out
}

func repeat(n int, b []byte) (out [][]byte) {
	for range n {
		out = append(out, b)
	}
	return out
}

// hostilePictures are what a phone that holds the link can send in place of a
// photograph, with what becomes of each: "" is accepted, and what leaves has
// nothing in it but the picture.
func hostilePictures(t testing.TB) []struct {
	name string
	b    []byte
	want Reason
} {
	t.Helper()
	const secret = "ZZZ0016"
	plain := photo(t, 64, 48)
	adobe := func(transform byte) []byte {
		return apptest.JPEGSegment(markerAPPE, "Adobe\x00\x64\x00\x00\x00\x00"+string([]byte{transform}))
	}
	xmp := apptest.JPEGSegment(markerAPP1, "http://ns.adobe.com/xap/1.0/\x00"+secret)
	preview := apptest.JPEGSegment(markerAPP1, "Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x0e\x00\x00\x00"+
		"\x00\x00\x00\x00\x00\x00"+string(photo(t, 16, 16))+secret)
	beforeScan := bytes.Index(plain, []byte{0xff, markerSOS})
	insert := func(at int, b []byte) []byte { return append(append(bytes.Clone(plain[:at]), b...), plain[at:]...) }
	outOfOrder := icc(3000, 1000)
	outOfOrder[0], outOfOrder[1] = outOfOrder[1], outOfOrder[0]
	shortProfile := icc(3000, 3000)
	binary.BigEndian.PutUint32(shortProfile[0][4+len(iccName)+2:], 2999)

	return []struct {
		name string
		b    []byte
		want Reason
	}{
		{"nothing", nil, ReasonEmpty},
		{"noise", bytes.Repeat([]byte("noise"), 1000), ReasonNotJPEG},
		{"noise behind a JPEG's beginning", append([]byte{0xff, 0xd8, 0xff}, bytes.Repeat([]byte("noise"), 1000)...), ReasonDamaged},
		{"zeros", make([]byte, 1<<20), ReasonNotJPEG},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00"), ReasonNotJPEG},
		{"a PNG", []byte("\x89PNG\r\n\x1a\n"), ReasonNotJPEG},
		{"a HEIC", []byte("\x00\x00\x00\x18ftypheic"), ReasonNotJPEG},
		{"a WebP", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), ReasonNotJPEG},
		{"a TIFF", []byte("II*\x00\x08\x00\x00\x00"), ReasonNotJPEG},
		{"a PDF", []byte("%PDF-1.7\n"), ReasonNotJPEG},
		{"a PDF with a JPEG in it", append([]byte("%PDF-1.7\n"), plain...), ReasonNotJPEG},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), ReasonNotJPEG},
		{"a page", []byte("<!doctype html><script>alert(1)</script>"), ReasonNotJPEG},
		{"a program", []byte("MZ\x90\x00"), ReasonNotJPEG},
		{"an archive", []byte("PK\x03\x04"), ReasonNotJPEG},
		{"a JPEG after a space", append([]byte(" "), plain...), ReasonNotJPEG},

		{"1 × 1", photo(t, 1, 1), ""},
		{"12,000 × 1", flat{Width: 12000, Height: 1}.Bytes(), ""},
		{"1 × 12,000", flat{Width: 1, Height: 12000}.Bytes(), ""},
		{"12,001 × 1", flat{Width: 12001, Height: 1}.Bytes(), ReasonTooMany},
		{"1 × 12,001", flat{Width: 1, Height: 12001}.Bytes(), ReasonTooMany},
		{"65,535 × 65,535", forge(plain, 65535, 65535), ReasonTooMany},
		{"12,000 × 4,167", flat{Width: 12000, Height: 4167}.Bytes(), ReasonTooMany},
		{"12,000 × 4,166 as 4:4:4", flat{Width: 12000, Height: 4166, Parts: apptest.Parts444}.Bytes(), ReasonTooMany},
		{"0 wide", forge(plain, 0, 48), ReasonDamaged},
		{"0 high", forge(plain, 64, 0), ReasonDamaged},
		{"larger than its data", forge(plain, 640, 480), ReasonDamaged},
		{"smaller than its data", forge(plain, 16, 16), ""},

		{"grey alone", flat{Width: 100, Height: 100, Parts: apptest.PartsGrey}.Bytes(), ""},
		{"progressive", flat{Width: 1000, Height: 700, SOF: markerSOF2, MoreScans: 9}.Bytes(), ""},
		{"progressive, 2 megapixels, 10 scans", flat{Width: 1600, Height: 1200, SOF: markerSOF2, MoreScans: 9}.Bytes(), ""},
		{"progressive, 12 megapixels, 3,000 scans", flat{Width: 4000, Height: 3000, SOF: markerSOF2, MoreScans: 2999}.Bytes(), ReasonScans},
		{"progressive, 8 × 8, 50,000 scans", flat{Width: 8, Height: 8, SOF: markerSOF2, MoreScans: 49_999}.Bytes(), ""},
		{"progressive, 50 megapixels", flat{Width: 12000, Height: 4166, SOF: markerSOF2, MoreScans: 1}.Bytes(), ReasonTooMany},
		{"baseline, 12 megapixels, 60 scans", flat{Width: 4000, Height: 3000, MoreScans: 59}.Bytes(), ReasonScans},
		{"extended sequential", flat{Width: 64, Height: 64, SOF: 0xc1}.Bytes(), ""},
		{"lossless", flat{Width: 64, Height: 64, SOF: 0xc3}.Bytes(), ReasonForm},
		{"hierarchical", flat{Width: 64, Height: 64, SOF: 0xc5}.Bytes(), ReasonForm},
		{"arithmetic", flat{Width: 64, Height: 64, SOF: 0xc9}.Bytes(), ReasonForm},
		{"arithmetic progressive", flat{Width: 64, Height: 64, SOF: 0xca}.Bytes(), ReasonForm},
		{"12-bit", flat{Width: 64, Height: 64, SOF: 0xc1, Precision: 12}.Bytes(), ReasonForm},
		{"two components", flat{Width: 64, Height: 64, Parts: apptest.Parts444[:2]}.Bytes(), ReasonDamaged},
		{"sampling nobody uses", flat{Width: 64, Height: 64, Parts: []string{"\x01\x33", "\x02\x11", "\x03\x11"}}.Bytes(), ReasonDamaged},
		{"two frames", dressed(plain, "", plain[bytes.Index(plain, []byte{0xff, 0xc0}):][:19]), ReasonDamaged},
		{"a frame and no scan", []byte("\xff\xd8" + string(plain[bytes.Index(plain, []byte{0xff, 0xc0}):][:19]) + "\xff\xd9"), ReasonDamaged},
		{"a second SOI", dressed(plain, "", []byte{0xff, markerSOI}), ReasonDamaged},
		{"RGB", flat{Width: 64, Height: 64, Parts: apptest.PartsRGB}.Bytes(), ""},
		{"RGB by Adobe's marker", dressed(flat{Width: 64, Height: 64, Parts: apptest.Parts444}.Bytes(), "", adobe(0)), ""},
		{"RGB, 48 megapixels", flat{Width: 8000, Height: 6000, Parts: apptest.PartsRGB}.Bytes(), ReasonTooMany},
		{"CMYK", dressed(flat{Width: 64, Height: 64, Parts: apptest.PartsCMYK}.Bytes(), "", adobe(0)), ""},
		{"YCCK", dressed(flat{Width: 64, Height: 64, Parts: apptest.PartsCMYK}.Bytes(), "", adobe(2)), ""},
		{"CMYK without Adobe's marker", flat{Width: 64, Height: 64, Parts: apptest.PartsCMYK}.Bytes(), ReasonDamaged},
		{"CMYK, 25 megapixels", dressed(flat{Width: 5000, Height: 5000, Parts: apptest.PartsCMYK}.Bytes(), "", adobe(0)), ReasonTooMany},

		{"150 APP segments of 64 KiB", dressed(plain, "", repeat(150, apptest.JPEGSegment(0xe9, strings.Repeat(secret, 9000)))...), ""},
		{"300,000 empty comments", dressed(plain, "", repeat(300_000, apptest.JPEGSegment(markerCOM, ""))...), ""},
		{"a megabyte of XMP", dressed(plain, "", repeat(16, apptest.JPEGSegment(markerAPP1, "http://ns.adobe.com/xmp/extension/\x00"+strings.Repeat(secret, 9000)))...), ""},
		{"100,000 Huffman tables", dressed(plain, "", repeat(100_000, apptest.JPEGSegment(markerDHT, "\x00\x01"+strings.Repeat("\x00", 16)))...), ""},
		{"a segment past the end", dressed(plain, "", []byte{0xff, markerAPP1, 0xff, 0xff}), ReasonDamaged},
		{"a segment of length 1", dressed(plain, "", []byte{0xff, markerAPP1, 0, 1}), ReasonDamaged},
		{"a preview in EXIF", dressed(plain, "", preview), ""},
		{"a preview in JFIF", dressed(plain, "", apptest.JPEGSegment(markerAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x02\x02ZZZ0016ZZZ00")), ""},
		{"a preview in JFXX", dressed(plain, "", apptest.JPEGSegment(markerAPP0, "JFXX\x00\x10"+string(photo(t, 8, 8))+secret)), ""},
		{"an EXIF that points at itself", dressed(plain, "", apptest.JPEGSegment(markerAPP1, "Exif\x00\x00MM\x00*\x00\x00\x00\x00"+secret)), ""},
		{"EXIF in front of the scan", insert(beforeScan, gps(6)), ""},
		{"EXIF behind the scan", insert(len(plain)-2, gps(6)), ""},
		{"EXIF and XMP between scans", flat{Width: 64, Height: 64, SOF: markerSOF2, MoreScans: 3, Between: append(gps(6), xmp...)}.Bytes(), ""},
		{"a profile behind the scan", insert(len(plain)-2, icc(600, 600)[0]), ""},
		{"Adobe's marker with more behind it", dressed(plain, "", apptest.JPEGSegment(markerAPPE, "Adobe\x00\x64\x00\x00\x00\x00\x01"+secret)), ""},
		{"a profile in three", dressed(plain, "", icc(3000, 1000)...), ""},
		{"a profile out of order", dressed(plain, "", outOfOrder...), ""},
		{"a profile of another length", dressed(plain, "", shortProfile...), ""},
		{"a profile of 10 MiB", dressed(plain, "", icc(10<<20, 60_000)...), ""},
		{"a profile that is none", dressed(plain, "", apptest.JPEGSegment(markerAPP2, iccName+"\x01\x01"+secret)), ""},

		{"a ZIP behind it", append(bytes.Clone(plain), "PK\x03\x04"+secret+"PK\x05\x06"...), ""},
		{"a page behind it", append(bytes.Clone(plain), "<script>"+secret+"</script>"...), ""},
		{"a second picture behind it", append(dressed(plain, "", apptest.JPEGSegment(markerAPP2, "MPF\x00"+secret)), dressed(plain, secret, xmp)...), ""},
		{"14 MiB behind it", append(bytes.Clone(plain), bytes.Repeat([]byte(secret), 2<<20)...), ""},
		{"a script in a comment", dressed(plain, "", apptest.JPEGSegment(markerCOM, "<script>"+secret+"</script>"), apptest.JPEGSegment(markerAPP0, "/*"+secret)), ""},
		{"no end", plain[:len(plain)-2], ReasonDamaged},
		{"cut in the middle", plain[:len(plain)*2/3], ReasonDamaged},
		{"15 MiB and a byte", append(bytes.Clone(plain), make([]byte, MaxBytes+1-len(plain))...), ReasonTooLarge},
	}
}

func TestHostilePictures(t *testing.T) {
	d := NewDecoder()
	for _, c := range hostilePictures(t) {
		thumb, err := d.Thumbnail(t.Context(), c.b, 480)
		if c.want != "" {
			want := app.KindCorrupt
			if c.want == ReasonTooLarge || c.want == ReasonTooMany || c.want == ReasonScans {
				want = app.KindTooLarge
			}
			if app.KindOf(err) != want || !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s := thumb.Bounds(); max(s.Dx(), s.Dy()) > 480 || min(s.Dx(), s.Dy()) < 1 {
			t.Errorf("%s: a thumbnail of %v", c.name, s)
		}
		out, err := Strip(c.b)
		if err != nil {
			t.Errorf("%s: strip: %v", c.name, err)
			continue
		}
		for _, left := range []string{"ZZZ0016", "PK\x03\x04", "<script", "GPS", "MPF\x00", "JFXX", "http:"} {
			if bytes.Contains(out, []byte(left)) {
				t.Errorf("%s: %q is left", c.name, left)
			}
		}
		if n := bytes.Count(out, []byte{0xff, markerSOI}); n != 1 || !bytes.HasSuffix(out, []byte{0xff, markerEOI}) {
			t.Errorf("%s: %d beginnings, or bytes behind the end", c.name, n)
		}
		if f, _ := readFrame(c.b); f.width*f.height < 1_000_000 {
			samePixels(t, c.name, c.b, out)
		}
	}
}

// samePixels decodes both and compares every sample.
func samePixels(t *testing.T, name string, a, b []byte) {
	t.Helper()
	before, err := jpeg.Decode(bytes.NewReader(a))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if after, err := jpeg.Decode(bytes.NewReader(b)); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%s: pixels changed, %v", name, err)
	}
}

func TestProfilesThatStay(t *testing.T) {
	plain := photo(t, 16, 16)
	for name, c := range map[string]struct {
		segments [][]byte
		stays    bool
	}{
		"in one": {icc(600, 600), true}, "in three": {icc(3000, 1000), true}, "of 1 MiB": {icc(1<<20, 60_000), true},
		"over 1 MiB": {icc(1<<20+1, 60_000), false}, "twice": {append(icc(600, 600), icc(600, 600)...), false},
		"not whole": {icc(3000, 1000)[:2], false}, "of 100 bytes": {icc(100, 100), false},
	} {
		out, err := Strip(dressed(plain, "", c.segments...))
		must(t, err)
		if got := bytes.Contains(out, bytes.Join(c.segments, nil)); got != c.stays || !c.stays && bytes.Contains(out, []byte(iccName)) {
			t.Errorf("a profile %s: stays is %v", name, got)
		}
	}
}

// The largest picture that is accepted, and what it may take.
func TestLargestPicture(t *testing.T) {
	b := flat{Width: 12000, Height: 4166}.Bytes()
	thumb, took := allocated(t, func() image.Image {
		m, err := NewDecoder().Thumbnail(t.Context(), b, 480)
		must(t, err)
		return m
	})
	if thumb.Bounds() != image.Rect(0, 0, 480, 167) {
		t.Errorf("a thumbnail of %v", thumb.Bounds())
	}
	if took > 80<<20 {
		t.Errorf("took %d bytes", took)
	}
}

// What decoding is said to hold is what image/jpeg holds.
func TestDecodeBytes(t *testing.T) {
	adobe := apptest.JPEGSegment(markerAPPE, "Adobe\x00\x64\x00\x00\x00\x00\x00")
	for name, b := range map[string][]byte{
		"4:2:0":             flat{Width: 1001, Height: 1003}.Bytes(),
		"4:4:4":             flat{Width: 1001, Height: 1003, Parts: apptest.Parts444}.Bytes(),
		"grey":              flat{Width: 1001, Height: 1003, Parts: apptest.PartsGrey}.Bytes(),
		"grey, said as 2×2": flat{Width: 1001, Height: 1003, Parts: []string{"\x01\x22"}}.Bytes(),
		"progressive":       flat{Width: 1001, Height: 1003, SOF: markerSOF2, MoreScans: 1}.Bytes(),
		"RGB":               flat{Width: 1001, Height: 1003, Parts: apptest.PartsRGB}.Bytes(),
		"CMYK":              dressed(flat{Width: 1001, Height: 1003, Parts: apptest.PartsCMYK}.Bytes(), "", adobe),
		"progressive CMYK":  dressed(flat{Width: 1001, Height: 1003, Parts: apptest.PartsCMYK, SOF: markerSOF2}.Bytes(), "", adobe),
	} {
		f, _ := readFrame(b)
		said := f.decodeBytes()
		_, took := allocated(t, func() image.Image {
			m, err := decode(t.Context(), "test", b)
			must(t, err)
			return m
		})
		if slack := int64(256 << 10); took > said+slack || said > took+slack {
			t.Errorf("%s: said %d bytes, took %d", name, said, took)
		}
	}
}

func allocated(t *testing.T, f func() image.Image) (image.Image, int64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := f()
	runtime.ReadMemStats(&after)
	return m, int64(after.TotalAlloc - before.TotalAlloc)
}

// panicking stands for a decoder that panics.
type panicking struct{ context.Context }

func (panicking) Err() error { panic("index out of range") }

func TestDecodeEnds(t *testing.T) {
	b := photo(t, 64, 48)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		want app.Kind
	}{
		"when canceled": {canceled, app.KindCanceled}, "at its deadline": {late, app.KindOffline},
		"with a panic": {panicking{t.Context()}, app.KindCorrupt}, "well": {t.Context(), ""},
	} {
		if _, err := decode(c.ctx, "test", b); app.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
