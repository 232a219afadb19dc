package link

// Target is one place that images can be filed into. The GP chooses among
// those that are there; Snapshot.Sink names what is chosen.
type Target struct {
	Name   string `json:"name"`  // the sink's
	Label  string `json:"label"` // "Inbox Scan in Medtech"
	On     bool   `json:"on,omitempty"`
	Record bool   `json:"record,omitempty"` // what is filed there cannot be changed or taken back
	WhyNot string `json:"whyNot,omitempty"` // a sentence; it cannot be chosen for this patient
}

// Handover is how an image stands with one place that it was filed into.
type Handover struct {
	Label string        `json:"label"`
	State HandoverState `json:"state"`
	Line  string        `json:"line,omitempty"` // a sentence, where it is not done
	// Record: a record system has confirmed it itself.
	Record bool `json:"record,omitempty"`
}

// HandoverState is where an image stands with one place.
type HandoverState string

const (
	HandoverGoing   HandoverState = "going"
	HandoverDone    HandoverState = "done"
	HandoverWaiting HandoverState = "waiting" // not yet; tried again by itself
	HandoverFailed  HandoverState = "failed"  // not; the GP presses File
	HandoverUnsure  HandoverState = "unsure"  // perhaps; the GP looks
)
