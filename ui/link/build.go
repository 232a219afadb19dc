package link

import "runtime/debug"

// Version is the product's, as FyneApp.toml has it. The linker of a package
// sets the package's own (-X); nothing else ever changes it.
var Version = "0.1.0"

// AppID is the product's name to desktops and installers, as FyneApp.toml has it.
const AppID = "nz.co.clinicpro.images"

// source is a hash of everything the programs are built from. The linker sets
// it (-X), so that it costs no compilation; a plain go build leaves it empty.
var source string

// Build identifies what this program was built from: the version and a hash
// of the sources or, where nobody gave one, the commit if the build recorded
// it. Two programs of one installation have the same.
func Build() string {
	if source != "" {
		return Version + "+" + source
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	recorded := map[string]string{}
	for _, s := range info.Settings {
		recorded[s.Key] = s.Value
	}
	id := Version
	if commit := recorded["vcs.revision"]; commit != "" {
		id += "+" + commit
	}
	if recorded["vcs.modified"] == "true" {
		id += "+changed"
	}
	return id
}
