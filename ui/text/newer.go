package text

// NewerVersion says that a newer version is out, and that nothing is wrong.
func NewerVersion(version string) Sentence {
	s, _ := sentence("newer")
	s.What = fill(s.What, "version", version)
	return s
}
