package model

import (
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// LightRow is one line of the connections.
type LightRow struct {
	Name, State, When string
	Reason            string // what to do; "" while it is well
	Tone              Tone
}

func partName(p link.Part) string {
	return map[link.Part]string{
		link.PartVault: text.LightVault, link.PartSpool: text.LightSpool, link.PartRegistry: text.LightRegistry,
		link.PartObjects: text.LightObjects, link.PartFeed: text.LightFeed, link.PartFolder: text.LightFolder,
	}[p]
}

// LightsOf words the connections at the moment now.
func LightsOf(s link.Settings, now time.Time) []LightRow {
	rows := make([]LightRow, 0, len(s.Lights))
	for _, l := range s.Lights {
		row := LightRow{Name: partName(l.Part), State: text.LightUnknown, Tone: ToneQuiet}
		switch l.State {
		case link.LitGood:
			row.State, row.Tone = text.LightGood, ToneGood
		case link.LitSlow:
			row.State, row.Tone = text.LightSlow, ToneBusy
		case link.LitBad:
			row.State, row.Tone = text.LightBad, ToneBad
		}
		if l.At != 0 {
			row.When = text.LightAt(time.UnixMilli(l.At).In(now.Location()), now)
		}
		if l.State == link.LitBad || l.State == link.LitSlow {
			row.Reason = strings.TrimSpace(l.Reason.What + " " + l.Reason.Do)
		}
		rows = append(rows, row)
	}
	return rows
}

// Choices is a setting of a few values; At is the one that holds, and a value
// that is not one of them (set in the file) is added where it belongs.
type Choices[T int | int64] struct {
	Values []T
	Words  []string
	At     int
}

// RetentionOf offers how long photos stay.
func RetentionOf(s link.Settings) Choices[int] {
	return choices([]int{1, 3, 7, 14, 30, 90}, s.Prefs.RetentionDays, text.Days)
}

// TargetOf offers what photos are made smaller than, in kB.
func TargetOf(s link.Settings) Choices[int64] {
	return choices([]int64{480, 1000, 2000, 5000}, s.Prefs.TargetKB, text.Kilobytes)
}

func choices[T int | int64](offered []T, now T, word func(T) string) Choices[T] {
	if !slices.Contains(offered, now) {
		offered = append(offered, now)
		slices.Sort(offered)
	}
	c := Choices[T]{Values: offered, At: slices.Index(offered, now)}
	for _, v := range offered {
		c.Words = append(c.Words, word(v))
	}
	return c
}

// Steps of the first run.
const (
	StepWelcome = iota
	StepConnections
	StepFolder
	StepComputer
	StepTry
	StepDone
	Steps
)
