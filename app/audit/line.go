package audit

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/clinicpro-nz/images/app"
)

// Events that are the trail's own; Note refuses them.
const (
	EventStarted   app.AuditEvent = "trail-started" // line 1
	EventRecovered app.AuditEvent = "recovered"     // a torn last line was set aside: SHA256 of it, Reason "torn"
	EventBroken    app.AuditEvent = "chain-broken"  // what stands before did not verify: Reason is the FaultKind
)

const (
	version    = 1
	maxField   = 256      // bytes of one text field; what is longer ends in "…"
	maxLine    = 32 << 10 // bytes of one line: more than any line of ours, every byte of it escaped
	timeLayout = "2006-01-02T15:04:05.000Z07:00"
	// withheld stands where a caller gave a text that holds the patient.
	withheld = "[withheld]"
)

// Line is one line of the trail, its members in the order they are written.
type Line struct {
	V        int            `json:"v"`        // 1
	Seq      int64          `json:"seq"`      // from 1, running on across files
	Key      string         `json:"key"`      // names the secret that mac and patient are made with: 16 hex digits
	At       string         `json:"at"`       // workstation's clock, RFC 3339 with milliseconds and zone
	Server   string         `json:"server"`   // registry's clock; "" not known
	Who      string         `json:"who"`      // OS user
	Provider string         `json:"provider"` // the practice's id of the clinician; "" not known
	Event    app.AuditEvent `json:"event"`
	SID      app.SessionID  `json:"sid"`
	Image    app.ImageID    `json:"image"`
	SHA256   app.Digest     `json:"sha256"`
	Delivery string         `json:"delivery"`
	Sink     string         `json:"sink"`
	Receipt  string         `json:"receipt"`
	Reason   string         `json:"reason"`
	Patient  string         `json:"patient"` // HMAC, 64 hex digits; "" no patient
	Prev     string         `json:"prev"`    // mac of the line before; "" where a chain begins
	Mac      string         `json:"-"`       // HMAC over the line's bytes before `,"mac":`
}

// Time returns when the line was written, by the workstation's clock.
func (l Line) Time() time.Time {
	at, _ := time.Parse(time.RFC3339, l.At) // a line with a right mac always has one
	return at
}

// key is what app.AuditEntry.Key was when the line was noted.
func (l Line) key() string {
	return app.AuditEntry{Event: l.Event, SID: l.SID, Image: l.Image, Delivery: l.Delivery, Sink: l.Sink, Reason: l.Reason}.Key()
}

// keys are what the audit secret gives: one key to chain lines, another for
// patients, and a name for both that tells nothing about them.
type keys struct {
	chain, patient []byte
	id             string
}

func newKeys(secret []byte) (keys, error) {
	var k keys
	var err error
	derive := func(label string, n int) []byte {
		b, deriveErr := hkdf.Key(sha256.New, secret, nil, "ClinicPro Images audit trail v1: "+label, n)
		if deriveErr != nil {
			err = app.E("derive audit keys", app.KindBug, deriveErr)
		}
		return b
	}
	k.chain, k.patient = derive("chain", 32), derive("patient", 32)
	k.id = hex.EncodeToString(derive("name", 8))
	return k, err
}

func sum(key []byte, parts ...[]byte) string {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// patientCode is the HMAC that stands for a patient: of the NHI, or without
// one of name and birth date, so that case, spaces and the way a macron is
// coded do not matter. "" for no patient.
func (k keys) patientCode(p app.Patient) string {
	switch {
	case !p.NHI.IsZero():
		return sum(k.patient, []byte("nhi|"+strings.ToUpper(strings.TrimSpace(p.NHI.Reveal()))))
	case !p.Name.IsZero():
		return sum(k.patient, []byte("name|"+foldName(p.Name.Reveal())+"|"+strings.TrimSpace(p.BirthDate.Reveal())))
	}
	return ""
}

func foldName(s string) string {
	return norm.NFC.String(strings.ToLower(strings.Join(strings.Fields(s), " ")))
}

// line turns an entry into a line without its place in the chain. What makes
// an entry's Key goes in as it is; what another system answered is searched
// for the patient first.
func (k keys) line(e app.AuditEntry, who string) Line {
	l := Line{
		V: version, Key: k.id, At: e.At.Format(timeLayout), Who: bounded(who), Provider: bounded(withhold(e.Provider, e.Patient)),
		Event: app.AuditEvent(bounded(string(e.Event))), SID: app.SessionID(bounded(string(e.SID))),
		Image: app.ImageID(bounded(string(e.Image))), SHA256: app.Digest(bounded(string(e.SHA256))),
		Delivery: bounded(e.Delivery), Sink: bounded(e.Sink), Receipt: bounded(withhold(e.Receipt, e.Patient)), Reason: bounded(e.Reason),
		Patient: k.patientCode(e.Patient),
	}
	if !e.Server.IsZero() {
		l.Server = e.Server.Format(timeLayout)
	}
	return l
}

// withhold keeps a patient's values out of a text, whoever put them there: a
// sink's receipt may be a path, and a file's name may hold an NHI. Names under
// five bytes are let be: they turn up in identifiers by chance.
func withhold(s string, p app.Patient) string {
	folded := foldName(s)
	for _, v := range []string{p.NHI.Reveal(), p.Name.Reveal(), p.BirthDate.Reveal()} {
		if v := foldName(v); len(v) >= 5 && strings.Contains(folded, v) {
			return withheld
		}
	}
	return s
}

// bounded is s as JSON can hold it, and no longer than a field may be.
func bounded(s string) string {
	if len(s) > maxField {
		s = strings.ToValidUTF8(s[:maxField-len("…")], "") + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

var macMark = []byte(`,"mac":"`)

const macTail = 64 + len(`"}`)

// seal sets the line's mac and returns its bytes with the newline.
func (k keys) seal(l *Line) ([]byte, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return nil, app.E("write audit line", app.KindBug, err)
	}
	body = body[:len(body)-1] // the closing brace comes after mac
	l.Mac = sum(k.chain, body)
	out := append(body, macMark...)
	out = append(out, l.Mac...)
	return append(out, "\"}\n"...), nil
}

// open reads a line's bytes, without the newline. ok says that it was written
// under these keys and not changed since. Of any other line the members are
// what they claim to be, as far as they can be read.
func (k keys) open(raw []byte) (l Line, ok bool) {
	cut := len(raw) - macTail - len(macMark)
	if cut < 0 || !bytes.HasPrefix(raw[cut:], macMark) || !bytes.HasSuffix(raw, []byte(`"}`)) {
		_ = json.Unmarshal(raw, &l)
		return l, false
	}
	mac := string(raw[cut+len(macMark) : len(raw)-len(`"}`)])
	ok = hmac.Equal([]byte(sum(k.chain, raw[:cut])), []byte(mac))
	whole := append(bytes.Clone(raw[:cut]), '}')
	if json.Unmarshal(whole, &l) != nil {
		return Line{}, false
	}
	l.Mac = mac
	return l, ok
}
