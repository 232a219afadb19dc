//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3objects"
)

// TestEndToEndSealedObject opens what the phone page left in S3 with the
// ordinary age and unzip tools. No agent runs, so the object stays; the
// session is the test's own, so its identity is known.
func TestEndToEndSealedObject(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	r := d.startCloud()
	secrets, err := pairing.NewSecrets()
	if err != nil {
		t.Fatal(err)
	}
	practice, err := app.ParsePractice(r.Practice)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := redisregistry.New(redisregistry.Config{URL: app.Seal(r.Redis), Practice: practice})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Shut()
	if _, err := registry.Open(t.Context(), app.Opening{SID: secrets.SID, PracticeName: r.PracticeName,
		TokenHash: secrets.Token.Hash(), Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	nhi, _, err := app.ParseNHI(patientNHI)
	if err != nil {
		t.Fatal(err)
	}
	patient := app.Patient{Name: app.Seal(patientName), NHI: nhi}
	link := pairing.Link{Base: r.Base, Practice: practice, Token: secrets.Token, Recipient: secrets.Identity.Recipient(),
		Secret: secrets.Secret, Hint: pairing.NewHint(patient, time.Now(), false)}

	photo := writePhotos(t, filepath.Join(d.scratch, "camera"), 1)[0]
	p := newPhone(t, d.scratch)
	p.open(link.Build().Reveal())
	p.choose(photo)
	p.see(60*time.Second, "stored safely")

	store := objectStore(t, r)
	var found []app.Object
	eventually(t, 10*time.Second, func() bool {
		found, err = store.List(t.Context(), secrets.SID)
		return err == nil && len(found) == 1
	}, func() string { return "no object in the bucket" })
	sealed, _, err := store.Get(t.Context(), secrets.SID, found[0].ID, make([]byte, app.DefaultLimits.MaxBytes))
	if err != nil {
		t.Fatal(err)
	}

	at := t.TempDir()
	write := func(name string, body []byte) {
		if err := os.WriteFile(filepath.Join(at, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key", []byte(secrets.Identity.String()+"\n"))
	write("image.age", sealed)
	for _, argv := range [][]string{
		{"age", "--decrypt", "-i", "key", "-o", "image.zip", "image.age"},
		{"unzip", "-q", "image.zip"},
	} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = at
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", argv[0], err, out)
		}
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(at, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	picture, capture := read("image.jpg"), read("capture.json")
	checkFiled(t, filepath.Join(at, "image.jpg"))
	size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		ImageID, SHA256 string
		Width, Height   int
	}
	if err := json.Unmarshal(capture, &meta); err != nil {
		t.Fatal(err)
	}
	if meta.ImageID != string(found[0].ID) || meta.Width != size.Width || meta.Height != size.Height || meta.SHA256 != hexSum(picture) {
		t.Errorf("capture.json does not describe its picture: %s", capture)
	}
	key, err := base64.RawURLEncoding.DecodeString(secrets.Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(string(secrets.SID) + "|" + meta.ImageID + "|" + hexSum(picture) + "|" + hexSum(capture)))
	if want := hex.EncodeToString(mac.Sum(nil)); string(read("capture.hmac")) != want {
		t.Error("capture.hmac is not the HMAC that docs/contracts.md names")
	}
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// objectStore is the local cloud's bucket with the workstation's own keys.
func objectStore(t testing.TB, r ready.Ready) *s3objects.Objects {
	t.Helper()
	store, err := s3objects.New(s3objects.Config{Region: r.Region, Bucket: r.Bucket, Endpoint: r.Base,
		AccessKey: r.Workstation.AccessKey, SecretKey: app.Seal(r.Workstation.SecretKey), Practice: app.Practice(r.Practice)})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// startCloud runs the local cloud by itself.
func (d *desk) startCloud() (r ready.Ready) {
	d.t.Helper()
	cmd := d.command(filepath.Join(d.bin, "clinicpro-localcloud"), "-dir", filepath.Join(d.data, "local"),
		"-listen", apptest.FreeAddr(d.t), "-practice-name", "Kauri Test Practice")
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	start(d.t, cmd, filepath.Join(d.scratch, "agent.log"))
	d.t.Cleanup(func() { _ = in.Close() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		d.t.Fatalf("the local cloud did not start: %v", err)
	}
	if err := json.Unmarshal(line, &r); err != nil || !r.Ready {
		d.t.Fatalf("the local cloud's first line: %s", line)
	}
	return r
}
