package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// targets are the places of a practice with Medtech; on are the chosen ones.
func targets(on ...string) (out []link.Target) {
	for _, name := range []string{"folder", "alex-scan", "alex-media"} {
		out = append(out, link.Target{Name: name, Label: text.SinkLabel(name), Record: app.IsRecord(name), On: slices.Contains(on, name)})
	}
	return out
}

// recorded is a session that a launch opened, with three photos to file.
func recorded(t testing.TB) link.Snapshot {
	s := screens(t)["7-gallery"]
	s.Patient.Source, s.Local, s.Phone = "medtech", false, link.PhoneDone
	s.Images = slices.Clone(s.Images[:3])
	s.Targets, s.Sink = targets("folder", "alex-scan"), link.Sink{Label: text.SinkLabels([]string{"folder", "alex-scan"})}
	return s
}

// recordScreens are what a GP sees of the record system.
func recordScreens(t testing.TB) map[string]link.Snapshot {
	folder, scan := text.SinkLabel("folder"), text.SinkLabel("alex-scan")
	asleep := text.Recorded("asleep")
	partial := recorded(t)
	partial.Problems = []link.Problem{{What: asleep.What, Safe: asleep.Safe, Do: asleep.Do, Retry: true, Grave: true}}
	for i := range partial.Images {
		partial.Images[i].Problem = text.Partly([]string{"folder"}, []string{"alex-scan"}, asleep.What)
		partial.Images[i].Hands = []link.Handover{{Label: folder, State: link.HandoverDone}, {Label: scan, State: link.HandoverWaiting, Line: asleep.What + " " + text.RecordTrying}}
	}
	unsure := recorded(t)
	unsure.CanFile, unsure.WhyNot = false, text.NothingToFile
	for i := range unsure.Images {
		unsure.Images[i].State, unsure.Images[i].Note = app.ImageFiled, text.InPlaces([]string{"alex-scan"})
	}
	unsure.Images[2].State, unsure.Images[2].Note, unsure.Images[2].Problem = app.ImageUnconfirmed, "", text.RecordUnsure
	done := recorded(t)
	done.CanFile, done.WhyNot = false, text.NothingToFile
	for i := range done.Images {
		done.Images[i].State, done.Images[i].Note = app.ImageFiled, text.InPlaces([]string{"folder", "alex-scan"})
		done.Images[i].Hands = []link.Handover{{Label: folder, State: link.HandoverDone}, {Label: scan, State: link.HandoverDone, Record: true}}
	}
	asking, refused, joins := recorded(t), recorded(t), recorded(t)
	asking.Phase, asking.Images, asking.Form = link.PhaseNone, nil, true
	refused.Phase, refused.Images, refused.Form = link.PhaseNone, nil, true
	asking.Problems = []link.Problem{{What: text.LaunchAsking}}
	old := text.Problem(text.PlaceLaunch, app.KindExpired)
	refused.Problems = []link.Problem{{What: old.What, Safe: old.Safe, Do: old.Do}}
	joins.Asked, joins.Joins = &joins.Patient, true
	return map[string]link.Snapshot{"record-0-asking": asking, "record-0-too-old": refused, "record-0-typed-in": joins, "record-1-ready": recorded(t), "record-3-partial": partial, "record-4-unsure": unsure, "record-5-done": done}
}

// TestRecordScreens paints them, light and dark, and the sheet before filing.
func TestRecordScreens(t *testing.T) {
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	for look, v := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for name, s := range recordScreens(t) {
			w, _ := newTestWindow(t, v)
			w.Show(s)
			if min := w.win.Canvas().Content().MinSize(); min.Width > 1080 || min.Height > 780 {
				t.Errorf("%s needs %v", name, min)
			}
			savePNG(t, filepath.Join(dir, name+"-"+look+".png"), w.win.Canvas().Capture())
		}
		w, _ := newTestWindow(t, v)
		w.Show(recorded(t))
		w.file()
		savePNG(t, filepath.Join(dir, "record-2-sheet-"+look+".png"), w.win.Canvas().Capture())
	}
}

// A launch about who was typed in asks whether it is the same person, and
// speaks of no photos left behind: it is their session that goes on.
func TestALaunchAboutWhoWasTypedInAsks(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := recordScreens(t)["record-0-typed-in"]
	w.Show(s)
	shown := test.RenderToMarkup(w.win.Canvas())
	if !strings.Contains(shown, "typed this patient in") || strings.Contains(shown, "are not filed yet") {
		t.Fatal("another question is asked")
	}
	test.Tap(buttonOf(t, w, text.AskJoinNo))
	test.Tap(buttonOf(t, w, text.AskJoinYes))
	if len(*sent) != 2 || (*sent)[0].Confirmed || !(*sent)[1].Confirmed || (*sent)[1].Patient != *s.Asked {
		t.Errorf("sent %s", kinds(*sent))
	}
	s.Joins = false
	w.Show(s)
	buttonOf(t, w, text.AskYes)
}

// "In the record" is said where the record itself has confirmed the photo.
func TestOnlyTheRecordsOwnReceiptIsInTheRecord(t *testing.T) {
	w, _ := newTestWindow(t, theme.VariantLight)
	s := recordScreens(t)["record-5-done"]
	s.Images[1].Hands = []link.Handover{{Label: text.SinkLabel("alex-scan"), State: link.HandoverDone}} // by the GP's word
	s.Images[2].Hands = nil                                                                             // in the folder alone
	w.Show(s)
	chips := w.session.Tiles()
	if chips[imageID(0)] != text.InRecord || chips[imageID(1)] != text.ImageState(app.ImageFiled) || chips[imageID(2)] != text.ImageState(app.ImageFiled) {
		t.Errorf("chips %v", chips)
	}
}

// The GP chooses where the photos go before they go; nothing is filed by it,
// and with nowhere chosen nothing can be.
func TestTheGPChoosesWherePhotosGo(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	s := recorded(t)
	w.Show(s)
	w.file()
	shown := test.RenderToMarkup(w.win.Canvas())
	if !strings.Contains(shown, text.RecordForever) || !strings.Contains(shown, text.SinkLabel("alex-media")) {
		t.Fatal("the sheet does not say where the photos go, or that it is for good")
	}
	if !w.sheet.Choose("alex-media") {
		t.Fatal("no such place")
	}
	if in := last(sent); in.Kind != link.InputChoose || in.Value != "alex-media" || in.SID != sid {
		t.Fatalf("sent %+v", in)
	}
	s.Targets, s.CanFile, s.WhyNot = targets(), false, text.ChooseOne
	w.Show(s)
	if !w.sheet.Do.Disabled() || !strings.Contains(test.RenderToMarkup(w.win.Canvas()), text.ChooseOne) {
		t.Fatal("files to nowhere")
	}
	s = recorded(t)
	for i := range s.Targets {
		if s.Targets[i].Record {
			s.Targets[i].On, s.Targets[i].WhyNot = false, text.RecordNoLaunch
		}
	}
	w.Show(s)
	if w.sheet.Choose("alex-scan") {
		t.Fatal("Medtech can be chosen for a patient that did not come from it")
	}
	for _, in := range *sent {
		if in.Kind == link.InputFileAll {
			t.Fatal("choosing files")
		}
	}
}
