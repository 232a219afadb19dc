package ui

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/views"
)

// openMenu opens the menu of the first photo and returns its items by their
// words.
func openMenu(t *testing.T, w *Window) map[string]fyne.Tappable {
	t.Helper()
	for _, o := range test.LaidOutObjects(w.win.Canvas().Content()) {
		if b, ok := o.(*widget.Button); ok && b.Icon != nil && b.Icon.Name() == theme.MoreHorizontalIcon().Name() && b.Visible() {
			test.Tap(b)
			break
		}
	}
	overlays := w.win.Canvas().Overlays().List()
	if len(overlays) == 0 {
		t.Fatal("no menu")
	}
	out := map[string]fyne.Tappable{}
	var item fyne.Tappable
	for _, o := range test.LaidOutObjects(overlays[len(overlays)-1]) {
		switch o := o.(type) {
		case *canvas.Text:
			if item != nil && o.Text != "" {
				out[o.Text] = item
			}
		case fyne.Tappable:
			item = o
		}
	}
	return out
}

func TestWhatCanBeDoneByHand(t *testing.T) {
	w, sent := newTestWindow(t, theme.VariantLight)
	w.Show(screens(t)["19-saved"])
	dir := t.TempDir()
	w.handDir = dir
	test.Tap(button(t, w, text.HandPDF))
	ask := w.asking
	if ask == nil {
		t.Fatal("it is not asked where")
	}
	test.Tap(button(t, w, text.NameSave))
	want := link.Input{Kind: link.InputHand, SID: sid, Hand: link.Hand{To: link.HandPDF, Path: filepath.Join(dir, "ZZZ0016_2026-11-23.pdf")}}
	if len(*sent) != 1 || (*sent)[0] != want || w.asking != nil {
		t.Fatalf("sent %+v", *sent)
	}
	test.Tap(button(t, w, text.HandPDF))
	test.Tap(button(t, w, text.Cancel))
	if len(*sent) != 1 {
		t.Fatalf("a copy that nobody wanted: %+v", *sent)
	}
	for label, to := range map[string]link.HandTo{text.HandCopy: link.HandCopy, text.HandReveal: link.HandReveal} {
		item := openMenu(t, w)[label]
		if item == nil {
			t.Fatalf("the menu has no %q", label)
		}
		item.Tapped(&fyne.PointEvent{})
		if got := (*sent)[len(*sent)-1]; got != (link.Input{Kind: link.InputHand, SID: sid, Image: imageID(0), Hand: link.Hand{To: to}}) {
			t.Errorf("%s: sent %+v", label, got)
		}
	}
	// Where the clipboard takes no pictures it is not offered.
	s := screens(t)["19-saved"]
	s.Hands.Copy = false
	w.Show(s)
	if openMenu(t, w)[text.HandCopy] != nil {
		t.Error("a picture can be copied to a clipboard that takes none")
	}
}

func TestSaveCopyWantsAPlace(t *testing.T) {
	saved := ""
	test.NewTempApp(t)
	s := views.NewSaveCopy("t", "a.jpg", "", func(path string) { saved = path }, func() {}, func() {})
	s.Name.OnSubmitted("")
	if saved != "" || !s.Save.Disabled() {
		t.Error("saved without a folder")
	}
	dir := t.TempDir()
	s.Folder.SetText(dir)
	s.Name.SetText(`..\x/y:?`)
	s.Name.OnSubmitted("")
	if want := filepath.Join(dir, "_x_y__.jpg"); saved != want {
		t.Errorf("saved as %q, want %q", saved, want)
	}
	s.Name.SetText(" ")
	if !s.Save.Disabled() {
		t.Error("saved without a name")
	}
}

// TestScreensOfCopies paints the dialog and the menu.
func TestScreensOfCopies(t *testing.T) {
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	for look, v := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for name, open := range map[string]func(*Window){
			"15-save-copy": (*Window).savePDF,
			"15-copy-menu": func(w *Window) { openMenu(t, w) },
		} {
			w, _ := newTestWindow(t, v)
			w.handDir = filepath.FromSlash("/home/aroha/Documents")
			w.Show(screens(t)["19-saved"])
			open(w)
			f, err := os.Create(filepath.Join(dir, name+"-"+look+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, w.win.Canvas().Capture()); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
