package relay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// Book is the file that says which workstation key reaches which practice and
// facilities. It holds hashes of keys, and no secret; whoever may write it
// decides who reaches a record.
type Book struct {
	Practices []Entry `json:"practices"`
}

// Entry is one practice.
type Entry struct {
	Practice   app.Practice `json:"practice"`
	Facilities []string     `json:"facilities"` // as the record system names them: F2N060-E
	Keys       []Key        `json:"keys"`
}

// Key is one workstation's, or one enrolment's.
type Key struct {
	ID      string     `json:"id"`   // 8 characters, also the key's own beginning
	Name    string     `json:"name"` // for whoever revokes it: "front desk"
	SHA256  app.Digest `json:"sha256"`
	Made    time.Time  `json:"made"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

// Binding is what one key may reach.
type Binding struct {
	Key        string // its ID
	Practice   app.Practice
	Facilities []string
}

var facilityForm = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// ReadBook reads the file; one that is not there is an empty book.
func ReadBook(path string) (Book, error) {
	const op = "read the relay's keys"
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Book{}, nil
	}
	if err != nil {
		return Book{}, app.E(op, app.KindFull, errors.New("cannot be read"))
	}
	var b Book
	if err := json.Unmarshal(text, &b); err != nil {
		return Book{}, app.E(op, app.KindCorrupt, errors.New("not JSON as it should be"))
	}
	for _, e := range b.Practices {
		if _, err := app.ParsePractice(string(e.Practice)); err != nil {
			return Book{}, err
		}
		for _, f := range e.Facilities {
			if !facilityForm.MatchString(f) {
				return Book{}, app.E(op, app.KindCorrupt, errors.New("not a facility's id"))
			}
		}
		for _, k := range e.Keys {
			if _, err := app.ParseDigest(string(k.SHA256)); err != nil {
				return Book{}, err
			}
		}
	}
	return b, nil
}

// Write replaces the file in one step.
func (b Book) Write(path string) error {
	const op = "write the relay's keys"
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return app.E(op, app.KindBug, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".relay-*")
	if err != nil {
		return app.E(op, app.KindFull, errors.New("cannot be written"))
	}
	_, err = temp.Write(append(text, '\n'))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return app.E(op, app.KindFull, errors.New("cannot be written"))
	}
	return nil
}

// Add makes a key for a practice and its facilities, and returns it: it is
// shown once and kept as its SHA-256 only. Facilities are added to those the
// practice has; one that another practice has is KindConflict.
func (b *Book) Add(p app.Practice, facilities []string, name string, at time.Time) (app.Sealed, Key, error) {
	const op = "make a relay key"
	if _, err := app.ParsePractice(string(p)); err != nil {
		return app.Sealed{}, Key{}, err
	}
	for _, f := range facilities {
		if !facilityForm.MatchString(f) {
			return app.Sealed{}, Key{}, app.E(op, app.KindCorrupt, errors.New("not a facility's id"))
		}
		for _, e := range b.Practices {
			if e.Practice != p && slices.Contains(e.Facilities, f) {
				return app.Sealed{}, Key{}, app.E(op, app.KindConflict, errors.New("another practice has this facility"))
			}
		}
	}
	i := slices.IndexFunc(b.Practices, func(e Entry) bool { return e.Practice == p })
	if i < 0 {
		b.Practices = append(b.Practices, Entry{Practice: p})
		i = len(b.Practices) - 1
	}
	e := &b.Practices[i]
	for _, f := range facilities {
		if !slices.Contains(e.Facilities, f) {
			e.Facilities = append(e.Facilities, f)
		}
	}
	if len(e.Facilities) == 0 {
		return app.Sealed{}, Key{}, app.E(op, app.KindCorrupt, errors.New("a key without a facility reaches nothing"))
	}
	id := strings.ToLower(rand.Text()[:8])
	secret := app.Seal("cpr_" + id + "_" + rand.Text())
	key := Key{ID: id, Name: name, SHA256: hashOf(secret.Reveal()), Made: at.UTC().Truncate(time.Second)}
	e.Keys = append(e.Keys, key)
	return secret, key, nil
}

// Revoke ends a key. An id that no key has is KindNotFound.
func (b *Book) Revoke(id string, at time.Time) error {
	for i := range b.Practices {
		for j := range b.Practices[i].Keys {
			if k := &b.Practices[i].Keys[j]; k.ID == id {
				if k.Revoked == nil {
					at = at.UTC().Truncate(time.Second)
					k.Revoked = &at
				}
				return nil
			}
		}
	}
	return app.E("revoke a relay key", app.KindNotFound, fmt.Errorf("no such key"))
}

func hashOf(key string) app.Digest {
	sum := sha256.Sum256([]byte(key))
	return app.Digest(hex.EncodeToString(sum[:]))
}

// reread is how old what is known of the file may be: a revoked key stops
// within it. It is a good deal under the minute that is promised.
const reread = 10 * time.Second

// keys answers what a key may reach. A file that cannot be read lets nobody in.
type keys struct {
	path string
	now  func() time.Time

	mu   sync.Mutex
	read time.Time
	by   map[app.Digest]Binding
	err  error
}

// binding returns what the key may reach, and false for none.
func (k *keys) binding(key string) (Binding, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil || k.now().Sub(k.read) >= reread || k.now().Before(k.read) {
		k.load()
	}
	b, ok := k.by[hashOf(key)]
	return b, ok, k.err
}

// load reads the file, a few kilobytes on a disk of the relay's own.
func (k *keys) load() {
	book, err := ReadBook(k.path)
	k.by, k.err, k.read = map[app.Digest]Binding{}, err, k.now()
	for _, e := range book.Practices {
		for _, key := range e.Keys {
			if key.Revoked == nil {
				k.by[key.SHA256] = Binding{key.ID, e.Practice, e.Facilities}
			}
		}
	}
}
