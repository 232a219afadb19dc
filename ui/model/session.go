package model

import (
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// Screen is which screen the window shows.
type Screen string

const (
	ScreenForm    Screen = "form"
	ScreenAsk     Screen = "ask"
	ScreenSession Screen = "session"

	ScreenSettings Screen = "settings"
	ScreenSetUp    Screen = "set-up"
)

// ScreenOf chooses the screen. A patient handed over is asked about before
// anything else.
func ScreenOf(s link.Snapshot) Screen {
	switch {
	case s.Asked != nil:
		return ScreenAsk
	case s.Settings != nil && s.Settings.First:
		return ScreenSetUp
	case s.Settings != nil:
		return ScreenSettings
	case s.Form || s.Phase == link.PhaseNone || s.Phase == "":
		return ScreenForm
	}
	return ScreenSession
}

// Card is the patient, on every screen that can change that patient's record.
type Card struct {
	Name, NHI, Born string
	Source          string // where the patient came from
	NHIMissing      bool
	Nobody          bool // no patient has been named yet
}

// CardOf words a patient.
func CardOf(p link.Patient) Card {
	c := Card{Name: p.Name, NHI: p.NHI, Born: text.BirthDate(p.BirthDate), NHIMissing: p.NHI == ""}
	if c.Nobody = p.Name == "" && p.NHI == ""; c.Nobody {
		return Card{Name: text.NoPatient, NHIMissing: true, Nobody: true}
	}
	c.Source = text.Source(p.Source)
	if c.NHIMissing {
		c.NHI = text.NoNHI
	}
	switch {
	case c.Born == "":
		c.Born = text.NoBirthDate
	case p.HasAge:
		c.Born += " · " + text.Years(p.Age)
	}
	return c
}

// Pairing is the QR code's panel.
type Pairing struct {
	Shown    bool // the panel is there at all
	Expired  bool
	Opening  bool
	QR       link.Modules
	Link     string
	Left     string
	Urgent   bool    // under a minute left
	Fraction float32 // of ten minutes, for the bar
	Insist   bool    // a phone is connected: ask before a new code
}

const codeLife = 10 * time.Minute

// PairingOf words the code. since is the time passed since the snapshot came;
// opened is whether the GP asked to see the code although a phone is here.
func PairingOf(s link.Snapshot, since time.Duration, opened bool) Pairing {
	over := s.Phase == link.PhaseDraining || s.Phase == link.PhaseClosed
	paired := s.Phase == link.PhasePaired
	p := Pairing{Shown: !over && (!paired || opened), Opening: s.Phase == link.PhaseOpening, Insist: paired}
	p.Expired = s.Phase == link.PhaseExpired
	if s.Code == nil {
		p.Opening = p.Opening || s.Phase == link.PhaseWaiting
		return p
	}
	p.QR, p.Link = s.Code.QR, s.Code.Link
	left := time.Duration(s.Code.Expires-s.Now)*time.Millisecond - since
	if !paired {
		p.Expired = p.Expired || left <= 0
	}
	left = max(left, 0)
	p.Left, p.Urgent = text.Countdown(left), left < time.Minute
	p.Fraction = min(float32(left)/float32(codeLife), 1)
	return p
}

// Tone colours a chip or a dot.
type Tone string

const (
	ToneQuiet Tone = "quiet"
	ToneBusy  Tone = "busy"
	ToneReady Tone = "ready"
	ToneGood  Tone = "good"
	ToneBad   Tone = "bad"
)

// Strip is the line that says what the phone does.
type Strip struct {
	Title, More string
	Tone        Tone
}

// StripOf words the phone's state.
func StripOf(s link.Snapshot) Strip {
	if s.Left != nil {
		return Strip{text.PhoneLeft(s.Left.Declined), text.LeftWith(s.Left.Declined, s.Left.Kept, s.Left.Withdrawn), ToneBad}
	}
	switch s.Phase {
	case link.PhaseDraining:
		if s.Phone == link.PhoneDone {
			return Strip{text.Phone("done"), text.PhoneMore("done"), ToneGood}
		}
		return Strip{Title: text.Ended(true), Tone: ToneQuiet}
	case link.PhaseClosed, link.PhaseExpired:
		return Strip{Title: text.Ended(false), Tone: ToneQuiet}
	}
	t := Strip{text.Phone(string(s.Phone)), text.PhoneMore(string(s.Phone)), ToneGood}
	switch s.Phone {
	case link.PhoneNone:
		t.Tone = ToneQuiet
	case link.PhoneSending:
		t.Tone = ToneBusy
	}
	return t
}

// Keeping is the line about keeping the phone, and its switch.
type Keeping struct {
	Shown  bool
	On     bool   // the switch: forget, as against keep
	Button string // "" for no switch
	Line   string
}

// KeepingOf words it.
func KeepingOf(s link.Snapshot) Keeping {
	switch k := s.Keep; {
	case k.On:
		return Keeping{Shown: true, On: true, Button: text.ForgetPhone, Line: text.KeptUntil(k.Until)}
	case k.Can && k.Problem != "":
		return Keeping{Shown: true, Button: text.KeepPhone, Line: k.Problem}
	case k.Can:
		return Keeping{Shown: true, Button: text.KeepPhone, Line: text.KeepMore}
	}
	return Keeping{}
}

// Tile is one picture of the gallery.
type Tile struct {
	ID, Thumb, Chip, Note string
	About                 string // where, how, and the caption; lines
	Hidden                bool   // shown only when the GP asks
	Tone                  Tone
	Discardable           bool
	Unsure                bool // the GP has to say whether it is filed
	Faded                 bool
	ByHand                bool // there is something to do with it by hand
}

// TilesOf words the gallery, in the snapshot's order.
func TilesOf(s link.Snapshot) []Tile {
	tiles := make([]Tile, 0, len(s.Images))
	for _, im := range s.Images {
		t := Tile{ID: im.ID, Thumb: im.Thumb, Chip: text.ImageState(im.State), Note: im.Note, Tone: ToneQuiet,
			About: AboutOf(im, "\n"), Hidden: im.Hidden, ByHand: im.SaveAs != "" || im.Filed}
		switch im.State {
		case app.ImageReserved, app.ImageStored:
			t.Tone = ToneBusy
		case app.ImageLanded:
			t.Tone, t.Discardable = ToneReady, s.Filing == nil && !im.Aside
			switch {
			case im.Aside:
				t.Chip, t.Tone, t.Faded = text.ChipAside, ToneQuiet, true
			case im.Failed:
				t.Chip = text.ChipFailed
			case im.Lacks != "":
				t.Chip, t.Tone, t.Note = text.ChipLacks, ToneBad, text.Lacks(im.Lacks)
			}
		case app.ImageFiled:
			t.Tone = ToneGood
		case app.ImageQuarantined:
			t.Tone, t.Discardable = ToneBad, true
		case app.ImageUnconfirmed:
			t.Tone, t.Unsure, t.Discardable = ToneBad, s.Filing == nil, s.Filing == nil
		case app.ImageDiscarded, app.ImageRetracted:
			t.Faded = true
		}
		if im.Problem != "" {
			t.Note, t.Tone = im.Problem, ToneBad
		}
		t.Discardable = t.Discardable && !im.Held
		for _, h := range im.Hands {
			if h.Record && im.State == app.ImageFiled {
				t.Chip = text.InRecord
			}
			if h.State == link.HandoverWaiting && im.State == app.ImageLanded {
				t.Chip = text.TryingAgain
			}
		}
		tiles = append(tiles, t)
	}
	return tiles
}

// AboutOf words what the phone says about a photo, its parts put together
// with between.
func AboutOf(im link.Image, between string) string {
	var parts []string
	for _, part := range []string{text.Details(im.Site, im.Side, im.View), im.Caption, text.Consent(im.Consent)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, between)
}

// Bar is the bottom of the window.
type Bar struct {
	Button  string
	Enabled bool
	To      string
	Note    string
	Unfiled int  // that File would file
	Lacking int  // of Unfiled, that lack what the practice requires
	Left    int  // that the GP has still to file or decide on
	Done    bool // everything is filed: the next patient is the next act
}

// BarOf words the primary action.
func BarOf(s link.Snapshot) Bar {
	b := Bar{To: text.To(s.Sink.Label, s.Sink.Place)}
	filed, unsure, failed := 0, 0, 0
	for _, im := range s.Images {
		switch im.State {
		case app.ImageLanded:
			if im.Aside {
				continue
			}
			b.Unfiled++
			if im.Failed {
				failed++
			}
			if im.Lacks != "" {
				b.Lacking++
			}
		case app.ImageUnconfirmed:
			unsure++
		case app.ImageFiled:
			filed++
		}
	}
	b.Left = b.Unfiled + unsure
	b.Button, b.Enabled, b.Note = text.File(b.Unfiled), (s.CanFile || b.Lacking > 0) && b.Unfiled > 0, s.WhyNot
	if failed > 0 {
		b.Button, b.Note = text.Retry(b.Unfiled), text.FiledSome(filed, failed)
	}
	switch {
	case s.Filing != nil:
		b.Button, b.Enabled, b.Note = text.Filing(s.Filing.Ready, s.Filing.Done, s.Filing.Total), false, ""
	case b.Unfiled == 0 && unsure > 0:
		b.Note = text.Unsure(unsure)
	case b.Unfiled == 0 && filed > 0:
		b.Note, b.Done = text.AllFiled, true
	case b.Unfiled == 0:
		b.Note = text.NothingToFile
	}
	return b
}

// Under is the line below the name: when born, how old, and who says so.
func (c Card) Under() string {
	switch {
	case c.Nobody:
		return text.NoPatientMore
	case c.Source == "":
		return c.Born
	}
	return c.Born + " · " + c.Source
}
