package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/clinicpro-nz/images/app"
)

// isTerminal reports whether somebody sits at this input.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// secretLine reads one secret: without echo from a terminal, else a line.
func secretLine(in io.Reader, stderr io.Writer, prompt string) (app.Sealed, error) {
	if f, ok := in.(*os.File); ok && isTerminal(in) {
		fmt.Fprint(stderr, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(stderr)
		return app.Seal(string(b)), err
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" {
		return app.Sealed{}, sentence("Nothing was given on standard input. Nothing was done.")
	}
	return app.Seal(strings.TrimRight(line, "\r\n")), nil
}
