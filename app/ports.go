package app

import (
	"context"
	"time"
)

// Registry is the session registry (Redis) as the workstation uses it. All
// calls are idempotent: the client behind it retries. All may be called
// concurrently. A session that is not there is KindNotFound. Times in a Row
// are the registry's own clock.
type Registry interface {
	// Open creates the session, or restores it from the agent's copy when the
	// registry has lost it. An existing session is left as it is and returned.
	Open(ctx context.Context, o Opening) (Row, error)
	// Read returns the whole session and moves it on if a time has passed.
	Read(ctx context.Context, sid SessionID) (Row, error)
	// Mark records what the workstation has done with images; the answer
	// holds the rows as they now stand. An image the registry does not know is
	// added. A terminal state is never left again. Reserved, for an image that
	// is stored, says that its object is gone: the phone sends it again, and a
	// session that was over drains once more for it.
	Mark(ctx context.Context, sid SessionID, marks []Mark) (Row, error)
	// Renew replaces the pairing token: the old one is revoked. With
	// dropPhone the bound phone is revoked too and the session waits again.
	Renew(ctx context.Context, sid SessionID, tokenHash Digest, dropPhone bool) (Row, error)
	// Close ends the session for new photos: draining, or closed at once when
	// nothing is outstanding. Until the draining would be over a phone that was
	// away may still announce what it captured before; that makes a closed
	// session drain again.
	Close(ctx context.Context, sid SessionID) (Row, error)
}

// Amendments is the registry's part that holds changed details. Concurrent
// calls are fine.
type Amendments interface {
	// Details returns the highest amendment of an image; none is KindNotFound.
	Details(ctx context.Context, sid SessionID, id ImageID) (Amendment, error)
}

// Opening is what a session starts, or is restored, with.
type Opening struct {
	SID          SessionID
	PracticeName string // shown on the phone; the practice's own, not a patient's
	Asks         Asks
	TokenHash    Digest
	Limits       Limits
	// Restore, when not nil, is the agent's copy: put back if the hash is missing.
	Restore *Row
}

// Row is a session as the registry holds it.
type Row struct {
	SID          SessionID
	State        SessionState
	PracticeName string
	Asks         Asks
	TokenHash    Digest
	PhoneHash    Digest    // SHA-256 of the phone key; "" until claimed
	PhoneDone    bool      // the phone said it is finished
	Left         bool      // the phone left the session: it shows another patient, or
	Declined     bool      // with Left: nobody agreed to photos
	Keep         KeepOffer // the bound phone's; zero: it cannot be kept
	Kept         time.Time // until when the bound phone is kept; zero: it is not
	Created      time.Time
	Expires      time.Time // when it starts draining if nothing happens
	Ends         time.Time // when it starts draining whatever happens
	ClaimBy      time.Time
	DrainUntil   time.Time // zero until draining
	Now          time.Time // the registry's clock at this answer
	Limits       Limits
	Seq          int64 // rises with every change
	Images       []RowImage
}

// RowImage is one image of a Row, in the order of its first reservation.
type RowImage struct {
	ID            ImageID
	State         ImageState
	Bytes         int64  // of the sealed object
	SHA256        Digest // of the sealed object
	Seq           int64
	RetractWanted bool
	Refused       bool     // the agent refused the retraction: filing had begun
	Details       int      // the highest amendment held; 0: none
	Sinks         []string // where it was filed: "folder", "alex-scan", "alex-media"
}

// Mark is one image's new state, said by the workstation.
type Mark struct {
	ID     ImageID
	State  ImageState // Landed, Filed, Retracted, Discarded, Unconfirmed, Quarantined; Reserved: missing
	Refuse bool       // with the current state: the retraction asked for is refused
	Bytes  int64
	SHA256 Digest
	Sinks  []string
}

// Objects is the S3 temp bucket as the workstation uses it, bounded to one
// practice. Concurrent calls are fine. Missing is KindNotFound.
type Objects interface {
	// Get reads one sealed image whole into the memory given, which it must fit
	// (else KindTooLarge), and returns that part of it with its SHA-256. When
	// the stored checksum and the bytes differ: KindCorrupt.
	Get(ctx context.Context, sid SessionID, id ImageID, into []byte) ([]byte, Digest, error)
	// List returns every object of one session.
	List(ctx context.Context, sid SessionID) ([]Object, error)
	// Delete removes one object; one that is not there is no error.
	Delete(ctx context.Context, sid SessionID, id ImageID) error
}

