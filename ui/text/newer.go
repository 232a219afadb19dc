package text

// NewerVersion says that a newer version is out, and that nothing is wrong.
func NewerVersion(version string) Sentence {
	return Sentence{"A newer version of ClinicPro Images is out: " + version + ".",
		"This one goes on working.", "IT installs it when it suits you: please pass this on."}
}
