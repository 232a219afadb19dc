package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
)

// goldenAmendment is testdata/amendment.json: an amendment of golden.json's
// image, under its identity, sid and secret. The phone page's tests write
// theirs to from-phone/amendment*.json.
type goldenAmendment struct {
	N       int             `json:"n"`
	MAC     app.Digest      `json:"mac"`
	Sealed  string          `json:"sealed"` // name of the age file beside it
	Details json.RawMessage `json:"details"`
}

var goldenDetails = app.Details{
	Caption: app.Seal("Border irregular, ā 6 mm"), Site: "forearm", Side: app.SideLeft, View: app.ViewCloseUp,
	Type: app.TypeLesion, Intimate: true, Rotate: 90,
}

func TestGoldenAmendment(t *testing.T) {
	g := readGolden(t)
	if *update {
		a, err := SealAmendment(g.id.Recipient(), g.sid(), g.image(), g.secret, 3, goldenDetails)
		must(t, err)
		details, err := json.Marshal(detailsOf(goldenDetails))
		must(t, err)
		index, err := json.MarshalIndent(goldenAmendment{N: a.N, MAC: a.MAC, Sealed: "amendment.age", Details: details}, "", "  ")
		must(t, err)
		must(t, os.WriteFile("testdata/amendment.age", a.Sealed, 0o644))
		must(t, os.WriteFile("testdata/amendment.json", append(index, '\n'), 0o644))
	}
	names := []string{"testdata/amendment.json"}
	theirs, err := filepath.Glob("testdata/from-phone/amendment*.json")
	must(t, err)
	for _, name := range append(names, theirs...) {
		raw, err := os.ReadFile(name)
		must(t, err)
		var index goldenAmendment
		must(t, json.Unmarshal(raw, &index))
		sealed, err := os.ReadFile(filepath.Join(filepath.Dir(name), index.Sealed))
		must(t, err)
		got, err := OpenAmendment(app.Amendment{Image: g.image(), N: index.N, MAC: index.MAC, Sealed: sealed}, g.id, g.sid(), g.secret)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want detailsJSON
		must(t, json.Unmarshal(index.Details, &want))
		if got != want.details() || got == (app.Details{}) {
			t.Errorf("%s: other details came out", name)
		}
	}
	own, err := json.Marshal(detailsOf(goldenDetails))
	must(t, err)
	if want := `{"caption":"Border irregular, ā 6 mm","site":"forearm","side":"left","view":"close-up","type":"lesion","intimate":true,"rotate":90}`; string(own) != want {
		t.Errorf("details are written as %s", own)
	}
	if empty, err := json.Marshal(detailsOf(app.Details{})); err != nil || string(empty) != "{}" {
		t.Errorf("nothing is written as %s, %v", empty, err)
	}
}

