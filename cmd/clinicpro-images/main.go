// Command clinicpro-images is the agent on the GP's workstation: tray icon,
// engine, network, keyring and spool. Started plainly it is the keeper, which
// runs the agent as its child and starts it again after a crash.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/app/diag"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/text"
)

func main() {
	diag.NoDump()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// memoryGoal is where the collector begins to work harder, in bytes. What is
// held at once is bounded where it is held (app: landingBytes, handedBytes,
// one image opened at a time; picture.MaxDecodeBytes); this keeps what is
// held no longer from standing beside it. Together they keep the agent under
// 250 MB, whatever a phone sends.
const memoryGoal = 140 << 20

// options are the flags. None can hold anything about a patient.
type options struct {
	agent        bool
	local        bool
	dir          string
	listen       string
	folder       string
	practiceName string
	noWindow     bool
	stayHidden   bool
	after        string
	ui           config.UI // "" leaves it to the settings
	patientFrom  string
	localFlag    bool // local mode was asked for here, as against in the first run
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("clinicpro-images", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.agent, "agent", false, "be the agent itself (the keeper passes this on)")
	flags.BoolVar(&o.local, "local", false, "local mode: run the whole cloud on this machine")
	flags.StringVar(&o.dir, "dir", config.DefaultDir(), "state folder")
	flags.StringVar(&o.listen, "listen", "", "local mode: address and port that phones open, or network for this computer's own on its network (default the setting local_listen, else "+loopbackListen+")")
	flags.StringVar(&o.folder, "sink", "", "folder that filed images go to")
	flags.StringVar(&o.practiceName, "practice-name", "", "the practice's name, shown on the phone")
	flags.BoolVar(&o.noWindow, "no-window", false, "no window and no tray: a terminal shows the session")
	flags.BoolVar(&o.stayHidden, "hidden", false, "start in the tray without opening the window")
	flags.Var(&o.ui, "ui", "how the window is painted, for support: auto, gl or software")
	flags.StringVar(&o.after, "after", "", "why the keeper starts the agent again: "+afterCrash+" or "+afterUpdate)
	flags.StringVar(&o.patientFrom, "patient-from", "", "hand over the patient in a file, which is deleted, or on standard input (-); the GP confirms")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	o.localFlag = o.local
	if !o.agent {
		return begin(ctx, o, flags, stdin, stdout, stderr)
	}
	if flags.NArg() > 0 || o.patientFrom != "" { // a patient is in no argument of this process
		fmt.Fprintln(stderr, "The agent takes no arguments beside its flags; see -h.")
		return exitUsage
	}
	debug.SetMemoryLimit(memoryGoal)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the keeper's end is ours
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	err := runAgent(ctx, o)
	var usage usageError
	switch {
	case err == nil, ctx.Err() != nil:
		return exitQuit
	case errors.Is(err, errReplaced):
		return exitReplace
	case errors.Is(err, instance.ErrRunning):
		fmt.Fprintln(stdout, "ClinicPro Images is running already; its window was brought forward.")
		return exitRunning
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, usage.sentence)
		if !o.noWindow {
			sayAloud(text.Product, usage.sentence)
		}
		return exitUsage
	}
	fmt.Fprintln(stderr, "ClinicPro Images stopped:", err)
	return 1
}

// usageError is a start that cannot succeed until somebody changes something.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }
