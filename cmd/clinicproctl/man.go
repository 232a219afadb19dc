package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/clinicpro-nz/images/app/config"
)

// man prints the man page, made of the same table as help.
func man(_ context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("man", stderr)
	asJSON := fs.Bool("json", false, "answer as JSON: the page as one text")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	var page strings.Builder
	manPage(&page)
	answer(stdout, *asJSON, map[string]string{"man": page.String()}, func(w io.Writer) { _, _ = io.WriteString(w, page.String()) })
	return exitDone
}

func manPage(w io.Writer) {
	p := func(format string, a ...any) { fmt.Fprintf(w, format+"\n", a...) }
	p(`.TH CLINICPROCTL 1 "" "ClinicPro Images" "User Commands"`)
	p(".SH NAME\nclinicproctl \\- the console of ClinicPro Images")
	p(".SH SYNOPSIS\n.B clinicproctl\n.I COMMAND\n[flags]")
	p(".SH DESCRIPTION\nSets up, checks and explains the cloud of ClinicPro Images, enrols workstations, holds a session in a terminal, and answers questions of support. Secrets come from files, standard input or the keyring, and are never given on the command line nor shown, but where a command says that it hands one over.")
	p(".SH COMMANDS")
	for _, c := range commands() {
		flags := flagsOf(c)
		p(".SS %s", roff(synopsis(c, flags)))
		p("%s", roff(sentenceOf(c.line)))
		if c.about != "" {
			p(".PP\n%s", strings.ReplaceAll(roff(c.about), "\n\n", "\n.PP\n"))
		}
		flags.VisitAll(func(f *flag.Flag) {
			value, what := flag.UnquoteUsage(f)
			p(".TP\n.B %s", roff(strings.TrimSpace("-"+f.Name+" "+value)))
			p("%s", roff(what+defaultOf(f)))
		})
	}
	p(".SH EXIT STATUS")
	for line := range strings.SplitSeq(exitCodes, "\n") {
		code, what, _ := strings.Cut(line, "  ")
		p(".TP\n.B %s\n%s", code, roff(what))
	}
	p(".SH FILES")
	p(".TP\n.I %s\nThe machine's policy.", roff(config.PolicyPlace))
}

// roff escapes text for a man page.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
