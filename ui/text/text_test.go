package text

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

var places = []Place{PlaceRegistry, PlaceObjects, PlaceFeed, PlaceSpool, PlaceVault, PlaceFolder, PlaceRecord, PlaceEnrol, PlaceLink, PlaceImage, PlaceAudit}

var kinds = []app.Kind{app.KindOffline, app.KindAuth, app.KindExpired, app.KindNotFound, app.KindTooLarge,
	app.KindCorrupt, app.KindConflict, app.KindFull, app.KindBug}

func TestEveryProblemSaysWhatIsWrongWhatIsSafeAndWhatToDo(t *testing.T) {
	general := Problem("nowhere", app.KindBug)
	for _, p := range places {
		for _, k := range kinds {
			s := Problem(p, k)
			if s == general {
				t.Errorf("%s/%s has only the general wording", p, k)
			}
			for _, part := range []string{s.What, s.Safe, s.Do} {
				if !strings.HasSuffix(part, ".") || len(part) > 140 {
					t.Errorf("%s/%s: %q", p, k, part)
				}
				for _, jargon := range []string{"Redis", "S3", "spool", "registry", "HMAC", "sink", "keyring", "error"} {
					if strings.Contains(part, jargon) {
						t.Errorf("%s/%s speaks of %s", p, k, jargon)
					}
				}
			}
			if strings.Contains(s.Line(), "  ") {
				t.Errorf("%s/%s: %q", p, k, s.Line())
			}
		}
	}
	if Problem(PlaceFolder, app.KindCanceled) != (Sentence{}) {
		t.Error("our own stop is told as a problem")
	}
}

func TestEveryImageStateHasAWord(t *testing.T) {
	for _, s := range []app.ImageState{app.ImageReserved, app.ImageStored, app.ImageLanded, app.ImageFiled,
		app.ImageRetracted, app.ImageDiscarded, app.ImageUnconfirmed, app.ImageQuarantined} {
		if ImageState(s) == "" {
			t.Error(s)
		}
	}
}

func TestEveryReasonNotToKeepAPhoneHasASentence(t *testing.T) {
	for _, why := range []app.KeptEnd{app.KeptUnable, app.KeptForeign, app.KeptTooLate} {
		if s := CannotKeep(why); !strings.HasPrefix(s, "This phone") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q", why, s)
		}
	}
	if CannotKeep(app.KeptByGP) != "" || KeptUntil("18:00") != "Phone kept until 18:00." {
		t.Error("an end that the GP made is explained, or the time is not said")
	}
}

func TestEverySiteIsNamed(t *testing.T) {
	for _, s := range app.Sites() {
		if SiteName(s.ID) != s.Name {
			t.Errorf("%s is %q here, %q in the record", s.ID, SiteName(s.ID), s.Name)
		}
	}
}

func TestDetailsInWords(t *testing.T) {
	for got, want := range map[string]string{
		Details("forearm", app.SideLeft, app.ViewCloseUp): "Left forearm · close-up", Details("", "", ""): "",
		Details("lower-leg", app.SideBoth, ""): "Lower leg, both sides", Details("", app.SideRight, ""): "Right side",
		Details("", app.SideBoth, app.ViewNear): "Both sides · near", Details("", "", app.ViewDermoscopic): "Dermoscopic",
		Consent(app.ConsentGuardian): "Consent: parent or guardian", Consent("x"): "",
		Details("face", "", ""): "Face", Details("no such site", "", ""): "",
		LeftWith(true, 0, 0): "No photo was taken. Note it in the record.", LeftWith(true, 2, 0): "2 photos came before: look whether they may stay.",
		LeftWith(false, 0, 0): "It had sent no photos.", LeftWith(false, 1, 0): "It left 1 photo here: look whose they are.",
		LeftWith(false, 0, 2): "2 photos withdrawn.", LeftWith(false, 2, 1): "2 photos kept, 1 photo withdrawn: look whose they are.",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		File(0): "File", File(1): "File 1 photo", File(3): "File 3 photos", Filing(0, 0, 3): "Preparing 1 of 3…", Filing(2, 0, 3): "Preparing 3 of 3…", Filing(3, 0, 3): "Filing 1 of 3…", Filing(3, 3, 3): "Filing 3 of 3…",
		Countdown(61e9): "Code valid for 1:01", Waiting(1, "A"): "1 photo of A is waiting", BirthDate("1979-05-17"): "17 May 1979",
		BirthDate("x"): "", To("the practice folder", "/a"): "to the practice folder · /a", To("", "x"): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
