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

// Hand is how an image stands with one place that it was filed into.
type Hand struct {
	Label string    `json:"label"`
	State HandState `json:"state"`
	Line  string    `json:"line,omitempty"` // a sentence, where it is not done
}

// HandState is where an image stands with one place.
type HandState string

const (
	HandGoing   HandState = "going"
	HandDone    HandState = "done"
	HandWaiting HandState = "waiting" // not yet; tried again by itself
	HandFailed  HandState = "failed"  // not; the GP presses File
	HandUnsure  HandState = "unsure"  // perhaps; the GP looks
)
