package views

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
	"github.com/clinicpro-nz/images/ui/widgets"
)

// Acts are what the GP can do on the session screen.
type Acts struct {
	File, NewCode, CopyLink, ToggleCode, Refresh, Retry, Next func()
	Keep, Forget                                              func()
	Discard, Attest, FileAgain, Look                          func(image string)
	Open                                                      func(sid string)
	Photo                                                     func(image string, below fyne.CanvasObject) // what can be done by hand
	PDF                                                       func()
	Assign                                                    func()
}

// Session is the screen of one patient's session.
type Session struct {
	Root fyne.CanvasObject
	File *widget.Button

	acts                 Acts
	name, born, nhi      *widgets.Text
	local                *widgets.Chip
	assign               *widget.Button
	banner               *Banner
	stripDot             *widgets.Chip
	stripMore            *widgets.Text
	strip                fyne.CanvasObject
	keep                 *widget.Button
	keepLine             *widgets.Text
	keeping              *fyne.Container
	keptOn               bool // the switch forgets
	toggle, others       *widget.Button
	other                string // the newest session with photos to file
	cover                *widgets.Box
	coverIcon            *widget.Icon
	next                 *widget.Button
	qr                   *widgets.QR
	meter                *widgets.Meter
	left                 *widgets.Text
	newCode, copyLink    *widget.Button
	pairing              *fyne.Container
	steps                *fyne.Container
	tiles                map[string]*slot
	spare                []*slot // cleared, for the pictures to come
	grid                 *fyne.Container
	scroll               *container.Scroll
	empty                fyne.CanvasObject
	emptyTitle, emptySub *widgets.Text
	body                 *fyne.Container
	count, to            *widgets.Text
	shortcut             *widgets.Text
	pdf                  *widget.Button
	hand                 *widgets.Text
}

