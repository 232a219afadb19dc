package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// Every command explains itself, answers as JSON where it answers at all, and
// takes no secret as a flag.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	r := &rig{t: t}
	talks := map[string]bool{ // to a person, or prints something else than an answer
		"receive": true, "help": true, "man": true, "completion": true, "leave": true, "spool recover": true, "spool recovery-key": true, "bench": true,
	}
	for _, c := range commands() {
		said := r.ctl("", append(strings.Fields(c.name), "-h")...).wants(t, exitDone, "usage: clinicproctl "+c.name, "exit codes:", "2  wrong usage")
		if said.err != "" {
			t.Errorf("%s -h speaks on standard error", c.name)
		}
		r.ctl("", append([]string{"help"}, strings.Fields(c.name)...)...).wants(t, exitDone, sentenceOf(c.line))
		json := false
		flagsOf(c).VisitAll(func(f *flag.Flag) {
			json = json || f.Name == "json"
			if f.Usage == "" {
				t.Errorf("%s -%s is not explained", c.name, f.Name)
			}
			for _, word := range []string{"secret", "password", "token"} {
				if strings.Contains(f.Name, word) {
					t.Errorf("%s takes a secret on the command line: -%s", c.name, f.Name)
				}
			}
		})
		if !json && !talks[c.name] {
			t.Errorf("%s has no -json", c.name)
		}
		r.ctl("", append(strings.Fields(c.name), "-no-such-flag")...).wants(t, exitUsage)
	}
	r.ctl("").wants(t, exitUsage, "usage: clinicproctl COMMAND")
	r.ctl("", "help").wants(t, exitDone, "cloud apply")
	r.ctl("", "help", "nonsense").wants(t, exitUsage, "There is no command")
}

// The packaged man page is the table's.
func TestManPageIsTheTables(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../packaging/linux/man/clinicproctl.1")
	if err != nil {
		t.Fatal(err)
	}
	printed := (&rig{t: t}).ctl("", "man").wants(t, exitDone).out
	_, body, _ := strings.Cut(printed, "\n") // the first line has version and date
	_, want, _ := strings.Cut(string(kept), "\n")
	if body != want {
		t.Error("packaging/linux/man/clinicproctl.1 differs: write its text anew with clinicproctl man, keeping its first line")
	}
	if strings.Contains(printed, os.Getenv("HOME")) {
		t.Error("the man page has a path of this machine")
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	r := &rig{t: t}
	for shell, want := range map[string][]string{
		"bash":       {"'cloud') COMPREPLY=($(compgen -W 'apply check credentials destroy-temp plan'", "complete -o filenames -F _clinicproctl clinicproctl"},
		"zsh":        {"#compdef clinicproctl"},
		"fish":       {"'__clinicproctl_at enrol apply' -o passphrase-stdin"},
		"powershell": {"'enrol' = 'apply create'"},
	} {
		r.ctl("", "completion", shell).wants(t, exitDone, want...)
	}
	r.ctl("", "completion", "tcsh").wants(t, exitUsage)
}
