package audit

import (
	"context"
	"os"
	"path/filepath"

	"github.com/clinicpro-nz/images/app"
)

// Reader reads a trail and changes nothing, neither on disk nor in the
// keyring. The agent may be writing meanwhile.
type Reader struct {
	dir, anchor string
	vault       app.Vault
	keys        keys
	keyless     bool
}

// NewReader takes the audit secret from the keyring: Dir, Vault, Key and Head
// of o count. The keyring's failure is KindAuth. Where it certainly has no
// secret the reader works all the same, and every line is foreign to it.
func NewReader(ctx context.Context, o Options) (*Reader, error) {
	r := &Reader{dir: filepath.Join(o.Dir, Folder), anchor: anchorName(o.Head, o.Dir), vault: o.Vault}
	var err error
	r.keys, err = readKeys(ctx, o.Vault, o.Key)
	if app.KindOf(err) == app.KindNotFound {
		r.keyless = true
		r.keys, err = newKeys(randomSecret())
	}
	return r, err
}

// Keyless reports that this user's keyring holds no audit secret.
func (r *Reader) Keyless() bool { return r.keyless }

// Patient returns the code that stands for p in the trail: 64 hexadecimal
// digits, "" for no patient.
func (r *Reader) Patient(p app.Patient) string { return r.keys.patientCode(p) }

// Read verifies the whole trail, from the first line to the end that the
// keyring knows of. visit, unless nil, sees every line in order, true or not;
// its error ends the reading and is returned.
func (r *Reader) Read(ctx context.Context, visit func(Seen) error) (Report, error) {
	// The note of the end comes first: it is written after the lines it
	// speaks of, so whatever it says now, the files read after it must reach.
	end, err := readAnchor(ctx, r.vault, r.anchor)
	if err != nil {
		return Report{}, err
	}
	s, err := scan(ctx, os.DirFS(r.dir), r.keys, end, func(_ segment, seen Seen) error {
		if visit == nil {
			return nil
		}
		return visit(seen)
	})
	if err != nil {
		return Report{}, err
	}
	return s.report, nil
}
