package ui

import (
	"image"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"github.com/skip2/go-qrcode"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
)

const (
	sid     = "0123456789ABCDEFGHJKMNPQRS"
	qrLink  = "https://images.example.nz/p/karaka/0123456789ABCDEFGHJKMNPQRS#age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq.AAAAAAAAAAAAAAAAAAAAAA.QS4gVC58NDd8MDE2"
	codeFor = 9*time.Minute + 42*time.Second
)

func imageID(n int) string { return "01890a5d-ac96-774b-bcce-b3020000000" + string(rune('0'+n)) }

// lesion paints a synthetic skin photo: no real one is ever in this repository.
func lesion(seed float64) link.Pixels {
	img := image.NewNRGBA(image.Rect(0, 0, 240, 180))
	for y := range 180 {
		for x := range 240 {
			fx, fy := float64(x), float64(y)
			grain := 6*math.Sin(fx*.7+seed)*math.Sin(fy*.9) - fy/14
			r, g, b := 222+grain, 178+grain, 152+grain
			d := math.Hypot((fx-120-seed*9)/1.2, fy-88+seed*6) + 5*math.Sin(seed+4*math.Atan2(fy-88, fx-120))
			if f := min(max((30+seed*3-d)/9, 0), 1); f > 0 {
				r, g, b = r-95*f, g-105*f, b-95*f
			}
			img.SetNRGBA(x, y, color.NRGBA{uint8(r), uint8(g), uint8(b), 255})
		}
	}
	return link.PixelsOf("t"+string(rune('0'+int(seed))), img)
}

func snapshot(t testing.TB, phase link.Phase) link.Snapshot {
	t.Helper()
	code, err := qrcode.New(qrLink, qrcode.Low)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	return link.Snapshot{
		Now: 1_000_000, SID: sid, Practice: "Karaka Medical Centre", Phase: phase, Line: link.LineLive,
		Patient: link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17", Age: 47, HasAge: true},
		Code:    &link.Code{Link: qrLink, QR: link.PackModules(code.Bitmap()), Expires: 1_000_000 + codeFor.Milliseconds()},
		Sink:    link.Sink{Label: "the practice folder", Place: `C:\mt32\attachments`}, Local: true,
	}
}

func problemOf(s text.Sentence, grave bool) link.Problem {
	return link.Problem{What: s.What, Safe: s.Safe, Do: s.Do, Retry: true, Grave: grave}
}

// screens are the states a designer looks at.
func screens(t testing.TB) map[string]link.Snapshot {
	empty := link.Snapshot{Phase: link.PhaseNone, Waiting: []link.Waiting{waitingSession}}
	typed := link.Snapshot{Phase: link.PhaseNone, Draft: link.Draft{Name: "Aroha Testperson", NHI: "ZZZOO16", BirthDate: "17/5/79"}}
	ask := link.Snapshot{Phase: link.PhaseNone, Asked: &snapshotPatient}
	pairedEmpty := snapshot(t, link.PhasePaired)
	pairedEmpty.Phone = link.PhoneHere
	gallery := pairedEmpty
	gallery.Phone, gallery.CanFile = link.PhoneSending, true
	for i, st := range []app.ImageState{app.ImageLanded, app.ImageLanded, app.ImageLanded, app.ImageStored, app.ImageReserved} {
		im := link.Image{ID: imageID(i), State: st}
		if st == app.ImageLanded {
			im.Thumb = "t" + string(rune('1'+i))
			im.Reviewed = reviewed("23 November 2026, 10:00")
			im.Name, im.Bytes = "ZZZ0016_2026-11-23_"+string(rune('1'+i))+".jpg", int64(700_000+i)
		}
		gallery.Images = append(gallery.Images, im)
	}
	results := gallery
	results.Phase, results.Phone, results.CanFile = link.PhaseDraining, link.PhoneDone, false
	results.Images = []link.Image{
		{ID: imageID(0), State: app.ImageFiled, Thumb: "t1", Note: "ZZZ0016_2026-11-23_1.jpg"},
		{ID: imageID(1), State: app.ImageFiled, Thumb: "t2", Note: "ZZZ0016_2026-11-23_2.jpg"},
		{ID: imageID(2), State: app.ImageQuarantined, Problem: text.Problem(text.PlaceImage, app.KindCorrupt).What},
		{ID: imageID(3), State: app.ImageDiscarded, Thumb: "t3"},
	}
	trouble := gallery
	trouble.Problems = []link.Problem{problemOf(text.Problem(text.PlaceFolder, app.KindNotFound), true), problemOf(text.Problem(text.PlaceFeed, app.KindOffline), false)}
	unsure := gallery
	unsure.Phone, unsure.CanFile, unsure.Waiting = link.PhoneHere, false, []link.Waiting{waitingSession}
	unsure.Images = []link.Image{
		{ID: imageID(0), State: app.ImageFiled, Thumb: "t1", Note: "ZZZ0016_2026-11-23_1.jpg"},
		{ID: imageID(1), State: app.ImageUnconfirmed, Thumb: "t2", Problem: text.FolderUnsure},
	}
	detailed := gallery
	detailed.Images = append([]link.Image(nil), gallery.Images...)
	detailed.Images[0].Site, detailed.Images[0].Side, detailed.Images[0].View = "forearm", app.SideLeft, app.ViewCloseUp
	detailed.Images[0].Caption = "Irregular border, 6 mm, changed since August"
	detailed.Images[1].Hidden, detailed.Images[1].Site = true, "trunk"
	detailed.Images[2].Side, detailed.Images[2].Site = app.SideBoth, "hand"
	left := gallery
	left.Phase, left.Phone, left.Left = link.PhaseDraining, link.PhoneHere, &link.Left{Kept: 3, Withdrawn: 1}
	left.Images = gallery.Images[:3]
	kept := pairedEmpty
	kept.Keep = link.Keep{Can: true}
	keeping := gallery
	keeping.Keep = link.Keep{Can: true, On: true, Until: "18:00"}
	expired := snapshot(t, link.PhaseWaiting)
	expired.Code.Expires = expired.Now
	saved := results
	saved.Images = append([]link.Image(nil), results.Images...)
	for i := range saved.Images {
		if saved.Images[i].State == app.ImageFiled {
			saved.Images[i].SaveAs, saved.Images[i].Filed = saved.Images[i].Note, true
		}
	}
	saved.Hands = link.Hands{Copy: true, PDF: "ZZZ0016_2026-11-23.pdf", Said: text.Saved("ZZZ0016_2026-11-23.pdf")}
	nobody := gallery
	nobody.Patient, nobody.CanFile, nobody.WhyNot = link.Patient{}, false, text.NobodyToFile
	other := gallery
	other.Asked = &link.Patient{Name: "Wiremu Testcase", NHI: "ZZZ0024", BirthDate: "1975-04-03", Age: 51, HasAge: true, Source: "medtech"}
	launching := empty
	launching.Problems = []link.Problem{{What: text.LaunchAsking}}
	locked := empty
	locked.Problems = []link.Problem{problemOf(text.Problem(text.PlaceVault, app.KindAuth), true)}
	scenes := settingsScreens()
	maps.Copy(scenes, map[string]link.Snapshot{"15-nobody": nobody, "16-asks-between": other, "17-launching": launching, "18-no-keyring": locked})
	maps.Copy(scenes, map[string]link.Snapshot{"19-saved": saved, "1-form": empty, "2-form-typed": typed, "3-confirm": ask, "4-code": snapshot(t, link.PhaseWaiting),
		"5-expired": expired, "6-paired": pairedEmpty, "7-gallery": gallery, "8-results": results, "9-trouble": trouble, "10-unsure": unsure,
		"11-details": detailed, "12-left": left, "13-keep": kept, "14-kept": keeping})
	return scenes
}

// settingsScreens are the settings and the first run, each step.
func settingsScreens() map[string]link.Snapshot {
	at := time.Date(2026, 11, 23, 9, 58, 30, 0, time.UTC).UnixMilli()
	set := link.Settings{Prefs: link.Prefs{Sound: true, Autostart: true, Language: "en", RetentionDays: 7, TargetKB: 1000,
		Require: []app.Detail{app.DetailSite, app.DetailSide}, Folder: `C:\mt32\attachments`,
		Filing: link.FiledAs{As: "images", Size: "original", Template: app.DefaultTemplate},
		Record: link.RecordPrefs{There: true, Sinks: []string{"folder", "alex-scan"}, Document: "session", Format: "pdf"}}}
	for _, p := range []link.Part{link.PartVault, link.PartSpool, link.PartRegistry, link.PartObjects, link.PartFeed, link.PartFolder} {
		set.Lights = append(set.Lights, link.Light{Part: p, State: link.LitGood, At: at})
	}
	bad := set
	bad.Lights = append([]link.Light(nil), set.Lights...)
	bad.Lights[4].State, bad.Lights[4].Reason = link.LitSlow, problemOf(text.Problem(text.PlaceFeed, app.KindOffline), false)
	bad.Lights[5].State, bad.Lights[5].Reason = link.LitBad, problemOf(text.Problem(text.PlaceFolder, app.KindNotFound), true)
	out := map[string]link.Snapshot{"20-settings": {Settings: &bad}}
	for step := range model.Steps {
		s := set
		s.First, s.Step = true, step
		s.Prefs.Local = step > 0
		out["30-set-up-"+string(rune('1'+step))] = link.Snapshot{Settings: &s}
	}
	return out
}

