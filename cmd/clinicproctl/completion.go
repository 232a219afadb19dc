package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// completion prints a script for a shell, made of the same table as help.
func completion(_ context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("completion", stderr)
	asJSON := fs.Bool("json", false, "answer as JSON: the script as one text")
	if err := fs.Parse(args); err != nil || fs.NArg() != 1 {
		return exitUsage
	}
	write := map[string]func(io.Writer, []completed){"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion, "powershell": powershellCompletion}[fs.Arg(0)]
	if write == nil {
		fmt.Fprintf(stderr, "There is no completion for %q: want bash, zsh, fish or powershell.\n", fs.Arg(0))
		return exitUsage
	}
	var script strings.Builder
	write(&script, completions())
	answer(stdout, *asJSON, map[string]string{"shell": fs.Arg(0), "script": script.String()}, func(w io.Writer) { _, _ = io.WriteString(w, script.String()) })
	return exitDone
}

// completed is what may follow the words typed so far.
type completed struct {
	after string   // "", "cloud", "cloud plan"
	words []string // sorted
}

func completions() []completed {
	next := map[string][]string{}
	add := func(after, word string) {
		if !slices.Contains(next[after], word) {
			next[after] = append(next[after], word)
		}
	}
	for _, c := range commands() {
		first, second, two := strings.Cut(c.name, " ")
		add("", first)
		if two {
			add(first, second)
		}
		flagsOf(c).VisitAll(func(f *flag.Flag) { add(c.name, "-"+f.Name) })
	}
	var out []completed
	for after, words := range next {
		slices.Sort(words)
		out = append(out, completed{after, words})
	}
	slices.SortFunc(out, func(a, b completed) int { return strings.Compare(a.after, b.after) })
	return out
}

func bashCompletion(w io.Writer, all []completed) {
	fmt.Fprint(w, "# clinicproctl completion bash > /etc/bash_completion.d/clinicproctl\n_clinicproctl() {\n  local cur=${COMP_WORDS[COMP_CWORD]} one= two=\n"+
		"  [ \"$COMP_CWORD\" -gt 1 ] && one=${COMP_WORDS[1]}\n  [ \"$COMP_CWORD\" -gt 2 ] && [[ ${COMP_WORDS[2]} != -* ]] && two=\" ${COMP_WORDS[2]}\"\n  case \"$one$two\" in\n")
	for _, c := range all {
		fmt.Fprintf(w, "  '%s') COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", c.after, strings.Join(c.words, " "))
	}
	fmt.Fprint(w, "  esac\n  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -o filenames -F _clinicproctl clinicproctl\n")
}

func zshCompletion(w io.Writer, all []completed) {
	fmt.Fprint(w, "#compdef clinicproctl\nautoload -U +X bashcompinit && bashcompinit\n")
	bashCompletion(w, all)
}

func fishCompletion(w io.Writer, all []completed) {
	fmt.Fprint(w, "# clinicproctl completion fish > ~/.config/fish/completions/clinicproctl.fish\n"+
		"function __clinicproctl_at; set -l c (commandline -opc); set -l w; for x in $c[2..-1]; string match -q -- '-*' $x; or set -a w $x; end; test \"$w\" = \"$argv\"; end\n")
	for _, c := range all {
		for _, word := range c.words {
			if flagName, is := strings.CutPrefix(word, "-"); is {
				fmt.Fprintf(w, "complete -c clinicproctl -n '__clinicproctl_at %s' -o %s\n", c.after, flagName)
			} else {
				fmt.Fprintf(w, "complete -c clinicproctl -f -n '__clinicproctl_at %s' -a %s\n", c.after, word)
			}
		}
	}
}

func powershellCompletion(w io.Writer, all []completed) {
	fmt.Fprint(w, "# clinicproctl completion powershell >> $PROFILE\nRegister-ArgumentCompleter -Native -CommandName clinicproctl -ScriptBlock {\n"+
		"  param($word, $ast, $at)\n  $typed = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { \"$_\" } | Where-Object { $_ -notlike '-*' -and $_ -ne $word })\n  $next = @{\n")
	for _, c := range all {
		fmt.Fprintf(w, "    '%s' = '%s'\n", c.after, strings.Join(c.words, " "))
	}
	fmt.Fprint(w, "  }\n  $next[($typed -join ' ')] -split ' ' | Where-Object { $_ -like \"$word*\" } | ForEach-Object { $_ }\n}\n")
}
