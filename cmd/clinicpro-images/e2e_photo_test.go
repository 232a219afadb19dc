//go:build linux

package main_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cameraMake is written into the photo's EXIF beside the GPS position: it
// must be in nothing that the phone sends.
const cameraMake = "CanaryCam Kakapo"

// writePhoto makes a 12-megapixel JPEG as a phone's camera would: held
// upright (EXIF orientation 6), with a GPS position.
func writePhoto(t testing.TB, path string, seed uint64) {
	t.Helper()
	const w, h = 4000, 3000
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for y := range h {
		row := img.Y[y*img.YStride : y*img.YStride+w]
		for x := range row {
			spot := uint8(0)
			if dx, dy := x-w/2, y-h/2; dx*dx+dy*dy < 500*500 {
				spot = 90 // a dark mole on skin
			}
			row[x] = uint8(150+x*40/w+y*20/h) - spot + uint8(rnd.Uint32()&15)
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 115, 150
	}
	if err := os.WriteFile(path, asFromCamera(img, 92), 0o600); err != nil {
		t.Fatal(err)
	}
	if gps := exiftool(t, path, "-GPSLatitude"); !strings.HasPrefix(gps, "-36.8") {
		t.Fatalf("the photo made for the test has GPS latitude %q", gps)
	}
}

// asFromCamera is the picture as a camera's JPEG, with its EXIF.
func asFromCamera(img image.Image, quality int) []byte {
	var body bytes.Buffer
	_ = jpeg.Encode(&body, img, &jpeg.Options{Quality: quality}) // to memory: cannot fail
	exif := exifWithGPS()
	out := []byte{0xff, 0xd8, 0xff, 0xe1}
	out = binary.BigEndian.AppendUint16(out, uint16(len(exif)+2))
	out = append(out, exif...)
	return append(out, body.Bytes()[2:]...)
}

// exifWithGPS is an APP1 payload: make, orientation 6, Auckland.
func exifWithGPS() []byte {
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind uint16, n, value uint32) []byte {
		b = le.AppendUint16(b, tag)
		b = le.AppendUint16(b, kind)
		b = le.AppendUint32(b, n)
		return le.AppendUint32(b, value)
	}
	const ascii, short, long, rational = 2, 3, 4, 5
	maker := cameraMake + "\x00"
	const ifd0 = 8
	makerAt := uint32(ifd0 + 2 + 3*12 + 4)
	gpsAt := makerAt + uint32(len(maker)+len(maker)%2)
	latAt := gpsAt + 2 + 4*12 + 4

	b := []byte("II*\x00\x08\x00\x00\x00")
	b = le.AppendUint16(b, 3)
	b = entry(b, 0x010f, ascii, uint32(len(maker)), makerAt)
	b = entry(b, 0x0112, short, 1, 6)
	b = entry(b, 0x8825, long, 1, gpsAt)
	b = le.AppendUint32(b, 0)
	b = append(b, maker...)
	if len(maker)%2 == 1 {
		b = append(b, 0)
	}
	b = le.AppendUint16(b, 4)
	b = entry(b, 1, ascii, 2, 'S')
	b = entry(b, 2, rational, 3, latAt)
	b = entry(b, 3, ascii, 2, 'E')
	b = entry(b, 4, rational, 3, latAt+24)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint32{36, 50, 55, 174, 45, 48} {
		b = le.AppendUint32(le.AppendUint32(b, v), 1)
	}
	return append([]byte("Exif\x00\x00"), b...)
}

// exiftool returns one tag's plain value, "" when the file has none.
func exiftool(t testing.TB, path, tag string) string {
	t.Helper()
	out, err := exec.Command("exiftool", "-n", "-s3", tag, path).Output()
	if err != nil {
		t.Fatalf("exiftool %s: %v", path, err)
	}
	return strings.TrimSpace(string(out))
}

// checkFiled fails unless the file is a whole upright JPEG without position,
// camera or any other EXIF.
func checkFiled(t testing.TB, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(path)
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if b := img.Bounds(); b.Dx() >= b.Dy() || b.Dy() < 1000 {
		t.Errorf("%s is %d × %d: not the upright photo", name, b.Dx(), b.Dy())
	}
	for _, tag := range []string{"-GPS:all", "-EXIF:all", "-XMP:all"} {
		if got := exiftool(t, path, tag); got != "" {
			t.Errorf("%s still holds %s: %s", name, tag, got)
		}
	}
	if bytes.Contains(raw, []byte(cameraMake)) {
		t.Errorf("%s still names the camera", name)
	}
}
