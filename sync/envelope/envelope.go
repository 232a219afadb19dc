// Package envelope is the sealed image: one age file to the session's
// recipient, whose plaintext is a ZIP of stored entries with the JPEG, what
// the phone says about it, and an HMAC under the pairing secret
// (docs/contracts.md, "Sealed image").
//
// What Open guarantees about what it returns: it was sealed by somebody who
// saw this session's QR code, for this session and this image id, and not a
// byte differs from what was sealed. Whether the JPEG is a picture is not its
// business: package picture looks at that.
//
// Everything here is pure and safe for concurrent use.
package envelope

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/clinicpro-nz/images/app"
)

const (
	// MaxPlaintext bounds the ZIP inside a sealed image.
	MaxPlaintext = 16 << 20
	// MaxCapture bounds capture.json.
	MaxCapture = 64 << 10
	// MaxSealed bounds the age file: age adds 16 bytes to every 64 KiB, and
	// the header.
	MaxSealed = MaxPlaintext + 64<<10
)

const (
	imageEntry   = "image.jpg"
	captureEntry = "capture.json"
	hmacEntry    = "capture.hmac"
)

// Reason says what is wrong with a sealed image; compare with errors.Is.
// Every error of Open is KindCorrupt with exactly one Reason in its chain,
// and no byte of the image in its text.
type Reason string

const (
	ReasonTooLarge Reason = "larger than a sealed image may be"
	ReasonSeal     Reason = "not an age file, or damaged"
	ReasonKey      Reason = "sealed to another key"
	ReasonArchive  Reason = "the archive inside is not in the agreed form"
	ReasonHMAC     Reason = "not made with this session's pairing secret"
	ReasonCapture  Reason = "what the phone says is not in the agreed form"
	ReasonVersion  Reason = "what the phone says is of a newer version"
	ReasonMismatch Reason = "what the phone says is about another image"
)

func (r Reason) Error() string { return string(r) }

// Secret is a session's pairing secret: 16 random bytes, sealed, written as
// in the link (base64url without padding, 22 characters).
type Secret struct{ app.Sealed }

// NewSecret draws a Secret from the system's random source.
func NewSecret() Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return Secret{app.Seal(base64.RawURLEncoding.EncodeToString(b[:]))}
}

// ParseSecret returns s as a Secret, or a KindCorrupt error that does not
// repeat it.
func ParseSecret(s string) (Secret, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != secretBytes || len(s) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return Secret{}, app.E("read pairing secret", app.KindCorrupt, fmt.Errorf("want 22 base64url characters"))
	}
	return Secret{app.Seal(s)}, nil
}

const secretBytes = 16

// key is the raw HMAC key; nil for the zero Secret.
func (s Secret) key() []byte {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s.Reveal())
	if err != nil || len(b) != secretBytes {
		return nil
	}
	return b
}

// authentication is the content of capture.hmac.
func authentication(key []byte, sid app.SessionID, id app.ImageID, jpeg, capture []byte) string {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s|%s|%s|%s", sid, id, digest(jpeg), digest(capture))
	return hex.EncodeToString(m.Sum(nil))
}

func digest(b []byte) app.Digest {
	sum := sha256.Sum256(b)
	return app.Digest(hex.EncodeToString(sum[:]))
}

// headerFits reports whether the age header ends early. age tries the
// identity on every stanza: without this a header of 16 MiB of stanzas would
// cost seconds of curve arithmetic.
func headerFits(sealed []byte) bool {
	const most = 2 << 10
	return bytes.Contains(sealed[:min(len(sealed), most)], []byte("\n--- "))
}
