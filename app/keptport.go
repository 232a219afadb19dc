package app

import (
	"context"
	"time"
)

// MaxKept is the longest that a phone is kept.
const MaxKept = 16 * time.Hour

// MaxNextLink bounds the sealed bytes of a NextLink.
const MaxNextLink = 4 << 10

// KeepOffer is what a phone says of itself when it claims, so that it can be
// kept. The zero value: it cannot.
type KeepOffer struct {
	Recipient string // age X25519 recipient of the phone's own
	Key       Digest // SHA-256 of the kept key's 43 characters
	MAC       Digest // HMAC-SHA256 under the session's pairing secret
}

// IsZero reports whether nothing was offered.
func (o KeepOffer) IsZero() bool { return o == KeepOffer{} }

// NextLink is the link of one further session, sealed to a kept phone. The
// zero SID takes back what was on offer: MAC and Sealed are empty then.
type NextLink struct {
	SID    SessionID
	N      int64  // rises with every link and every taking back
	MAC    Digest // HMAC-SHA256 under a key derived from the first pairing secret
	Sealed []byte // age file to the phone's own recipient, at most MaxNextLink bytes
}

// KeptRegistry is the registry's part about kept phones. Every call is
// idempotent; concurrent calls are fine. A phone that is not kept, or not any
// more, is KindNotFound.
type KeptRegistry interface {
	// Keep makes the phone whose offer with this key the paired session holds a
	// kept one, until the time given, at most MaxKept from now. Other than
	// paired: KindConflict or KindExpired; another offer meanwhile: KindAuth.
	Keep(ctx context.Context, sid SessionID, key Digest, until time.Time) (Row, error)
	// Rekeep puts back a kept phone that the registry has lost, and says so in
	// the sessions named. One that is there stays as it is.
	Rekeep(ctx context.Context, key Digest, until time.Time, sessions ...SessionID) error
	// Next puts a link on offer. A number that is not higher than what is held
	// changes nothing.
	Next(ctx context.Context, key Digest, next NextLink) error
	// Forget ends the keeping, and says so in the sessions named. One that is
	// not kept, and sessions that are not there, are no error.
	Forget(ctx context.Context, key Digest, sessions ...SessionID) error
}

// Inviter makes and checks what a kept phone and its workstation say to each
// other. Calls may be concurrent.
type Inviter interface {
	// Offered checks that a phone which saw the session's code made its Row's
	// offer. KindCorrupt: it did not.
	Offered(s Session) error
	// Invite seals the link of s to a kept phone, as its n-th.
	Invite(k KeptPhone, s Session, n int64) (NextLink, error)
}
