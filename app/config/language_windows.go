package config

import "golang.org/x/sys/windows"

// systemLanguage is the language that Windows shows this user.
func systemLanguage() string {
	wanted, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return "en"
	}
	return languageOf(wanted...)
}
