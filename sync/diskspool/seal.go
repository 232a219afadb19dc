package diskspool

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"maps"

	"filippo.io/age"
	"go.etcd.io/bbolt"
)

// Keys are who can read the index.
type Keys struct {
	Identity *age.X25519Identity  // the workstation's, from the OS keyring
	Recovery *age.X25519Recipient // the practice's, its private half kept offline by IT; may be nil
}

// recipients names whom a data key is sealed to, as it stands in the index.
func (k Keys) recipients() string {
	to := k.Identity.Recipient().String()
	if k.Recovery != nil {
		to += " " + k.Recovery.String()
	}
	return to
}

// keyID names a data key.
type keyID [8]byte

const dataKeyBytes = 32 // AES-256

var (
	errOtherKey     = errors.New("sealed to another key")
	errDamaged      = errors.New("damaged, or moved here from another record")
	errNotADataKey  = errors.New("not a data key")
	errNoActiveKey  = errors.New("no data key to seal with")
	errUnknownNames = errors.New("kind or key not usable")
)

// ring holds the data keys of an index that could be opened. A ring is never
// changed once it is in use.
type ring struct {
	active keyID // what new bodies are sealed with
	keys   map[keyID]cipher.AEAD
}

// readRing opens the data keys that one of the identities opens. The others
// stay: another key may open them.
func readRing(tx *bbolt.Tx, identities ...age.Identity) *ring {
	r := &ring{keys: map[keyID]cipher.AEAD{}}
	keys := tx.Bucket([]byte(keysBucket))
	if keys == nil {
		return r
	}
	_ = keys.ForEach(func(name, sealed []byte) error {
		if len(name) != len(keyID{}) {
			return nil
		}
		if key, err := openDataKey(sealed, identities...); err == nil {
			r.add(keyID(name), key)
		}
		return nil
	})
	return r
}

func (r *ring) add(id keyID, key cipher.AEAD) {
	if len(r.keys) == 0 {
		r.active = id
	}
	r.keys[id] = key
}

// with returns a ring with another ring's keys beside its own.
func (r *ring) with(other *ring) *ring {
	both := &ring{active: r.active, keys: maps.Clone(r.keys)}
	maps.Copy(both.keys, other.keys)
	return both
}

// seal binds the record's name to its body, so that a body moved to another
// record's name does not open there: no patient can change places.
func (r *ring) seal(name, body []byte) ([]byte, error) {
	key, ok := r.keys[r.active]
	if !ok {
		return nil, errNoActiveKey
	}
	out := make([]byte, 0, len(r.active)+len(body)+key.Overhead())
	return key.Seal(append(out, r.active[:]...), nil, body, name), nil
}

func (r *ring) unseal(name, sealed []byte) ([]byte, error) {
	var id keyID
	if copy(id[:], sealed) < len(id) {
		return nil, errDamaged
	}
	key, ok := r.keys[id]
	if !ok {
		return nil, errOtherKey
	}
	body, err := key.Open(nil, nil, sealed[len(id):], name)
	if err != nil {
		return nil, errDamaged
	}
	return body, nil
}

// openDataKey opens one age file of the keys bucket. The cipher draws its own
// nonces: 96 random bits, safe for 2^32 bodies.
func openDataKey(sealed []byte, identities ...age.Identity) (cipher.AEAD, error) {
	plain, err := plainDataKey(sealed, identities...)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(plain)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func plainDataKey(sealed []byte, identities ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, dataKeyBytes+1))
	if err == nil && len(plain) != dataKeyBytes {
		err = errNotADataKey
	}
	return plain, err
}

func sealDataKey(plain []byte, to Keys) ([]byte, error) {
	recipients := []age.Recipient{to.Identity.Recipient()}
	if to.Recovery != nil {
		recipients = append(recipients, to.Recovery)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// rekey seals every data key that the workstation opens to those who may read
// it now, and makes the first one. Records stay as they are: a new recovery
// recipient opens them all through the data key. The old seal goes with the
// next compaction.
func rekey(tx *bbolt.Tx, keys Keys) error {
	bucket, to := tx.Bucket([]byte(keysBucket)), tx.Bucket([]byte(sealedToBucket))
	own := readRing(tx, keys.Identity)
	for id := range own.keys {
		if string(to.Get(id[:])) == keys.recipients() {
			continue
		}
		plain, err := plainDataKey(bucket.Get(id[:]), keys.Identity)
		if err != nil {
			return err
		}
		if err := putDataKey(tx, id, plain, keys); err != nil {
			return err
		}
		if err := askCompaction(tx); err != nil {
			return err
		}
	}
	if len(own.keys) > 0 {
		return nil
	}
	var id keyID
	plain := make([]byte, dataKeyBytes)
	_, _ = rand.Read(id[:]) // never fails: crypto/rand aborts the program instead
	_, _ = rand.Read(plain)
	return putDataKey(tx, id, plain, keys)
}

func putDataKey(tx *bbolt.Tx, id keyID, plain []byte, keys Keys) error {
	sealed, err := sealDataKey(plain, keys)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.Bucket([]byte(keysBucket)).Put(id[:], sealed),
		tx.Bucket([]byte(sealedToBucket)).Put(id[:], []byte(keys.recipients())))
}