// settingsPages are the sections of the settings, which no snapshot opens.
var settingsPages = []string{"connections", "folder", "record", "rules", "keeping", "computer", "support"}

var waitingSession = link.Waiting{SID: "7ZZZZZZZZZZZZZZZZZZZZZZZZY", Images: 3, Patient: link.Patient{Name: "Wiremu Testperson"},
	Since: time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC).UnixMilli()}

var snapshotPatient = link.Patient{Name: "Aroha Testperson", NHI: "ZZZ0016", BirthDate: "1979-05-17", Age: 47, HasAge: true, Source: "medtech"}

func newTestWindow(t testing.TB, v fyne.ThemeVariant) (*Window, *[]link.Input) {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(NewThemeOf(v))
	var sent []link.Input
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	w := NewWindow(a, func() time.Time { return now }, func(in link.Input) { sent = append(sent, in) })
	w.win.Resize(Size)
	for i := range 3 {
		w.Pixels(lesion(float64(i + 1)))
	}
	return w, &sent
}

// TestScreens paints every state, light and dark, without a display. With
// CLINICPRO_SCREENSHOTS set (make screenshots) it leaves the pictures there.
func TestScreens(t *testing.T) {
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	shoot := func(w *Window, name string) {
		t.Helper()
		if min := w.frame.Content.MinSize(); min.Width > Size.Width || min.Height > Size.Height {
			t.Errorf("%s needs %v", name, min)
		}
		savePNG(t, filepath.Join(dir, name+".png"), w.win.Canvas().Capture())
	}
	defer text.Speak("en")
	// At 200 % a screen of 1920 by 1080 has room for this beside its taskbar; in
	// te reo Māori the words are as long as they are.
	for _, language := range []string{"", "-mi"} {
		text.Speak(map[string]string{"": "en", "-mi": "mi"}[language])
		for _, name := range []string{"1-form", "3-confirm", "4-code", "7-gallery", "9-trouble", "20-settings", "30-set-up-1"} {
			w, _ := newTestWindow(t, theme.VariantLight)
			w.win.Canvas().(interface{ SetScale(float32) }).SetScale(2)
			w.win.Resize(fyne.NewSize(960, 480))
			w.Show(screens(t)[name])
			shoot(w, name+"-200-percent"+language)
		}
	}
	text.Speak("mi")
	for _, name := range []string{"1-form", "3-confirm", "4-code", "7-gallery", "20-settings", "30-set-up-6"} {
		w, _ := newTestWindow(t, theme.VariantDark)
		w.Show(screens(t)[name])
		shoot(w, name+"-mi")
	}
	text.Speak("en")
	for look, v := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for name, s := range screens(t) {
			w, _ := newTestWindow(t, v)
			w.Show(s)
			shoot(w, name+"-"+look)
			if name != "20-settings" {
				continue
			}
			for i, page := range settingsPages {
				if page == "support" {
					s.Settings.Bundle = &link.Bundle{Text: bundleText}
					w.Show(s)
				}
				w.setting.Open(i)
				shoot(w, "21-settings-"+page+"-"+look)
			}
		}
	}
}

const bundleText = "ClinicPro Images: diagnostics\nNo patient and no password is in this file.\n\nmade                     2026-11-23T22:58:30+13:00\nversion                  0.1.0+06f24ce8d9d6aa14\nsystem                   windows/amd64\nlocal mode               false\npractice                 karaka\ngateway                  https://images.example.nz\n\nconnections, when they were last checked\n  vault                  good 2026-11-23T22:58:30+13:00\n  folder                 bad 2026-11-23T22:58:30+13:00 The practice folder is not there.\n"