// Object is one listed object.
type Object struct {
	ID       ImageID
	Bytes    int64
	Modified time.Time
}

// Signal is one thing a Feed has to say. Hints carry no truth: they are a
// reason to look at the registry.
type Signal struct {
	// Healthy: attached with continuity since the last signal. Not healthy:
	// connecting, suspended, or continuity lost; the engine polls meanwhile.
	Healthy bool
	// Event is "" for a change of health, else one of the Event constants.
	Event Event
	Image ImageID // of EventImageStored, EventImageRetracted and EventDetails
}

// Event is the name of a realtime message (design section 3).
type Event string

const (
	EventPhonePaired    Event = "phone-paired"
	EventImageStored    Event = "image-stored"
	EventImageRetracted Event = "image-retracted"
	EventDetails        Event = "details"
	EventPhoneLeft      Event = "phone-left"
	EventPhoneDone      Event = "phone-done"
	EventSessionClosed  Event = "session-closed"
)

// Feed is realtime (Ably). Listen subscribes to one session's channel until
// ctx ends, reconnecting by itself; it returns nil then, and an error only
// for KindAuth and KindBug. notify is called from one goroutine at a time
// and must return at once.
type Feed interface {
	Listen(ctx context.Context, sid SessionID, notify func(Signal)) error
}

// Spool keeps sealed images and the sealed index on disk. Everything is
// durable (fsync, rename) when a call returns, and every call is idempotent.
// No space or no right to write is KindFull.
type Spool interface {
	// Land writes one sealed image as it came.
	Land(ctx context.Context, sid SessionID, id ImageID, sealed []byte) error
	// Sealed returns a landed image as it came, KindNotFound if it has not landed.
	Sealed(ctx context.Context, sid SessionID, id ImageID) ([]byte, error)
	// Save writes records of the index, sealed, all or none; Kind and Key name
	// each.
	Save(ctx context.Context, records ...Record) error
	// Load returns the records of the index that want names; a nil want names
	// all. Those it does not name are not decrypted.
	Load(ctx context.Context, want func(sid SessionID, kind, key string) bool) ([]Record, error)
	// Remove deletes a session's records and files for good.
	Remove(ctx context.Context, sid SessionID) error
}

// Record is one entry of the spool's index. Body is plaintext here and sealed
// on disk (to the workstation's age identity and the practice's recovery
// recipient); Kind and Key stay readable and hold no patient value.
type Record struct {
	SID  SessionID
	Kind string // "session", "image", "delivery"
	Key  string // image id or delivery id; "" for the session itself
	Body []byte // JSON; a nil Body in Save removes the record
}

// Audit is the practice's audit trail. Note appends entries and returns once
// they are on disk, all in one sync. An entry whose Key was noted before adds
// nothing, so a note that a crash cut off from what it speaks of may be made
// again. Calls may be concurrent. No space or no right to write is KindFull.
type Audit interface {
	Note(ctx context.Context, entries ...AuditEntry) error
}

// AuditEvent is what happened, one fixed word.
type AuditEvent string

const (
	AuditOpened      AuditEvent = "session-opened"
	AuditAssigned    AuditEvent = "patient-assigned" // to a session that began without one
	AuditReferred    AuditEvent = "record-named"     // of a session that began without: its patient is known in the record system
	AuditPaired      AuditEvent = "phone-paired"
	AuditLanded      AuditEvent = "image-landed"
	AuditQuarantined AuditEvent = "image-quarantined"
	AuditRetracted   AuditEvent = "image-retracted"
	AuditDiscarded   AuditEvent = "image-discarded"
	AuditIntent      AuditEvent = "filing-begun" // durable before the sink is asked
	AuditFiled       AuditEvent = "image-filed"
	AuditAttested    AuditEvent = "image-attested" // filed by the GP's word, after it was unconfirmed
	AuditUnconfirmed AuditEvent = "image-unconfirmed"
	AuditRefused     AuditEvent = "filing-failed"   // certainly not there
	AuditRemoved     AuditEvent = "session-removed" // retention is over
	AuditClosed      AuditEvent = "session-closed"
	AuditKept        AuditEvent = "phone-kept"
	AuditForgotten   AuditEvent = "phone-forgotten"
	AuditCopied      AuditEvent = "copy-made" // by the GP's hand; Reason says what: photo, pdf, copy (to the clipboard); Delivery is the act's own id
)

