//go:build linux

package main_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"time"
)

// What a phone cannot keep, and what people choose.

// storageFull lets the phone keep its keys, and no photo.
func storageFull(v *visit) {
	v.do("quota", map[string]any{"origin": "http://" + v.gateway.addr, "bytes": 300_000})
	v.scan()
	half := newGate(v.t)
	v.uploads(half.halfway(puts))
	v.choose(v.promised(plainJPEG(v.rnd, 1200, 900)), v.promised(plainJPEG(v.rnd, 1200, 900)))
	half.await()
	v.phone.see(30*time.Second, phoneKeeps)
	half.open()
	v.all()
	v.kept()
}

func noStorage(v *visit) {
	v.do("script", map[string]any{"content": "Object.defineProperty(globalThis, 'indexedDB', { value: undefined })"})
	v.scan()
	v.phone.see(30*time.Second, phoneKeeps)
	v.shoot(2)
	v.all()
	v.kept()
}

// twentyPhotos chooses one more than a session takes.
func twentyPhotos(v *visit) {
	v.scan()
	v.shoot(21)
	v.shots = v.shots[:20]
	v.phone.see(60*time.Second, "1 photo was not added: this session is full.")
	v.all()
	if strings.Contains(v.text(), "Take another") {
		v.t.Error("another photo is offered in a full session")
	}
	v.kept()
}

// oddFiles is what people choose: a photo of 48 megapixels, one of more than
// the workstation opens, a PNG, an iPhone's HEIC and a letter.
func oddFiles(v *visit) {
	v.scan()
	var drawn, vast bytes.Buffer
	if err := errors.Join(png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 900, 1200))),
		jpeg.Encode(&vast, image.NewGray(image.Rect(0, 0, 9000, 6000)), nil)); err != nil {
		v.t.Fatal(err)
	}
	v.choose(
		v.picture("huge.jpg", plainJPEG(v.rnd, 8000, 6000)),
		v.picture("drawn.png", drawn.Bytes()),
		v.picture("IMG_1.heic", heic(v)),
		v.picture("letter.jpg", []byte("Dear colleague, this is no photo.")),
		v.picture("vast.jpg", vast.Bytes()),
	)
	v.phone.see(60*time.Second, "Choose a JPEG or PNG picture.", "HEIC, which this browser cannot open", "over 50 megapixels",
		"3 photos were not sent. Read why, then remove them.")
	v.shown("landed", 2)
	for _, path := range v.file(2) {
		f, err := os.Open(path)
		if err != nil {
			v.t.Fatal(err)
		}
		size, err := jpeg.DecodeConfig(f)
		_ = f.Close()
		drawn := size.Width == 900 && size.Height == 1200
		huge := size.Width*3 == size.Height*4 && size.Width >= 1600 && size.Width <= 4096
		if err != nil || !drawn && !huge {
			v.t.Errorf("filed is one of %d by %d, %v", size.Width, size.Height, err)
		}
	}
}

// heic is a photo as an iPhone keeps it.
func heic(v *visit) []byte {
	v.t.Helper()
	from := v.picture("IMG_1.jpg", plainJPEG(v.rnd, 1200, 900))
	to := strings.TrimSuffix(from, "jpg") + "heic"
	if out, err := exec.Command("heif-enc", "-q", "60", "-o", to, from).CombinedOutput(); err != nil {
		v.t.Fatalf("heif-enc: %v: %s", err, out)
	}
	raw, err := os.ReadFile(to)
	if err != nil {
		v.t.Fatal(err)
	}
	return raw
}