// Each way in which an amendment is not what it should be has its reason; one
// of a stranger is never decrypted.
func TestAmendmentsThatAreRefused(t *testing.T) {
	g := readGolden(t)
	good, err := SealAmendment(g.id.Recipient(), g.sid(), g.image(), g.secret, 2, goldenDetails)
	must(t, err)
	stranger, err := age.GenerateX25519Identity()
	must(t, err)
	signed := func(sealed []byte) app.Amendment {
		return app.Amendment{Image: g.image(), N: 2, Sealed: sealed, MAC: amendmentMAC(g.secret.key(), g.sid(), g.image(), 2, sealed)}
	}
	plain := func(text string) app.Amendment {
		sealed, err := encrypt(g.id.Recipient(), []byte(text))
		must(t, err)
		return signed(sealed)
	}
	foreign, err := encrypt(stranger.Recipient(), []byte("{}"))
	must(t, err)
	other, later, changed := good, good, good
	other.Image, later.N = "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6072", 3
	changed.Sealed = bytes.Clone(good.Sealed)
	changed.Sealed[len(changed.Sealed)-1] ^= 1
	id := g.ImageID
	for name, c := range map[string]struct {
		a    app.Amendment
		want Reason
	}{
		"another image's":  {other, ReasonHMAC},
		"another number's": {later, ReasonHMAC},
		"a bit changed":    {changed, ReasonHMAC},
		"no mac":           {app.Amendment{Image: g.image(), N: 2, Sealed: good.Sealed}, ReasonHMAC},
		"too large":        {signed(make([]byte, app.MaxAmendment+1)), ReasonTooLarge},
		"not an age file":  {signed([]byte("noise")), ReasonSeal},
		"cut short":        {signed(good.Sealed[:len(good.Sealed)-5]), ReasonSeal},
		"to another key":   {signed(foreign), ReasonKey},
		"no JSON":          {plain("noise"), ReasonCapture},
		"no version":       {plain("{}"), ReasonCapture},
		"a newer version":  {plain(`{"v":2,"n":"two"}`), ReasonVersion},
		"about another":    {plain(`{"v":1,"imageId":"x","n":2}`), ReasonMismatch},
		"of another n":     {plain(`{"v":1,"imageId":"` + id + `","n":3,"details":{}}`), ReasonMismatch},
	} {
		_, err := OpenAmendment(c.a, g.id, g.sid(), g.secret)
		if app.KindOf(err) != app.KindCorrupt || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := OpenAmendment(good, g.id, app.NewSessionID(), g.secret); !errors.Is(err, ReasonHMAC) {
		t.Errorf("in another session: %v", err)
	}
	if _, err := OpenAmendment(good, g.id, g.sid(), NewSecret()); !errors.Is(err, ReasonHMAC) {
		t.Errorf("under another secret: %v", err)
	}
	// What is unknown or bad in it is left out, and the rest stays.
	got, err := OpenAmendment(plain(`{"v":1,"imageId":"`+id+`","n":2,"later":1,
		"details":{"caption":7,"site":"moon","side":"left","view":["near"],"intimate":"yes","rotate":"90","new":{}}}`), g.id, g.sid(), g.secret)
	if err != nil || got != (app.Details{Side: app.SideLeft}) {
		t.Errorf("half of it is bad: %v, side %q", err, got.Side)
	}
}

func TestAmendmentsThatAreNotSealed(t *testing.T) {
	g := readGolden(t)
	for n, want := range map[int]app.Kind{0: app.KindBug, app.MaxAmendments + 1: app.KindBug, app.MaxAmendments: ""} {
		if _, err := SealAmendment(g.id.Recipient(), g.sid(), g.image(), g.secret, n, goldenDetails); app.KindOf(err) != want {
			t.Errorf("number %d: %v", n, err)
		}
	}
	if _, err := SealAmendment(g.id.Recipient(), g.sid(), g.image(), Secret{}, 1, goldenDetails); app.KindOf(err) != app.KindBug {
		t.Errorf("without a secret: %v", err)
	}
	long := app.Details{Caption: app.Seal(strings.Repeat("x", app.MaxAmendment))}
	if _, err := SealAmendment(g.id.Recipient(), g.sid(), g.image(), g.secret, 1, long); app.KindOf(err) != app.KindTooLarge {
		t.Errorf("too long: %v", err)
	}
}

// The details of a capture are those that can be read; no bad one costs the photo.
func TestCaptureDetails(t *testing.T) {
	g := readGolden(t)
	meta := goldenMeta
	meta.Details = goldenDetails
	sealed, err := Seal(g.id.Recipient(), g.sid(), g.image(), g.secret, g.jpeg, meta)
	must(t, err)
	if c, err := g.open(sealed); err != nil || c.Meta.Details != goldenDetails {
		t.Fatalf("%v, or other details", err)
	}
	for said, want := range map[string]app.Details{
		`"caption":"` + strings.Repeat("x", 201) + `"`: {},
		`"site":"face","side":4,"view":null`:           {Site: "face"},
		`"rotate":91,"type":"rash","intimate":1`:       {Type: app.TypeRash},
		`"rotate":1e400,"caption":{"a":1}`:             {},
	} {
		capture := bytes.Replace(read(t, g.Capture), []byte(`{"v":1,`), []byte(`{"v":1,`+said+`,`), 1)
		m, err := readMeta(capture, g.image(), g.jpeg, g.ImageSHA256)
		if err != nil || m.Details != want {
			t.Errorf("%.40s: %v, or other details", said, err)
		}
	}
}

func FuzzOpenAmendment(f *testing.F) {
	g := readGolden(f)
	f.Add(`{"v":1,"imageId":"`+g.ImageID+`","n":1,"details":{"site":"face"}}`, 1)
	f.Add(`{"v":1,"details":{"rotate":-90}}`, -1)
	f.Fuzz(func(t *testing.T, plain string, n int) {
		sealed, err := encrypt(g.id.Recipient(), []byte(plain))
		must(t, err)
		d, err := OpenAmendment(app.Amendment{Image: g.image(), N: n, Sealed: sealed,
			MAC: amendmentMAC(g.secret.key(), g.sid(), g.image(), n, sealed)}, g.id, g.sid(), g.secret)
		if err == nil && d != d.Known() {
			t.Error("details came out that nobody knows")
		}
		if err != nil && (app.KindOf(err) != app.KindCorrupt || d != (app.Details{})) {
			t.Errorf("%v", err)
		}
	})
}
