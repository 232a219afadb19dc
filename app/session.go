package app

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Practice is a practice's slug, `[a-z0-9-]{3,40}`: a part of every key,
// object name and channel (design section 3).
type Practice string

var practiceForm = regexp.MustCompile(`^[a-z0-9-]{3,40}$`)

// ParsePractice returns s as a Practice, or a KindCorrupt error.
func ParsePractice(s string) (Practice, error) {
	if !practiceForm.MatchString(s) {
		return "", E("read practice name", KindCorrupt, fmt.Errorf("want 3 to 40 of a-z, 0-9 and -"))
	}
	return Practice(s), nil
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// SessionID is 128 random bits as 26 characters of upper-case Crockford
// base32 (the first is 0 to 7). Never reused.
type SessionID string

// NewSessionID draws a SessionID from the system's random source.
func NewSessionID() SessionID { return SessionID(randomBase32()) }

// ParseSessionID returns s as a SessionID, or a KindCorrupt error.
func ParseSessionID(s string) (SessionID, error) {
	if !isBase32(s) {
		return "", E("read session id", KindCorrupt, fmt.Errorf("want 26 Crockford characters"))
	}
	return SessionID(s), nil
}

// NewToken draws a pairing token: the same form as a SessionID, another secret.
func NewToken() Token { return Token{Seal(randomBase32())} }

// ParseToken returns s as a pairing token, or a KindCorrupt error that does not repeat it.
func ParseToken(s string) (Token, error) {
	if !isBase32(s) {
		return Token{}, E("read pairing token", KindCorrupt, fmt.Errorf("want 26 Crockford characters"))
	}
	return Token{Seal(s)}, nil
}

// Token is a pairing token (design section 3): sealed, kept in the registry
// only as its SHA-256.
type Token struct{ Sealed }

// Hash is how the registry knows the token.
func (t Token) Hash() Digest {
	sum := sha256.Sum256([]byte(t.Reveal()))
	return Digest(hex.EncodeToString(sum[:]))
}

// randomBase32 writes 128 random bits as 26 Crockford characters, two zero
// bits in front.
func randomBase32() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return encodeBase32(b)
}

func encodeBase32(b [16]byte) string {
	var out strings.Builder
	var acc, bits uint = 0, 2 // 130 bits: two leading zeros, then the 128
	for _, x := range b {
		acc, bits = acc<<8|uint(x), bits+8
		for bits >= 5 {
			bits -= 5
			out.WriteByte(crockford[acc>>bits&31])
			acc &= 1<<bits - 1
		}
	}
	return out.String()
}

func isBase32(s string) bool {
	if len(s) != 26 || s[0] > '7' {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(crockford, s[i]) < 0 {
			return false
		}
	}
	return true
}

// SessionState is a session's state in the registry (design section 5).
type SessionState string

const (
	SessionWaiting  SessionState = "waiting"  // QR code shown, nobody has claimed it
	SessionPaired   SessionState = "paired"   // one phone is bound to it
	SessionDraining SessionState = "draining" // no new photo; those taken may still arrive
	SessionClosed   SessionState = "closed"
	SessionExpired  SessionState = "expired" // never claimed in time, or drained out
)

// Limits bound what one session may hold. The registry's scripts enforce them.
type Limits struct {
	MaxImages int           // 1 to 50; DefaultLimits: 20
	MaxBytes  int64         // of one sealed image; DefaultLimits: 15 MiB
	Idle      time.Duration // from the last activity to draining; 1 h
	Life      time.Duration // from the start to draining, whatever happens; 8 h
	Claim     time.Duration // from showing the QR code to the claim; 10 min
	Drain     time.Duration // from draining to expired; 24 h
}

// DefaultLimits are design section 5's.
var DefaultLimits = Limits{
	MaxImages: 20, MaxBytes: 15 << 20,
	Idle: time.Hour, Life: 8 * time.Hour, Claim: 10 * time.Minute, Drain: 24 * time.Hour,
}

// DefaultKeep is how long a session stays on the workstation once nothing is
// left to do with it (design section 9).
const DefaultKeep = 7 * 24 * time.Hour
