package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/text"
)

// maxPatientFile bounds a patient handed over, in bytes.
const maxPatientFile = 4 << 10

// reachAgent is how long a start may take to reach the agent that it hands
// something to: one that is just starting included.
const reachAgent = 30 * time.Second

// taken reads what this start is to hand to the agent: a launch link among the
// arguments, or the patient that -patient-from names. The zero Hello: nothing.
// A usageError says what is wrong and repeats nothing of it.
func taken(args []string, from string, stdin io.Reader) (instance.Hello, error) {
	switch {
	case len(args) > 1, len(args) == 1 && from != "":
		return instance.Hello{}, usageError{text.StartOneThing}
	case len(args) == 1:
		l, err := app.ParseLaunch(args[0])
		if err != nil {
			return instance.Hello{}, usageError{text.StartBadLink}
		}
		return instance.Hello{Act: instance.ActLaunch, Context: l.Context.Reveal(), Signature: l.Signature.Reveal()}, nil
	case from != "":
		p, err := readPatient(from, stdin)
		if err != nil {
			return instance.Hello{}, err
		}
		return instance.Hello{Act: instance.ActPatient, Patient: &p}, nil
	}
	return instance.Hello{}, nil
}

// readPatient reads {"name":…,"nhi":…,"birthDate":…} from standard input ("-")
// or from a file, which it deletes, readable or not: it holds a patient.
func readPatient(from string, stdin io.Reader) (p instance.Patient, err error) {
	in := stdin
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return p, usageError{text.StartNoPatient}
		}
		defer func() {
			_ = f.Close()
			if removeErr := os.Remove(from); removeErr != nil && err == nil {
				err = usageError{text.StartKeptFile}
			}
		}()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxPatientFile+1))
	if err != nil || len(raw) > maxPatientFile {
		return p, usageError{text.StartBadPatient}
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, usageError{text.StartBadPatient}
	}
	if _, err := d.Token(); err != io.EOF || strings.TrimSpace(p.Name) == "" {
		return p, usageError{text.StartBadPatient}
	}
	return p, nil
}

// handTo gives h to the agent of dir once one answers, until ctx ends. Whoever
// received the GP's act passes the right to come forward on with it.
func handTo(ctx context.Context, dir string, h instance.Hello) error {
	for {
		conn, err := instance.Dial(dir)
		if err == nil {
			allowForeground(anyProcess)
			return errors.Join(instance.WriteHello(conn, h), conn.Close())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// begin is a start by a person or another program: what it brings goes to the
// agent that runs, or to the one that the keeper then starts. What it brings
// is in no argument of the agent's.
func begin(ctx context.Context, o options, flags *flag.FlagSet, stdin io.Reader, stdout, stderr io.Writer) int {
	hello, err := taken(flags.Args(), o.patientFrom, stdin)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	var args []string // the flags alone, for the agent
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "patient-from" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	if hello.Act == "" {
		return keep(ctx, args, stdout, stderr)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reaching, cancel := context.WithTimeout(ctx, reachAgent)
	defer cancel()
	first, cancelFirst := context.WithTimeout(ctx, 0)
	defer cancelFirst()
	if handTo(first, o.dir, hello) == nil {
		return exitRunning
	}
	go func() { _ = handTo(reaching, o.dir, hello) }()
	return keep(ctx, args, stdout, stderr)
}
