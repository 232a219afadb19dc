package text

// NoNetwork says that no phone reaches local mode on this computer.
func NoNetwork() Sentence {
	s, _ := sentence("noNetwork")
	return s
}
