package model

import (
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestBirthDates(t *testing.T) {
	for in, want := range map[string]string{
		"17/05/1979": "1979-05-17", "17.5.79": "1979-05-17", "17-05-1979": "1979-05-17", "17051979": "1979-05-17",
		"17 May 1979": "1979-05-17", " 1 sept 2020 ": "2020-09-01", "1/1/26": "2026-01-01", "1/12/26": "1926-12-01",
		"29/02/2024": "2024-02-29", "29/02/2023": "", "5/17/1979": "", "1979-05-17": "", "1/1/1850": "", "x": "", "1/2": "", "1/2/333": "",
	} {
		got, ok := ParseBirthDate(in, today)
		if ok != (want != "") || ok && got.Format(time.DateOnly) != want {
			t.Errorf("%q: got %v %v, want %q", in, got, ok, want)
		}
	}
}

func FuzzBirthDate(f *testing.F) {
	f.Add("17/05/1979")
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := ParseBirthDate(s, today); ok && d.Year() < 1896 {
			t.Fatal(d)
		}
	})
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		d              link.Draft
		ready          bool
		nhi, suggested string
	}{
		{link.Draft{}, false, "", ""},
		{link.Draft{Name: " Aroha  Testperson "}, true, "", ""},
		{link.Draft{Name: "A", NHI: " zzz0016 "}, true, "ZZZ0016", ""},
		{link.Draft{Name: "A", NHI: "ZZZOO16"}, false, "", "ZZZ0016"},
		{link.Draft{Name: "A", NHI: "ZZZ0017"}, false, "", ""},
		{link.Draft{Name: "A", NHI: "ZZ"}, false, "", ""},
		{link.Draft{Name: "A", BirthDate: "1/1/2030"}, false, "", ""},
		{link.Draft{Name: "A", BirthDate: "32/1/2020"}, false, "", ""},
	} {
		f := CheckForm(c.d, today)
		if f.Ready != c.ready || f.Patient.NHI != c.nhi || f.Suggest != c.suggested {
			t.Errorf("%+v: got %+v", c.d, f)
		}
	}
	f := CheckForm(link.Draft{Name: "A", BirthDate: "17/5/79"}, today)
	if f.Patient.Age != 47 || f.Birth.Note != "17 May 1979 · 47 years" {
		t.Errorf("got %+v", f)
	}
}

func TestCodeCountsDownByTheServersClockAndExpires(t *testing.T) {
	s := link.Snapshot{Phase: link.PhaseWaiting, Now: 5_000_000, Code: &link.Code{Expires: 5_061_000}}
	for since, want := range map[time.Duration]Pairing{
		0:                {Shown: true, Left: "Code valid for 1:01", Fraction: 0.101666},
		2 * time.Second:  {Shown: true, Left: "Code valid for 0:59", Urgent: true},
		70 * time.Second: {Shown: true, Expired: true, Left: "Code valid for 0:00", Urgent: true},
	} {
		got := PairingOf(s, since, false)
		if got.Shown != want.Shown || got.Expired != want.Expired || got.Left != want.Left || got.Urgent != want.Urgent {
			t.Errorf("%v: got %+v", since, got)
		}
	}
	s.Phase = link.PhasePaired
	if p := PairingOf(s, time.Hour, false); p.Shown {
		t.Error("the code stays although a phone is connected")
	}
	if p := PairingOf(s, time.Hour, true); !p.Shown || p.Expired || !p.Insist {
		t.Errorf("shown again: %+v", p)
	}
}

func TestOnlyLandedImagesAreFiled(t *testing.T) {
	s := link.Snapshot{CanFile: true, Phase: link.PhasePaired}
	for _, st := range []app.ImageState{app.ImageReserved, app.ImageStored, app.ImageLanded, app.ImageLanded, app.ImageFiled, app.ImageQuarantined} {
		s.Images = append(s.Images, link.Image{State: st})
	}
	if b := BarOf(s); b.Button != "File 2 photos" || !b.Enabled {
		t.Errorf("got %+v", b)
	}
	s.Filing = &link.Filing{Total: 2}
	if b := BarOf(s); b.Button != "Preparing 1 of 2…" || b.Enabled {
		t.Errorf("got %+v", b)
	}
	s.Filing = &link.Filing{Ready: 2, Done: 1, Total: 2}
	if b := BarOf(s); b.Button != "Filing 2 of 2…" || b.Enabled {
		t.Errorf("got %+v", b)
	}
	s.Filing, s.CanFile, s.WhyNot = nil, false, "No folder."
	if b := BarOf(s); b.Enabled || b.Note != "No folder." {
		t.Errorf("got %+v", b)
	}
	for _, tile := range TilesOf(s) {
		if tile.Chip == "" {
			t.Errorf("%+v", tile)
		}
	}
}

func TestAPatientHandedOverIsAskedAboutFirst(t *testing.T) {
	if got := ScreenOf(link.Snapshot{Phase: link.PhasePaired, Asked: &link.Patient{}}); got != ScreenAsk {
		t.Error(got)
	}
	if got := ScreenOf(link.Snapshot{}); got != ScreenForm {
		t.Error(got)
	}
	if c := CardOf(link.Patient{Name: "A"}); c.NHI == "" || c.Born == "" {
		t.Errorf("a missing NHI or birth date is not said: %+v", c)
	}
}

func TestAboutOfNamesWhoAgreed(t *testing.T) {
	for want, im := range map[string]link.Image{
		"":                                    {},
		"Consent: patient":                    {Consent: app.ConsentPatient},
		"Left foot - sore - Consent: patient": {Site: "foot", Side: app.SideLeft, Caption: "sore", Consent: app.ConsentPatient},
		"sore - Consent: parent or guardian":  {Caption: "sore", Consent: app.ConsentGuardian},
		"Left foot":                           {Site: "foot", Side: app.SideLeft},
	} {
		if got := AboutOf(im, " - "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
