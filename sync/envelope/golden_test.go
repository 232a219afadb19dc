package envelope

import (
	"bytes"
	"encoding/json"
	"flag"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is testdata/golden.json: what the phone page's tests read too. File
// names are relative to testdata. Files the phone page's tests write with the
// same identity, sid, image id, secret and picture go to from-phone/*.age.
type golden struct {
	Identity      string     `json:"identity"`
	Recipient     string     `json:"recipient"`
	SID           string     `json:"sid"`
	ImageID       string     `json:"imageId"`
	Secret        string     `json:"secret"`
	Image         string     `json:"image"`
	ImageSHA256   app.Digest `json:"imageSha256"`
	Capture       string     `json:"capture"`
	CaptureSHA256 app.Digest `json:"captureSha256"`
	HMAC          string     `json:"hmac"`
	Archive       string     `json:"archive"` // the ZIP before age
	Sealed        string     `json:"sealed"`
}

var goldenMeta = Meta{
	TakenAt: time.Date(2026, 11, 23, 10, 15, 0, 123e6, time.FixedZone("NZDT", 13*3600)),
	Width:   64, Height: 48, OriginalType: "image/jpeg", OriginalBytes: 5123456,
	Source: SourceCamera, Page: "1.0.0",
}

type goldenFiles struct {
	golden
	id     *age.X25519Identity
	secret Secret
	jpeg   []byte
	sealed []byte
}

func (g goldenFiles) sid() app.SessionID { return app.SessionID(g.SID) }
func (g goldenFiles) image() app.ImageID { return app.ImageID(g.ImageID) }
func (g goldenFiles) open(b []byte) (Capture, error) {
	return Open(b, g.id, g.sid(), g.image(), g.secret)
}

func readGolden(t testing.TB) goldenFiles {
	t.Helper()
	var g goldenFiles
	must(t, json.Unmarshal(read(t, "golden.json"), &g.golden))
	var err error
	g.id, err = age.ParseX25519Identity(g.Identity)
	must(t, err)
	g.secret, err = ParseSecret(g.Secret)
	must(t, err)
	g.jpeg, g.sealed = read(t, g.Image), read(t, g.Sealed)
	return g
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	g := readGolden(t)
	if g.id.Recipient().String() != g.Recipient {
		t.Error("recipient is not the identity's")
	}
	if got := digest(g.jpeg); got != g.ImageSHA256 {
		t.Errorf("image digest %s", got)
	}
	capture := read(t, g.Capture)
	if got := digest(capture); got != g.CaptureSHA256 {
		t.Errorf("capture digest %s", got)
	}
	if got := authentication(g.secret.key(), g.sid(), g.image(), g.jpeg, capture); got != g.HMAC {
		t.Errorf("hmac %s", got)
	}
	archive, err := pack(g.jpeg, capture, []byte(g.HMAC))
	must(t, err)
	if !bytes.Equal(archive, read(t, g.Archive)) {
		t.Error("the archive is written differently now")
	}
	c, err := g.open(g.sealed)
	must(t, err)
	if !bytes.Equal(c.JPEG, g.jpeg) || c.SHA256 != g.ImageSHA256 {
		t.Error("another image came out")
	}
	if !c.Meta.TakenAt.Equal(goldenMeta.TakenAt) {
		t.Errorf("taken at %s", c.Meta.TakenAt)
	}
	c.Meta.TakenAt = goldenMeta.TakenAt
	if c.Meta != goldenMeta {
		t.Errorf("meta %+v", c.Meta)
	}
}

func TestFromPhone(t *testing.T) {
	g := readGolden(t)
	files, err := filepath.Glob("testdata/from-phone/*.age")
	must(t, err)
	for _, name := range files {
		if strings.HasPrefix(filepath.Base(name), "amendment") { // TestGoldenAmendment's
			continue
		}
		b, err := os.ReadFile(name)
		must(t, err)
		c, err := g.open(b)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		if !bytes.Equal(c.JPEG, g.jpeg) {
			t.Errorf("%s: another image came out", filepath.Base(name))
		}
		want := app.Consent{}
		if filepath.Base(name) == "consent.age" {
			want = app.Consent{By: app.ConsentGuardian, At: time.Date(2026, 11, 22, 21, 14, 50, 500e6, time.UTC)}
		}
		if got := c.Meta.Consent; got.By != want.By || !got.At.Equal(want.At) {
			t.Errorf("%s: consent %+v", filepath.Base(name), got)
		}
	}
}

func writeGolden(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	must(t, err)
	secret := NewSecret()
	g := golden{
		Identity: id.String(), Recipient: id.Recipient().String(),
		SID: string(app.NewSessionID()), ImageID: "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071", Secret: secret.Reveal(),
		Image: "image.jpg", Capture: "capture.json", Archive: "archive.zip", Sealed: "sealed.age",
	}
	pixels := image.NewRGBA(image.Rect(0, 0, goldenMeta.Width, goldenMeta.Height))
	for y := range goldenMeta.Height {
		for x := range goldenMeta.Width {
			pixels.Set(x, y, color.RGBA{uint8(4 * x), uint8(5 * y), 120, 255})
		}
	}
	var picture bytes.Buffer
	must(t, jpeg.Encode(&picture, pixels, &jpeg.Options{Quality: 85}))
	sealed, err := Seal(id.Recipient(), app.SessionID(g.SID), app.ImageID(g.ImageID), secret, picture.Bytes(), goldenMeta)
	must(t, err)
	archive, err := decrypt(sealed, id)
	must(t, err)
	_, capture, mac, err := unpack(archive)
	must(t, err)
	g.ImageSHA256, g.CaptureSHA256, g.HMAC = digest(picture.Bytes()), digest(capture), string(mac)
	index, err := json.MarshalIndent(g, "", "  ")
	must(t, err)
	for name, b := range map[string][]byte{
		g.Image: picture.Bytes(), g.Capture: capture, g.Archive: archive, g.Sealed: sealed,
		"golden.json": append(index, '\n'),
	} {
		must(t, os.WriteFile(filepath.Join("testdata", name), b, 0o644))
	}
}
