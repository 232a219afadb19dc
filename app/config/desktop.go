package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/clinicpro-nz/images/app"
)

// Desktop is how the program behaves on one user's desktop.
type Desktop struct {
	Sound    bool   `toml:"sound"`    // a quiet one when a photo lands
	Language string `toml:"language"` // en, mi; not given: the system's, as far as there are words
	SetUp    bool   `toml:"set_up"`   // the first run has been gone through
}

func (d Desktop) check() error {
	if !slices.Contains([]string{"", "en", "mi"}, d.Language) {
		return errors.New("desktop.language: want en or mi")
	}
	return nil
}

// Change writes settings into the user's file of the state folder dir, which
// may be missing, and leaves what it does not name as it is, but for comments.
// A name is a key, or table and key: "phone.consent". What Load would refuse is
// not written, and nothing is half written: KindCorrupt, or KindFull where the
// disk refuses. One caller at a time.
func Change(dir string, settings map[string]any) error {
	const op = "change settings"
	path := filepath.Join(dir, UserFile)
	all := map[string]any{}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return app.E(op, app.KindFull, err)
	}
	if err := toml.Unmarshal(text, &all); err != nil {
		return app.E(op, app.KindCorrupt, err)
	}
	for name, value := range settings {
		into, key := all, name
		if table, in, nested := strings.Cut(name, "."); nested {
			sub, ok := all[table].(map[string]any)
			if !ok {
				sub = map[string]any{}
				all[table] = sub
			}
			into, key = sub, in
		}
		into[key] = value
	}
	text, err = toml.Marshal(all)
	if err != nil {
		return app.E(op, app.KindBug, err)
	}
	if err := refused(dir, text); err != nil {
		return app.E(op, app.KindCorrupt, err)
	}
	next, err := os.CreateTemp(dir, "config-*.toml")
	if err != nil {
		return app.E(op, app.KindFull, err)
	}
	defer os.Remove(next.Name())
	_, err = fmt.Fprintf(next, "# Changed in the settings window too, which keeps no comments.\n%s", text)
	if err = errors.Join(err, next.Sync(), next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return app.E(op, app.KindFull, err)
	}
	return nil
}

// refused says why Load would not read text as the user's file.
func refused(dir string, text []byte) error {
	policy, err := machinePolicy()
	if err != nil {
		return err
	}
	own := []layer{{name: UserFile, text: text}}
	if enrolment, err := os.ReadFile(filepath.Join(dir, EnrolmentFile)); err == nil {
		own = append([]layer{{name: EnrolmentFile, text: enrolment}}, own...)
	}
	_, err = merge(policy, own)
	return err
}

// languageOf is the language that there are words for among the system's, most
// wanted first: each like "mi", "mi-NZ" or "en_NZ.UTF-8". One that there are no
// words for is passed over.
func languageOf(wanted ...string) string {
	for _, name := range wanted {
		name = strings.ToLower(name)
		for _, code := range []string{"en", "mi"} {
			if rest, ok := strings.CutPrefix(name, code); ok && (rest == "" || strings.ContainsAny(rest[:1], "-_.@")) {
				return code
			}
		}
	}
	return "en"
}
