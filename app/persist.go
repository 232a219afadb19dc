package app

import (
	"encoding/json"
	"time"
)

// Kinds of index records.
const (
	RecordSession  = "session"
	RecordKept     = "kept" // the kept phone, beside the session under which it is kept; key: ""
	RecordImage    = "image"
	RecordDelivery = "delivery" // key: delivery id; names its items, written once they all are
	RecordItem     = "item"     // key: delivery id "/" image id; the body is the exact bytes that leave
	RecordPart     = "part"     // key: delivery id "/" sink "/" number; the exact bytes of a Composer's part
)

// sessionRecord and imageRecord are what the sealed index holds: the one
// place where sealed values are written out, because the record is encrypted
// before it reaches the disk.
type sessionRecord struct {
	Name, NHI, BirthDate, Sex, Source   string
	Token, Identity, Recipient, Pairing string
	Claimed                             string
	Limits                              Limits
	Stage                               Stage
	Started                             time.Time
	Row                                 Row // without its time: the clock may have been put right since
	Order                               []ImageID
	Code                                Digest
	CodePending, Ending                 bool
	Keep                                time.Duration
	Quiet                               time.Time
	Facility, RecordPatient, Provider   string
	Assigned, Referred                  bool
}

type imageRecord struct {
	State         ImageState
	Bytes         int64
	SHA256        Digest
	Reason        Reason
	Width, Height int
	TakenAt       time.Time
	TakenBy       Clock
	Arrived       time.Time
	Shown         bool
	Delivery      string
	Handovers     []handoverRecord
	Details       detailsRecord
	Consent       Consent
	Amended       int
	Own           Own
	Edits         []Edit
	Aside         bool
}

// handoverRecord is Handover written out.
type handoverRecord struct {
	Sink, Delivery string
	State          HandState
	Tried, Unknown bool
	Kind           Kind
	Area           Area
	Code           string
	Place          string
	Ref            string
	SHA256         Digest
	Attested       bool
}

func recordOfHandovers(all []Handover) []handoverRecord {
	var out []handoverRecord
	for _, h := range all {
		out = append(out, handoverRecord{h.Sink, h.Delivery, h.State, h.Tried, h.Unknown, h.Kind, h.Area, h.Code,
			h.Place.Reveal(), h.Ref, h.SHA256, h.Attested})
	}
	return out
}

func handoversOf(r storedImage) []Handover {
	var out []Handover
	for _, h := range r.Handovers {
		out = append(out, Handover{Sink: h.Sink, Delivery: h.Delivery, State: h.State, Tried: h.Tried, Unknown: h.Unknown,
			Kind: h.Kind, Area: h.Area, Code: h.Code, Place: Seal(h.Place), Ref: h.Ref, SHA256: h.SHA256, Attested: h.Attested})
	}
	if out == nil && r.Delivery != "" {
		out = r.only()
	}
	return out
}

// storedImage is imageRecord as it is read: of this version or of one before.
type storedImage struct {
	imageRecord
	alone
}

// alone is the one hand-over of a record that knew of one sink only.
type alone struct {
	Filing, Tried bool
	FileKind      Kind
	FileArea      Area
	Place         string
	Sinks         []string
	Receipt       string
	Handed        Digest
	Attested      bool
}

// only reads an image that an earlier version filed, or began to.
func (r storedImage) only() []Handover {
	h := Handover{Sink: "folder", Delivery: r.Delivery, State: HandFailed, Tried: r.Tried, Kind: r.FileKind, Area: r.FileArea,
		Place: Seal(r.Place), Ref: r.Receipt, SHA256: r.Handed, Attested: r.Attested}
	switch {
	case r.Filing:
		h.State = HandAsked
	case r.State == ImageUnconfirmed:
		h.State = HandUnsure
	case r.State == ImageFiled:
		h.State = HandDone
	}
	return []Handover{h}
}

// detailsRecord is Details written out.
type detailsRecord struct {
	Caption, Site string
	Side          Side
	View          View
	Type          ImageType
	Intimate      bool
	Rotate        int
}

