package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/audit"
)

// days are the flags --from and --to.
type days struct{ from, to string }

func (d *days) flags(a *auditRun) {
	a.StringVar(&d.from, "from", "", "first day, YYYY-MM-DD, or a time as in 2026-11-23T10:15:00+13:00")
	a.StringVar(&d.to, "to", "", "last day, or a time that is not included")
}

// span returns the times: from included, to not; zero: no bound.
func (d *days) span() (from, to time.Time, err error) {
	read := func(s string, lastDay int) (time.Time, error) {
		if s == "" {
			return time.Time{}, nil
		}
		if day, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
			return day.AddDate(0, 0, lastDay), nil
		}
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return at, usageFault("Write days as YYYY-MM-DD, and times as 2026-11-23T10:15:00+13:00.")
		}
		return at, nil
	}
	if from, err = read(d.from, 0); err == nil {
		to, err = read(d.to, 1)
	}
	return from, to, err
}

// within reports whether a line lies in a span.
func within(l audit.Line, from, to time.Time) bool {
	at := l.Time()
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

// auditSearch is the verb "search".
func auditSearch(ctx context.Context, a *auditRun, args []string) error {
	nhi := a.String("nhi", "", "- reads one NHI from standard input")
	name := a.String("name", "", "- reads a name and a date of birth, a line each, from standard input: for sessions that had no NHI")
	sid := a.String("sid", "", "session id")
	event := a.String("event", "", "event, such as image-filed")
	var d days
	d.flags(a)
	if err := a.parse(args); err != nil {
		return err
	}
	from, to, err := d.span()
	if err != nil {
		return err
	}
	patient, err := a.patient(*nhi, *name)
	if err != nil {
		return err
	}
	found, sound := []audit.Line{}, true
	for _, dir := range a.trails() {
		r, err := a.reader(ctx, dir)
		if err != nil {
			return err
		}
		code := r.Patient(patient)
		report, err := r.Read(ctx, func(s audit.Seen) error {
			l := s.Line
			if s.True && within(l, from, to) && (code == "" || l.Patient == code) &&
				(*sid == "" || string(l.SID) == *sid) && (*event == "" || string(l.Event) == *event) {
				found = append(found, l)
			}
			return nil
		})
		if err != nil {
			return err
		}
		sound = sound && report.Sound()
	}
	slices.SortStableFunc(found, func(x, y audit.Line) int { return x.Time().Compare(y.Time()) })
	if a.json {
		err = writeJSON(a.stdout, struct {
			Sound bool         `json:"sound"`
			Lines []audit.Line `json:"lines"`
		}{sound, found})
	} else {
		err = auditTable(a.stdout, found)
	}
	if err == nil && !sound {
		fmt.Fprintln(a.stderr, "The audit trail is not sound: lines may be missing here. What is shown is as it was written. clinicproctl audit verify says more.")
		err = errUnsound
	}
	return err
}

func auditTable(out io.Writer, lines []audit.Line) error {
	if len(lines) == 0 {
		_, err := fmt.Fprintln(out, "No line fits.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tTIME\tEVENT\tSESSION\tIMAGE\tSINK\tRECEIPT\tREASON\tUSER\tPROVIDER")
	for _, l := range lines {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Seq, l.At, l.Event,
			orDash(string(l.SID)), orDash(string(l.Image)), orDash(l.Sink), orDash(l.Receipt), orDash(l.Reason), orDash(l.Who), orDash(l.Provider))
	}
	return table.Flush()
}

// orDash is a text for a terminal: without control characters, and never empty.
func orDash(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s
}

// patient reads who is searched for. It comes from standard input only: a
// command line can be read by every user of the machine, and stays in the
// shell's history.
func (a *auditRun) patient(nhi, name string) (app.Patient, error) {
	var p app.Patient
	lines := bufio.NewReader(a.stdin)
	switch {
	case nhi != "" && nhi != "-" || name != "" && name != "-":
		return p, usageFault("A patient must not stand on a command line, where others can read it. Give --nhi - or --name -, and the patient on standard input.")
	case nhi != "" && name != "":
		return p, usageFault("Give either --nhi - or --name -.")
	case nhi != "":
		answer, err := a.ask(lines, "NHI: ")
		if err != nil {
			return p, err
		}
		number, suggest, err := app.ParseNHI(answer)
		if err != nil {
			if !suggest.IsZero() {
				return p, usageFault("That is not an NHI: a letter or digit is wrong. Did you mean " + suggest.Reveal() + "?")
			}
			return p, usageFault("That is not an NHI: a letter or digit is wrong.")
		}
		p.NHI = number
	case name != "":
		who, err := a.ask(lines, "Name, as it was in the session: ")
		if err != nil {
			return p, err
		}
		if who == "" {
			return p, usageFault("No name was given.")
		}
		born, err := a.ask(lines, "Date of birth (YYYY-MM-DD, empty: none was given): ")
		if err != nil {
			return p, err
		}
		p.Name, p.BirthDate = app.Seal(who), app.Seal(born)
	}
	return p, nil
}

// ask reads one line, with a prompt where a person is at the keyboard.
func (a *auditRun) ask(lines *bufio.Reader, prompt string) (string, error) {
	if f, ok := a.stdin.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprint(a.stderr, prompt)
		}
	}
	line, err := lines.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", sentence("Standard input cannot be read. Nothing was searched.")
	}
	return strings.TrimSpace(line), nil
}
