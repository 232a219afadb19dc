package main

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

// Every command explains itself, answers as JSON, and takes no secret as a
// flag.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	r := &rig{t: t}
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
		if !json {
			t.Errorf("%s has no -json", c.name)
		}
		r.ctl("", append(strings.Fields(c.name), "-no-such-flag")...).wants(t, exitUsage)
	}
	r.ctl("").wants(t, exitUsage, "usage: clinicproctl COMMAND")
	r.ctl("", "help").wants(t, exitDone, "cloud apply")
	r.ctl("", "help", "nonsense").wants(t, exitUsage, "There is no command")
}

// What explains and completes answers as JSON too.
func TestHelpAsJSON(t *testing.T) {
	t.Parallel()
	r := &rig{t: t}
	var all, one helpReport
	reads(t, r.ctl("", "help", "-json").wants(t, exitDone).out, &all)
	if len(all.Commands) != len(commands()) {
		t.Errorf("%d commands of %d", len(all.Commands), len(commands()))
	}
	for i, c := range commands() {
		if got := all.Commands[i]; got.Command != c.name || got.Line != c.line || len(got.Flags) == 0 {
			t.Errorf("%+v is not %s", got, c.name)
		}
	}
	reads(t, r.ctl("", "help", "-json", "cloud", "plan").wants(t, exitDone).out, &one)
	if len(one.Commands) != 1 || !slices.Contains(one.Commands[0].Flags, flagHelp{"-bucket", "name", "another bucket name than S3_BUCKET_NAME's"}) {
		t.Errorf("%+v", one)
	}
	var page struct{ Man string }
	reads(t, r.ctl("", "man", "-json").wants(t, exitDone).out, &page)
	if page.Man != r.ctl("", "man").out {
		t.Error("man -json is not the page")
	}
	var script struct{ Shell, Script string }
	reads(t, r.ctl("", "completion", "-json", "fish").wants(t, exitDone).out, &script)
	if script.Shell != "fish" || script.Script != r.ctl("", "completion", "fish").out {
		t.Error("completion -json is not the script")
	}
}

// reads fails unless text is JSON of exactly into's fields.
func reads(t testing.TB, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if d.More() {
		t.Fatalf("more than one answer: %s", text)
	}
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
