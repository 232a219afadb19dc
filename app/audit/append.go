package audit

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/clinicpro-nz/images/app"
)

// attach reads the whole trail, puts right what a power cut left, begins a
// new chain if something is wrong, and opens the last file. end is what is
// known of the trail from elsewhere.
func (t *Trail) attach(ctx context.Context, end witness) (Report, error) {
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return Report{}, full("make audit folder", err)
	}
	t.release()
	t.seen, t.size = noted{}, -1 // until a file is open again nothing is as we left it
	s, err := scan(ctx, os.DirFS(t.dir), t.keys, end, func(file segment, seen Seen) error {
		if seen.True {
			t.seen.add(file.month, seen.Line.key())
		}
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	t.name = s.newest
	if f, wrong := s.report.Fresh(); wrong {
		t.o.Log.Error("audit trail does not verify", "state", string(f.Kind), "count", len(s.report.Faults)+s.report.More)
		err = t.breakChain(s, f)
	} else {
		err = t.resume(s)
	}
	if err == nil {
		err = t.recordTorn(s)
	}
	return s.report, err
}

// resume goes on where the trail ends.
func (t *Trail) resume(s *scanner) error {
	if s.report.Torn > 0 {
		if err := setAside(t.dir, t.name, s.report.Torn); err != nil {
			return err
		}
	}
	if t.name.n > 0 {
		f, size, err := openSegment(t.dir, t.name)
		if err != nil {
			return err
		}
		t.file, t.size = f, size
	}
	end := witness{s.last.Seq, s.last.Mac, true}
	if end.seq == 0 {
		return t.extend(end, t.own(EventStarted))
	}
	t.end.Store(&end)
	t.behind()
	return nil
}

// breakChain begins a new chain in a file of its own. What is there stays.
func (t *Trail) breakChain(s *scanner, found Fault) error {
	l := t.own(EventBroken)
	l.Reason, l.SHA256 = string(found.Kind), s.digest()
	next := segment{month: monthOf(l), n: 1}
	if next.compare(t.name) <= 0 {
		next = segment{t.name.month, t.name.n + 1}
	}
	if err := t.begin(next); err != nil {
		return err
	}
	return t.extend(witness{seq: max(s.end.seq, s.last.Seq+s.bad)}, l)
}

// recordTorn writes a line for each torn piece that has none yet.
func (t *Trail) recordTorn(s *scanner) error {
	all, err := pieces(os.DirFS(t.dir))
	if err != nil {
		return err
	}
	for _, p := range all {
		if s.pieces[p.sum] {
			continue
		}
		s.pieces[p.sum] = true
		l := t.own(EventRecovered)
		l.SHA256, l.Reason, l.Receipt = p.sum, "torn", fmt.Sprintf("%d bytes in %s", p.bytes, bounded(p.name))
		if err := t.extend(*t.end.Load(), l); err != nil {
			return err
		}
	}
	return nil
}

// own is a line about the trail itself.
func (t *Trail) own(event app.AuditEvent) Line {
	return t.keys.line(app.AuditEntry{At: t.o.Now(), Event: event}, t.o.Who)
}

// ready makes sure that the file is as we left it. One that was replaced,
// removed, cut or added to by somebody else is looked into before the next
// line: without that a line could go into a file that no longer has a name.
func (t *Trail) ready(ctx context.Context) error {
	if t.asLeft() {
		if t.file != nil {
			return nil
		}
		var err error
		t.file, _, err = openSegment(t.dir, t.name)
		return err
	}
	_, err := t.attach(ctx, *t.end.Load())
	return err
}

func (t *Trail) asLeft() bool {
	if t.size < 0 {
		return false
	}
	there, err := os.Lstat(t.name.path(t.dir))
	if err != nil || there.Size() != t.size {
		return false
	}
	if t.file == nil {
		return true
	}
	ours, err := t.file.Stat()
	return err == nil && os.SameFile(there, ours)
}

// monthOf is the month whose file a line belongs to: the registry's clock
// before the workstation's, which may be wrong by years.
func monthOf(l Line) string {
	for _, at := range []string{l.Server, l.At} {
		if len(at) >= len("2026-11") && monthForm.MatchString(at[:len("2026-11")]) {
			return at[:len("2026-11")]
		}
	}
	return "0000-01"
}

// extend chains lines to end and returns once they are on disk. Files only
// ever follow one another: a clock set back does not lead back into the month
// before.
func (t *Trail) extend(end witness, lines ...Line) error {
	for len(lines) > 0 {
		month := max(monthOf(lines[0]), t.name.month)
		if month > t.name.month {
			if err := t.begin(segment{month, 1}); err != nil {
				return err
			}
		}
		var out []byte
		n := 0
		for ; n < len(lines) && max(monthOf(lines[n]), t.name.month) == month; n++ {
			l := &lines[n]
			l.Seq, l.Prev = end.seq+1, end.mac
			raw, err := t.keys.seal(l)
			if err != nil {
				return err
			}
			out = append(out, raw...)
			end = witness{l.Seq, l.Mac, true}
		}
		if err := t.put(out); err != nil {
			return err
		}
		for _, l := range lines[:n] {
			t.seen.add(month, l.key())
		}
		at := end
		t.end.Store(&at)
		t.behind()
		lines = lines[n:]
	}
	return nil
}

// begin leaves the file at hand for another.
func (t *Trail) begin(s segment) error {
	f, size, err := openSegment(t.dir, s)
	if err != nil {
		return err
	}
	t.release()
	t.file, t.name, t.size = f, s, size
	return nil
}

// put appends bytes and syncs them. After a failure nothing of them is left,
// or the next note finds that the file is not as it was.
func (t *Trail) put(b []byte) error {
	_, err := t.file.Write(b)
	if err == nil {
		err = t.file.Sync()
	}
	if err == nil {
		t.size += int64(len(b))
		return nil
	}
	t.release()
	return full("write audit trail", errors.Join(err, cut(t.name.path(t.dir), t.size)))
}

func (t *Trail) release() {
	if t.file != nil {
		_ = t.file.Close() // each line was synced
		t.file = nil
	}
}
