package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/diskspool"
	"github.com/clinicpro-nz/images/sync/durable"
	"github.com/clinicpro-nz/images/sync/keyringvault"
)

const spoolUsage = `usage: clinicproctl spool recovery-key -out FILE
       clinicproctl spool recover -spool DIR (-key FILE | -keyring) -out DIR
`

const recoveryKeyAbout = `-json answers recoveryKeyFile, the file with the private half, and
recoveryRecipient, the public half for config.toml or enrol create -recovery.`

const recoverAbout = `-json answers whole, indexDamaged, sessions (session, images, unverified, frozen,
damaged, faults) and closed (spool, why): ids, counts and fixed words, and nothing
of a patient. What was recovered lies in the folder.`

// spool is what IT does with image stores: it makes the practice's recovery
// key, and opens a store whose workstation cannot open it any more.
func spool(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "recovery-key":
			return recoveryKey(args[1:], stdout, stderr)
		case "recover":
			return spoolRecover(ctx, args[1:], stdout, stderr)
		}
	}
	fmt.Fprint(stderr, spoolUsage)
	return exitUsage
}

// recoveryKey makes the practice's recovery key: the private half into a
// file, once, the public half on standard output.
func recoveryKey(args []string, stdout, stderr io.Writer) int {
	flags := flagSet("spool recovery-key", stderr)
	out := flags.String("out", "", "file for the private half; must not exist")
	asJSON := flags.Bool("json", false, "answer as JSON")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if *out == "" {
		fmt.Fprint(stderr, spoolUsage)
		return exitUsage
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		fmt.Fprintln(stderr, "The key cannot be made: the system's random source does not answer.")
		return exitFailed
	}
	// The form of age-keygen, so that age itself reads it.
	text := fmt.Sprintf("# ClinicPro Images recovery key, made %s\n# public key: %s\n%s\n",
		time.Now().UTC().Format(time.RFC3339), key.Recipient(), key)
	err = durable.WriteFile(*out, []byte(text))
	if err == nil {
		err = durable.SyncDir(filepath.Dir(*out))
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		fmt.Fprintln(stderr, "There is a file of that name already. It was not touched, and no key was made. Choose another name: a recovery key that is lost cannot be made again.")
		return exitFailed
	case err != nil:
		fmt.Fprintln(stderr, "The file cannot be written, so no key was made. Choose a folder that exists and has room.")
		return exitFailed
	}
	answer(stdout, *asJSON, map[string]string{"recoveryKeyFile": *out, "recoveryRecipient": key.Recipient().String()}, func(w io.Writer) {
		fmt.Fprintf(w, `The private half of the recovery key is in %s. It exists nowhere else.

Put this line into config.toml on every workstation of the practice:

recovery_recipient = %q

Then take the file away from this computer: onto two USB sticks, or printed, in
two places that are locked. Whoever has it and a workstation's disk can see the
patients' images. Without it, images on a workstation whose user profile or
password was lost cannot be opened by anybody.

Try it before you need it: clinicproctl spool recover, on a copy of a spool.
`, *out, key.Recipient())
	})
	return exitDone
}

// spoolRecover opens a spool, or a copy of one, and writes what is in it as
// plain files.
func spoolRecover(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flagSet("spool recover", stderr)
	dir := flags.String("spool", "", "the spool, or the state folder with all of a user's spools; nothing in it is written")
	key := flags.String("key", "", "file with the recovery key's private half")
	keyring := flags.Bool("keyring", false, "use this computer user's own key instead")
	out := flags.String("out", "", "folder for what is recovered; must be new or empty")
	asJSON := flags.Bool("json", false, "answer as JSON")
	sessionKeys := flags.Bool("session-keys", false, "also write each session's age identity, for use with the age tool")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if *dir == "" || *out == "" || (*key == "") == !*keyring {
		fmt.Fprint(stderr, spoolUsage)
		return exitUsage
	}
	identities, err := recoveryIdentities(ctx, *key)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	spools := spoolsIn(*dir)
	if len(spools) == 0 {
		fmt.Fprintln(stderr, "There is no spool in that folder: a spool holds a file index.db. Nothing was written.")
		return exitFailed
	}
	if err := emptyFolder(*out); err != nil {
		fmt.Fprintln(stderr, "The folder for what is recovered must be new or empty, and writable. Nothing was written.")
		return exitFailed
	}
	r := recovery{out: *out, sessionKeys: *sessionKeys, say: stdout, sessions: []recoveredSession{}, closed: []closedSpool{}}
	if *asJSON {
		r.say = io.Discard
	}
	opened := 0
	for _, spool := range spools {
		archive, err := diskspool.OpenArchive(spool, identities...)
		if err != nil {
			closed := closedSpool{filepath.Base(spool), whyNotOpened(err)}
			fmt.Fprintf(stderr, "%s: %s\n", closed.Spool, closed.Why)
			r.closed = append(r.closed, closed)
			continue
		}
		opened++
		err = r.all(ctx, archive)
		_ = archive.Close()
		if err != nil {
			fmt.Fprintln(stderr, "Stopped: the folder for what is recovered cannot be written, or this command was interrupted. The spool is untouched; make room and start again with a new folder.")
			return exitFailed
		}
	}
	answer(stdout, *asJSON, r.report(), func(io.Writer) {
		if opened > 0 {
			r.summary()
		}
	})
	if opened == 0 {
		return exitFailed
	}
	if opened < len(spools) || !r.total.whole() {
		return exitFound
	}
	return exitDone
}

// recoveryIdentities reads the key file, or this user's keyring.
func recoveryIdentities(ctx context.Context, path string) ([]age.Identity, error) {
	if path == "" {
		secret, err := keyringvault.New("", 0).Get(ctx, config.SecretIdentity)
		if app.KindOf(err) == app.KindNotFound {
			return nil, sentence("This computer's keyring holds no key of ClinicPro Images for this user. Use the recovery key: -key FILE.")
		}
		if err != nil {
			return nil, sentence("The keyring is locked or missing. Sign in or unlock it, or use the recovery key: -key FILE.")
		}
		id, err := age.ParseX25519Identity(secret.Reveal())
		if err != nil {
			return nil, sentence("What the keyring holds is not a key. Use the recovery key: -key FILE.")
		}
		return []age.Identity{id}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, sentence("The key file cannot be read.")
	}
	defer f.Close()
	ids, err := age.ParseIdentities(f)
	if err != nil { // age's message may quote the file
		return nil, sentence("The key file holds no recovery key: it must have a line that begins with AGE-SECRET-KEY-1.")
	}
	return ids, nil
}

// spoolsIn returns the spool in dir, or those of a state folder, each with
// spools that it was taking over when it was stopped.
func spoolsIn(dir string) []string {
	isSpool := func(path string) bool {
		_, err := os.Stat(filepath.Join(path, "index.db"))
		return err == nil
	}
	candidates := []string{dir}
	if !isSpool(dir) {
		candidates = folders(dir)
	}
	var out []string
	for _, c := range candidates {
		if !isSpool(c) {
			continue
		}
		out = append(out, c)
		for _, inside := range folders(c) {
			if isSpool(inside) {
				out = append(out, inside)
			}
		}
	}
	return out
}

func folders(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// emptyFolder makes dir, for its owner alone, unless it is there and empty.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fs.ErrExist
	}
	return err
}

func whyNotOpened(err error) string {
	switch app.KindOf(err) {
	case app.KindConflict:
		return "ClinicPro Images is using this spool. Close it on that computer and start this command again, or copy the folder once it is closed."
	case app.KindAuth:
		return "This key does not open the spool. It opens with the recovery key whose recovery_recipient stood in config.toml while ClinicPro Images ran, or with -keyring for the user whose spool it is."
	case app.KindCorrupt:
		if errors.Is(err, diskspool.ErrFormat) {
			return "This spool was written by another version of ClinicPro Images. Use that version's clinicproctl."
		}
		return "The spool's index is damaged, and without it no image can be opened. Look for an older copy of the folder."
	}
	return "The spool cannot be read: the disk or the folder's permissions."
}
