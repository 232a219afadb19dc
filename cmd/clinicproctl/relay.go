package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/relay"
)

const relayAbout = "The file is the gateway's ALEX_RELAY_KEYS. A running gateway takes a change up within ten seconds."

// relayKeys keeps the file that says which workstation key reaches which
// practice's facilities: the gateway's ALEX_RELAY_KEYS. A running gateway takes
// a change up within ten seconds.
func relayKeys(_ context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flagSet("relay "+args[0], stderr)
	file := flags.String("file", "", "the gateway's file of keys (its ALEX_RELAY_KEYS)")
	asJSON := flags.Bool("json", false, "answer as JSON")
	var practice, facility, name, key string
	switch args[0] {
	case "add":
		flags.StringVar(&practice, "practice", "", "the practice's short name")
		flags.StringVar(&facility, "facility", "", "the practice's facility ids in Medtech, with commas between")
		flags.StringVar(&name, "name", "", "where the key is used, for whoever revokes it")
	case "revoke":
		flags.StringVar(&key, "key", "", "the key's id, as “relay list” shows it")
	}
	if flags.Parse(args[1:]) != nil {
		return exitUsage
	}
	if flags.NArg() > 0 || *file == "" {
		fmt.Fprintln(stderr, "Say with -file where the gateway's keys are; see clinicproctl help relay "+args[0]+".")
		return exitUsage
	}
	book, err := relay.ReadBook(*file)
	switch {
	case err != nil:
	case args[0] == "add":
		err = addKey(&book, *file, app.Practice(practice), facility, name, *asJSON, stdout)
	case args[0] == "revoke":
		if err = book.Revoke(key, time.Now()); err == nil {
			err = book.Write(*file)
		}
		if err == nil {
			answer(stdout, *asJSON, map[string]string{"revoked": key}, func(w io.Writer) {
				fmt.Fprintf(w, "Key %s is revoked. Gateways refuse it within ten seconds.\n", key)
			})
		}
	default:
		listKeys(book, *asJSON, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, relaySentence(err))
		return exitFailed
	}
	return exitDone
}

func addKey(book *relay.Book, file string, practice app.Practice, facilities, name string, asJSON bool, stdout io.Writer) error {
	secret, key, err := book.Add(practice, strings.FieldsFunc(facilities, func(r rune) bool { return r == ',' || r == ' ' }), name, time.Now())
	if err == nil {
		err = book.Write(file)
	}
	if err != nil {
		return err
	}
	answer(stdout, asJSON, map[string]string{"id": key.ID, "practice": string(practice), "key": secret.Reveal()}, func(w io.Writer) {
		fmt.Fprintf(w, "Key %s for %s. It is shown this once; put it into the practice's enrolment, as CLINICPRO_RELAY_KEY:\n%s\n", key.ID, practice, secret.Reveal())
	})
	return nil
}

func listKeys(book relay.Book, asJSON bool, stdout io.Writer) {
	type row struct {
		Practice   app.Practice `json:"practice"`
		Facilities []string     `json:"facilities"`
		ID         string       `json:"id"`
		Name       string       `json:"name"`
		Made       time.Time    `json:"made"`
		Revoked    *time.Time   `json:"revoked,omitempty"`
	}
	rows := []row{} // without what a key is recognised by
	for _, e := range book.Practices {
		for _, k := range e.Keys {
			rows = append(rows, row{e.Practice, e.Facilities, k.ID, k.Name, k.Made, k.Revoked})
		}
	}
	answer(stdout, asJSON, rows, func(w io.Writer) {
		for _, e := range book.Practices {
			fmt.Fprintf(w, "%s  facilities %s\n", e.Practice, strings.Join(e.Facilities, ", "))
			for _, k := range e.Keys {
				state := "in use"
				if k.Revoked != nil {
					state = "revoked " + k.Revoked.Format(time.RFC3339)
				}
				fmt.Fprintf(w, "  %s  made %s  %-30s  %s\n", k.ID, k.Made.Format(time.DateOnly), state, k.Name)
			}
		}
	})
}

// relaySentence says what is wrong and what to do.
func relaySentence(err error) string {
	cause := err
	var e *app.Error
	if errors.As(err, &e) && e.Err != nil {
		cause = e.Err
	}
	switch app.KindOf(err) {
	case app.KindNotFound:
		return "No key has this id; nothing was changed. “clinicproctl relay list” shows the ids."
	case app.KindConflict:
		return "Another practice has this facility; nothing was changed. One facility belongs to one practice."
	case app.KindFull:
		return "The file " + cause.Error() + "; nothing was changed. Check its folder's rights and space."
	}
	return "Nothing was changed: " + cause.Error() + "."
}
