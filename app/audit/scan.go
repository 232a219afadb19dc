package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// FaultKind is what is wrong with a trail, one fixed word.
type FaultKind string

const (
	FaultChanged   FaultKind = "changed"   // bytes are not as they were written
	FaultMissing   FaultKind = "missing"   // lines that stood before this one are gone
	FaultTruncated FaultKind = "truncated" // the end is gone: the keyring knows of later lines
	FaultForeign   FaultKind = "foreign"   // written under another secret: another computer's or user's, or this one's key was lost
	FaultMisplaced FaultKind = "misplaced" // a true line at a place that is not its own: repeated, swapped, or of another history
	FaultUnproved  FaultKind = "unproved"  // the keyring's note of the end is gone or unreadable
	FaultDisturbed FaultKind = "disturbed" // files that a chain-broken line spoke of are not as it found them
)

// Fault is one thing that is wrong, or several of a kind in a row.
type Fault struct {
	Kind FaultKind `json:"kind"`
	File string    `json:"file"`           // where it is seen; "" for FaultTruncated with no line left, and FaultUnproved
	Line int       `json:"line"`           // from 1; 0 where no line is meant
	Span int       `json:"span,omitempty"` // lines from Line on
	// From and To are the numbers (seq) of the lines that are gone; else 0.
	From int64 `json:"from,omitempty"`
	To   int64 `json:"to,omitempty"`
	// Noted is when the trail itself recorded the fault and began a new
	// chain; what it lies in has not changed since. Zero: found just now.
	Noted time.Time `json:"noted,omitzero"`
}

// mostFaults bounds the list between two chain-broken lines: who replaced
// every second line needs no list.
const mostFaults = 200

// Report is what a reading of the whole trail found.
type Report struct {
	Files int       `json:"files"`
	Lines int       `json:"lines"` // that verify
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"` // of the last line that verifies
	Seq   int64     `json:"seq"`           // of that line
	Mac   string    `json:"mac"`           // of that line
	// Anchor is the line that the keyring knows of, -1 without a note.
	Anchor int64 `json:"anchor"`
	// Torn counts bytes after the last newline: a line being written just
	// now, or cut off by a power cut. The next start sets it aside.
	Torn int64 `json:"torn"`
	// Recovered counts torn lines that were set aside before.
	Recovered int     `json:"recovered"`
	Faults    []Fault `json:"faults"`
	More      int     `json:"more,omitempty"` // faults beyond those listed
}

// Sound reports whether nothing is wrong and nothing ever was.
func (r Report) Sound() bool { return len(r.Faults) == 0 }

// Fresh returns the first fault that the trail has not recorded itself.
func (r Report) Fresh() (Fault, bool) {
	for _, f := range r.Faults {
		if f.Noted.IsZero() {
			return f, true
		}
	}
	return Fault{}, false
}

// Seen is one line as it stands in a file.
type Seen struct {
	Line Line
	Raw  []byte // without the newline; valid until visit returns; nil when longer than any line of ours
	True bool   // written under this trail's secret, and not changed since
	File string
	N    int // line of the file, from 1
}

// scanner reads the trail's files in order.
type scanner struct {
	keys  keys
	end   witness
	visit func(segment, Seen) error

	report Report
	last   Line      // the last true line, by seq
	bad    int64     // lines since then that are not true
	faults int       // since the last chain-broken line
	files  hash.Hash // over every file so far, names and lengths too
	before app.Digest
	pieces map[app.Digest]bool // torn lines that a line speaks of
	newest segment
}

// scan reads every file of the folder dir. visit, when not nil, sees each line as it
// comes, true or not. Errors are of reading; what is wrong with the trail is
// in the report.
func scan(ctx context.Context, dir fs.FS, k keys, end witness, visit func(segment, Seen) error) (*scanner, error) {
	s := &scanner{keys: k, end: end, visit: visit, files: sha256.New(), pieces: map[app.Digest]bool{}}
	s.report.Anchor, s.report.Faults = -1, []Fault{}
	if end.known {
		s.report.Anchor = end.seq
	}
	names, err := segments(dir)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		s.newest = name
		if err := s.file(ctx, dir, i == len(names)-1); err != nil {
			return nil, err
		}
	}
	s.report.Files, s.report.Seq, s.report.Mac = len(names), s.last.Seq, s.last.Mac
	switch reached := s.last.Seq + s.bad; {
	case !end.known && len(names) > 0:
		s.fault(Fault{Kind: FaultUnproved})
	case end.seq > reached:
		s.fault(Fault{Kind: FaultTruncated, File: s.newest.String(), From: reached + 1, To: end.seq})
	}
	return s, nil
}

