package link

import "runtime/debug"

// Version is the product's; FyneApp.toml and the packages carry the same.
const Version = "0.1.0"

// AppID is the product's name to desktops and installers, as FyneApp.toml has it.
const AppID = "nz.co.clinicpro.images"

// Build identifies what the two ends of the pipe were built from: the version
// and, where the build recorded it, the commit.
func Build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return Version + "+" + s.Value
		}
	}
	return Version
}
