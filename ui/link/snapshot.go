package link

import (
	"reflect"

	"github.com/clinicpro-nz/images/app"
)

// Snapshot is everything the window shows, whole: the newest one replaces
// what was shown before. Times are Unix milliseconds.
type Snapshot struct {
	// Now is the clock that Code.Expires is measured by, at the moment the
	// snapshot was made: the window counts down from the difference, so that a
	// wrong workstation clock cannot move the countdown.
	Now      int64     `json:"now"`
	Practice string    `json:"practice"`
	SID      string    `json:"sid,omitempty"` // the session shown; inputs name it
	Phase    Phase     `json:"phase"`
	Patient  Patient   `json:"patient"`
	Asked    *Patient  `json:"asked,omitempty"` // handed over by another system; the GP has to confirm
	Joins    bool      `json:"joins,omitempty"` // Asked is by all that is known whom the session on show is about: with a yes it files into their record
	Draft    Draft     `json:"draft"`           // the patient form as last typed, for a window that reopens
	Code     *Code     `json:"code,omitempty"`
	Phone    Phone     `json:"phone,omitempty"`
	Left     *Left     `json:"left,omitempty"` // the phone left: it showed another patient, or nobody agreed
	Keep     Keep      `json:"keep,omitzero"`
	Hands    Hands     `json:"hands,omitzero"`
	Line     Line      `json:"line,omitempty"`
	Images   []Image   `json:"images,omitempty"` // in the order shown
	Filing   *Filing   `json:"filing,omitempty"`
	Sink     Sink      `json:"sink"`
	Targets  []Target  `json:"targets,omitempty"` // where images can go; none: to Sink only
	CanFile  bool      `json:"canFile,omitempty"`
	WhyNot   string    `json:"whyNot,omitempty"` // a sentence; shown beside the disabled button
	Problems []Problem `json:"problems,omitempty"`
	Local    bool      `json:"local,omitempty"` // local mode: everything stays on this machine
	Waiting  []Waiting `json:"waiting,omitempty"`
	// Form: the GP asked for the next patient. A window shows the form although
	// a session is open; that session is in Waiting too.
	Form bool `json:"form,omitempty"`
	// Settings: the GP asked for them, whatever else is open.
	Settings *Settings `json:"settings,omitempty"`

	Review  *Review      `json:"review,omitempty"`  // nil: the gallery
	Require []app.Detail `json:"require,omitempty"` // of every image, before it is filed
	Earlier []Earlier    `json:"earlier,omitempty"` // newest first
}

// Says reports whether other shows the same as s, whenever either was made.
func (s Snapshot) Says(other Snapshot) bool {
	other.Now = s.Now
	return reflect.DeepEqual(s, other)
}

// Phase is where the session stands for the window.
type Phase string

const (
	PhaseNone     Phase = "no-session"
	PhaseOpening  Phase = "opening"
	PhaseWaiting  Phase = "waiting"
	PhasePaired   Phase = "paired"
	PhaseDraining Phase = "draining"
	PhaseClosed   Phase = "closed"
	PhaseExpired  Phase = "expired"
)

// Patient in the clear; see the package comment.
type Patient struct {
	Name      string `json:"name,omitempty"`
	NHI       string `json:"nhi,omitempty"`
	BirthDate string `json:"birthDate,omitempty"` // 2006-01-02
	Age       int    `json:"age,omitempty"`       // whole years
	HasAge    bool   `json:"hasAge,omitempty"`
	Source    string `json:"source,omitempty"` // form, handover, medtech
}

// Draft is the patient form as typed, unchecked.
type Draft struct {
	Name      string `json:"name,omitempty"`
	NHI       string `json:"nhi,omitempty"`
	BirthDate string `json:"birthDate,omitempty"`
}

// Code is the QR code on show.
type Code struct {
	Link    string  `json:"link"`
	QR      Modules `json:"qr"`
	Expires int64   `json:"expires"`
}

// Phone is what is known of the phone.
type Phone string

const (
	PhoneNone    Phone = ""        // nobody has scanned
	PhoneHere    Phone = "here"    // claimed the session
	PhoneSending Phone = "sending" // an image is on its way
	PhoneDone    Phone = "done"    // said it is finished
)

