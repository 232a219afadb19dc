package model

import (
	"slices"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// Choice is one button of a row of which one, or none, is chosen.
type Choice struct {
	Value, Label, Key string
	On                bool
}

// Row is a titled row of choices.
type Row struct {
	Field    link.Field
	Title    string
	Required bool // by the practice
	Wanted   bool // and missing here
	Choices  []Choice
}

// Review is one photo looked at.
type Review struct {
	Index, Count int
	Image        link.Image
	Title        string // "Photo 2 of 5"
	Chip         string
	Tone         Tone
	When         string // it was taken; "" not known
	Consent      string
	Rows         []Row
	Caption      string
	Intimate     bool
	Editable     bool
	Why          string // it cannot be edited, what is missing, or what was changed
	Bad          bool   // Why is to be seen
	Unsure       bool   // the GP has to say whether it is filed
	Strip        []Small
}

// Small is a photo in the strip.
type Small struct {
	ID, Thumb       string
	Chosen, Covered bool
	Faded           bool
	Tone            Tone // "" for no mark
}

// siteKeys are the keys of app.Sites, in their order.
const siteKeys = "1234567890F"

// Reviewable are the photos that the review goes through, in the snapshot's order.
func Reviewable(s link.Snapshot) []link.Image {
	var out []link.Image
	for _, im := range s.Images {
		if im.Rev != "" && im.State != app.ImageStored {
			out = append(out, im)
		}
	}
	return out
}

// ReviewOf words the photo with an id; false when it is not there to be
// looked at.
func ReviewOf(s link.Snapshot, id string) (Review, bool) {
	images := Reviewable(s)
	at := slices.IndexFunc(images, func(im link.Image) bool { return im.ID == id })
	if at < 0 {
		return Review{}, false
	}
	im := images[at]
	r := Review{Index: at, Count: len(images), Image: im, Title: text.PhotoOf(at+1, len(images)), Consent: text.Consent(im.Consent),
		Caption: im.Caption, Intimate: im.Hidden, Editable: im.Editable, When: im.Taken}
	r.Chip, r.Tone = text.ImageState(im.State), toneOf(im)
	switch {
	case im.Aside:
		r.Chip, r.Why, r.Bad = text.ChipAside, text.LockedAside, true
	case im.Failed:
		r.Chip, r.Why, r.Bad = text.ChipFailed, im.Problem, true
	case im.State == app.ImageUnconfirmed:
		r.Why, r.Bad, r.Unsure = text.LockedUnsure, true, s.Filing == nil
	case im.Lacks != "":
		r.Chip, r.Why, r.Bad = text.ChipLacks, text.Lacks(im.Lacks), true
	case im.State == app.ImageFiled:
		r.Why = im.Note
	case !im.Editable:
		r.Why = text.Locked
	case im.Edits > 0:
		r.Why = text.Changes(im.Edits)
	}
	r.Rows = rowsOf(s, im)
	for _, im := range images {
		small := Small{ID: im.ID, Thumb: im.Thumb, Chosen: im.ID == id, Covered: im.Hidden, Faded: im.Aside, Tone: toneOf(im)}
		if im.State == app.ImageLanded && small.Tone == ToneReady {
			small.Tone = ""
		}
		r.Strip = append(r.Strip, small)
	}
	return r, true
}

func toneOf(im link.Image) Tone {
	switch {
	case im.Aside:
		return ToneQuiet
	case im.Lacks != "" || im.Failed || im.State == app.ImageUnconfirmed:
		return ToneBad
	case im.Filing:
		return ToneBusy
	case im.State == app.ImageFiled:
		return ToneGood
	}
	return ToneReady
}

func rowsOf(s link.Snapshot, im link.Image) []Row {
	row := func(field link.Field, title string, what app.Detail) Row {
		return Row{Field: field, Title: title, Required: slices.Contains(s.Require, what), Wanted: slices.Contains(strings.Fields(im.Lacks), string(what))}
	}
	sites, sides := row(link.FieldSite, text.BodySite, app.DetailSite), row(link.FieldSide, text.SideTitle, app.DetailSide)
	views, types := row(link.FieldView, text.ViewTitle, app.DetailView), row(link.FieldType, text.TypeTitle, app.DetailType)
	for i, site := range app.Sites() {
		key := ""
		if i < len(siteKeys) {
			key = siteKeys[i : i+1]
		}
		sites.Choices = append(sites.Choices, Choice{site.ID, text.SiteName(site.ID), key, im.Site == site.ID})
	}
	for i, side := range []app.Side{app.SideLeft, app.SideRight, app.SideBoth} {
		sides.Choices = append(sides.Choices, Choice{string(side), text.SideName(side), "⇧" + "LRB"[i:i+1], im.Side == side})
	}
	for _, view := range Views {
		views.Choices = append(views.Choices, Choice{string(view), text.ViewName(view), "", im.View == view})
	}
	for _, t := range Types {
		types.Choices = append(types.Choices, Choice{string(t), text.TypeName(t), "", im.Type == t})
	}
	return []Row{sites, sides, views, types}
}

// Views and Types in the order in which their keys go through them.
var (
	Views = []app.View{app.ViewLocator, app.ViewNear, app.ViewCloseUp, app.ViewDermoscopic}
	Types = []app.ImageType{app.TypeLesion, app.TypeRash, app.TypeWound, app.TypeInfection, app.TypeOther}
)

// Following is the choice after the one that is on, none after the last.
func (r Row) Following() string {
	for i, c := range r.Choices {
		if c.On {
			if i+1 < len(r.Choices) {
				return r.Choices[i+1].Value
			}
			return ""
		}
	}
	return r.Choices[0].Value
}

// Pressed is what a key says of a photo: the field and its value, which is
// none where it is on already. R turns the photo and nothing else, whatever
// the Caps Lock: a side is said with Shift.
func (r Review) Pressed(key string, shift bool) (link.Field, string, bool) {
	for _, row := range r.Rows {
		for _, c := range row.Choices {
			if k, shifted := strings.CutPrefix(c.Key, "⇧"); k == key && k != "" && shifted == shift {
				if c.On {
					return row.Field, "", true
				}
				return row.Field, c.Value, true
			}
		}
	}
	return "", "", false
}

// ToUpright turns a point of the picture that leaves, as shares of its width
// and height, into app.Unit of the upright picture, which edits are told in.
func ToUpright(im link.Image, x, y float64) (unitX, unitY int) {
	switch im.Turned {
	case 90:
		x, y = y, 1-x
	case 180:
		x, y = 1-x, 1-y
	case 270:
		x, y = 1-y, x
	}
	k := im.Kept
	in := func(v float64, from, to int) int {
		return min(max(from+int(v*float64(to-from)+.5), 0), app.Unit)
	}
	return in(x, k.X0, k.X1), in(y, k.Y0, k.Y1)
}

// Sheet is what is shown before filing: what goes where, and how large.
type Sheet struct {
	Lines   []SheetLine
	To      string
	Total   string // "3 photos, 2.4 MB", or that it is being worked out
	Ready   bool   // every size is known
	Blocked string // why nothing can be filed; "" it can
	Lacking string // the first photo that lacks something
	Left    bool   // the phone said: wrong patient
	Button  string
	Targets []SheetTarget // to choose among; none where there is one place only
	Forever string        // what is chosen cannot be taken back
}

// SheetTarget is one place that the photos can go to.
type SheetTarget struct {
	Name, Label, WhyNot string
	On                  bool
}

// SheetLine is one photo on the sheet.
type SheetLine struct {
	ID, Thumb, Name, About, Size string
	Covered, Bad                 bool
}

// SheetOf words the sheet.
func SheetOf(s link.Snapshot) Sheet {
	out := Sheet{To: strings.TrimPrefix(text.To(s.Sink.Label, s.Sink.Place), "to "), Ready: true, Left: s.Left != nil, Button: text.FileGo}
	if out.Left {
		out.Button = text.LeftFile
	}
	var bytes int64
	for _, im := range s.Images {
		if im.State != app.ImageLanded || im.Aside || im.Filing {
			continue
		}
		line := SheetLine{ID: im.ID, Thumb: im.Thumb, Name: im.Name, About: AboutOf(im, " · "), Size: text.Size(im.Bytes), Covered: im.Hidden}
		if im.Lacks != "" {
			line.About, line.Bad = text.Lacks(im.Lacks), true
			if out.Lacking == "" {
				out.Lacking = im.ID
			}
		}
		out.Ready = out.Ready && im.Bytes > 0
		bytes += im.Bytes
		out.Lines = append(out.Lines, line)
	}
	out.Total = text.FileSizes
	if out.Ready {
		out.Total = text.SizeOfAll(len(out.Lines), bytes)
	}
	if !s.CanFile {
		out.Blocked = s.WhyNot
	}
	for _, t := range s.Targets {
		out.Targets = append(out.Targets, SheetTarget{t.Name, strings.ToUpper(t.Label[:1]) + t.Label[1:], t.WhyNot, t.On})
		if t.On && t.Record {
			out.Forever = text.RecordForever
		}
	}
	if out.Lacking != "" {
		out.Button = text.FileBlocked
	}
	return out
}