// NewSession returns the screen without a session.
func NewSession(acts Acts) *Session {
	s := &Session{acts: acts, tiles: map[string]*slot{}}
	fg, muted, bold := theme.ColorNameForeground, widgets.ColorMuted, fyne.TextStyle{Bold: true}

	s.name = widgets.NewText("", 24, fg, bold)
	s.born = widgets.NewText("", 15, muted, fyne.TextStyle{}).Yielding(lineLeast)
	s.nhi = widgets.NewText("", 22, fg, fyne.TextStyle{}).Figures()
	s.local = widgets.NewChip(text.LocalBadge, "quiet")
	s.next = widget.NewButtonWithIcon(text.NewPatient, theme.NavigateNextIcon(), acts.Next)
	s.next.IconPlacement = widget.ButtonIconTrailingText
	s.assign = widget.NewButton(text.NoPatientDo, acts.Assign)
	s.assign.Importance = widget.WarningImportance
	patient := widgets.NewCard(container.NewBorder(nil, nil, nil,
		container.NewHBox(container.NewCenter(s.local), gapW(8), container.NewCenter(s.nhi), container.NewCenter(s.assign), gapW(16), container.NewCenter(widgets.NewStill(s.next))),
		container.New(layout.NewCustomPaddedVBoxLayout(2), s.name, s.born)))

	s.banner = NewBanner(acts.Retry)
	s.stripDot = widgets.NewChip("", "quiet")
	s.stripMore = widgets.NewText("", 14, muted, fyne.TextStyle{}).Yielding(lineLeast)
	s.toggle = widget.NewButtonWithIcon(text.ShowCode, theme.GridIcon(), acts.ToggleCode)
	look := widget.NewButtonWithIcon(text.Refresh, theme.ViewRefreshIcon(), acts.Refresh)
	s.others = widget.NewButton("", func() { acts.Open(s.other) })
	s.toggle.Importance, look.Importance, s.others.Importance = widget.LowImportance, widget.LowImportance, widget.LowImportance
	s.strip = container.NewBorder(nil, nil, container.NewCenter(s.stripDot), container.NewHBox(s.others, widgets.NewStill(look), s.toggle), middled(s.stripMore))

	s.keep = widget.NewButton("", func() {
		if s.keptOn {
			acts.Forget()
		} else {
			acts.Keep()
		}
	})
	s.keepLine = widgets.NewText("", 14, muted, fyne.TextStyle{})
	s.keeping = container.NewBorder(nil, nil, container.NewHBox(s.keep, gapW(8), container.NewCenter(s.keepLine)), nil)

	s.qr, s.meter = widgets.NewQR(codeLeast), widgets.NewMeter()
	s.coverIcon = widget.NewIcon(nil)
	s.cover = widgets.NewBox(widgets.ColorWell, widgets.ColorNone, 10, 0, container.NewCenter(container.New(minSize{72, 72}, s.coverIcon)))
	s.left = widgets.NewText("", 14, muted, fyne.TextStyle{}).Centered()
	s.newCode = widget.NewButtonWithIcon(text.NewCode, theme.ViewRefreshIcon(), acts.NewCode)
	s.copyLink = widget.NewButtonWithIcon(text.CopyLink, theme.ContentCopyIcon(), acts.CopyLink)
	code := container.New(codeLayout{}, container.NewStack(s.qr, s.cover), container.New(layout.NewCustomPaddedVBoxLayout(codeGap), s.meter, s.left,
		widgets.NewStill(container.NewGridWithColumns(2, s.newCode, s.copyLink))))
	s.steps = container.New(layout.NewCustomPaddedVBoxLayout(16),
		widgets.NewText(text.PairTitle, 22, fg, bold), step("1", text.PairStep1), step("2", text.PairStep2), step("3", text.PairStep3))
	s.pairing = container.New(pairingLayout{}, widgets.NewCard(code), container.NewCenter(container.New(fixedWidth(380), s.steps)))

	s.grid = container.New(&tilesLayout{})
	s.scroll = container.NewVScroll(s.grid)
	s.emptyTitle = widgets.NewText("", 20, fg, bold).Centered()
	s.emptySub = widgets.NewText("", 14, muted, fyne.TextStyle{}).Centered()
	s.empty = container.NewCenter(container.New(layout.NewCustomPaddedVBoxLayout(6), s.emptyTitle, s.emptySub))
	s.body = container.New(bodyLayout{}, s.pairing, container.NewStack(s.scroll, s.empty))

	s.File = widget.NewButtonWithIcon("", theme.ConfirmIcon(), acts.File)
	s.File.Importance = widget.HighImportance
	s.count = widgets.NewText("", 15, fg, bold)
	s.to = widgets.NewText("", 13, muted, fyne.TextStyle{})
	s.shortcut = widgets.NewText(text.FileShortcut, 13, muted, fyne.TextStyle{})
	s.pdf = widget.NewButtonWithIcon(text.HandPDF, theme.DocumentSaveIcon(), acts.PDF)
	s.pdf.Importance = widget.LowImportance
	s.hand = widgets.NewText("", 13, muted, fyne.TextStyle{})
	bar := widgets.NewCard(container.NewBorder(nil, nil, container.NewCenter(container.New(layout.NewCustomPaddedVBoxLayout(2), s.count, s.to, s.hand)),
		container.NewHBox(container.NewCenter(s.pdf), gapW(8), container.NewCenter(s.shortcut), gapW(8), container.New(minSize{200, 44}, widgets.NewStill(s.File)))))

	top := container.New(layout.NewCustomPaddedVBoxLayout(10), patient, s.banner.Root, s.strip, s.keeping)
	s.Root = container.New(layout.NewCustomPaddedLayout(14, 14, 16, 16), container.NewBorder(top, bar, nil, nil,
		container.New(layout.NewCustomPaddedLayout(8, 10, 0, 0), s.body)))
	return s
}

