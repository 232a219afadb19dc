package app

import "time"

// Clock says whose clock a capture time is (domain.md: from the session,
// never the phone's clock alone).
type Clock string

const (
	ClockUnknown Clock = ""
	ClockPhone   Clock = "phone"   // the phone's, and it agrees with the session's times
	ClockSession Clock = "session" // the registry's at arrival: the phone's made no sense
)

// captureSlack is how far a phone's clock may stand off the session's before
// it is not believed.
const captureSlack = 2 * time.Minute

// CaptureTime judges the moment a phone gave for an image by the session's
// own times, which are the registry's: not before the session was opened, not
// after the image had arrived. A moment that does not fit is replaced by the
// arrival's. The zone is the practice's, whatever the phone's is set to: it
// decides the date that is written on a record.
func CaptureTime(said, opened, arrived time.Time, zone *time.Location) (time.Time, Clock) {
	early := !opened.IsZero() && said.Before(opened.Add(-captureSlack))
	late := !arrived.IsZero() && said.After(arrived.Add(captureSlack))
	switch {
	case !said.IsZero() && !early && !late:
		return said.In(zone), ClockPhone
	case !arrived.IsZero():
		return arrived.In(zone), ClockSession
	}
	return time.Time{}, ClockUnknown
}
