package app

// Leaving is how a phone leaves a session for good.
type Leaving struct {
	Keep     bool // what it has sent stays with the session; else what is not filed is wanted back
	Declined bool // nobody agreed to photos; else the session shows another patient
}
