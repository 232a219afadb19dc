package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows/registry"

	"github.com/clinicpro-nz/images/app"
)

// runKey starts programs with the user's session: of this user, or, under
// HKEY_LOCAL_MACHINE, of everybody.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// autostarts reports whether the program starts with the user's session.
func autostarts() bool {
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		k, err := registry.OpenKey(root, runKey, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		_, _, err = k.GetStringValue(autostartName)
		_ = k.Close()
		if err == nil {
			return true
		}
	}
	return false
}

// usersEntry is the program that this user's own entry names; "" when there is
// no entry of our form.
func usersEntry() string {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	command, _, err := k.GetStringValue(autostartName)
	if err != nil {
		return ""
	}
	rest, quoted := strings.CutPrefix(command, `"`)
	program, _, ended := strings.Cut(rest, `"`)
	if !quoted || !ended {
		return ""
	}
	return program
}

// startWithUser switches that on or off, for this user. What the installer has
// set for everybody is not this user's to switch off: KindAuth.
func startWithUser(on bool) error {
	const op = "set autostart"
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return app.E(op, app.KindAuth, err)
	}
	defer k.Close()
	if on {
		exe, err := ownPath()
		if err == nil {
			err = k.SetStringValue(autostartName, `"`+signInProgram(exe)+`" -hidden`)
		}
		if err != nil {
			return app.E(op, app.KindAuth, err)
		}
		return nil
	}
	if err := k.DeleteValue(autostartName); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return app.E(op, app.KindAuth, err)
	}
	if autostarts() {
		return app.E(op, app.KindAuth, errors.New("set for every user of this computer"))
	}
	return nil
}
