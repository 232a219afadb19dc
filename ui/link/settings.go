package link

import "github.com/clinicpro-nz/images/app"

// Settings is the settings screen, whole; a Snapshot that does not show it has
// none. What it holds says nothing of a patient.
type Settings struct {
	First    bool     `json:"first,omitempty"`    // the first run: Step by Step, ended by a test image
	Step     int      `json:"step,omitempty"`     // of the first run, from 0
	Lights   []Light  `json:"lights,omitempty"`   // in the order shown
	Checking bool     `json:"checking,omitempty"` // a check of the lights is under way
	Prefs    Prefs    `json:"prefs"`
	Locked   []string `json:"locked,omitempty"`  // settings that IT has decided, by their name in the file
	Refused  string   `json:"refused,omitempty"` // a sentence: why the last change was not taken
	Bundle   *Bundle  `json:"bundle,omitempty"`  // diagnostics to look at before they are saved
}

// Prefs is what the settings say now.
type Prefs struct {
	Sound         bool         `json:"sound,omitempty"`     // a quiet one when a photo lands
	Autostart     bool         `json:"autostart,omitempty"` // with the user's session
	Language      string       `json:"language,omitempty"`  // en, mi
	RetentionDays int          `json:"retentionDays"`       // 1 to 90
	Consent       bool         `json:"consent,omitempty"`   // the phone asks before the first photo
	Require       []app.Detail `json:"require,omitempty"`   // asked for once by the phone
	TargetKB      int64        `json:"targetKB"`            // a photo is made smaller than this, 200 to 10000
	Folder        string       `json:"folder,omitempty"`    // where filed photos go
	Filing        FiledAs      `json:"filing,omitzero"`
	Record        RecordPrefs  `json:"record,omitzero"`
	Local         bool         `json:"local,omitempty"`    // this computer alone
	Enrolled      bool         `json:"enrolled,omitempty"` // with a practice
}

// FiledAs is what is filed, how large, and under which name: the values of the
// settings file.
type FiledAs struct {
	As       string `json:"as,omitempty"`
	Size     string `json:"size,omitempty"`
	Template string `json:"template,omitempty"`
	Sidecar  bool   `json:"sidecar,omitempty"`
}

// RecordPrefs is what goes into the practice's record system: the values of the
// settings file.
type RecordPrefs struct {
	There    bool     `json:"there,omitempty"`    // the practice has one; IT sets it up, nobody here
	Sinks    []string `json:"sinks,omitempty"`    // chosen unless the GP chooses otherwise; none: the folder
	Document string   `json:"document,omitempty"` // Inbox Scan: of the session, or of each image
	Format   string   `json:"format,omitempty"`   // of it
}

// Change is what the GP changes in the settings: nil leaves a thing as it is.
type Change struct {
	Sound         *bool         `json:"sound,omitempty"`
	Autostart     *bool         `json:"autostart,omitempty"`
	Language      *string       `json:"language,omitempty"`
	RetentionDays *int          `json:"retentionDays,omitempty"`
	Consent       *bool         `json:"consent,omitempty"`
	Require       *[]app.Detail `json:"require,omitempty"`
	TargetKB      *int64        `json:"targetKB,omitempty"`
	Folder        *string       `json:"folder,omitempty"`
	Filing        *FiledAs      `json:"filing,omitempty"`
	Record        *RecordPrefs  `json:"record,omitempty"`
	Local         *bool         `json:"local,omitempty"`
}

// Light is one part that photos need, and whether it answered.
type Light struct {
	Part   Part    `json:"part"`
	State  Lit     `json:"state"`
	At     int64   `json:"at,omitempty"` // of the last check; 0: never
	Reason Problem `json:"reason"`       // why not, as ui/text says it; empty while it is well
}

// Part is what a Light stands for.
type Part string

const (
	PartVault    Part = "vault"    // the password store
	PartSpool    Part = "spool"    // this computer's image store
	PartRegistry Part = "registry" // the image service: sessions
	PartObjects  Part = "objects"  // the image service: photos
	PartFeed     Part = "feed"     // live updates
	PartFolder   Part = "folder"   // where filed photos go
)

// Lit is how a part answered last.
type Lit string

const (
	LitUnknown Lit = "unknown" // not asked yet
	LitGood    Lit = "good"
	LitSlow    Lit = "slow" // works, and not as well as it should
	LitBad     Lit = "bad"
)

// Bundle is the diagnostics as they would be saved: every byte of it is here
// to be read first.
type Bundle struct {
	Text  string `json:"text"`
	Saved string `json:"saved,omitempty"` // the file, once it was
}
