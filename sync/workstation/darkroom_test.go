package workstation_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/envelope"
	"github.com/clinicpro-nz/images/sync/workstation"
)

const imageID = app.ImageID("019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071")

// patientSession is a session with a patient and one image in it.
func patientSession(t *testing.T) (app.Session, envelope.Secret, *age.X25519Recipient) {
	t.Helper()
	nhi, _, err := app.ParseNHI("ZZZ0016")
	if err != nil {
		t.Fatal(err)
	}
	in, err := workstation.NewSession(app.Patient{Name: app.Seal("Aroha Testperson"), NHI: nhi}, "Practice", app.Asks{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	drawn := in.What.(app.Start)
	secret, err := envelope.ParseSecret(drawn.Secrets.Pairing.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	to, err := age.ParseX25519Recipient(drawn.Secrets.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	arrived := time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)
	return app.Session{ID: in.SID, Patient: drawn.Patient, Secrets: drawn.Secrets,
		Images: map[app.ImageID]app.Image{imageID: {ID: imageID, Arrived: arrived}}}, secret, to
}

func darkroom() *workstation.Darkroom {
	return workstation.NewDarkroom(app.DefaultTemplate, time.UTC, 0)
}

func plain(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewRGBA(image.Rect(0, 0, 640, 480)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Each way in which a phone that holds the link can go wrong is one word to
// the GP; what it does right is shown, and leaves as it was shown.
func TestDarkroomFindings(t *testing.T) {
	s, secret, to := patientSession(t)
	other, otherSecret, _ := patientSession(t)
	photo := plain(t)
	tail := append(bytes.Clone(photo), "<script>ZZZ0016</script>"...)
	seal := func(sid app.SessionID, secret envelope.Secret, taken time.Time, picture []byte) []byte {
		t.Helper()
		sealed, err := envelope.Seal(to, sid, imageID, secret, picture, envelope.Meta{TakenAt: taken, Width: 1, Height: 1})
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	now := time.Date(2026, 11, 23, 23, 15, 0, 0, time.FixedZone("NZDT", 13*3600))
	for name, c := range map[string]struct {
		sealed []byte
		want   app.Reason
	}{
		"good":            {seal(s.ID, secret, now, photo), ""},
		"with a tail":     {seal(s.ID, secret, now, tail), ""},
		"of 1970":         {seal(s.ID, secret, time.Unix(0, 0), photo), ""},
		"of 2999":         {seal(s.ID, secret, now.AddDate(973, 0, 0), photo), ""},
		"nothing":         {nil, app.ReasonSeal},
		"noise":           {bytes.Repeat([]byte("noise"), 1000), app.ReasonSeal},
		"cut":             {seal(s.ID, secret, now, photo)[:2000], app.ReasonSeal},
		"another session": {seal(other.ID, secret, now, photo), app.ReasonForeign},
		"another secret":  {seal(s.ID, otherSecret, now, photo), app.ReasonForeign},
		"not a picture":   {seal(s.ID, secret, now, []byte("noise")), app.ReasonPicture},
		"cut short":       {seal(s.ID, secret, now, photo[:len(photo)/2]), app.ReasonPicture},
		"too many pixels": {seal(s.ID, secret, now, apptest.FlatJPEG{Width: 12001, Height: 8}.Bytes()), app.ReasonTooLarge},
		"too many scans":  {seal(s.ID, secret, now, apptest.FlatJPEG{Width: 4000, Height: 3000, SOF: 0xc2, MoreScans: 500}.Bytes()), app.ReasonTooLarge},
	} {
		d := darkroom()
		got, err := d.Examine(t.Context(), s, imageID, c.sealed)
		if err != nil || got.Reason != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got.Reason, err, c.want)
			continue
		}
		if shown := d.HasThumb(s.ID, imageID); shown != (c.want == "") || shown != (d.Thumb(s.ID, app.Image{ID: imageID}) != nil) {
			t.Errorf("%s: thumbnail %v", name, shown)
		}
		item, err := d.Prepare(t.Context(), s, imageID, 1, c.sealed)
		if c.want != "" {
			if err == nil {
				t.Errorf("%s: would be filed", name)
			}
			continue
		}
		if err != nil || !bytes.Equal(item.JPEG, photo) || got.Width != 640 || got.Height != 480 {
			t.Errorf("%s: %v, %d bytes leave, %d × %d", name, err, len(item.JPEG), got.Width, got.Height)
		}
		if item.Name.Reveal() != "ZZZ0016_2026-11-23_1.jpg" {
			t.Errorf("%s: named %s", name, item.Name.Reveal())
		}
	}
}

// A look that did not come to an end says nothing of the picture.
func TestDarkroomInterrupted(t *testing.T) {
	s, secret, to := patientSession(t)
	sealed, err := envelope.Seal(to, s.ID, imageID, secret, plain(t), envelope.Meta{TakenAt: time.Now(), Width: 1, Height: 1})
	if err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	canceled, stop := context.WithCancel(t.Context())
	stop()
	for want, ctx := range map[app.Kind]context.Context{app.KindOffline: late, app.KindCanceled: canceled} {
		d := darkroom()
		if got, err := d.Examine(ctx, s, imageID, sealed); app.KindOf(err) != want || got.Reason != "" {
			t.Errorf("%s: %q, %v", want, got.Reason, err)
		}
	}
}

// The practice's size is burned in with the edits, in one coding.
func TestDarkroomKeepsToTheSize(t *testing.T) {
	s, secret, to := patientSession(t)
	m := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(noise.UintN(256))
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	sealed, err := envelope.Seal(to, s.ID, imageID, secret, photo.Bytes(), envelope.Meta{TakenAt: time.Now(), Width: 1200, Height: 900})
	if err != nil {
		t.Fatal(err)
	}
	for _, turn := range []int{0, 90} {
		im := s.Images[imageID]
		im.Details.Rotate = turn
		s.Images[imageID] = im
		const most = 150_000
		item, err := workstation.NewDarkroom(app.DefaultTemplate, time.UTC, most).Prepare(t.Context(), s, imageID, 1, sealed)
		if err != nil || len(item.JPEG) > most {
			t.Fatalf("turned %d: %d bytes, %v", turn, len(item.JPEG), err)
		}
		if size, err := jpeg.DecodeConfig(bytes.NewReader(item.JPEG)); err != nil || (size.Height > size.Width) != (turn == 90) {
			t.Errorf("turned %d: %d × %d, %v", turn, size.Width, size.Height, err)
		}
		whole, err := workstation.NewDarkroom(app.DefaultTemplate, time.UTC, 100<<20).Prepare(t.Context(), s, imageID, 1, sealed)
		if err != nil || bytes.Equal(whole.JPEG, photo.Bytes()) != (turn == 0) {
			t.Errorf("turned %d: one that fits was coded %d bytes, %v", turn, len(whole.JPEG), err)
		}
	}
}
