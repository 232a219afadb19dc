package app

import "time"

// Input is one thing that happened. Every Input but Boot and Tick names its
// session, and Step hands it that session alone: an input of one session
// cannot reach another. At is the workstation's clock.
type Input struct {
	SID SessionID
	At  time.Time
	What
}

// What is the content of an Input.
type What interface{ what() }

// From the start and the clock.
type (
	// Boot carries what the spool's index held. The Engine sends it first, and
	// again when a spool has been adopted: sessions that are known are left.
	Boot struct {
		Sessions []Session
		Kept     KeptPhone // taken up where no phone is kept
	}
	// Tick comes once a second while a session has something to wait for, and
	// once a minute always.
	Tick struct{}
	// Woke: the machine has slept, so nothing that was believed of the cloud
	// is certain.
	Woke struct{}
	// Trouble sets or clears (Kind "") what a part's health is.
	Health struct {
		Area Area
		Kind Kind
	}
)

// From the GP.
type (
	// Start opens a session about Patient; the Input's SID is the new id.
	Start struct {
		Patient      Patient
		Record       RecordRef
		Secrets      Secrets
		PracticeName string
		Asks         Asks
		Code         Digest
		Limits       Limits
		Keep         time.Duration // 0 means DefaultKeep
	}
	// NewCode shows a new QR code. Insist drops a phone that is paired.
	NewCode struct {
		Token  Token
		Code   Digest
		Insist bool
	}
	// File hands over the images named, or every image that can be filed, to
	// the sinks named; nil: to the practice's first.
	File struct {
		Delivery string
		Images   []ImageID
		Sinks    []string
		// Confirmed: the GP has said that the photos are of this patient. A
		// session that the phone left as another patient's needs it.
		Confirmed bool
	}
	// Discard throws images away.
	Discard struct{ Images []ImageID }
	// Attest is the GP's word that unconfirmed images are where they belong.
	Attest struct{ Images []ImageID }
	// End closes the session for new photos.
	End struct{}
	// Refresh looks now.
	Refresh struct{}
	// Show puts the session into the window.
	Show struct{}
	// Assign says who a session without a patient is about. A session that has
	// one keeps it.
	Assign struct{ Patient Patient }
	// Refer says where in the record system the session's patient is, once a
	// launch has named them and the GP has said that it is who sits there. A
	// session that knows it, or is about anybody else, keeps what it has.
	Refer struct {
		Patient Patient
		Record  RecordRef
	}
	// KeepPhone keeps the phone that the session is paired with, until a time
	// of the registry's clock, at most MaxKept from now.
	KeepPhone struct{ Until time.Time }
	// ForgetPhone ends the keeping; it names no session.
	ForgetPhone struct{}
	// WorkstationLocked: the user's desktop session is locked. It names no
	// session and ends the keeping.
	WorkstationLocked struct{}
)

// From effects that finished. Err is nil on success.
type (
	RowRead struct {
		Row Row
		Err error
	}
	SessionOpened struct {
		Row     Row
		Restore bool
		Err     error
	}
	CodeRenewed struct {
		Row Row
		Err error
	}
	SessionEnded struct {
		Row Row
		Err error
	}
	MarksTold struct {
		Marks []Mark
		Row   Row
		Err   error
	}
	Landed struct {
		Image  ImageID
		Bytes  int64
		SHA256 Digest
		Area   Area // where Err comes from
		Err    error
	}
	Examined struct {
		Image         ImageID
		Reason        Reason // "" when it can be shown
		Width, Height int
		TakenAt       time.Time
		TakenBy       Clock
		Details       Details // as captured
		Consent       Consent
		Err           error // could not be examined now; nothing is known
	}
	// Amended is an amendment, opened. Err is KindCorrupt for one that is not
	// this session's or cannot be read; N may be 0 then.
	Amended struct {
		Image   ImageID
		N       int
		Details Details
		Err     error
	}
	// SessionSaved and ImageSaved say that the index now holds what was given.
	SessionSaved struct{ Err error }
	ImageSaved   struct {
		Image Image
		Err   error
	}
	ObjectDeleted struct {
		Image ImageID
		Err   error
	}
	ObjectsListed struct {
		Objects []Object
		Err     error
	}
	Delivered struct {
		Delivery string
		Sink     string
		Area     Area // where Err comes from: the spool while freezing, else the sink
		Receipts []Receipt
		Err      error // what has no receipt was not handed over
	}
	// Passed says how far a hand-over under way is: of Images, the bytes that
	// leave are fixed (Sink ""), or have reached the sink, whatever it then
	// answers. It is for eyes only, and nothing follows from it.
	Passed struct {
		Delivery, Sink string
		Images         []ImageID
	}
	// PhoneKept, KeptAgain, NextOffered and PhoneForgotten are the registry's answers about
	// the kept phone with this Key. Err of PhoneKept is KindCorrupt when the
	// offer is not from the phone that saw the session's code.
	PhoneKept struct {
		Key Digest
		Row Row
		Err error
	}
	NextOffered struct {
		Key Digest
		N   int64
		Err error
	}
	KeptAgain struct {
		Key Digest
		Err error
	}
	PhoneForgotten struct {
		Key Digest
		Err error
	}
	// KeptSaved says that the index now holds what was given.
	KeptSaved struct {
		Kept KeptPhone
		Err  error
	}
	// SessionRemoved: nothing of the session is on the disk any more.
	SessionRemoved struct{ Err error }
	// Heard is a signal of the feed.
	Heard struct{ Signal }
)

func (KeptAgain) what()         {}
func (KeepPhone) what()         {}
func (ForgetPhone) what()       {}
func (WorkstationLocked) what() {}
func (PhoneKept) what()         {}
func (NextOffered) what()       {}
func (PhoneForgotten) what()    {}
func (KeptSaved) what()         {}
func (Boot) what()              {}
func (Tick) what()              {}
func (Woke) what()              {}
func (Health) what()            {}
func (Start) what()             {}
func (NewCode) what()           {}
func (File) what()              {}
func (Discard) what()           {}
func (Attest) what()            {}
func (End) what()               {}
func (Refresh) what()           {}
func (Show) what()              {}
func (Assign) what()            {}
func (Refer) what()             {}
func (RowRead) what()           {}
func (SessionOpened) what()     {}
func (CodeRenewed) what()       {}
func (SessionEnded) what()      {}
func (MarksTold) what()         {}
func (Landed) what()            {}
func (Examined) what()          {}
func (Amended) what()           {}
func (SessionSaved) what()      {}
func (ImageSaved) what()        {}
func (ObjectDeleted) what()     {}
func (ObjectsListed) what()     {}
func (Delivered) what()         {}
func (Passed) what()            {}
func (SessionRemoved) what()    {}
func (Heard) what()             {}

// Effect is one thing to do outside. The Engine runs each and sends its
// outcome back as an Input of the same session.
type Effect struct {
	SID SessionID
	Do
}

// Do is the content of an Effect.
type Do interface{ do() }

type (
	OpenSession struct{ Opening Opening }
	ReadRow     struct{}
	RenewCode   struct {
		Code      Digest
		DropPhone bool
	}
	EndSession struct{}
	TellMarks  struct{ Marks []Mark }
	// LandImage fetches, verifies against SHA256 (unless empty) and makes durable.
	LandImage struct {
		Image    ImageID
		SHA256   Digest
		Bytes    int64 // expected; 0 not known
		MaxBytes int64
	}
	ExamineImage struct{ Image ImageID }
	// FetchDetails reads an image's amendment from the registry and opens it.
	FetchDetails struct{ Image ImageID }
	// SaveSession and SaveImage note what happened in the audit trail, then
	// write the index; the Engine keeps their order.
	SaveSession struct {
		Session Session
		Audit   []AuditEntry
	}
	SaveImage struct {
		Image Image
		Audit []AuditEntry
	}
	// RemoveSession notes the end in the audit trail, then removes every trace
	// of the session from the disk.
	RemoveSession struct{ Audit []AuditEntry }
	DeleteObject  struct{ Image ImageID }
	ListObjects   struct{}
	// Deliver freezes the images (unless Again) and hands them over to one sink.
	Deliver struct {
		Delivery string
		Sink     string
		Images   []ImageID
		Again    bool
		Unsure   bool
		Quiet    time.Duration // as in Delivery
		Unknown  time.Duration
	}
	// DropFrozen forgets the frozen bytes of a delivery that is over.
	DropFrozen struct {
		Delivery string
		Sinks    []string
		Images   []ImageID
	}
	// SaveKept notes what happened in the audit trail, then writes the index; a
	// phone that is over or refused is taken out of it.
	SaveKept struct {
		Kept  KeptPhone
		Audit []AuditEntry
	}
	// AskToKeep checks the phone's offer, then tells the registry to keep it.
	AskToKeep struct {
		Key   Digest
		Until time.Time
	}
	// KeepAgain puts a kept phone back that the registry has lost.
	KeepAgain struct {
		Key      Digest
		Until    time.Time
		Sessions []SessionID
	}
	// OfferNext seals the link of Kept.Next as number Kept.N and puts it on
	// offer, or takes back what was.
	OfferNext struct{ Kept KeptPhone }
	// TellForgotten ends the keeping in the registry.
	TellForgotten struct {
		Key      Digest
		Sessions []SessionID
	}
	Listen     struct{}
	StopListen struct{}
)

func (KeepAgain) do()     {}
func (SaveKept) do()      {}
func (AskToKeep) do()     {}
func (OfferNext) do()     {}
func (TellForgotten) do() {}
func (OpenSession) do()   {}
func (ReadRow) do()       {}
func (RenewCode) do()     {}
func (EndSession) do()    {}
func (TellMarks) do()     {}
func (LandImage) do()     {}
func (ExamineImage) do()  {}
func (FetchDetails) do()  {}
func (SaveSession) do()   {}
func (SaveImage) do()     {}
func (RemoveSession) do() {}
func (DeleteObject) do()  {}
func (ListObjects) do()   {}
func (Deliver) do()       {}
func (DropFrozen) do()    {}
func (Listen) do()        {}
func (StopListen) do()    {}
