package ui

import (
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/views"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// newFilingEditor shows the editor as a page of the settings has it.
func newFilingEditor(t testing.TB, v fyne.ThemeVariant, f views.Filing) (*views.FilingEditor, fyne.Window, *[]views.Filing) {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(NewThemeOf(v))
	var sent []views.Filing
	e := views.NewFilingEditor(func(f views.Filing) { sent = append(sent, f) })
	e.Set(f)
	w := test.NewTempWindow(t, widgets.NewCard(e.Root))
	w.Resize(fyne.NewSize(780, 700))
	return e, w, &sent
}

var usual = views.Filing{Form: "images", Size: "original", Template: app.DefaultTemplate}

// The name is tried out while it is typed, and saved by its button or Enter
// only, once it can be used.
func TestFilingEditor(t *testing.T) {
	e, w, sent := newFilingEditor(t, theme.VariantLight, usual)
	if !e.Save.Disabled() || len(*sent) > 0 {
		t.Fatal("there is something to save at once")
	}
	e.Template.SetText("{nhi}_{dob}")
	e.Template.OnSubmitted("")
	if !e.Save.Disabled() || len(*sent) > 0 {
		t.Fatal("a name that means nothing can be saved")
	}
	e.Template.SetText("{nhi}")
	e.Template.CursorColumn = 5
	test.Tap(e.Insert[slices.Index(app.Placeholders, "{date}")])
	e.Template.TypedRune('_')
	for _, r := range "wound" {
		e.Template.TypedRune(r)
	}
	if e.Template.Text != "{nhi}_{date}_wound" {
		t.Fatalf("the entry holds %q", e.Template.Text)
	}
	if !e.Insert[slices.Index(app.Placeholders, "{date}")].Disabled() {
		t.Error("the date can be put in twice")
	}
	e.Forms.SetSelected(e.Forms.Options[2])
	e.Sizes.SetSelected(e.Sizes.Options[1])
	test.Tap(e.Sidecar)
	test.Tap(e.Save)
	want := []views.Filing{
		{Form: "both", Size: "original", Template: app.DefaultTemplate},
		{Form: "both", Size: "1MB", Template: app.DefaultTemplate},
		{Form: "both", Size: "1MB", Template: app.DefaultTemplate, Sidecar: true},
		{Form: "both", Size: "1MB", Template: "{nhi}_{date}_wound", Sidecar: true},
	}
	if !slices.Equal(*sent, want) {
		t.Errorf("sent %+v", *sent)
	}
	if !e.Save.Disabled() {
		t.Error("what is saved can be saved again")
	}
	test.Tap(e.Usual)
	if e.Template.Text != app.DefaultTemplate || e.Save.Disabled() {
		t.Error("the usual name is not offered")
	}
	// What IT has decided is shown and cannot be changed.
	locked := usual
	locked.Locked = views.FilingLocks{Form: true, Size: true, Template: true, Sidecar: true}
	e.Set(locked)
	before := len(*sent)
	test.Tap(e.Sidecar)
	test.Tap(e.Insert[1])
	test.Tap(e.Save)
	if len(*sent) != before || e.Template.Text != app.DefaultTemplate {
		t.Error("a locked setting was changed")
	}
	if min := w.Content().MinSize(); min.Width > 780 {
		t.Errorf("it needs %v", min)
	}
}

// TestScreensOfFiling paints the editor; with CLINICPRO_SCREENSHOTS set it
// leaves the pictures there.
func TestScreensOfFiling(t *testing.T) {
	dir := os.Getenv("CLINICPRO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	both := views.Filing{Form: "both", Size: "1MB", Template: "{name} {date} {n}.jpg", Sidecar: true}
	for look, v := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for name, c := range map[string]struct {
			f     views.Filing
			typed string
		}{"naming": {usual, ""}, "naming-both": {both, ""}, "naming-fault": {usual, "{nhi}_{dob}_{n}.jpg"}, "naming-path": {usual, `derm\{nhi}_{n}`}} {
			e, w, _ := newFilingEditor(t, v, c.f)
			if c.typed != "" {
				e.Template.SetText(c.typed)
			}
			w.SetContent(container.NewVScroll(w.Content()))
			f, err := os.Create(filepath.Join(dir, name+"-"+look+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, w.Canvas().Capture()); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
