package app

import "time"

// The audit trail is derived from what a session and its images have become,
// not from the input that led there: each save notes everything that is true
// by then, and the trail drops what it has been told before. So nothing
// becomes durable without its line, and a crash between the two costs nothing.

func (s Session) note(event AuditEvent, at time.Time) AuditEntry {
	e := AuditEntry{At: at, Event: event, SID: s.ID, Patient: s.Patient}
	if !s.RowAt.IsZero() {
		e.Server = s.ServerNow(at)
	}
	return e
}

// notes are what the trail must hold of the session itself.
func (s Session) notes(at time.Time) []AuditEntry {
	out := []AuditEntry{s.note(AuditOpened, at)}
	if s.Assigned {
		out = append(out, s.note(AuditAssigned, at))
	}
	if s.Referred {
		out = append(out, s.note(AuditReferred, at))
	}
	if s.Row.PhoneHash != "" {
		paired := s.note(AuditPaired, at)
		paired.Reason = string(s.Row.PhoneHash[:min(12, len(s.Row.PhoneHash))]) // tells two phones apart
		out = append(out, paired)
	}
	if s.Stage == StageSettling || s.Stage == StageSettled {
		closed := s.note(AuditClosed, at)
		switch { // said by the phone
		case s.Row.Declined:
			closed.Reason = "consent-refused"
		case s.Row.Left:
			closed.Reason = "wrong-patient"
		}
		out = append(out, closed)
	}
	return out
}

// notesOf are what the trail must hold of one image.
func (s Session) notesOf(im Image, at time.Time) []AuditEntry {
	note := func(event AuditEvent, reason string) AuditEntry {
		e := s.note(event, at)
		e.Image, e.SHA256, e.Reason = im.ID, im.SHA256, reason
		return e
	}
	var out []AuditEntry
	if !im.Arrived.IsZero() {
		out = append(out, note(AuditLanded, ""))
	}
	for _, h := range im.Handovers {
		e := note(AuditIntent, "")
		e.Delivery, e.Provider = h.Delivery, s.Record.Provider
		if h.State != HandAsked {
			e.Sink, e.Receipt = h.Sink, h.Ref
		}
		if h.SHA256 != "" && h.State != HandAsked {
			e.SHA256 = h.SHA256
		}
		switch {
		case h.State == HandDone && h.Attested:
			e.Event, e.Reason = AuditAttested, im.Consent.reason()
		case h.State == HandDone:
			e.Event, e.Reason = AuditFiled, im.Consent.reason()
		case h.State == HandUnsure:
			e.Event = AuditUnconfirmed
		case h.State != HandAsked:
			e.Event, e.Reason = AuditRefused, string(h.Kind)
			if h.Code != "" {
				e.Reason = h.Code
			}
		}
		out = append(out, e)
	}
	switch {
	case im.State == ImageQuarantined:
		out = append(out, note(AuditQuarantined, string(im.Reason)))
	case im.State == ImageRetracted:
		out = append(out, note(AuditRetracted, ""))
	case im.State == ImageDiscarded:
		out = append(out, note(AuditDiscarded, ""))
	}
	return out
}
