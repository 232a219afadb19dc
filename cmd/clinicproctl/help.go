package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clinicpro-nz/images/app/config"
)

// command is one row of the table that dispatch, help, the man page and shell
// completion are made of.
type command struct {
	name  string // one word or two
	args  string // what follows the flags
	line  string // one line
	about string // what help and man say below it; "" for nothing more
	run   func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// verb is a command that hands its own name on to a run that knows several.
func verb(name string, run func(context.Context, []string, io.Reader, io.Writer, io.Writer) int) func(context.Context, []string, io.Reader, io.Writer, io.Writer) int {
	return func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		return run(ctx, append([]string{name}, args...), stdin, stdout, stderr)
	}
}

// exitCodes are every command's, as help and man list them.
const exitCodes = `0  done, and all is well
1  failed; what happened stands on standard error
2  wrong usage
3  done, but something differs, is damaged or has a fault; it is named`

// flagSet makes a command's flags. Asked for help they are explained with the
// table's words.
func flagSet(name string, stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("clinicproctl "+name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		if c, ok := stderr.(*collector); ok {
			c.flags = fs
			return
		}
		explain(stderr, name, fs)
	}
	return fs
}

// collector is a standard error that takes a command's flags instead of words.
type collector struct{ flags *flag.FlagSet }

func (*collector) Write(p []byte) (int, error) { return len(p), nil }

// flagsOf are a command's flags; it is asked for help, so it does nothing.
func flagsOf(c command) *flag.FlagSet {
	to := &collector{}
	c.run(context.Background(), []string{"-h"}, strings.NewReader(""), io.Discard, to)
	if to.flags == nil {
		to.flags = flag.NewFlagSet(c.name, flag.ContinueOnError)
	}
	return to.flags
}

// find is the command that args begin with, and what is left of them.
func find(args []string) (command, []string, bool) {
	for words := min(2, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		if i := slices.IndexFunc(commands(), func(c command) bool { return c.name == name }); i >= 0 {
			return commands()[i], args[words:], true
		}
	}
	return command{}, args, false
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		switch a {
		case "--":
			return false
		case "-h", "-help", "--help":
			return true
		}
	}
	return false
}

// explain writes one command's help.
func explain(w io.Writer, name string, fs *flag.FlagSet) {
	c, _, known := find(strings.Fields(name))
	if !known {
		c = command{name: name}
	}
	fmt.Fprintf(w, "usage: clinicproctl %s\n", synopsis(c, fs))
	if c.line != "" {
		fmt.Fprintf(w, "\n%s\n", sentenceOf(c.line))
	}
	if c.about != "" {
		fmt.Fprintf(w, "\n%s\n", c.about)
	}
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprintln(w, "\nflags:")
			first = false
		}
		value, what := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  -%s\n", strings.TrimSpace(f.Name+" "+value))
		fmt.Fprintf(w, "        %s%s\n", what, defaultOf(f))
	})
	fmt.Fprintf(w, "\nexit codes:\n  %s\n", strings.ReplaceAll(exitCodes, "\n", "\n  "))
}

func synopsis(c command, fs *flag.FlagSet) string {
	out := c.name
	any := false
	fs.VisitAll(func(*flag.Flag) { any = true })
	if any {
		out += " [flags]"
	}
	if c.args != "" {
		out += " " + c.args
	}
	return out
}

func sentenceOf(line string) string { return strings.ToUpper(line[:1]) + line[1:] + "." }

func defaultOf(f *flag.Flag) string {
	switch f.DefValue {
	case "", "false", "0", "0s":
		return ""
	case config.DefaultDir(): // no machine's own path in a man page
		return " (default this user's own)"
	}
	return " (default " + f.DefValue + ")"
}

// overview lists every command.
func overview(w io.Writer) {
	fmt.Fprint(w, "usage: clinicproctl COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-20s %s\n", c.name, c.line)
	}
	fmt.Fprintf(w, "\nclinicproctl COMMAND -h explains one.\n\nexit codes:\n  %s\n", strings.ReplaceAll(exitCodes, "\n", "\n  "))
}

const helpAbout = `-json answers commands (command, args, line, about, flags), each flag with its
value's name, where it has one, and what it is for.`

// help is the command "help".
func help(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("help", stderr)
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil {
		return exitUsage
	}
	c, rest, known := find(fs.Args())
	switch {
	case fs.NArg() == 0:
		answer(stdout, *asJSON, helpOf(commands()), overview)
	case !known || len(rest) > 0:
		fmt.Fprintf(stderr, "There is no command %q. clinicproctl help lists them all.\n", strings.Join(fs.Args(), " "))
		return exitUsage
	default:
		answer(stdout, *asJSON, helpOf([]command{c}), func(w io.Writer) { explain(w, c.name, flagsOf(c)) })
	}
	return exitDone
}

// The table as help -json answers it.
type (
	helpReport struct {
		Commands []commandHelp `json:"commands"`
	}
	commandHelp struct {
		Command string     `json:"command"`
		Args    string     `json:"args,omitempty"`
		Line    string     `json:"line"`
		About   string     `json:"about,omitempty"`
		Flags   []flagHelp `json:"flags"`
	}
	flagHelp struct {
		Flag  string `json:"flag"`
		Value string `json:"value,omitempty"` // "" for one that is given or not
		What  string `json:"what"`
	}
)

func helpOf(of []command) helpReport {
	var out helpReport
	for _, c := range of {
		h := commandHelp{c.name, c.args, c.line, c.about, []flagHelp{}}
		flagsOf(c).VisitAll(func(f *flag.Flag) {
			value, what := flag.UnquoteUsage(f)
			h.Flags = append(h.Flags, flagHelp{"-" + f.Name, value, what + defaultOf(f)})
		})
		out.Commands = append(out.Commands, h)
	}
	return out
}
