package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/clinicpro-nz/images/app/audit"
)

// auditSummary is the closing line of an export. Seq and Mac are the trail's
// last line's: kept elsewhere, they prove later that the trail went on from
// there, even against a folder and password store that were both put back.
type auditSummary struct {
	Exported int    `json:"exported"` // lines above this one
	Lines    int    `json:"lines"`    // lines of the whole trail that are as they were written
	Seq      int64  `json:"seq"`
	Mac      string `json:"mac"`
	Sound    bool   `json:"sound"` // of the whole trail
}

// auditExport is the verb "export".
func auditExport(ctx context.Context, a *auditRun, args []string) error {
	out := a.String("out", "", "file to write; it must not exist yet")
	var d days
	d.flags(a)
	if err := a.parse(args); err != nil {
		return err
	}
	if *out == "" {
		return usageFault("Say with --out which file to write.")
	}
	from, to, err := d.span()
	if err != nil {
		return err
	}
	if more := a.trails()[1:]; len(more) > 0 {
		fmt.Fprintf(a.stderr, "This user has %d more trails here, of further sessions on this computer: export each with -dir.\n", len(more))
	}
	r, err := a.reader(ctx, a.dir)
	if err != nil {
		return err
	}
	// Verified before a byte is written, and line by line as it is.
	if _, err := r.Read(ctx, nil); err != nil {
		return err
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return sentence("There is a file of that name already. It was not touched. Choose another name.")
	}
	if err != nil {
		return sentence("The file cannot be made. Check that its folder exists and can be written to.")
	}
	buffered := bufio.NewWriter(f)
	var rows exportRows = csvRows{csv.NewWriter(buffered)}
	if a.json {
		rows = jsonRows{buffered}
	}
	summary, report, err := exportTo(ctx, r, rows, func(l audit.Line) bool { return within(l, from, to) })
	if err = errors.Join(err, buffered.Flush(), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(*out) // half an export must not pass for one
		return sentence("The file could not be written in full, so it was removed. The audit trail is unchanged. Check the room on the disk, then try again.")
	}
	fmt.Fprintf(a.stdout, "Exported %d lines. The trail's last line is number %d, mac %s.\n", summary.Exported, summary.Seq, summary.Mac)
	if !report.Sound() {
		fmt.Fprintln(a.stderr, "The audit trail is not sound; the file says of each line whether it is as it was written. clinicproctl audit verify says more.")
		return errUnsound
	}
	return nil
}

// exportRows is a file being written. A line that is not true is kept as
// evidence, and marked.
type exportRows interface {
	head() error
	line(audit.Seen) error
	end(auditSummary) error
}

func exportTo(ctx context.Context, r *audit.Reader, rows exportRows, want func(audit.Line) bool) (auditSummary, audit.Report, error) {
	var s auditSummary
	if err := rows.head(); err != nil {
		return s, audit.Report{}, err
	}
	report, err := r.Read(ctx, func(seen audit.Seen) error {
		if seen.True && !want(seen.Line) {
			return nil
		}
		s.Exported++
		return rows.line(seen)
	})
	if err != nil {
		return s, report, err
	}
	s.Lines, s.Seq, s.Mac, s.Sound = report.Lines, report.Seq, report.Mac, report.Sound()
	return s, report, rows.end(s)
}

// jsonRows writes one JSON object a line: true lines byte for byte as they
// stand in the trail, so that whoever holds the key can verify the export.
type jsonRows struct{ w io.Writer }

func (j jsonRows) head() error { return nil }

func (j jsonRows) line(s audit.Seen) error {
	if s.True {
		_, err := fmt.Fprintf(j.w, "%s\n", s.Raw)
		return err
	}
	return json.NewEncoder(j.w).Encode(map[string]any{"untrue": map[string]any{"file": s.File, "line": s.N, "bytes": s.Raw}})
}

func (j jsonRows) end(s auditSummary) error {
	return json.NewEncoder(j.w).Encode(map[string]auditSummary{"summary": s})
}

// csvRows writes the same for a spreadsheet.
type csvRows struct{ w *csv.Writer }

func (c csvRows) head() error {
	return c.w.Write([]string{"as written", "seq", "key", "at", "server", "who", "provider", "event", "sid", "image", "sha256",
		"delivery", "sink", "receipt", "reason", "patient", "prev", "mac"})
}

func (c csvRows) line(s audit.Seen) error {
	if !s.True {
		return c.w.Write([]string{"no", cell(fmt.Sprintf("%s line %d", s.File, s.N)), "", "", "", "", "", "", "", "", "", "", "", cell(string(s.Raw)), "", "", "", ""})
	}
	l := s.Line
	row := []string{"yes", strconv.FormatInt(l.Seq, 10), l.Key, l.At, l.Server, l.Who, l.Provider, string(l.Event), string(l.SID), string(l.Image),
		string(l.SHA256), l.Delivery, l.Sink, l.Receipt, l.Reason, l.Patient, l.Prev, l.Mac}
	for i := range row {
		row[i] = cell(row[i])
	}
	return c.w.Write(row)
}

func (c csvRows) end(s auditSummary) error {
	err := c.w.Write([]string{"summary", strconv.FormatInt(s.Seq, 10), "", "", "", "", "",
		fmt.Sprintf("exported %d of %d lines", s.Exported, s.Lines), "", "", "", "", "", "", fmt.Sprintf("sound %v", s.Sound), "", "", s.Mac})
	c.w.Flush()
	return errors.Join(err, c.w.Error())
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