// Set shows a snapshot's models. picture returns the pixels of a key, or nil.
func (s *Session) Set(snap link.Snapshot, p model.Pairing, picture func(key string) image.Image) {
	card := model.CardOf(snap.Patient)
	s.name.Set(card.Name, theme.ColorNameForeground)
	s.born.Set(card.Under(), widgets.ColorMuted)
	s.assign.Hidden = !card.Nobody
	ink := theme.ColorNameForeground
	if card.NHIMissing {
		ink = widgets.ColorMuted
	}
	s.nhi.Set(card.NHI, ink)
	s.local.Hidden = !snap.Local
	s.banner.Set(snap.Problems)

	strip := model.StripOf(snap)
	s.stripDot.Set(strip.Title, widgets.Tone(strip.Tone))
	s.stripMore.Set(strip.More, widgets.ColorMuted)
	s.others.Hidden = len(snap.Waiting) == 0
	if waiting := 0; len(snap.Waiting) > 0 {
		s.other = snap.Waiting[0].SID
		for _, o := range slices.Backward(snap.Waiting) {
			waiting += o.Images
			if o.Images > 0 {
				s.other = o.SID // what is to be filed, before what is only open
			}
		}
		word := text.TrayOpen
		if waiting > 0 {
			word = text.TrayWaiting(waiting)
		}
		label(s.others, word)
	}
	s.toggle.Hidden = snap.Phase != link.PhasePaired
	label(s.toggle, map[bool]string{true: text.HideCode, false: text.ShowCode}[p.Shown])

	keeping := model.KeepingOf(snap)
	s.keeping.Hidden, s.keptOn = !keeping.Shown, keeping.On
	label(s.keep, keeping.Button)
	s.keepLine.Set(keeping.Line, widgets.ColorMuted)

	s.setTiles(model.TilesOf(snap), picture)
	over := snap.Phase == link.PhaseDraining || snap.Phase == link.PhaseClosed
	s.emptyTitle.Set(map[bool]string{true: text.EmptyOver, false: text.EmptyTitle}[over], theme.ColorNameForeground)
	s.emptySub.Set(map[bool]string{true: text.EmptyOverSub, false: text.EmptySub}[over], widgets.ColorMuted)

	bar := model.BarOf(snap)
	label(s.File, bar.Button)
	if bar.Enabled {
		s.File.Enable()
	} else {
		s.File.Disable()
	}
	weigh(s.next, map[bool]widget.Importance{true: widget.HighImportance}[bar.Done])
	s.shortcut.Hidden = !bar.Enabled
	s.setHand(snap.Hands)
	title := bar.Note
	if title == "" {
		title = text.Count(bar.Unfiled)
	}
	s.count.Set(title, theme.ColorNameForeground)
	s.to.Set(bar.To, widgets.ColorMuted)
	s.setPairing(p, len(snap.Images) > 0)
	s.Root.Refresh()
}

// setHand says what came of the last copy.
func (s *Session) setHand(h link.Hands) {
	s.pdf.Hidden = h.PDF == ""
	said, ink := h.Said, widgets.ColorMuted
	if h.Busy {
		said = text.HandBusy
	}
	if h.Bad {
		ink = theme.ColorNameError
	}
	s.hand.Set(said, ink)
	s.hand.Hidden = said == ""
}

// Tick moves the countdown only.
func (s *Session) Tick(p model.Pairing) { s.setPairing(p, len(s.tiles) > 0) }

