package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/pairing"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/model"
	"github.com/clinicpro-nz/images/ui/text"
)

const typeThis = "Type: file, code, keep, forget, status, end or quit."

// terminal is a window made of lines: what has changed is said once.
type terminal struct {
	out     io.Writer
	json    bool   // one object a line instead of words
	last    string // the state that was last written so
	window  *link.Window
	patient link.Patient // to start with; started says that it was

	mu       sync.Mutex
	started  bool
	before   string // the session on show when we came
	sid      string
	link     string
	phone    link.Phone
	problems string
	told     map[string]string // what was last said of each photo
	left     string
	filing   string
	declined bool
	keep     link.Keep
	canFile  bool
	whyNot   string
	unsure   map[int]string // photo number to image id: the GP has to say
	photos   map[int]string // the same of every photo
}

// show says what is new in a snapshot.
func (t *terminal) show(s link.Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.json {
		t.trouble(s.Problems)
	}
	if !t.started {
		if s.Code == nil && len(s.Problems) > 0 { // the agent is not ready for a session yet
			if t.json {
				t.line(receiveState{Event: "state", Photos: []receivePhoto{}, Problems: problemsOf(s.Problems)})
			}
			return
		}
		t.started, t.before = true, s.SID
		t.window.Send(link.Input{Kind: link.InputNewSession, Patient: t.patient, Confirmed: true})
		return
	}
	if s.SID == "" || s.SID == t.before {
		return
	}
	t.sid, t.canFile, t.whyNot = s.SID, s.CanFile, s.WhyNot
	t.number(s.Images)
	if t.json {
		t.left, t.declined = leftOf(s.Left), s.Left != nil && s.Left.Declined
		t.line(stateOf(s))
		return
	}
	if s.Code != nil && s.Code.Link != t.link {
		t.link = s.Code.Link
		fmt.Fprintf(t.out, "\nSession about %s%s\n", s.Patient.Name, nhiOf(s.Patient))
		if modules, err := pairing.Modules(app.Seal(t.link)); err == nil {
			fmt.Fprintln(t.out, pairing.Terminal(modules))
		}
		left := time.Duration(s.Code.Expires-s.Now) * time.Millisecond
		fmt.Fprintf(t.out, "Link: %s\n%s. %s\n%s\n", t.link, text.Countdown(left), text.PairStep1, typeThis)
	}
	if s.Phone != t.phone {
		t.phone = s.Phone
		fmt.Fprintln(t.out, text.Phone(string(s.Phone))+".")
	}
	left := leftOf(s.Left)
	if left != t.left && left != "" {
		fmt.Fprintln(t.out, left)
	}
	t.left, t.declined = left, s.Left != nil && s.Left.Declined
	t.keeping(s.Keep)
	filing := ""
	if f := s.Filing; f != nil {
		filing = text.Filing(f.Ready, f.Done, f.Total)
	}
	if filing != t.filing && filing != "" {
		fmt.Fprintln(t.out, filing)
	}
	t.filing = filing
	for n, im := range s.Images {
		said := photoLine(im)
		if t.told[im.ID] == said {
			continue
		}
		t.told[im.ID] = said
		fmt.Fprintf(t.out, "Photo %d: %s\n", n+1, said)
		if im.State == app.ImageUnconfirmed {
			fmt.Fprintf(t.out, "Type: there %d, if you have found it; again %d, if it is not there.\n", n+1, n+1)
		}
	}
}

// number notes which photo has which number, and of which the GP has to say
// whether it is where it belongs.
func (t *terminal) number(images []link.Image) {
	t.unsure, t.photos = map[int]string{}, map[int]string{}
	for n, im := range images {
		t.photos[n+1] = im.ID
		if im.State == app.ImageUnconfirmed {
			t.unsure[n+1] = im.ID
		}
	}
}

// leftOf says that the phone left, and with what; "" when it did not.
func leftOf(left *link.Left) string {
	if left == nil {
		return ""
	}
	return text.PhoneLeft(left.Declined) + " " + text.LeftWith(left.Declined, left.Kept, left.Withdrawn)
}

// keeping says when a phone begins or ceases to be kept, or why it cannot be.
func (t *terminal) keeping(k link.Keep) {
	switch before := t.keep; {
	case k.On && (!before.On || before.Until != k.Until):
		fmt.Fprintln(t.out, text.KeptUntil(k.Until))
	case !k.On && before.On:
		fmt.Fprintln(t.out, "No phone is kept any more.")
	case k.Problem != "" && k.Problem != before.Problem:
		fmt.Fprintln(t.out, k.Problem)
	}
	t.keep = k
}

