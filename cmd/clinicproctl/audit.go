package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/audit"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/keyringvault"
)

const auditUsage = `usage: clinicproctl audit VERB [flags]
  verify   check every line of this user's audit trail, and its end
  search   show the lines about a patient, a session, an event, some days
  export   write the trail, or some days of it, to a file

Each user of a computer has a trail of their own, which only they can check:
its key is in their password store. Exit code 0: the trail is sound; 1: a
fault was found, or it could not be checked; 2: wrong usage.
clinicproctl audit VERB -h lists the flags.
`

// auditTrail is the command "audit".
func auditTrail(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return auditWith(ctx, keyringvault.New("", 0), args, stdin, stdout, stderr)
}

func auditWith(ctx context.Context, vault app.Vault, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	verbs := map[string]func(context.Context, *auditRun, []string) error{
		"verify": auditVerify, "search": auditSearch, "export": auditExport,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(stderr, auditUsage)
		return exitUsage
	}
	a := &auditRun{FlagSet: flagSet("audit "+args[0], stderr),
		vault: vault, stdin: stdin, stdout: stdout, stderr: stderr}
	a.StringVar(&a.dir, "dir", config.DefaultDir(), "state folder")
	a.BoolVar(&a.json, "json", false, "answer as JSON")
	err := verbs[args[0]](ctx, a, args[1:])
	var wrong usageFault
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &wrong):
		if wrong != "" {
			fmt.Fprintln(stderr, string(wrong))
		}
		return exitUsage
	case errors.Is(err, errUnsound): // said already
	default:
		fmt.Fprintln(stderr, auditProblem(err))
	}
	return exitFailed
}

// auditRun is one call of the command.
type auditRun struct {
	*flag.FlagSet
	vault          app.Vault
	stdin          io.Reader
	stdout, stderr io.Writer
	dir            string
	json           bool
}

// usageFault is what is wrong with a command line; "" when it was said.
type usageFault string

func (u usageFault) Error() string { return string(u) }

var errUnsound = errors.New("the trail is not sound")

func (a *auditRun) parse(args []string) error {
	if err := a.Parse(args); err != nil {
		return usageFault("")
	}
	if a.NArg() > 0 {
		return usageFault("Nothing may follow the flags. clinicproctl " + strings.TrimPrefix(a.Name(), "clinicproctl ") + " -h lists them.")
	}
	return nil
}

// otherTrails is how the agent names the folders of the trails that a user's
// further sessions on the same computer write, each its own.
const otherTrails = "*-trail"

// trails lists the state folders of this user's trails, the first one first.
func (a *auditRun) trails() []string {
	more, _ := filepath.Glob(filepath.Join(a.dir, otherTrails)) // the pattern is right
	return append([]string{a.dir}, more...)
}

func (a *auditRun) reader(ctx context.Context, dir string) (*audit.Reader, error) {
	return audit.NewReader(ctx, audit.Options{Dir: dir, Vault: a.vault, Key: config.SecretAuditHMAC, Head: config.SecretAuditHead})
}

// auditProblem is an error as a person reads it.
func auditProblem(err error) string {
	var said sentence
	switch kind := app.KindOf(err); {
	case errors.As(err, &said):
		return string(said)
	case kind == app.KindCanceled:
		return "Stopped. Nothing was changed."
	case kind == app.KindAuth:
		return "This user's password store is locked or missing, or what it holds cannot be used, so the audit trail cannot be checked. Nothing was changed. Sign in as the user whose trail it is, unlock the password store, then try again."
	case kind == app.KindFull:
		return "The audit trail's files cannot be read. Nothing was changed. Check the folder given with -dir and the rights on it, then try again."
	}
	return "The audit trail could not be checked. Nothing was changed. Try again; if it comes back, tell whoever supports ClinicPro Images."
}