func recordOfDetails(d Details) detailsRecord {
	return detailsRecord{d.Caption.Reveal(), d.Site, d.Side, d.View, d.Type, d.Intimate, d.Rotate}
}

func (r detailsRecord) details() Details {
	return Details{Seal(r.Caption), r.Site, r.Side, r.View, r.Type, r.Intimate, r.Rotate}
}

func recordOfSession(s Session) (Record, error) {
	body, err := json.Marshal(sessionRecord{
		Name: s.Patient.Name.Reveal(), NHI: s.Patient.NHI.Reveal(), BirthDate: s.Patient.BirthDate.Reveal(),
		Sex: s.Patient.Sex.Reveal(), Source: s.Patient.Source,
		Token: s.Secrets.Token.Reveal(), Claimed: s.Secrets.Claimed.Reveal(), Identity: s.Secrets.Identity.Reveal(),
		Recipient: s.Secrets.Recipient, Pairing: s.Secrets.Pairing.Reveal(),
		Limits: s.Limits, Stage: s.Stage, Started: s.Started, Row: s.Row, Order: s.Order,
		Code: s.Code, CodePending: s.CodePending, Ending: s.ending, Keep: s.Keep, Quiet: s.Quiet,
		Facility: s.Record.Facility, RecordPatient: s.Record.Patient.Reveal(), Provider: s.Record.Provider,
		Assigned: s.Assigned, Referred: s.Referred,
	})
	if err != nil {
		return Record{}, E("write session record", KindBug, err)
	}
	return Record{SID: s.ID, Kind: RecordSession, Body: body}, nil
}

func recordOfImage(sid SessionID, im Image) (Record, error) {
	body, err := json.Marshal(imageRecord{
		State: im.State, Bytes: im.Bytes, SHA256: im.SHA256, Reason: im.Reason,
		Width: im.Width, Height: im.Height, TakenAt: im.TakenAt, TakenBy: im.TakenBy,
		Arrived: im.Arrived, Shown: im.Shown,
		Delivery: im.Delivery, Handovers: recordOfHandovers(im.Handovers),
		Details: recordOfDetails(im.Details), Consent: im.Consent, Amended: im.Amended,
		Own: im.Own, Edits: im.Edits, Aside: im.Aside,
	})
	if err != nil {
		return Record{}, E("write image record", KindBug, err)
	}
	return Record{SID: sid, Kind: RecordImage, Key: string(im.ID), Body: body}, nil
}

// keptRecord is KeptPhone written out.
type keptRecord struct {
	Stage        KeptStage
	Key          Digest
	Recipient    string
	Pairing      string
	Since, Until time.Time
	Reason       KeptEnd
	N            int64
	Next         SessionID
	Code         Digest
	Ahead        time.Duration
}

// recordOfKept has no body for a phone that is not kept any more, or cannot be.
func recordOfKept(k KeptPhone) (Record, error) {
	rec := Record{SID: k.First, Kind: RecordKept}
	if k.Stage == KeptOver || k.Stage == KeptRefused {
		return rec, nil
	}
	body, err := json.Marshal(keptRecord{k.Stage, k.Key, k.Recipient, k.Pairing.Reveal(), k.Since, k.Until, k.Reason,
		k.N, k.Next, k.Code, k.ahead})
	if err != nil {
		return Record{}, E("write kept phone record", KindBug, err)
	}
	rec.Body = body
	return rec, nil
}

// restoreKept returns the kept phone that records describe: the one kept last,
// where a spool that was adopted brought another. What the registry was told
// is not known, so it is told again.
func restoreKept(records []Record) (last KeptPhone) {
	for _, rec := range records {
		var r keptRecord
		if rec.Kind != RecordKept || json.Unmarshal(rec.Body, &r) != nil || r.Since.Before(last.Since) {
			continue
		}
		last = KeptPhone{Stage: r.Stage, First: rec.SID, Key: r.Key, Recipient: r.Recipient, Pairing: Seal(r.Pairing),
			Since: r.Since, Until: r.Until, Reason: r.Reason, N: r.N, Next: r.Next, Code: r.Code, ahead: r.Ahead,
			durable: keptDurable{r.Stage, r.N}}
	}
	return last
}

// restoreSessions rebuilds the sessions that records describe. A hand-over
// that was under way counts as tried: its sink must look before it writes. A
// body that cannot be read, or an image without its session, is left where it
// is and counted: the recovery key may still open it, and the others go on.
func restoreSessions(records []Record) (sessions []Session, unreadable int) {
	byID := map[SessionID]*Session{}
	var order []SessionID
	for _, rec := range records {
		if rec.Kind != RecordSession {
			continue
		}
		var r sessionRecord
		if err := json.Unmarshal(rec.Body, &r); err != nil {
			unreadable++
			continue
		}
		var nhi NHI
		if r.NHI != "" {
			nhi, _, _ = ParseNHI(r.NHI) // checked when it was entered
		}
		byID[rec.SID] = &Session{
			ID: rec.SID,
			Patient: Patient{Name: Seal(r.Name), NHI: nhi, BirthDate: Seal(r.BirthDate),
				Sex: Seal(r.Sex), Source: r.Source},
			Record: RecordRef{Facility: r.Facility, Patient: Seal(r.RecordPatient), Provider: r.Provider},
			Secrets: Secrets{Token: Token{Seal(r.Token)}, Claimed: Token{Seal(r.Claimed)}, Identity: Seal(r.Identity),
				Recipient: r.Recipient, Pairing: Seal(r.Pairing)},
			Limits: r.Limits, Stage: r.Stage, Started: r.Started, Keep: r.Keep, Quiet: r.Quiet, Row: r.Row, Assigned: r.Assigned, Referred: r.Referred,
			Images: map[ImageID]Image{}, Code: r.Code, CodePending: r.CodePending, ending: r.Ending,
			kept: true, readAgain: true,
		}
		order = append(order, rec.SID)
		byID[rec.SID].Order = append(byID[rec.SID].Order, r.Order...)
	}
	for _, rec := range records {
		if rec.Kind != RecordImage {
			continue
		}
		s := byID[rec.SID]
		var r storedImage
		if s == nil || json.Unmarshal(rec.Body, &r) != nil {
			unreadable++
			continue
		}
		id := ImageID(rec.Key)
		im := Image{
			ID: id, State: r.State, Bytes: r.Bytes, SHA256: r.SHA256, Reason: r.Reason,
			Width: r.Width, Height: r.Height, TakenAt: r.TakenAt, TakenBy: r.TakenBy, Arrived: r.Arrived,
			Delivery: r.Delivery, Handovers: handoversOf(r),
			Details: r.Details.details(), Consent: r.Consent, Amended: r.Amended,
			Own: r.Own, Edits: r.Edits, Aside: r.Aside,
			thawed: r.State == ImageFiled,
		}
		im.tally()
		im.durable = durableOf(im)
		im.tried()
		s.Images[id] = im
	}
	out := make([]Session, 0, len(order))
	for _, sid := range order {
		s := byID[sid]
		s.Order = s.completeOrder()
		if s.Stage == StageSettling {
			s.listDue = s.Started // due at once
		}
		out = append(out, *s)
	}
	return out, unreadable
}

// completeOrder drops what has no image record (it was never landed: the
// registry will name it again) and adds images that landed after the order
// was last saved.
func (s Session) completeOrder() []ImageID {
	var order []ImageID
	seen := map[ImageID]bool{}
	for _, id := range s.Order {
		if _, ok := s.Images[id]; ok && !seen[id] {
			order, seen[id] = append(order, id), true
		}
	}
	var late []ImageID
	for id := range s.Images {
		if !seen[id] {
			late = append(late, id)
		}
	}
	// UUIDv7 sorts by the time of the shutter.
	sortImageIDs(late)
	return append(order, late...)
}
