package app

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// State is everything the agent knows. The Engine's goroutine is its one
// writer; Step makes the next one without touching the last, so a State once
// published never changes under its reader.
type State struct {
	Booted   bool
	Current  SessionID // the session in the window; "" when none
	Sessions map[SessionID]Session
	Trouble  map[Area]Kind // what does not work right now; no entry: works
	Kept     KeptPhone     // the zero value: no phone is kept
}

// Area names a part that can fail by itself, for the sentence the GP reads.
type Area string

const (
	AreaRegistry Area = "registry"
	AreaObjects  Area = "objects"
	AreaFeed     Area = "feed"
	AreaSpool    Area = "spool"
	AreaVault    Area = "vault"
	AreaSink     Area = "sink"
	AreaRecord   Area = "record" // a record system
)

// Stage is where a session stands on this workstation.
type Stage string

const (
	StageOpening  Stage = "opening"  // being created in the registry
	StageLive     Stage = "live"     // open for photos, or draining
	StageSettling Stage = "settling" // over; the bucket is looked through once more
	StageSettled  Stage = "settled"  // nothing will come any more
)

// Session is one capture session with everything needed to resume it.
type Session struct {
	ID      SessionID
	Patient Patient
	Record  RecordRef // where the patient is in the record system; zero: not known there
	Secrets Secrets
	Limits  Limits
	Stage   Stage
	Started time.Time     // workstation's clock, for display only
	Keep    time.Duration // from Quiet to the removal; 0 means DefaultKeep
	// Assigned: the patient was named after the session had begun.
	Assigned bool
	// Referred: Record was named after the session had begun.
	Referred bool
	Quiet    time.Time // workstation's clock: nothing has been left to do since; zero while there is
	Row      Row       // the registry's last answer
	RowAt    time.Time // workstation's clock at that answer; zero: never
	Images   map[ImageID]Image
	Order    []ImageID

	FeedHealthy bool
	Code        Digest // SHA-256 of the token in the QR code on show
	CodePending bool   // the registry has not confirmed that code yet

	feedSince     time.Time // when FeedHealthy last changed, or listening began
	kept          bool      // the index holds the session and its keys
	dirty, saving bool      // the index is behind; a save is under way
	saveDue       time.Time // not before, after a failed save
	reading       bool      // a read is under way
	readAgain     bool      // a hint came meanwhile
	readAt        time.Time // when the last read was asked for
	lookOnce      bool      // the GP has come back to what is over: look whether the phone has changed it
	calling       bool      // an open, restore, renew or end is under way
	callTries     int
	callDue       time.Time
	dropPhone     bool // the pending code drops the paired phone
	lost          bool // the registry has no such session: restore it
	ending        bool // the GP, or the phone's "done", asked for the end
	telling       bool
	tellTries     int
	tellDue       time.Time
	tellBy        time.Time // what is known is told by then; zero: nothing waits
	listening     bool
	listing       bool
	listDue       time.Time // zero: none planned
	lists         int       // listings finished since the session was over
	lateReads     int       // reads since it settled, for a phone that was away
	lateDue       time.Time // zero: none planned
	removing      bool
	removeDue     time.Time
}

// Secrets are what a session is made of. Saved only inside sealed records.
type Secrets struct {
	Token     Token
	Claimed   Token  // the one that the paired phone came with; zero: not known
	Identity  Sealed // age X25519 secret key
	Recipient string // its public half
	Pairing   Sealed // pairing secret: 16 bytes, base64url
}

// Image is one image on this workstation.
type Image struct {
	ID      ImageID
	State   ImageState
	Bytes   int64  // of the sealed object
	SHA256  Digest // of the sealed object, as landed
	Reason  Reason // why it is quarantined
	Width   int
	Height  int
	TakenAt time.Time // in the practice's zone; zero: unknown
	TakenBy Clock     // whose clock TakenAt is
	Arrived time.Time // registry's clock, estimated
	Shown   bool      // examined: can be reviewed and filed
	Details Details   // as captured, or as last amended
	Consent Consent   // as captured
	Amended int       // the amendment that Details are from; 0: none, as captured
	Own     Own       // what in Details is the GP's own
	Edits   []Edit    // burned into what is handed over, in this order
	Aside   bool      // put aside by the GP: not filed, and discarded once the others are

	Handovers []Handover // one for each sink asked for
	Delivery  string     // the hand-over asked for last; "" none yet
	// What follows is derived from Handovers (tally).
	Filing   bool     // a hand-over is to be made, or under way
	FileKind Kind     // why one did not come through; "" none
	FileArea Area     // and what failed
	Place    Sealed   // where it was filed
	Sinks    []string // that have confirmed it

	announced     int  // the highest amendment that the registry holds
	unusable      int  // an amendment up to which nothing can be read: not asked for again
	amending      bool // one is being fetched
	amendTries    int
	amendDue      time.Time
	missing       bool    // its object is gone: the registry is to ask the phone again
	hinted        bool    // known from a hint only: the registry has not named it yet
	durable       durable // what the index holds
	dirty, saving bool
	saveDue       time.Time
	fetching      bool
	thawed        bool // the frozen bytes were dropped
	tries         int
	due           time.Time  // earliest next fetch
	told          ImageState // what the registry holds
	retract       bool       // the phone asked for it back
	refused       bool       // and the registry knows that it is refused
	gone          bool       // deleted from S3, as far as we know
	deleting      bool
	deleteDue     time.Time
	examining     bool
	examineDue    time.Time
}

// durable is the part of an image's record that decides what may follow.
type durable struct {
	State  ImageState
	Asked  string // Image.asked
	Filing bool
}

func durableOf(im Image) durable { return durable{im.State, im.asked(), im.Filing} }

// Reason says in one fixed word why an image was quarantined.
type Reason string

const (
	ReasonSeal     Reason = "seal"     // cannot be opened: not sealed for this session
	ReasonForeign  Reason = "foreign"  // HMAC wrong: not from the phone that saw this code
	ReasonPicture  Reason = "picture"  // not a JPEG, truncated, or empty
	ReasonTooLarge Reason = "toolarge" // over the bounds of design section 9
	ReasonChecksum Reason = "checksum" // bytes differ from what the phone announced
)

// Began is when the session was opened, by the registry's clock where that is
// known.
func (s Session) Began() time.Time {
	if !s.Row.Created.IsZero() {
		return s.Row.Created
	}
	return s.Started
}

// Outstanding counts images that the GP has still to file or discard, and
// those that may still arrive.
func (s Session) Outstanding() (toFile, toCome int) {
	for _, im := range s.Images {
		switch im.State {
		case ImageLanded, ImageUnconfirmed:
			toFile++
		case ImageReserved, ImageStored:
			toCome++
		}
	}
	return toFile, toCome
}

// clone returns a copy whose images may be changed freely.
func (s Session) clone() Session {
	s.Images = maps.Clone(s.Images)
	if s.Images == nil {
		s.Images = map[ImageID]Image{}
	}
	s.Order = slices.Clone(s.Order)
	return s
}

// Newest returns the sessions, the one started last first.
func (st State) Newest() []Session {
	out := slices.Collect(maps.Values(st.Sessions))
	slices.SortFunc(out, func(a, b Session) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		return cmp.Compare(b.ID, a.ID)
	})
	return out
}
