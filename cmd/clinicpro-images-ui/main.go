// Command clinicpro-images-ui is the window process: started by the agent,
// it speaks with it over standard input and output and holds nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/clinicpro-nz/images/app/diag"
	"github.com/clinicpro-nz/images/ui/desktop"
	"github.com/clinicpro-nz/images/ui/link"
	"github.com/clinicpro-nz/images/ui/text"
)

func main() {
	diag.NoDump()
	r, w, err := link.TakeStdio()
	if err == nil {
		err = run(context.Background(), os.Args[1:], r, w)
	}
	leave(err)
}

// leave ends the process: exit code 0, or 1 after saying what went wrong.
func leave(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "clinicpro-images-ui:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run shows the window; it returns for a wrong use only, the window's own end
// is the process's.
func run(ctx context.Context, args []string, r io.ReadCloser, w io.WriteCloser) error {
	flags := flag.NewFlagSet("clinicpro-images-ui", flag.ContinueOnError)
	look := flags.String("look", "", "light or dark; the system's if empty")
	language := flags.String("language", "en", "en or mi")
	quiet := flags.Bool("quiet", false, "show the window without taking the focus")
	painter := flags.String("ui", "gl", "gl, or software where there is no OpenGL")
	probe := flags.Bool("probe", false, "end with 0 if a window with OpenGL can be made here, else with 1")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *probe {
		leave(desktop.Probe())
	}
	text.Speak(*language)
	pipe := link.NewWindow(link.Build())
	serve := func(ctx context.Context, hear link.Hear) error { return pipe.Run(ctx, r, w, hear) }
	if *painter == "software" {
		return runSoftware(ctx, *look, *quiet, pipe, serve)
	}
	desktop.Run(ctx, link.Version, desktop.Look(*look), *quiet, pipe, serve, leave)
	return nil
}
