package app

// KeptPhone is a phone that the GP keeps for further sessions.
type KeptPhone struct{}
