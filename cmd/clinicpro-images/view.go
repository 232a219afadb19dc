package main

import (
	"fmt"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/sync/workstation"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

// setting is what a snapshot shows besides the engine's State.
type setting struct {
	practice string
	base     string // the gateway's origin, as the phone reaches it
	id       app.Practice
	folder   string
	local    bool
	draft    link.Draft
	form     bool           // the GP asked for the next patient
	starting []link.Problem // what keeps the engine from running; empty while it runs
	thumb    func(app.SessionID, app.ImageID) bool
	zone     *time.Location                        // the practice's
	rough    func(app.SessionID, app.ImageID) bool // of a thumbnail; nil: none is
	reviewer *reviewer                             // nil: nobody reviews
	sinks    []string                              // that the practice can file into; nil: the folder
	chosen   []string                              // of sinks
	lastCode *lastCode                             // nil: every code is drawn anew
}

// snapshot is the State as windows and terminals show it.
func snapshot(st app.State, set setting, now time.Time) link.Snapshot {
	s, shown := st.Sessions[st.Current]
	out := link.Snapshot{
		Now: now.UnixMilli(), Practice: set.practice, Phase: link.PhaseNone, Draft: set.draft, Local: set.local,
		Sink: link.Sink{Label: text.SinkLabel(folderSink), Place: set.folder}, Waiting: waiting(st, set.form, now), Form: set.form,
	}
	out.Problems = append(out.Problems, set.starting...)
	for _, area := range []app.Area{app.AreaVault, app.AreaSpool, app.AreaRegistry, app.AreaObjects, app.AreaFeed, app.AreaSink, app.AreaRecord} {
		if kind := st.Trouble[area]; kind != "" && (shown || area == app.AreaSpool) {
			if area == app.AreaRecord {
				out.Problems = append(out.Problems, recordProblem(st, kind))
				continue
			}
			out.Problems = append(out.Problems, problem(places[area], kind))
		}
	}
	if !shown {
		return out
	}
	out.Now = s.ServerNow(now).UnixMilli()
	out.SID, out.Phase, out.Patient = string(s.ID), phase(s), patientView(s.Patient, now)
	out.Phone, out.Line, out.Left = phone(s), line(s, st.Trouble), left(s)
	out.Code = code(s, set, now)
	out.Keep = keeping(st, set.zone)
	for _, id := range s.Order {
		im := s.Images[id]
		if im.State == app.ImageRetracted || im.State == app.ImageDiscarded {
			continue
		}
		view := link.Image{ID: string(id), State: im.State, Site: im.Details.Site, Side: im.Details.Side, View: im.Details.View,
			Caption: im.Details.Caption.Reveal(), Consent: im.Consent.By, Hidden: im.Details.Intimate}
		view.Reviewed = set.reviewed(s, im)
		if im.State == app.ImageLanded && !im.Shown { // safe, but not opened yet: not to be filed
			view.State = app.ImageStored
		}
		if set.thumb(s.ID, id) && im.State != app.ImageQuarantined {
			view.Thumb = thumbKey(s.ID, im, set.rough)
		}
		switch {
		case im.State == app.ImageFiled:
			view.Note = noteOf(im)
		case im.State == app.ImageQuarantined:
			view.Problem = text.Problem(text.PlaceImage, reasonKinds[im.Reason]).Line()
		case im.State == app.ImageUnconfirmed:
			view.Problem = text.FolderUnsure
			if unsureInRecord(im) {
				view.Problem = text.RecordUnsure
			}
		case im.FileKind != "":
			view.Problem = text.Problem(places[im.FileArea], im.FileKind).What
			if im.FileArea == app.AreaRecord {
				view.Problem = partial(im)
			}
		case s.Row.Asks.Consent && im.Shown && im.Consent.By == "":
			view.Problem = text.NoConsent
		}
		view.Hands, view.Held = handsOf(im), im.State == app.ImageLanded && !im.Filing && !im.CanDiscard()
		out.Images = append(out.Images, view)
	}
	out.Review, out.Earlier, out.Require = set.reviewOf(s.ID), earlier(st, s, set.zone), s.Row.Asks.Require
	canFile := 0
	for _, im := range s.Images {
		if im.CanFile() {
			canFile++
		}
	}
	out.Filing = filingOf(s)
	switch {
	case s.Patient.IsZero():
		out.WhyNot = text.NobodyToFile
	case canFile == 0:
		out.WhyNot = text.NothingToFile
	case s.Lacking() > 0:
		out.WhyNot = text.Lacking(s.Lacking())
	case len(set.sinks) > 1 && len(reachable(s, set.chosen)) == 0:
		out.WhyNot = text.ChooseOne
	default:
		out.CanFile = true
	}
	set.target(&out, s)
	return out
}

// filingOf says how far the hand-overs under way are; nil: there are none.
func filingOf(s app.Session) *link.Filing {
	out := link.Filing{}
	for _, im := range s.Images {
		if !im.Filing {
			continue
		}
		ready, done := 1, 1
		for _, h := range im.Handovers {
			if h.State == app.HandAsked && !h.Ready {
				ready = 0
			}
			if h.State == app.HandAsked && !h.Passed {
				done = 0
			}
		}
		out.Total, out.Ready, out.Done = out.Total+1, out.Ready+ready, out.Done+done
	}
	if out.Total == 0 {
		return nil
	}
	return &out
}

// thumbKey names a thumbnail as it would leave.
func thumbKey(sid app.SessionID, im app.Image, rough func(app.SessionID, app.ImageID) bool) string {
	key := fmt.Sprintf("%s/%s/%s", sid, im.ID, revision(im))
	if rough != nil && rough(sid, im.ID) {
		key += "/rough"
	}
	return key
}

// places maps the parts that can fail to what ui/text calls them.
var places = map[app.Area]text.Place{
	app.AreaVault: text.PlaceVault, app.AreaSpool: text.PlaceSpool, app.AreaRegistry: text.PlaceRegistry,
	app.AreaObjects: text.PlaceObjects, app.AreaFeed: text.PlaceFeed, app.AreaSink: text.PlaceFolder, app.AreaRecord: text.PlaceRecord,
}

// problem words what fails. Realtime alone only makes things slower.
func problem(place text.Place, kind app.Kind) link.Problem {
	s := text.Problem(place, kind)
	return link.Problem{What: s.What, Safe: s.Safe, Do: s.Do,
		Retry: place != text.PlaceFolder, Grave: place != text.PlaceFeed}
}

func patientView(p app.Patient, now time.Time) link.Patient {
	age, has := p.Age(now)
	return link.Patient{Name: p.Name.Reveal(), NHI: p.NHI.Reveal(), BirthDate: p.BirthDate.Reveal(),
		Age: age, HasAge: has, Source: p.Source}
}

func phase(s app.Session) link.Phase {
	switch {
	case s.Stage == app.StageOpening:
		return link.PhaseOpening
	case s.Row.State == app.SessionPaired:
		return link.PhasePaired
	case s.Row.State == app.SessionDraining:
		return link.PhaseDraining
	case s.Row.State == app.SessionClosed:
		return link.PhaseClosed
	case s.Row.State == app.SessionExpired:
		return link.PhaseExpired
	}
	return link.PhaseWaiting
}

func phone(s app.Session) link.Phone {
	_, toCome := s.Outstanding()
	switch {
	case s.Row.PhoneHash == "":
		return link.PhoneNone
	case toCome > 0:
		return link.PhoneSending
	case s.Row.PhoneDone:
		return link.PhoneDone
	}
	return link.PhoneHere
}

// keeping is what can be done about keeping a phone, seen from the session on
// show.
func keeping(st app.State, zone *time.Location) link.Keep {
	k := st.Kept
	if k.On() {
		return link.Keep{On: true, Until: k.Until.In(zone).Format("15:04")}
	}
	out := link.Keep{Can: phase(st.Sessions[st.Current]) == link.PhasePaired}
	if k.Stage == app.KeptRefused && k.First == st.Current {
		out.Problem = text.CannotKeep(k.Reason)
	}
	return out
}

// left counts the images of a phone that left the session; nil while it has not.
func left(s app.Session) *link.Left {
	if !s.Row.Left {
		return nil
	}
	out := &link.Left{Declined: s.Row.Declined}
	for _, im := range s.Images {
		switch im.State {
		case app.ImageRetracted:
			out.Withdrawn++
		case app.ImageDiscarded:
		default:
			out.Kept++
		}
	}
	return out
}

func line(s app.Session, trouble map[app.Area]app.Kind) link.Line {
	switch {
	case trouble[app.AreaRegistry] != "" || trouble[app.AreaObjects] != "":
		return link.LineDown
	case !s.FeedHealthy:
		return link.LinePolling
	}
	return link.LineLive
}

// code is the QR code while one can be scanned: not before the registry knows
// it, and not once the session takes no more photos.
func code(s app.Session, set setting, now time.Time) *link.Code {
	if s.Stage != app.StageLive || s.CodePending || s.Row.State != app.SessionWaiting && s.Row.State != app.SessionPaired {
		return nil
	}
	address, err := workstation.Link(set.base, set.id, s, now)
	if err != nil {
		return nil
	}
	modules, err := set.lastCode.of(address)
	if err != nil {
		return nil
	}
	return &link.Code{Link: address.Reveal(), QR: modules, Expires: s.Row.ClaimBy.UnixMilli()}
}

// lastCode is the QR code drawn last: every snapshot shows one, and drawing it
// takes longer than all the rest.
type lastCode struct {
	link    app.Sealed
	modules link.Modules
}

// of is the link's code. A nil lastCode remembers nothing.
func (d *lastCode) of(address app.Sealed) (link.Modules, error) {
	if d != nil && d.link == address {
		return d.modules, nil
	}
	dark, err := pairing.Modules(address)
	if err != nil {
		return link.Modules{}, err
	}
	modules := link.PackModules(withoutQuiet(dark))
	if d != nil {
		*d = lastCode{address, modules}
	}
	return modules, nil
}

// withoutQuiet takes the light border off: the window draws its own.
func withoutQuiet(modules [][]bool) [][]bool {
	const quiet = 4
	out := make([][]bool, 0, len(modules))
	for _, row := range modules[quiet : len(modules)-quiet] {
		out = append(out, row[quiet:len(row)-quiet])
	}
	return out
}

// reasonKinds maps why a picture is quarantined to the kind that ui/text words.
var reasonKinds = map[app.Reason]app.Kind{
	app.ReasonSeal: app.KindCorrupt, app.ReasonChecksum: app.KindCorrupt, app.ReasonForeign: app.KindAuth,
	app.ReasonTooLarge: app.KindTooLarge, app.ReasonPicture: app.KindNotFound,
}

// waiting lists the sessions to come back to, newest first: those with images
// to file and those still open, without the one that the window shows.
func waiting(st app.State, form bool, now time.Time) []link.Waiting {
	var out []link.Waiting
	for _, s := range st.Newest() {
		if n, _ := s.Outstanding(); (n > 0 || takesPhotos(s)) && (form || s.ID != st.Current) {
			out = append(out, link.Waiting{SID: string(s.ID), Patient: patientView(s.Patient, now), Images: n, Since: s.Began().UnixMilli()})
		}
	}
	return out
}
