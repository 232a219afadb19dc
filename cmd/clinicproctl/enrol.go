package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/keyringvault"
)

const enrolCreateAbout = `The names are a workstation's: what "cloud credentials -practice" wrote, with
the Ably key added. Each is tried with its service first. CLINICPRO_RELAY_KEY,
which "relay add" made, brings with it that photos are filed into Medtech, Inbox
Scan, and the folder; -settings may say otherwise.

The practice's recovery key is made along with its first enrolment: -recovery-key
names the file for its private half, which is handed over this once. Keep it on
two USB sticks or on paper, in two locked places, and on no computer: whoever
has it and a workstation's disk sees the images; without it, a lost password or
profile loses the images that were not filed. A later enrolment of the same
practice takes the public half with -recovery.

The passphrase is asked for, or read from standard input's first line. Send it
by another way than the file.`

// enrolCreate makes a practice's enrolment file.
func enrolCreate(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("enrol create", stderr)
	where := fs.String("from", "env", whereUsage)
	practice := fs.String("practice", "", "the practice's `slug`, 3 to 40 of a-z, 0-9 and -")
	practiceName := fs.String("practice-name", "", "the practice's `name`, as the phone shows it")
	gateway := fs.String("gateway", "", "the `origin` that phones open; not given: CLINICPRO_GATEWAY")
	support := fs.String("support", "", "whom a GP calls: a `name and number`")
	more := fs.String("settings", "", "a TOML `file` with more settings for the practice's workstations")
	keyFile := fs.String("recovery-key", "", "`file` for the private half of a fresh recovery key; must not exist")
	recovery := fs.String("recovery", "", "the public half, `age1…`, of the recovery key that the practice has")
	out := fs.String("out", "", "the enrolment `file` to make; must not exist")
	passStdin := fs.Bool("passphrase-stdin", false, "read the passphrase from standard input")
	offline := fs.Bool("untried", false, "do not try the secrets with their services")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	if *out == "" || *practice == "" || (*keyFile == "") == (*recovery == "") || *where == "-" && *passStdin {
		fmt.Fprintln(stderr, "Wanted: -practice, -out, and either -recovery-key (a fresh one) or -recovery (the one there is); and only one thing from standard input.")
		return exitUsage
	}
	get, secrets, err := practiceNames(*where, stdin, gateway, "No file was made.")
	if err != nil {
		return failed(stderr, err)
	}
	recipient, private, err := recoveryPair(*recovery)
	if err != nil {
		return failed(stderr, err)
	}
	e := config.Enrolment{Settings: settingsOf(get, *practice, *practiceName, *gateway, recipient, *support), Secrets: secrets}
	own := ""
	if *more != "" {
		text, err := os.ReadFile(*more)
		if err != nil {
			return failed(stderr, sentence("The file "+*more+" cannot be read. No file was made."))
		}
		own = string(text)
	}
	cfg, err := e.ConfigWith(own)
	if err != nil {
		return failed(stderr, sentence("The settings cannot be used: "+app.Cause(err)+". No file was made."))
	}
	if !*offline {
		good, err := tryThem(ctx, cfg, secrets, toStderr(stderr))
		if err != nil {
			return failed(stderr, err)
		}
		if !good {
			fmt.Fprintln(stderr, "No file was made: put right what is marked FAULT, or make it all the same with -untried.")
			return exitFound
		}
	}
	passphrase, err := newPassphrase(stdin, stderr, *passStdin)
	if err != nil {
		return failed(stderr, err)
	}
	sealed, err := e.Seal(passphrase, sealWork)
	if err != nil {
		return failed(stderr, sentence(sentenceOf(app.Cause(err))+" No file was made."))
	}
	if private != "" {
		if err := newFile(*keyFile, []byte("# ClinicPro Images: the recovery key of "+*practice+". Keep it offline.\n"+private+"\n")); err != nil {
			return failed(stderr, err)
		}
	}
	if err := newFile(*out, sealed); err != nil {
		return failed(stderr, err)
	}
	answer(stdout, *asJSON, map[string]any{"file": *out, "practice": *practice, "recoveryRecipient": recipient, "recoveryKeyFile": *keyFile}, func(w io.Writer) {
		fmt.Fprintf(w, "%s enrols workstations with %s. It is useless without its passphrase: send the two by different ways.\n", *out, *practice)
		if private != "" {
			fmt.Fprintf(w, "\n%s holds the private half of the recovery key, and nothing else does.\nPut it on two USB sticks or on paper, in two locked places, then delete the file.\nIts public half, for later enrolments of this practice: -recovery %s\n", *keyFile, recipient)
		}
		fmt.Fprintf(w, "\nOn each workstation, for each user: clinicproctl enrol apply %s\n", *out)
	})
	return exitDone
}

