package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"

	"github.com/clinicpro-nz/images/app"
)

// Folder is the trail's folder below the state folder: 0700, its files 0600.
const Folder = "audit"

// segment is one file of the trail: a month's first, or the n-th of a month
// in which a chain broke. Files follow one another by month, then n.
type segment struct {
	month string // "2026-11"
	n     int    // from 1
}

var (
	segmentForm = regexp.MustCompile(`^audit-(\d{4}-\d{2})(?:-([1-9]\d{0,8}))?\.jsonl$`)
	monthForm   = regexp.MustCompile(`^\d{4}-\d{2}$`)
)

func (s segment) String() string {
	switch {
	case s.n == 0:
		return ""
	case s.n == 1:
		return "audit-" + s.month + ".jsonl"
	}
	return "audit-" + s.month + "-" + strconv.Itoa(s.n) + ".jsonl"
}

func (s segment) path(dir string) string { return filepath.Join(dir, s.String()) }

func (s segment) compare(o segment) int {
	return cmp.Or(cmp.Compare(s.month, o.month), cmp.Compare(s.n, o.n))
}

// segments lists the trail's files in their order. No folder is no files.
func segments(dir fs.FS) ([]segment, error) {
	names, err := listed(dir)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, name := range names {
		if m := segmentForm.FindStringSubmatch(name); m != nil {
			s := segment{month: m[1], n: 1}
			if m[2] != "" {
				s.n, _ = strconv.Atoi(m[2]) // at most nine digits
			}
			if s.String() == name {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, segment.compare)
	return out, nil
}

func listed(dir fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, full("list audit trail", err)
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// full classifies what a disk answers: whatever it was, the place cannot be
// written or read just now.
func full(op string, err error) error { return app.E(op, app.KindFull, err) }

// syncDir makes new names in dir durable. Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openSegment opens a file to append to, and makes it if need be.
func openSegment(dir string, s segment) (*os.File, int64, error) {
	const op = "open audit trail"
	f, err := os.OpenFile(s.path(dir), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, full(op, err)
	}
	st, err := f.Stat()
	if err == nil && st.Size() == 0 {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, 0, full(op, errors.Join(err, f.Close()))
	}
	return f, st.Size(), nil
}

// cut shortens a file to size bytes, durably.
func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// Torn lines that were set aside: audit-2026-11.1.torn.
const tornSuffix = ".torn"

// setAside copies the last torn bytes of a segment into a file of their own
// and then cuts them off. Killed in between, it leaves both, and is done
// again at the next start.
func setAside(dir string, s segment, torn int64) error {
	const op = "set a torn audit line aside"
	path := s.path(dir)
	st, err := os.Stat(path)
	if err != nil {
		return full(op, err)
	}
	good := st.Size() - torn
	in, err := os.Open(path)
	if err != nil {
		return full(op, err)
	}
	defer in.Close()
	part := filepath.Join(dir, "torn.tmp")
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return full(op, err)
	}
	_, err = io.Copy(out, io.NewSectionReader(in, good, torn))
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return full(op, err)
	}
	aside := ""
	for n := 1; ; n++ {
		aside = filepath.Join(dir, fmt.Sprintf("%s.%d%s", s, n, tornSuffix))
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if err := errors.Join(os.Rename(part, aside), syncDir(dir)); err != nil {
		return full(op, err)
	}
	if err := cut(path, good); err != nil {
		return full(op, err)
	}
	return nil
}

// piece is a torn line in a file of its own.
type piece struct {
	name  string
	bytes int64
	sum   app.Digest
}

func pieces(dir fs.FS) ([]piece, error) {
	names, err := listed(dir)
	if err != nil {
		return nil, err
	}
	var out []piece
	for _, name := range names {
		if filepath.Ext(name) != tornSuffix {
			continue
		}
		f, err := dir.Open(name)
		if err != nil {
			return nil, full("read a torn audit line", err)
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, full("read a torn audit line", err)
		}
		out = append(out, piece{name, n, app.Digest(hex.EncodeToString(h.Sum(nil)))})
	}
	return out, nil
}
