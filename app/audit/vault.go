package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/clinicpro-nz/images/app"
)

// witness is what is known of the trail's end apart from its files.
type witness struct {
	seq   int64 // 0: nothing was written yet
	mac   string
	known bool
}

// anchor is how the keyring holds it.
type anchor struct {
	Seq int64  `json:"seq"`
	Mac string `json:"mac"`
}

// anchorName is the keyring's name for the end of the trail below dir: one
// user may have several state folders, and a folder that is emptied must not
// look like a new one.
func anchorName(prefix, dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	return prefix + "-" + hex.EncodeToString(sum[:6])
}

// readAnchor returns the note of the trail's end. One that is not there or
// makes no sense is not known, and no error.
func readAnchor(ctx context.Context, v app.Vault, name string) (witness, error) {
	secret, err := v.Get(ctx, name)
	if app.KindOf(err) == app.KindNotFound {
		return witness{}, nil
	}
	if err != nil {
		return witness{}, err
	}
	var a anchor
	if json.Unmarshal([]byte(secret.Reveal()), &a) != nil || a.Seq < 0 || (a.Seq == 0) != (a.Mac == "") {
		return witness{}, nil
	}
	return witness{a.Seq, a.Mac, true}, nil
}

func writeAnchor(ctx context.Context, v app.Vault, name string, w witness) error {
	text, err := json.Marshal(anchor{w.seq, w.mac})
	if err != nil {
		return app.E("write audit anchor", app.KindBug, err)
	}
	return v.Set(ctx, name, app.Seal(string(text)))
}

const secretBytes = 32

// readKeys returns the keys of the secret in the keyring, KindNotFound when
// it certainly has none. A secret that is none of ours is KindAuth, and stays.
func readKeys(ctx context.Context, v app.Vault, name string) (keys, error) {
	secret, err := v.Get(ctx, name)
	if err != nil {
		return keys{}, err
	}
	raw, err := hex.DecodeString(secret.Reveal())
	if err != nil || len(raw) != secretBytes {
		return keys{}, app.E("read audit key", app.KindAuth, errors.New("want 32 bytes in hexadecimal")) // the cause would quote it
	}
	return newKeys(raw)
}

// makeKeys stores a new secret, and reads it back before anything is written
// under it.
func makeKeys(ctx context.Context, v app.Vault, name string) (keys, error) {
	if err := v.Set(ctx, name, app.Seal(hex.EncodeToString(randomSecret()))); err != nil {
		return keys{}, err
	}
	return readKeys(ctx, v, name)
}

func randomSecret() []byte {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return b
}
