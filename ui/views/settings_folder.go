package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// folderPage says where filed photos go.
type folderPage struct {
	root   fyne.CanvasObject
	folder *widget.Entry
	save   *widget.Button
	filing *FilingEditor
	was    string // as last shown
}

func newFolderPage(acts SettingsActs) *folderPage {
	p := &folderPage{folder: widget.NewEntry()}
	use := func() {
		folder := p.folder.Text
		acts.Change(link.Change{Folder: &folder})
	}
	p.save = widget.NewButton(text.FolderSave, use)
	p.folder.OnChanged = func(s string) { p.changed() }
	p.folder.OnSubmitted = func(string) { use() }
	p.filing = NewFilingEditor(func(f Filing) {
		acts.Change(link.Change{Filing: &link.FiledAs{As: f.Form, Size: f.Size, Template: f.Template, Sidecar: f.Sidecar}})
	})
	p.root = page(text.PageFolder, text.FolderSub, heading(text.FolderName),
		container.NewBorder(nil, nil, nil, p.save, p.folder), gap(8), p.filing.Root)
	p.changed()
	return p
}

func (p *folderPage) changed() {
	if p.folder.Text == p.was {
		p.save.Disable()
	} else {
		p.save.Enable()
	}
}

// Object implements SettingsPage.
func (p *folderPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage. What is being typed stays.
func (p *folderPage) Set(s link.Settings) {
	if p.was != s.Prefs.Folder {
		p.was = s.Prefs.Folder
		p.folder.SetText(p.was)
	}
	f := s.Prefs.Filing
	p.filing.Set(Filing{Form: f.As, Size: f.Size, Template: f.Template, Sidecar: f.Sidecar})
	p.changed()
}