func (s *scanner) file(ctx context.Context, dir fs.FS, newest bool) error {
	const op = "read audit trail"
	f, err := dir.Open(s.newest.String())
	if err != nil {
		return full(op, err)
	}
	defer f.Close()
	s.before = s.digest()
	fmt.Fprintf(s.files, "%s\n", s.newest)
	name, size := s.newest.String(), int64(0)
	in := bufio.NewReaderSize(f, maxLine)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return app.E(op, app.KindOffline, err)
		}
		raw, read, err := nextLine(in, s.files)
		size += read
		if errors.Is(err, io.EOF) {
			if newest {
				s.report.Torn = read
			} else if read > 0 {
				s.refuse(Fault{Kind: FaultChanged, File: name, Line: n})
			}
			fmt.Fprintf(s.files, "\n%d\n", size)
			return nil
		}
		if err != nil {
			return full(op, err)
		}
		seen := Seen{Raw: raw, File: name, N: n}
		seen.Line, seen.True = s.keys.open(raw)
		switch {
		case seen.True:
			s.place(seen)
		case seen.Line.Key != "" && seen.Line.Key != s.keys.id:
			s.refuse(Fault{Kind: FaultForeign, File: name, Line: n})
		default:
			s.refuse(Fault{Kind: FaultChanged, File: name, Line: n})
		}
		if s.visit != nil {
			if err := s.visit(s.newest, seen); err != nil {
				return err
			}
		}
	}
}

// nextLine returns the next line without its newline, and how many bytes it
// took; all of them go to sum. What follows the last newline is io.EOF with
// its bytes counted.
func nextLine(in *bufio.Reader, sum hash.Hash) (raw []byte, read int64, err error) {
	raw, err = in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		read += int64(len(raw))
		sum.Write(raw)
		raw, err = in.ReadSlice('\n')
	}
	long := read > 0
	read += int64(len(raw))
	sum.Write(raw)
	switch {
	case err != nil:
		return nil, read, err
	case long:
		return nil, read, nil
	}
	return raw[:len(raw)-1], read, nil
}

// place judges a true line by where it stands.
func (s *scanner) place(seen Seen) {
	l, next := seen.Line, s.last.Seq+1+s.bad
	here := Fault{File: seen.File, Line: seen.N}
	switch {
	case l.Seq <= s.last.Seq:
		here.Kind = FaultMisplaced
		s.fault(here)
		return // the line it repeats, or was swapped with, counts
	case l.Event == EventBroken && seen.N == 1 && l.Prev == "":
		s.chainBroken(l, here)
	case l.Seq > next:
		here.Kind, here.From, here.To = FaultMissing, next, l.Seq-1
		s.fault(here)
	case s.bad == 0 && l.Prev != s.last.Mac:
		here.Kind = FaultMisplaced
		s.fault(here)
	}
	if s.end.known && l.Seq == s.end.seq && l.Mac != s.end.mac {
		s.fault(Fault{Kind: FaultMisplaced, File: seen.File, Line: seen.N})
	}
	if l.Event == EventRecovered {
		s.report.Recovered++
		s.pieces[l.SHA256] = true
	}
	if s.report.Lines == 0 {
		s.report.First = l.Time()
	}
	s.report.Last = l.Time()
	s.report.Lines++
	s.last, s.bad = l, 0
}

// chainBroken takes a line that begins a new chain: faults before it are
// noted if the files before it are as it found them.
func (s *scanner) chainBroken(l Line, here Fault) {
	if next := s.last.Seq + 1 + s.bad; l.Seq > next {
		s.fault(Fault{Kind: FaultTruncated, File: here.File, From: next, To: l.Seq - 1})
	}
	if l.SHA256 != s.before {
		here.Kind = FaultDisturbed
		s.fault(here)
		return
	}
	if s.faults == 0 {
		here.Kind = FaultKind(l.Reason)
		s.fault(here)
	}
	for i := range s.report.Faults {
		if f := &s.report.Faults[i]; f.Noted.IsZero() {
			f.Noted = l.Time()
		}
	}
	s.faults = 0
}

// refuse counts a line that is not true.
func (s *scanner) refuse(f Fault) {
	s.bad++
	s.fault(f)
}

// fault lists f, or adds it to the one before: a copied file is one fault.
func (s *scanner) fault(f Fault) {
	if f.Line > 0 && f.From == 0 {
		f.Span = 1
		if all := s.report.Faults; s.faults > 0 && len(all) > 0 {
			if was := &all[len(all)-1]; was.Kind == f.Kind && was.File == f.File && was.Line+was.Span == f.Line {
				was.Span++
				return
			}
		}
	}
	s.faults++
	if s.faults > mostFaults {
		s.report.More++
		return
	}
	s.report.Faults = append(s.report.Faults, f)
}

// digest is SHA-256 over the files read so far, as they are.
func (s *scanner) digest() app.Digest { return app.Digest(hex.EncodeToString(s.files.Sum(nil))) }