// AuditEntry is one line of the trail, without who did it: the trail knows
// the OS user. Patient is written as an HMAC only.
type AuditEntry struct {
	At       time.Time // workstation's clock
	Server   time.Time // registry's clock, estimated; zero: not known
	Event    AuditEvent
	SID      SessionID
	Image    ImageID // "" where the event is the session's
	Patient  Patient
	Provider string // the practice's own id of the clinician; "" not known
	SHA256   Digest // of the sealed image, or of what was handed over (filing events)
	Delivery string
	Sink     string
	Receipt  string // the sink's answer without a patient value in it
	Reason   string // a fixed word: a Kind, a Reason, "wrong-patient" or "consent-refused" where a phone
	// left, or where an
	// image is filed "consent-" and a ConsentBy;
	// of a kept phone a word, part of its key's hash, and since when it is kept
}

// Key is the same for two notes of one happening.
func (e AuditEntry) Key() string {
	return string(e.Event) + "|" + string(e.SID) + "|" + string(e.Image) + "|" + e.Delivery + "|" + e.Sink + "|" + e.Reason
}

// Vault is the OS keyring. Every call has its own deadline: a locked keyring
// never hangs the caller. A name without a secret is KindNotFound; any other
// failure, a locked or missing keyring included, is KindAuth.
type Vault interface {
	Get(ctx context.Context, name string) (Sealed, error)
	Set(ctx context.Context, name string, secret Sealed) error
	Delete(ctx context.Context, name string) error
}

// Sink hands images over to where they belong. Deliver may be called again
// with the same Delivery after any failure or kill: it must find out what it
// did before and never do it twice. What it can neither prove done nor prove
// absent it answers with Unconfirmed set, and leaves as it is. One that hands
// over something else than the pictures is a Composer too. Calls for different
// deliveries may be concurrent.
type Sink interface {
	Name() string
	Deliver(ctx context.Context, d Delivery) ([]Receipt, error)
}

// Delivery is a frozen hand-over: the bytes that leave, fixed in the spool
// before the first try.
type Delivery struct {
	ID      string // 26 Crockford characters
	SID     SessionID
	Patient Patient
	Record  RecordRef
	Again   bool          // a try came before this one
	Unsure  bool          // and came to no known end
	Quiet   time.Duration // since the last try that may have sent anything was over, at least; 0: not known
	Unknown time.Duration // since when that has been so; 0: not known
	Target  Sealed        // of a Placed: where it goes
	Items   []DeliveryItem
	Made    int    // for Compose: parts of this delivery made before
	Parts   []Part // of a Composer: what leaves; Items have no JPEG then
	// Passed is to be called once for each picture whose bytes have reached the
	// target, whatever then becomes of them, and never after Deliver has come
	// back; nil: nobody looks. A sink that does not call it is taken to be
	// through with its pictures when it comes back.
	Passed func(ImageID)
}

// DeliveryItem is one picture of a Delivery. Name was rendered when the
// delivery was frozen and may hold patient values: it is only ever written
// to the practice's own sink.
type DeliveryItem struct {
	Image  ImageID
	Name   Sealed // file name without folder, ".jpg"
	JPEG   []byte // exact bytes, EXIF stripped
	SHA256 Digest // of JPEG
	// What is known of the picture, as far as it was before it was frozen.
	Details Details
	Consent Consent
	TakenAt time.Time // in the practice's zone; zero: unknown
	TakenBy Clock
}

// Receipt is what a sink answers for one item. Exactly one of the three
// holds: filed (Place set), Unconfirmed, or Err (it is certainly not there).
type Receipt struct {
	Image       ImageID
	Sink        string // the sink's Name; the Engine sets it
	SHA256      Digest // of the bytes handed over; the Engine sets it
	Place       Sealed // where it went: a full path, a resource id
	Ref         string // the same without a patient value in it, for the audit trail
	Unconfirmed bool
	Err         error
	Unknown     bool // beside Err: it may be there, from this try or one before; Deliver again finds out
	Looked      bool // beside Unknown: this try sent nothing
}
