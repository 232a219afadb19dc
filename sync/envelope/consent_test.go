package envelope

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
)

func TestConsentIsSealedWithTheImage(t *testing.T) {
	g := readGolden(t)
	at := time.Date(2026, 11, 23, 10, 14, 50, 500e6, time.FixedZone("NZDT", 13*3600))
	for _, want := range []app.Consent{{}, {By: app.ConsentPatient, At: at}, {By: app.ConsentAttorney}} {
		meta := goldenMeta
		meta.Consent = want
		sealed, err := Seal(g.id.Recipient(), g.sid(), g.image(), g.secret, g.jpeg, meta)
		must(t, err)
		got, err := g.open(sealed)
		must(t, err)
		if c := got.Meta.Consent; c.By != want.By || !c.At.Equal(want.At) {
			t.Errorf("sealed %+v, opened %+v", want, c)
		}
	}
}

// A consent that is none says nothing; a bad time takes only itself away.
func TestConsentReadLeniently(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 15, 0, 0, time.FixedZone("", 13*3600))
	for said, want := range map[string]app.Consent{
		`{"by":"guardian","at":"2026-11-23T10:15:00.000+13:00"}`:  {By: app.ConsentGuardian, At: at},
		`{"by":"patient","at":"yesterday"}`:                       {By: app.ConsentPatient},
		`{"by":"patient","at":7,"new":{}}`:                        {By: app.ConsentPatient},
		`{"by":"neighbour","at":"2026-11-23T10:15:00.000+13:00"}`: {},
		`{"by":["patient"]}`:                                      {},
		`{"at":"2026-11-23T10:15:00.000+13:00"}`:                  {},
		`"patient"`:                                               {}, `null`: {}, `[]`: {}, ``: {}, `{`: {}, `true`: {},
	} {
		if got := consent(json.RawMessage(said)); got.By != want.By || !got.At.Equal(want.At) {
			t.Errorf("%s: read as %+v", said, got)
		}
	}
}