// Left is what became of the images of a phone that left the session.
type Left struct {
	Kept      int  `json:"kept"`
	Withdrawn int  `json:"withdrawn"`
	Declined  bool `json:"declined,omitempty"` // nobody agreed to photos
}

// Keep is what the GP can do about keeping a phone, and what was done.
type Keep struct {
	Can     bool   `json:"can,omitempty"`     // the session's phone can be asked to stay
	On      bool   `json:"on,omitempty"`      // a phone is kept
	Until   string `json:"until,omitempty"`   // "18:00", the practice's time; set when On
	Problem string `json:"problem,omitempty"` // a sentence: why this phone cannot be kept
}

// Line is how images are heard of.
type Line string

const (
	LineLive    Line = "live"    // realtime: within a second
	LinePolling Line = "polling" // asked every few seconds
	LineDown    Line = "down"    // the service does not answer
)

// Image is one tile. Thumb names the pixels sent apart, "" while there are none.
type Image struct {
	ID      string         `json:"id"`
	State   app.ImageState `json:"state"`
	Thumb   string         `json:"thumb,omitempty"`
	Site    string         `json:"site,omitempty"` // an app.Site's ID
	Side    app.Side       `json:"side,omitempty"`
	View    app.View       `json:"view,omitempty"`
	Caption string         `json:"caption,omitempty"` // in the clear; see the package comment
	Consent app.ConsentBy  `json:"consent,omitempty"` // who agreed to it; "" nobody was asked
	Hidden  bool           `json:"hidden,omitempty"`  // intimate: not shown unless the GP asks
	Note    string         `json:"note,omitempty"`    // result: where it was filed
	Hands   []Handover     `json:"hands,omitempty"`   // by place, where there is more than one or a record system
	Held    bool           `json:"held,omitempty"`    // may be at a place that has not said so: not to be discarded
	Problem string         `json:"problem,omitempty"` // a sentence: why it is quarantined or was not filed, or what to ask first
	SaveAs  string         `json:"saveAs,omitempty"`  // the name to offer for a copy; "" none can be made
	Filed   bool           `json:"filed,omitempty"`   // as a file that can be shown in its folder
	Reviewed
}

// Filing is a hand-over under way: of Total photos, Ready are as they will
// leave, and Done have reached every place they go to.
type Filing struct {
	Ready int `json:"ready"`
	Done  int `json:"done"`
	Total int `json:"total"`
}

// Sink is where File sends the images.
type Sink struct {
	Label string `json:"label,omitempty"` // "the practice folder"
	Place string `json:"place,omitempty"` // C:\mt32\attachments
}

// Problem is one thing that is wrong, as ui/text says it.
type Problem struct {
	What  string `json:"what"`
	Safe  string `json:"safe"`
	Do    string `json:"do"`
	Retry bool   `json:"retry,omitempty"` // offer "Try again"
	Grave bool   `json:"grave,omitempty"` // something cannot go on, as against slower
}

// Waiting is another session that is open, or has images that nobody has filed.
type Waiting struct {
	SID     string  `json:"sid"`
	Patient Patient `json:"patient"`
	Images  int     `json:"images"`
	Since   int64   `json:"since"`
}

// Modules is a square QR code, packed eight modules a byte, row by row,
// without the quiet zone.
type Modules struct {
	Size int    `json:"size"`
	Bits []byte `json:"bits"`
}

// PackModules packs a bitmap; rows that are not as long as their number is
// high are cut or left light.
func PackModules(dark [][]bool) Modules {
	n := len(dark)
	m := Modules{Size: n, Bits: make([]byte, (n*n+7)/8)}
	for y, row := range dark {
		for x, on := range row {
			if on && x < n {
				i := y*n + x
				m.Bits[i/8] |= 1 << (i % 8)
			}
		}
	}
	return m
}

// Dark reports the module at column x and row y; outside the code is light.
func (m Modules) Dark(x, y int) bool {
	if x < 0 || y < 0 || x >= m.Size || y >= m.Size {
		return false
	}
	i := y*m.Size + x
	return i/8 < len(m.Bits) && m.Bits[i/8]>>(i%8)&1 == 1
}
