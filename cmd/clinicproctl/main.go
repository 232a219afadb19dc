// Command clinicproctl is the console: a session in a terminal, and what IT
// and support need. One file a command.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitFound  = 3 // something differs, is damaged or has a fault
)

// commands is the table; a function, since some of its rows read it.
func commands() []command {
	return []command{
		{"cloud plan", "", "show what cloud apply would change, and change nothing", adminNames, cloudPlan},
		{"cloud apply", "", "make the temp bucket as it has to be; a second time changes nothing", adminNames, cloudApply},
		{"cloud check", "", "read every setting of the cloud back", adminNames, cloudCheck},
		{"cloud destroy-temp", "", "delete everything under temp/ and test/ of the bucket", adminNames, cloudDestroyTemp},
		{"cloud credentials", "", "give a practice, or the gateway, keys with the least rights that work", cloudCredentialsAbout, cloudCredentials},
		{"enrol create", "", "make a practice's enrolment file", enrolCreateAbout, enrolCreate},
		{"enrol apply", "[FILE]", "enrol this user with a practice's enrolment file", enrolApplyAbout, enrolApply},
		{"credentials import", "", "enrol this user from a list of names, without an enrolment file", importNames, credentialsCommand(credentialsImport)},
		{"credentials set", "NAME", "store one secret in this user's keyring", secretNames, credentialsCommand(credentialsSet)},
		{"credentials list", "", "say which secrets this user's keyring has, and show none", "", credentialsCommand(credentialsList)},
		{"credentials rotate", "", "replace secrets by new ones, once their services take them", secretNames, credentialsCommand(credentialsRotate)},
		{"credentials remove", "NAME", "take a secret, or the whole enrolment, out of this user's keyring", "", credentialsCommand(credentialsRemove)},
		{"doctor", "", "try everything between this workstation and a filed photo, and name what is wrong", doctorAbout, doctorCommand},
		{"cost", "", "say what a month costs at a load", costAbout, cost},
		{"receive", "", "hold a capture session in this terminal", receiveAbout, receive},
		{"simulate", "", "run workstations and phones against a cloud, and say what became of every image", "", simulate},
		{"audit verify", "", "check every line of this user's audit trail, and its end", "", verb("verify", auditTrail)},
		{"audit search", "", "show the lines about a patient, a session, an event, some days", "", verb("search", auditTrail)},
		{"audit export", "", "write the trail, or some days of it, to a file", "", verb("export", auditTrail)},
		{"spool recovery-key", "", "make a practice's recovery key", recoveryKeyAbout, verb("recovery-key", spool)},
		{"spool recover", "", "recover the images of a spool with the recovery key", recoverAbout, verb("recover", spool)},
		{"relay add", "", "make a key of the relay to a record system for one practice's facilities", relayAbout, verb("add", relayKeys)},
		{"relay revoke", "", "end a key of the relay; gateways refuse it within ten seconds", relayAbout, verb("revoke", relayKeys)},
		{"relay list", "", "list the relay's practices, facilities and keys, without their secrets", relayAbout, verb("list", relayKeys)},
		{"leave", "", "what an uninstaller runs: end the programs, say what stays, or purge it", leaveAbout, leave},
		{"bench", "", "time a photo from \"PUT answered\" to \"durable\", beside its floor", benchAbout, bench},
		{"help", "[COMMAND]", "explain a command, or list them all", helpAbout, help},
		{"man", "", "print the man page", "", man},
		{"completion", "bash|zsh|fish|powershell", "print a completion script for a shell", "", completion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, rest, known := find(args)
	switch {
	case known && wantsHelp(rest):
		explain(stdout, c.name, flagsOf(c))
		return exitDone
	case known:
		return c.run(ctx, rest, stdin, stdout, stderr)
	case wantsHelp(args):
		overview(stdout)
		return exitDone
	case len(args) > 0 && (args[0] == "audit" || args[0] == "spool"): // they know what is amiss with their verbs
		return map[string]command{"audit": {run: auditTrail}, "spool": {run: spool}}[args[0]].run(ctx, args[1:], stdin, stdout, stderr)
	}
	overview(stderr)
	return exitUsage
}

const doctorAbout = `In order: settings, keyring, disk, folder, the way to each service, S3, Redis,
Ably, the gateway, and a whole session in miniature. Each step has its time,
and each fault the step that puts it right. Nothing of a patient is used; what
the session leaves is removed.`
