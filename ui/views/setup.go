package views

import (
	"time"

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

// SetUp is the first run: one thing after another, ended by a test image.
type SetUp struct {
	Root fyne.CanvasObject
	Next *widget.Button

	acts        SettingsActs
	step        int
	count       *widgets.Text
	meter       *widgets.Meter
	body        *fyne.Container
	back, later *widget.Button
	refused     *widgets.Text
	pages       [model.Steps]fyne.CanvasObject
	sets        []SettingsPage
	alone       *widget.Button
	practice    *widgets.Chip
	chosen      bool // where photos come from: nothing works before
}

// NewSetUp returns the first run at its beginning.
func NewSetUp(now func() time.Time, acts SettingsActs) *SetUp {
	s := &SetUp{acts: acts, count: note(""), meter: widgets.NewMeter(), body: container.NewStack(),
		refused: widgets.NewText("", 14, theme.ColorNameError, fyne.TextStyle{Bold: true})}
	s.back = widget.NewButton(text.SetUpBackStep, func() { acts.SetUp(s.step - 1) })
	s.later = widget.NewButton(text.SetUpLater, acts.Close)
	s.later.Importance = widget.LowImportance
	s.Next = widget.NewButtonWithIcon(text.SetUpNext, theme.NavigateNextIcon(), s.next)
	s.Next.Importance, s.Next.IconPlacement = widget.HighImportance, widget.ButtonIconTrailingText

	s.practice = widgets.NewChip(text.SetUpUsed, "good")
	s.alone = widget.NewButton(text.SetUpUse, func() { on := true; acts.Change(link.Change{Local: &on}) })
	lights, folder, computer := newLightsPage(now, acts), newFolderPage(acts), newComputerPage(acts)
	s.sets = []SettingsPage{lights, folder, computer}
	choice := func(title, more string, act fyne.CanvasObject) fyne.CanvasObject {
		words := widget.NewLabel(more)
		words.Wrapping = fyne.TextWrapWord
		return widgets.NewBox(widgets.ColorNone, widgets.ColorOutline, 10, 14, container.NewBorder(
			widgets.NewText(title, 15, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), nil, nil, act,
			container.New(layout.NewCustomPaddedLayout(0, -6, -9, 0), words)))
	}
	s.pages = [model.Steps]fyne.CanvasObject{
		model.StepWelcome: page(text.SetUpWelcome, text.SetUpWelcomeMore,
			choice(text.SetUpPractice, text.SetUpPracticeNot, container.NewCenter(s.practice)),
			choice(text.SetUpAlone, text.SetUpAloneMore, container.NewCenter(s.alone))),
		model.StepConnections: lights.Object(), model.StepFolder: folder.Object(), model.StepComputer: computer.Object(),
		model.StepTry: page(text.SetUpTry, text.SetUpTryMore), model.StepDone: container.NewBorder(container.New(layout.NewCustomPaddedLayout(24, 12, 0, 0), container.NewCenter(container.New(minSize{72, 72},
			widget.NewIcon(theme.NewSuccessThemedResource(theme.ConfirmIcon()))))), nil, nil, nil, page(text.SetUpDone, text.SetUpDoneMore)),
	}
	card := widgets.NewBox(widgets.ColorSurface, widgets.ColorOutline, 14, 28, container.NewBorder(
		container.New(layout.NewCustomPaddedVBoxLayout(8),
			container.NewBorder(nil, nil, widgets.NewText(text.SetUpTitle, 14, widgets.ColorMuted, fyne.TextStyle{Bold: true}), s.count), s.meter, gap(6)),
		container.New(layout.NewCustomPaddedVBoxLayout(10), s.refused,
			container.NewHBox(s.later, layout.NewSpacer(), container.New(minSize{110, 42}, s.back), container.New(minSize{140, 42}, s.Next))),
		nil, nil, s.body))
	s.Root = container.NewCenter(container.New(leastSize{700, 560}, card))
	s.show(model.StepWelcome)
	return s
}

// Set shows what holds now, at the step that the first run is at.
func (s *SetUp) Set(st link.Settings) {
	for _, p := range s.sets {
		p.Set(st)
	}
	label := text.SetUpUse
	if st.Prefs.Local {
		label = text.SetUpUsed
	}
	able(s.alone, !st.Prefs.Local && !isLocked(st, "local_mode"))
	s.alone.SetText(label)
	s.practice.Hidden = !st.Prefs.Enrolled
	s.chosen = st.Prefs.Local || st.Prefs.Enrolled
	s.refused.Set(st.Refused, theme.ColorNameError)
	s.show(min(max(st.Step, 0), model.Steps-1))
	s.Root.Refresh()
}

func (s *SetUp) show(step int) {
	s.step = step
	s.count.Set(text.SetUpStep(step+1, model.Steps), widgets.ColorMuted)
	s.meter.Set(float32(step+1)/model.Steps, theme.ColorNamePrimary)
	s.back.Hidden = step == 0 || step == model.StepDone
	s.later.Hidden = step == model.StepDone
	s.Next.SetText(map[int]string{model.StepTry: text.SetUpTryStart, model.StepDone: text.SetUpDoneFinish}[step])
	if s.Next.Text == "" {
		s.Next.SetText(text.SetUpNext)
	}
	if step == model.StepWelcome && !s.chosen {
		s.Next.Disable()
	} else {
		s.Next.Enable()
	}
	s.body.Objects = []fyne.CanvasObject{s.pages[step]}
	s.body.Refresh()
}

func (s *SetUp) next() {
	switch s.step {
	case model.StepTry:
		s.acts.TestImage()
	case model.StepDone:
		s.acts.Close()
	default:
		s.acts.SetUp(s.step + 1)
	}
}

// leastSize gives its one child a size, or what the child needs.
type leastSize struct{ w, h float32 }

func (f leastSize) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.w, max(f.h, o[0].MinSize().Height))
}
func (leastSize) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }
