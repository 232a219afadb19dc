package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/keyringvault"
)

const secretNames = `Names it reads: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ABLY_API_KEY, and
REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN; and where the
practice files to a record system, CLINICPRO_RELAY_KEY or ALEX_CLIENT_SECRET.`

const importNames = secretNames + `
Not secret, and optional: AWS_REGION, S3_BUCKET_NAME, CLINICPRO_S3_ENDPOINT,
CLINICPRO_S3_ENCRYPT, CLINICPRO_ABLY_ENDPOINT, CLINICPRO_PROXY, CLINICPRO_CA_FILE.`

// credentialsCommand gives a command the keyring.
func credentialsCommand(do func(context.Context, app.Vault, []string, io.Reader, io.Writer, io.Writer) int) func(context.Context, []string, io.Reader, io.Writer, io.Writer) int {
	return func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		return do(ctx, keyringvault.New("", 0), args, stdin, stdout, stderr)
	}
}

// credentialsImport enrols this user from names, without an enrolment file.
func credentialsImport(ctx context.Context, vault app.Vault, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("credentials import", stderr)
	where := fs.String("from", "env", whereUsage)
	dir := fs.String("dir", config.DefaultDir(), "state folder")
	practice := fs.String("practice", "", "the practice's `slug`, 3 to 40 of a-z, 0-9 and -")
	practiceName := fs.String("practice-name", "", "the practice's `name`, as the phone shows it")
	gateway := fs.String("gateway", "", "the `origin` that phones open; not given: CLINICPRO_GATEWAY")
	recovery := fs.String("recovery", "", "the public half, `age1…`, of the practice's recovery key")
	offline := fs.Bool("untried", false, "do not try the secrets with their services")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	if *practice == "" {
		fmt.Fprintln(stderr, "Which practice? Give its short name with -practice.")
		return exitUsage
	}
	get, secrets, err := practiceNames(*where, stdin, gateway, "Nothing was stored.")
	if err != nil {
		return failed(stderr, err)
	}
	e := config.Enrolment{Settings: settingsOf(get, *practice, *practiceName, *gateway, *recovery, ""), Secrets: secrets}
	cfg, err := e.ConfigWith("")
	if err != nil {
		return failed(stderr, sentence("The settings cannot be used: "+app.Cause(err)+". Nothing was stored."))
	}
	if code := tried(ctx, cfg, secrets, *offline, stderr); code != exitDone {
		return code
	}
	if err := enrolThis(ctx, vault, *dir, e); err != nil {
		return failed(stderr, err)
	}
	answer(stdout, *asJSON, map[string]any{"practice": cfg.Practice, "stored": len(secrets)}, func(w io.Writer) {
		fmt.Fprintf(w, "%d secrets are in this user's keyring, and nowhere else of ours.\n", len(secrets))
		if *where != "env" && *where != "-" {
			fmt.Fprintf(w, "Delete %s now: it still holds them. Empty the recycle bin too.\n", *where)
		} else {
			fmt.Fprintln(w, "Delete now whatever they came from: a .env file, a note, a chat, a shell's history.")
		}
	})
	return exitDone
}

// tried says whether the secrets may be stored: exitDone when they were tried
// and taken, or nobody wanted that.
func tried(ctx context.Context, cfg config.Config, secrets map[string]app.Sealed, offline bool, stderr io.Writer) int {
	if offline {
		return exitDone
	}
	good, err := tryThem(ctx, cfg, secrets, toStderr(stderr))
	if err != nil {
		return failed(stderr, err)
	}
	if !good {
		fmt.Fprintln(stderr, "Nothing was stored: put right what is marked FAULT, or store them all the same with -untried.")
		return exitFound
	}
	return exitDone
}

// credentialsSet stores one secret.
func credentialsSet(ctx context.Context, vault app.Vault, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("credentials set", stderr)
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() != 1 || keyringName(fs.Arg(0)) == "" {
		fmt.Fprintln(stderr, "Which secret? One of", strings.Join(secretNamesInOrder(), ", ")+". Its value is asked for, or read from standard input.")
		return exitUsage
	}
	name := fs.Arg(0)
	secret, err := secretLine(stdin, stderr, name+": ")
	if err != nil {
		return failed(stderr, err)
	}
	if secret.IsZero() {
		return failed(stderr, sentence("Nothing was given. Nothing was stored."))
	}
	if err := store(ctx, vault, map[string]app.Sealed{keyringName(name): secret}); err != nil {
		return failed(stderr, err)
	}
	answer(stdout, *asJSON, map[string]any{"stored": name}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is stored, and was not tried: clinicproctl doctor tries all four together.\n", name)
	})
	return exitDone
}

// credentialsList says which secrets there are, and never one of them.
func credentialsList(ctx context.Context, vault app.Vault, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("credentials list", stderr)
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	there := map[string]bool{}
	all := true
	for _, name := range secretNamesInOrder() {
		_, err := vault.Get(ctx, keyringName(name))
		if err != nil && app.KindOf(err) != app.KindNotFound {
			return failed(stderr, sentence("The keyring does not answer: unlock it (sign out and in), then try again."))
		}
		there[name] = err == nil
		all = all && (err == nil || optional[name] != "")
	}
	answer(stdout, *asJSON, there, func(w io.Writer) {
		for _, name := range slices.Sorted(maps.Keys(there)) {
			word := "stored"
			if !there[name] {
				word = "missing"
			}
			if !there[name] && optional[name] != "" {
				word = "none; needed only for a record system"
			}
			fmt.Fprintf(w, "%-22s %s\n", name, word)
		}
	})
	if !all {
		return exitFound
	}
	return exitDone
}

// credentialsRotate replaces secrets by new ones, once these are proved.
func credentialsRotate(ctx context.Context, vault app.Vault, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("credentials rotate", stderr)
	where := fs.String("from", "-", whereUsage)
	dir := fs.String("dir", config.DefaultDir(), "state folder")
	offline := fs.Bool("untried", false, "do not try the secrets with their services")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	get, err := given(*where, stdin)
	if err != nil {
		return failed(stderr, err)
	}
	fresh, _, err := secretsOf(get)
	if err != nil {
		return failed(stderr, err)
	}
	if len(fresh) == 0 {
		return failed(stderr, sentence("None of the names was given. Nothing was changed."))
	}
	if _, id := fresh[config.SecretS3Key]; id != (!fresh[config.SecretS3Secret].IsZero()) {
		return failed(stderr, sentence("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: give both. Nothing was changed."))
	}
	cfg, err := config.Load(*dir)
	if err != nil {
		return failed(stderr, sentence("The settings cannot be used: "+app.Cause(err)+". Nothing was changed."))
	}
	whole := maps.Clone(fresh)
	var old string
	for _, name := range config.CloudSecrets() {
		was, err := vault.Get(ctx, name)
		if k := app.KindOf(err); k == app.KindAuth {
			return failed(stderr, sentence("The keyring does not answer: unlock it (sign out and in), then try again. Nothing was changed."))
		}
		if name == config.SecretS3Key && !fresh[name].IsZero() {
			old = was.Reveal()
		}
		if whole[name].IsZero() {
			whole[name] = was
		}
	}
	if !cfg.Named() && !*offline {
		return failed(stderr, sentence("This user is not enrolled, so there is nothing to rotate: clinicproctl enrol apply, or credentials import. Nothing was changed."))
	}
	if code := tried(ctx, cfg, whole, *offline, stderr); code != exitDone {
		return code
	}
	if err := store(ctx, vault, fresh); err != nil {
		return failed(stderr, err)
	}
	var rotated []string
	for secret := range fresh {
		rotated = append(rotated, nameOf(secret))
	}
	slices.Sort(rotated)
	answer(stdout, *asJSON, map[string]any{"rotated": rotated}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: the new ones are stored and in use from the agent's next start.\nOnce every workstation has them, end the old ones: clinicproctl cloud credentials -practice %s -finish.\n", strings.Join(rotated, ", "), cfg.Practice)
		if fresh := whole[config.SecretS3Key]; len(old) > 4 && old != fresh.Reveal() {
			fmt.Fprintf(w, "The access key that ends in %s was the old one here.\n", old[len(old)-4:])
		}
	})
	return exitDone
}

// credentialsRemove takes secrets out of the keyring: one, or the enrolment.
func credentialsRemove(ctx context.Context, vault app.Vault, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("credentials remove", stderr)
	dir := fs.String("dir", config.DefaultDir(), "state folder")
	all := fs.Bool("all", false, "every secret, and the enrolment's settings")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || *all == (fs.NArg() == 1) || fs.NArg() > 1 || !*all && keyringName(fs.Arg(0)) == "" {
		fmt.Fprintln(stderr, "Which secret? One of", strings.Join(secretNamesInOrder(), ", ")+"; or -all.")
		return exitUsage
	}
	remove := []string{keyringName(fs.Arg(0))}
	if *all {
		remove = slices.Concat(config.CloudSecrets(), config.RecordSecrets())
	}
	var removed []string
	for _, secret := range remove {
		switch err := vault.Delete(ctx, secret); app.KindOf(err) {
		case "":
			removed = append(removed, nameOf(secret))
		case app.KindNotFound:
		default:
			return failed(stderr, sentence("The keyring does not answer: unlock it (sign out and in), then try again."))
		}
	}
	if *all {
		if err := os.Remove(filepath.Join(*dir, config.EnrolmentFile)); err != nil && !os.IsNotExist(err) {
			return failed(stderr, sentence("The secrets are gone, but "+filepath.Join(*dir, config.EnrolmentFile)+" cannot be removed."))
		}
	}
	answer(stdout, *asJSON, map[string]any{"removed": removed}, func(w io.Writer) {
		if len(removed) == 0 {
			fmt.Fprintln(w, "There was none.")
			return
		}
		fmt.Fprintf(w, "Removed from this user's keyring: %s. They still work elsewhere: end them at their services too.\nPhotos on this computer stay, and can be opened: their key was not touched.\n", strings.Join(removed, ", "))
	})
	return exitDone
}
