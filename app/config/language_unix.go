//go:build !windows

package config

import (
	"os"
	"strings"
)

// systemLanguage is the language of the user's session, as gettext finds it.
func systemLanguage() string {
	wanted := strings.Split(os.Getenv("LANGUAGE"), ":")
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		wanted = append(wanted, os.Getenv(name))
	}
	return languageOf(wanted...)
}
