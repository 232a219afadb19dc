package views

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// SaveCopy asks where a copy goes. Nothing is ever replaced there: a name that
// is taken gets a number.
type SaveCopy struct {
	Root         fyne.CanvasObject
	Name, Folder *widget.Entry
	Save, Cancel *widget.Button
	Choose       *widget.Button

	ending string
	note   *widgets.Text
}

// NewSaveCopy returns the question with a name and a folder to begin with.
func NewSaveCopy(title, name, folder string, onSave func(path string), onCancel, onChoose func()) *SaveCopy {
	s := &SaveCopy{Name: widget.NewEntry(), Folder: widget.NewEntry(), ending: filepath.Ext(name)}
	s.Name.SetText(name)
	s.Folder.SetText(folder)
	s.Cancel = widget.NewButton(text.Cancel, onCancel)
	s.Choose = widget.NewButton(text.SaveChoose, onChoose)
	save := func() {
		if !s.Save.Disabled() {
			onSave(filepath.Join(strings.TrimSpace(s.Folder.Text), app.FileName(s.Name.Text, s.ending)))
		}
	}
	s.Save = widget.NewButtonWithIcon(text.NameSave, theme.DocumentSaveIcon(), save)
	s.Save.Importance = widget.HighImportance
	s.note = note("")
	for _, e := range []*widget.Entry{s.Name, s.Folder} {
		e.OnChanged = func(string) { s.check() }
		e.OnSubmitted = func(string) { save() }
	}
	s.check()
	s.Root = container.New(fixedWidth(560), container.New(layout.NewCustomPaddedLayout(20, 20, 20, 20), container.New(layout.NewCustomPaddedVBoxLayout(8),
		widgets.NewText(title, 20, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), gap(4),
		note(text.NameTitle), s.Name, note(text.SaveFolder), container.NewBorder(nil, nil, nil, container.NewHBox(gapW(4), s.Choose), s.Folder),
		s.note, gap(4), container.NewHBox(layout.NewSpacer(), container.New(minSize{120, 40}, s.Cancel), container.New(minSize{120, 40}, s.Save)))))
	return s
}

func (s *SaveCopy) check() {
	ok := filepath.IsAbs(strings.TrimSpace(s.Folder.Text)) && strings.TrimSpace(s.Name.Text) != ""
	able(s.Save, ok)
	if ok {
		s.note.Set(text.HandNote, widgets.ColorMuted)
	} else {
		s.note.Set(text.SaveWhere, theme.ColorNameError)
	}
}