// auditVerify is the verb "verify".
func auditVerify(ctx context.Context, a *auditRun, args []string) error {
	if err := a.parse(args); err != nil {
		return err
	}
	type checked struct {
		Trail string `json:"trail"`
		Sound bool   `json:"sound"`
		audit.Report
	}
	var all []checked
	sound := true
	for _, dir := range a.trails() {
		r, err := a.reader(ctx, dir)
		if err != nil {
			return err
		}
		report, err := r.Read(ctx, nil)
		if err != nil {
			return err
		}
		all = append(all, checked{filepath.Join(dir, audit.Folder), report.Sound(), report})
		sound = sound && report.Sound()
		if !a.json {
			fmt.Fprintf(a.stdout, "%s\n%s", filepath.Join(dir, audit.Folder), auditReport(report, r.Keyless()))
		}
	}
	if a.json {
		if err := writeJSON(a.stdout, all); err != nil {
			return err
		}
	}
	if !sound {
		return errUnsound
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

const auditTime = "2 January 2006 15:04:05 -07:00"

// auditReport says what a check found.
func auditReport(r audit.Report, keyless bool) string {
	var out strings.Builder
	say := func(form string, values ...any) { fmt.Fprintf(&out, form+"\n", values...) }
	switch {
	case r.Files == 0 && r.Sound():
		say("There is no audit trail of this user here yet.")
		return out.String()
	case r.Sound():
		say("The audit trail is sound.")
	default:
		say("The audit trail is NOT sound.")
	}
	say("  files: %d", r.Files)
	say("  lines that are as they were written: %d", r.Lines)
	if r.Lines > 0 {
		say("  first: %s", r.First.Format(auditTime))
		say("  last:  %s (line number %d)", r.Last.Format(auditTime), r.Seq)
	}
	switch {
	case r.Anchor < 0:
		say("  end: the password store does not know where this trail ends")
	case r.Anchor > r.Seq:
		say("  end: the password store knows of line number %d, which is not here", r.Anchor)
	case r.Anchor == r.Seq:
		say("  end: proved by the password store")
	default:
		say("  end: proved by the password store up to line number %d; the last %d are newer than its note", r.Anchor, r.Seq-r.Anchor)
	}
	if r.Torn > 0 {
		say("  unfinished line at the end: %d bytes. It is being written now, or the computer stopped in the middle of it; the next start sets it aside.", r.Torn)
	}
	if r.Recovered > 0 {
		say("  unfinished lines set aside by earlier starts: %d", r.Recovered)
	}
	if r.Sound() {
		return out.String()
	}
	say("Faults:")
	for _, f := range r.Faults {
		say("  - %s", auditFault(f))
	}
	if r.More > 0 {
		say("  - and %d more", r.More)
	}
	if keyless {
		say("This user's password store holds no audit key: these files are another user's or another computer's, or the key was lost.")
	}
	say("Images are not affected, and ClinicPro Images goes on recording in a new file. Keep the folder as it is, copy it for whoever looks into this, and tell the practice's privacy officer.")
	return out.String()
}

// auditFault is one fault in words.
func auditFault(f audit.Fault) string {
	where := f.File
	switch {
	case f.Line > 0 && f.Span > 1:
		where = fmt.Sprintf("%s, lines %d to %d", f.File, f.Line, f.Line+f.Span-1)
	case f.Line > 0:
		where = fmt.Sprintf("%s, line %d", f.File, f.Line)
	}
	gone := fmt.Sprintf("line number %d is", f.From)
	if f.To > f.From {
		gone = fmt.Sprintf("line numbers %d to %d are", f.From, f.To)
	}
	var what string
	switch f.Kind {
	case audit.FaultChanged:
		what = where + ": changed; this is not what was written"
	case audit.FaultMissing:
		what = "missing"
		if f.From > 0 {
			what = fmt.Sprintf("%s: missing before it; %s gone", where, gone)
		}
	case audit.FaultTruncated:
		what = "truncated; the end was cut off"
		if f.From > 0 {
			what = "truncated; " + gone + " gone"
		}
		if where != "" {
			what = where + ": " + what
		}
	case audit.FaultForeign:
		what = where + ": foreign; written under another key (another user's, another computer's, or this one's before its key was lost)"
	case audit.FaultMisplaced:
		what = where + ": out of place; a true line, but repeated, swapped, or from another copy of the trail"
	case audit.FaultDisturbed:
		what = where + ": the files before it were changed again after their fault had been recorded"
	default:
		what = "unproved; the password store's note of where the trail ends is gone or unreadable"
	}
	if !f.Noted.IsZero() {
		what += fmt.Sprintf(" (recorded %s; unchanged since)", f.Noted.Format(auditTime))
	}
	return what
}
