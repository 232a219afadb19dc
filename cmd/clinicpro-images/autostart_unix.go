//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// Where a package puts its entry for every user (Desktop Application Autostart
// Specification); the user's own of the same name stands over it.
const everyonesAutostart = "/etc/xdg/autostart/" + autostartName + ".desktop"

func usersAutostart() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "autostart", autostartName+".desktop"), nil
}

// autostarts reports whether the program starts with the user's session.
func autostarts() bool {
	path, err := usersAutostart()
	if err != nil {
		return false
	}
	entry, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(everyonesAutostart)
		return err == nil
	}
	return err == nil && !strings.Contains(string(entry), "\nHidden=true\n")
}

// usersEntry is the program that this user's own entry names; "" when there is
// none, when it is switched off, or when its path is quoted in more than our
// simplest form.
func usersEntry() string {
	path, err := usersAutostart()
	if err != nil {
		return ""
	}
	entry, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(entry), "\nHidden=true\n") {
		return ""
	}
	_, rest, ours := strings.Cut(string(entry), "\nExec=\"")
	program, _, ended := strings.Cut(rest, "\" -hidden\n")
	if !ours || !ended || strings.ContainsAny(program, "\\%\n") {
		return ""
	}
	return program
}

// startWithUser switches that on or off, for this user.
func startWithUser(on bool) error {
	const op = "set autostart"
	path, err := usersAutostart()
	if err != nil {
		return app.E(op, app.KindNotFound, err)
	}
	if _, everyone := os.Stat(everyonesAutostart); !on && everyone != nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return app.E(op, app.KindFull, err)
		}
		return nil
	}
	exe, err := ownPath()
	if err != nil {
		return app.E(op, app.KindNotFound, err)
	}
	entry := "[Desktop Entry]\nType=Application\nName=ClinicPro Images\nExec=" + quoteExec(signInProgram(exe)) + " -hidden\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
	if !on {
		entry += "Hidden=true\n"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return app.E(op, app.KindFull, err)
	}
	if err := os.WriteFile(path, []byte(entry), 0o644); err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// quoteExec quotes a path for an Exec key (Desktop Entry Specification, "The
// Exec key"): a quoted argument, and no field code.
func quoteExec(path string) string {
	quoted := strings.NewReplacer("\\", `\\\\`, `"`, `\\"`, "`", "\\\\`", "$", `\\$`, "%", "%%").Replace(path)
	return `"` + quoted + `"`
}