// sealWork makes guessing a passphrase slow; tests take less of it.
var sealWork = config.SealWork

// recoveryPair is the recipient given, or a fresh one with its private half.
func recoveryPair(given string) (recipient, private string, err error) {
	if given != "" {
		r, err := age.ParseX25519Recipient(given)
		if err != nil {
			return "", "", sentence("-recovery wants the public half of the recovery key, age1 and 58 letters and digits. No file was made.")
		}
		return r.String(), "", nil
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", sentence("The recovery key cannot be made: the system's random source does not answer.")
	}
	return key.Recipient().String(), key.String(), nil
}

// newPassphrase asks twice at a terminal.
func newPassphrase(stdin io.Reader, stderr io.Writer, fromStdin bool) (app.Sealed, error) {
	if !fromStdin && !isTerminal(stdin) {
		return app.Sealed{}, sentence("Nobody is there to ask for a passphrase: give it with -passphrase-stdin. No file was made.")
	}
	p, err := secretLine(stdin, stderr, fmt.Sprintf("A passphrase for the enrolment file, at least %d characters: ", config.MinPassphrase))
	if err != nil || fromStdin {
		return p, err
	}
	again, err := secretLine(stdin, stderr, "The same again: ")
	if err == nil && again.Reveal() != p.Reveal() {
		err = sentence("The two differ. No file was made.")
	}
	return p, err
}

const enrolApplyAbout = `FILE may be left out where the machine's policy names it (enrol_file). Secrets
go into this user's keyring, each tried with its service first; settings go
beside the user's own. An agent that waits for its enrolment takes it up by
itself; one that runs with an earlier one has to be started again.`

// enrolApply enrols this user.
func enrolApply(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return enrolApplyWith(ctx, keyringvault.New("", 0), args, stdin, stdout, stderr)
}

func enrolApplyWith(ctx context.Context, vault app.Vault, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("enrol apply", stderr)
	dir := fs.String("dir", config.DefaultDir(), "state folder")
	passStdin := fs.Bool("passphrase-stdin", false, "read the passphrase from standard input, for a logon script")
	offline := fs.Bool("untried", false, "do not try the secrets with their services")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 1 {
		return exitUsage
	}
	path := fs.Arg(0)
	if path == "" {
		cfg, err := config.Load(*dir)
		if err != nil {
			return failed(stderr, sentence("The settings cannot be used: "+app.Cause(err)+". Nothing was stored."))
		}
		path = cfg.EnrolFile
	}
	if path == "" {
		fmt.Fprintln(stderr, "Which enrolment file? No policy of this machine names one (enrol_file), so give it: clinicproctl enrol apply FILE")
		return exitUsage
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		return failed(stderr, sentence("The enrolment file "+path+" cannot be read. Nothing was stored."))
	}
	if !*passStdin && !isTerminal(stdin) {
		return failed(stderr, sentence("Nobody is there to ask for the passphrase: give it with -passphrase-stdin. Nothing was stored."))
	}
	passphrase, err := secretLine(stdin, stderr, "The passphrase of "+path+": ")
	if err != nil {
		return failed(stderr, err)
	}
	e, err := config.OpenEnrolment(sealed, passphrase)
	switch app.KindOf(err) {
	case "":
	case app.KindAuth:
		return failed(stderr, sentence("The passphrase does not open "+path+". Nothing was stored; what was enrolled before still is."))
	default:
		return failed(stderr, sentence(path+" cannot be used: "+app.Cause(err)+". Nothing was stored; what was enrolled before still is."))
	}
	cfg, err := e.Config()
	if err != nil {
		return failed(stderr, err)
	}
	if !*offline {
		good, err := tryThem(ctx, cfg, e.Secrets, toStderr(stderr))
		if err != nil {
			return failed(stderr, err)
		}
		if !good {
			fmt.Fprintln(stderr, "Nothing was stored: put right what is marked FAULT. Where this computer is not on the network yet, -untried enrols all the same.")
			return exitFound
		}
	}
	if err := enrolThis(ctx, vault, *dir, e); err != nil {
		return failed(stderr, err)
	}
	answer(stdout, *asJSON, map[string]any{"practice": cfg.Practice, "gateway": cfg.Gateway, "recoverable": cfg.Recovery.Age() != nil}, func(w io.Writer) {
		fmt.Fprintf(w, "This user is enrolled with %s. clinicproctl doctor tries everything, up to a filed photo.\n", cfg.Practice)
	})
	return exitDone
}
