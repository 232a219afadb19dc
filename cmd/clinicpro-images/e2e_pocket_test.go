//go:build linux

package main_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	gophone "github.com/clinicpro-nz/images/sync/phone"
)

// pocket is a phone without a browser, for the tests that are about the desk:
// the same calls, the same sealing, and small pictures.
type pocket struct {
	t *testing.T
	*gophone.Phone
}

// newPocket claims the session of a link.
func newPocket(t *testing.T, link string) pocket {
	t.Helper()
	p, err := gophone.New(app.Seal(link), http.DefaultClient)
	if err == nil {
		_, err = p.Claim(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return pocket{t, p}
}

// shoot takes one picture and sends it, until the gateway has recorded it.
func (p pocket) shoot() { p.shootWith(app.Details{}) }

// shootWith is shoot with details given before the shutter.
func (p pocket) shootWith(d app.Details) app.ImageID {
	p.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range 640 * 480 {
		img.Set(i%640, i/640, color.RGBA{R: uint8(180 + i%40), G: uint8(140 + i/6400%40), B: 120, A: 255})
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, img, nil); err != nil {
		p.t.Fatal(err)
	}
	sealed, err := p.SealWith(picture.Bytes(), time.Now(), d, app.Consent{})
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := p.Reserve(p.t.Context(), sealed)
	if err == nil {
		err = p.Place(p.t.Context(), answer.Uploads[0], sealed.Sealed)
	}
	if err == nil {
		_, err = p.Stored(p.t.Context(), []app.ImageID{sealed.ID})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return sealed.ID
}
