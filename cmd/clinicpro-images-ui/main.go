// Command clinicpro-images-ui is the window process: started by the agent,
// it speaks with it over standard input and output and holds nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/clinicpro-nz/images/ui/desktop"
	"github.com/clinicpro-nz/images/ui/link"
)

func main() {
	r, w, err := link.TakeStdio()
	if err == nil {
		err = run(context.Background(), os.Args[1:], r, w)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clinicpro-images-ui:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, r io.ReadCloser, w io.WriteCloser) error {
	flags := flag.NewFlagSet("clinicpro-images-ui", flag.ContinueOnError)
	look := flags.String("look", "", "light or dark; the system's if empty")
	quiet := flags.Bool("quiet", false, "show the window without taking the focus")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pipe := link.NewWindow(link.Build())
	return desktop.Run(ctx, link.Version, desktop.Look(*look), *quiet, pipe, func(ctx context.Context, hear link.Hear) error {
		return pipe.Run(ctx, r, w, hear)
	})
}
