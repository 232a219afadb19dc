package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// folderPage says where filed photos go.
type folderPage struct {
	root   fyne.CanvasObject
	folder *widget.Entry
	save   *widget.Button
	filing *FilingEditor
	note   *widgets.Text
	was    string // as last shown
	locked bool
}

func newFolderPage(acts SettingsActs) *folderPage {
	p := &folderPage{folder: widget.NewEntry(), note: note("")}
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
		container.NewBorder(nil, nil, nil, p.save, p.folder), p.note, gap(8), p.filing.Root)
	p.changed()
	return p
}

func (p *folderPage) changed() {
	able(p.save, p.folder.Text != p.was && !p.locked)
}

// Object implements SettingsPage.
func (p *folderPage) Object() fyne.CanvasObject { return p.root }

// Set implements SettingsPage. What is being typed stays.
func (p *folderPage) Set(s link.Settings) {
	if p.was != s.Prefs.Folder {
		p.was = s.Prefs.Folder
		p.folder.SetText(p.was)
	}
	visible(p.filing.Root, !s.First) // one thing at a time there
	f := s.Prefs.Filing
	p.locked = isLocked(s, "folder")
	able(p.folder, !p.locked)
	p.filing.Set(Filing{Form: f.As, Size: f.Size, Template: f.Template, Sidecar: f.Sidecar, Locked: FilingLocks{
		Form: isLocked(s, "filing.as"), Size: isLocked(s, "filing.size"), Template: isLocked(s, "name_template"), Sidecar: isLocked(s, "filing.sidecar")}})
	lockNote(s, p.note, "folder", "filing.as", "filing.size", "name_template", "filing.sidecar")
	p.changed()
}
