// Command clinicpro-localcloud is the whole cloud on one machine and one
// port: phone page and gateway, S3, Redis and the realtime hub.
//
//	clinicpro-localcloud -dir DIR [-listen 127.0.0.1:8787] [-practice SLUG] [-practice-name NAME] [-only hub]
//
// When everything answers it prints one line of JSON (package
// sync/localcloud/ready says which) on standard output, and serves until its
// standard input ends or it is told to stop. The line holds keys. A line
// "counts" on standard input is answered with one line of what the servers
// have been asked so far. With -only hub there is nothing but the realtime
// hub, for measurements against other servers.
//
// Exit code 0: stopped as asked. 1: failed. 2: wrong use. 3: another program
// has the address. 4: the address is none of this machine's.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/localcloud"
	"github.com/clinicpro-nz/images/sync/localcloud/ready"
)

const (
	exitFailed = iota + 1
	exitUsage
	exitTaken
	exitElsewhere
)

func main() {
	out := os.Stdout
	// The libraries inside may print; only our line goes to standard output.
	os.Stdout = os.Stderr
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, out, os.Stderr))
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	cfg := localcloud.Config{Log: slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	flags := flag.NewFlagSet("clinicpro-localcloud", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&cfg.Dir, "dir", "", "state folder (needed)")
	flags.StringVar(&cfg.Listen, "listen", "127.0.0.1:8787", "one address of this machine, host:port; port 0 lets the system choose")
	practice := flags.String("practice", "local", "practice's short name, for the ready line")
	flags.StringVar(&cfg.PracticeName, "practice-name", "", "practice's name, for the ready line")
	only := flags.String("only", "", `"hub": the realtime hub alone`)
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	slug, err := app.ParsePractice(*practice)
	if err != nil || cfg.Dir == "" || flags.NArg() > 0 || *only != "" && *only != "hub" {
		fmt.Fprintln(errs, "clinicpro-localcloud: -dir is needed, -practice is 3 to 40 of a-z, 0-9 and -, and -only is hub or left out")
		return exitUsage
	}
	cfg.Practice = slug

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // guards the two; held while a line is written
	var counts func() ready.Counts
	say := json.NewEncoder(out)
	go func() { // ends with the process at the latest
		defer cancel()
		for lines := bufio.NewScanner(in); lines.Scan(); {
			mu.Lock()
			if counts != nil && lines.Text() == "counts" { // nobody can ask before the ready line is out
				_ = say.Encode(counts())
			}
			mu.Unlock()
		}
	}()
	serve := localcloud.Run
	if *only == "hub" {
		serve = localcloud.RunHub
	}
	err = serve(ctx, cfg, func(r ready.Ready, count func() ready.Counts) {
		mu.Lock()
		defer mu.Unlock()
		counts = count
		_ = say.Encode(r)
	})
	switch app.KindOf(err) {
	case "", app.KindCanceled:
		return 0
	case app.KindConflict:
		fmt.Fprintf(errs, "Another program already uses the address %s, or another local cloud the folder %s. Close it, or choose others with -listen and -dir.\n", cfg.Listen, cfg.Dir)
		return exitTaken
	case app.KindNotFound:
		fmt.Fprintf(errs, "This computer does not have the address %s. Choose one that it has with -listen.\n", cfg.Listen)
		return exitElsewhere
	case app.KindFull:
		fmt.Fprintf(errs, "The folder %s cannot be written. Nothing was started.\n", cfg.Dir)
	}
	cfg.Log.Error("local cloud ended", "kind", string(app.KindOf(err)), "err", err)
	return exitFailed
}
