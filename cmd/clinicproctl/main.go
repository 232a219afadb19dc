// Command clinicproctl is the console: a session in a terminal, and what IT
// and support need. One file a command.
package main

import (
	"context"
	"fmt"
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
)

type command struct {
	name, line string
	run        func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

var commands = []command{
	{"receive", "hold a capture session in this terminal", receive},
	{"simulate", "run workstations and phones against a cloud, and say what became of every image", simulate},
	{"audit", "check, search or export this user's audit trail", auditTrail},
	{"spool", "make a recovery key; recover images with it", spool},
	{"leave", "what an uninstaller runs: end the programs, say what stays, or purge it", leave},
	{"bench", "time a photo from \"PUT answered\" to \"durable\", beside its floor", bench},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name == args[0] {
				return c.run(ctx, args[1:], stdin, stdout, stderr)
			}
		}
	}
	fmt.Fprintln(stderr, "usage: clinicproctl COMMAND [flags]")
	for _, c := range commands {
		fmt.Fprintf(stderr, "  %-10s %s\n", c.name, c.line)
	}
	return exitUsage
}
