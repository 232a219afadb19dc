package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

const receiveAbout = `With -json the patient comes from -patient-from, and standard output is one JSON
object a line. {"event":"state",…} is how the session stands, whole, each time
something of it has changed: session, phase, link and linkExpires of the code on
show, phone (here, sending, done), left (wrong-patient, no-consent),
keptUntil, canFile, photos (number, id, state, site, side, view, type, intimate,
lacks, trouble) and problems. {"event":"reply","text":…} answers a typed word
that could not be done. Standard input takes the same words as without it.
Name, NHI, date of birth and captions are in none of it. The link is what the
QR code holds: it lets its holder send a photo, and its fragment has the hint
that the phone shows, initials, age and the end of the NHI. Give it to the
phone, and to nothing that keeps it.`

// The lines of receive -json.
type (
	receiveState struct {
		Event       string         `json:"event"` // "state"
		Session     string         `json:"session,omitempty"`
		Phase       link.Phase     `json:"phase,omitempty"`
		Link        string         `json:"link,omitempty"`
		LinkExpires time.Time      `json:"linkExpires,omitzero"`
		Phone       link.Phone     `json:"phone,omitempty"`
		Left        string         `json:"left,omitempty"`
		KeptUntil   string         `json:"keptUntil,omitempty"`
		CanFile     bool           `json:"canFile"`
		Photos      []receivePhoto `json:"photos"`
		Problems    []string       `json:"problems"`
	}
	receivePhoto struct {
		Number   int            `json:"number"`
		ID       string         `json:"id"`
		State    app.ImageState `json:"state"`
		Site     string         `json:"site,omitempty"`
		Side     app.Side       `json:"side,omitempty"`
		View     app.View       `json:"view,omitempty"`
		Type     app.ImageType  `json:"type,omitempty"`
		Intimate bool           `json:"intimate,omitempty"`
		Lacks    []string       `json:"lacks,omitempty"`   // details that the practice requires
		Trouble  bool           `json:"trouble,omitempty"` // the window says what; it may name a file
	}
	receiveReply struct {
		Event string `json:"event"` // "reply"
		Text  string `json:"text"`
	}
)

// stateOf is what a snapshot says to a program: nothing of the patient.
func stateOf(s link.Snapshot) receiveState {
	out := receiveState{Event: "state", Session: s.SID, Phase: s.Phase, Phone: s.Phone, CanFile: s.CanFile, Photos: []receivePhoto{}, Problems: problemsOf(s.Problems)}
	if s.Code != nil {
		out.Link, out.LinkExpires = s.Code.Link, time.UnixMilli(s.Code.Expires).UTC()
	}
	if s.Left != nil {
		out.Left = map[bool]string{false: "wrong-patient", true: "no-consent"}[s.Left.Declined]
	}
	if s.Keep.On {
		out.KeptUntil = s.Keep.Until
	}
	for n, im := range s.Images {
		out.Photos = append(out.Photos, receivePhoto{Number: n + 1, ID: im.ID, State: im.State, Site: im.Site, Side: im.Side, View: im.View, Type: im.Type,
			Intimate: im.Hidden, Lacks: strings.Fields(im.Lacks), Trouble: im.Problem != ""})
	}
	return out
}

// problemsOf are ui/text's sentences, which name no patient.
func problemsOf(problems []link.Problem) []string {
	out := []string{}
	for _, p := range problems {
		out = append(out, strings.Join(slices.DeleteFunc([]string{p.What, p.Safe, p.Do}, func(s string) bool { return s == "" }), " "))
	}
	return out
}

// line writes one object, unless it is the same as the last.
func (t *terminal) line(v any) {
	raw, _ := json.Marshal(v) // plain structs of text
	if string(raw) == t.last {
		return
	}
	if _, is := v.(receiveState); is {
		t.last = string(raw)
	}
	_, _ = io.WriteString(t.out, string(raw)+"\n")
}

// reply answers a typed word. Safe for concurrent use.
func (t *terminal) reply(sentence string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.json {
		t.line(receiveReply{"reply", sentence})
		return
	}
	fmt.Fprintln(t.out, sentence)
}