// photoLine is everything that is said of one photo.
func photoLine(im link.Image) string {
	parts := []string{text.ImageState(im.State)}
	if im.Hidden {
		parts = append(parts, text.Intimate)
	}
	lacks := ""
	if im.Lacks != "" {
		lacks = text.Lacks(im.Lacks) + ". Type: say, the photo's number, site, side, view or type, and what: say 1 site hand"
	}
	for _, more := range []string{model.AboutOf(im, " - "), im.Note, im.Problem, lacks} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return strings.Join(parts, " - ")
}

func nhiOf(p link.Patient) string {
	if p.NHI == "" {
		return ""
	}
	return ", NHI " + p.NHI
}

func (t *terminal) trouble(problems []link.Problem) {
	var now strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&now, "! %s %s %s\n", p.What, p.Safe, p.Do)
	}
	if now.String() == t.problems {
		return
	}
	if now.Len() == 0 {
		fmt.Fprintln(t.out, "It works again.")
	}
	fmt.Fprint(t.out, now.String())
	t.problems = now.String()
}

// listen reads the GP's words until quit or the end of input. Neither files
// nor ends anything.
func (t *terminal) listen(lines *bufio.Reader, quit context.CancelFunc) {
	defer quit()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		t.mu.Lock()
		sid, canFile, whyNot, left, declined := t.sid, t.canFile, t.whyNot, t.left != "", t.declined
		t.mu.Unlock()
		word, which, _ := strings.Cut(strings.ToLower(strings.TrimSpace(line)), " ")
		which, anyway := strings.CutSuffix(strings.TrimSpace(which), "anyway")
		if left && !anyway && (word == "file" && canFile || word == "again") {
			t.reply(text.LeftHowTo(declined))
			continue
		}
		switch word {
		case "":
		case "quit":
			return
		case "file":
			if !canFile {
				t.reply(whyNot)
				continue
			}
			t.window.Send(link.Input{Kind: link.InputFileAll, SID: sid, Confirmed: anyway})
		case "there", "again":
			n, _ := strconv.Atoi(strings.TrimSpace(which))
			t.mu.Lock()
			id := t.unsure[n]
			t.mu.Unlock()
			if id == "" {
				t.reply("No photo of that number is uncertain. Nothing was done.")
				continue
			}
			t.window.Send(link.Input{Kind: map[string]link.InputKind{"there": link.InputAttest, "again": link.InputFileAgain}[word], SID: sid, Image: id, Confirmed: anyway})
		case "say":
			t.say(sid, which)
		case "code":
			t.window.Send(link.Input{Kind: link.InputNewCode, SID: sid})
		case "keep":
			t.window.Send(link.Input{Kind: link.InputKeepPhone, SID: sid})
		case "forget":
			t.window.Send(link.Input{Kind: link.InputForgetPhone})
		case "end":
			t.window.Send(link.Input{Kind: link.InputCloseSession, SID: sid})
		case "status":
			t.mu.Lock()
			t.told, t.link, t.last = map[string]string{}, "", ""
			t.mu.Unlock()
			t.window.Send(link.Input{Kind: link.InputRefresh, SID: sid})
		default:
			t.reply(typeThis)
		}
	}
}

// say says of a photo what the practice requires: "1 site hand".
func (t *terminal) say(sid, what string) {
	n, rest, _ := strings.Cut(what, " ")
	field, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	number, _ := strconv.Atoi(n)
	t.mu.Lock()
	id := t.photos[number]
	t.mu.Unlock()
	if id == "" || !app.Detail(field).Known() || !sayable(link.Field(field), value) {
		t.reply("Nothing was changed. Type: say, the photo's number, site, side, view or type, and what: say 1 site hand. Sites: " + siteNames() + ".")
		return
	}
	t.window.Send(link.Input{Kind: link.InputDescribe, SID: sid, Image: id, Field: link.Field(field), Value: value})
}

// sayable reports whether a value is one that the field can have.
func sayable(field link.Field, value string) bool {
	d := app.Details{Site: value, Side: app.Side(value), View: app.View(value), Type: app.ImageType(value)}.Known()
	return value != "" && map[link.Field]string{link.FieldSite: d.Site, link.FieldSide: string(d.Side),
		link.FieldView: string(d.View), link.FieldType: string(d.Type)}[field] == value
}

func siteNames() string {
	var names []string
	for _, s := range app.Sites() {
		names = append(names, s.ID)
	}
	return strings.Join(names, ", ")
}