func (s *Session) setPairing(p model.Pairing, pictures bool) {
	if s.pairing.Hidden != !p.Shown || s.steps.Hidden != pictures {
		s.pairing.Hidden, s.steps.Hidden = !p.Shown, pictures
		s.body.Refresh()
	}
	visible(s.scroll, pictures)
	visible(s.empty, !pictures && !p.Shown)
	ink, word := widgets.ColorMuted, p.Left
	bar := theme.ColorNamePrimary
	if p.Urgent {
		ink, bar = theme.ColorNameError, theme.ColorNameError
	}
	size := p.QR.Size
	switch {
	case p.Expired:
		word, size = text.CodeExpired, 0
		s.copyLink.Disable()
	case p.Opening:
		word, size, ink = text.Opening, 0, widgets.ColorMuted
		s.copyLink.Disable()
	default:
		s.copyLink.Enable()
	}
	weigh(s.newCode, map[bool]widget.Importance{true: widget.HighImportance}[p.Expired])
	visible(s.cover, size == 0)
	if icon := theme.HistoryIcon(); size == 0 && s.coverIcon.Resource == nil {
		s.coverIcon.SetResource(theme.NewDisabledResource(icon))
	}
	s.left.Set(word, ink)
	s.meter.Set(p.Fraction, bar)
	s.qr.Set(size, p.QR.Dark)
}

// label gives a button its word.
func label(b *widget.Button, word string) {
	if b.Text != word {
		b.SetText(word)
	}
}

// weigh gives a button its weight.
func weigh(b *widget.Button, weight widget.Importance) {
	if b.Importance != weight {
		b.Importance = weight
		b.Refresh()
	}
}

// slot is a tile that serves one picture after another: Fyne remembers for a
// while whatever it has drawn.
type slot struct {
	*widgets.Tile
	id string
}

func (s *Session) newSlot(id string) *slot {
	w := &slot{id: id}
	w.Tile = widgets.NewTile(widgets.TileActs{
		Discard: widgets.Act{Label: text.Discard, Do: func() { s.acts.Discard(w.id) }},
		Attest:  widgets.Act{Label: text.Attest, Do: func() { s.acts.Attest(w.id) }},
		Again:   widgets.Act{Label: text.FileAgain, Do: func() { s.acts.FileAgain(w.id) }},
		More:    func(below fyne.CanvasObject) { s.acts.Photo(w.id, below) },
		Show:    text.ShowIntimate, Hide: text.HideIntimate,
		Look: func() { s.acts.Look(w.id) },
	})
	return w
}

func (s *Session) setTiles(tiles []model.Tile, picture func(string) image.Image) {
	kept := map[string]*slot{}
	for id, w := range s.tiles {
		if !slices.ContainsFunc(tiles, func(t model.Tile) bool { return t.ID == id }) {
			w.Clear()
			s.spare = append(s.spare, w)
			delete(s.tiles, id)
		}
	}
	objects := make([]fyne.CanvasObject, 0, len(tiles))
	for _, t := range tiles {
		w := s.tiles[t.ID]
		switch n := len(s.spare); {
		case w != nil:
		case n > 0:
			w, s.spare = s.spare[n-1], s.spare[:n-1]
			w.id = t.ID
		default:
			w = s.newSlot(t.ID)
		}
		w.Set(widgets.Face{Picture: picture(t.Thumb), Hidden: t.Hidden, Chip: t.Chip, Tone: widgets.Tone(t.Tone), About: t.About,
			Note: t.Note, Discardable: t.Discardable, Unsure: t.Unsure, Faded: t.Faded, More: t.ByHand})
		kept[t.ID] = w
		objects = append(objects, w.Tile)
	}
	s.tiles, s.grid.Objects = kept, objects
	s.grid.Refresh()
}

// Tiles returns what the chips say, by image id.
func (s *Session) Tiles() map[string]string {
	out := map[string]string{}
	for id, t := range s.tiles {
		out[id] = t.Chip()
	}
	return out
}

// Covered returns the ids of the pictures that are here and not shown.
func (s *Session) Covered() []string {
	var out []string
	for id, t := range s.tiles {
		if t.Covered() {
			out = append(out, id)
		}
	}
	return out
}

func visible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

func step(n, words string) fyne.CanvasObject {
	label := widget.NewLabel(words)
	label.Wrapping = fyne.TextWrapWord
	return container.NewBorder(nil, nil, container.NewCenter(widgets.NewChip(n, "ready")), nil, label)
}
