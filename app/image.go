package app

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// ImageID is a lower-case UUIDv7 made by the phone before the upload. Every
// step is idempotent on it.
type ImageID string

var imageIDForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// ParseImageID returns s as an ImageID, or a KindCorrupt error.
func ParseImageID(s string) (ImageID, error) {
	if !imageIDForm.MatchString(s) {
		return "", E("read image id", KindCorrupt, fmt.Errorf("want a lower-case UUIDv7"))
	}
	return ImageID(s), nil
}

// CapturedAt is the moment in a UUIDv7, by the clock of the phone that made it.
func (id ImageID) CapturedAt() time.Time {
	if len(id) < 13 {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(string(id[:8]+id[9:13]), 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Digest is a SHA-256 as 64 lower-case hexadecimal digits.
type Digest string

// ParseDigest returns s as a Digest, or a KindCorrupt error.
func ParseDigest(s string) (Digest, error) {
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 || hex.EncodeToString(b) != s {
		return "", E("read checksum", KindCorrupt, fmt.Errorf("want 64 lower-case hexadecimal digits"))
	}
	return Digest(s), nil
}

// ImageState is where an image stands (design sections 5 and 9). The registry
// knows all but Quarantined; the agent's index is the truth from Landed on.
type ImageState string

const (
	ImageReserved    ImageState = "reserved"    // the phone asked for an upload link
	ImageStored      ImageState = "stored"      // the sealed object is in S3
	ImageLanded      ImageState = "landed"      // durable in the workstation's spool
	ImageFiled       ImageState = "filed"       // a sink confirmed the hand-over
	ImageRetracted   ImageState = "retracted"   // the phone took it back and the agent agreed
	ImageDiscarded   ImageState = "discarded"   // the GP threw it away
	ImageUnconfirmed ImageState = "unconfirmed" // handed over, outcome not provable
	ImageQuarantined ImageState = "quarantined" // landed, but its seal, HMAC or picture is wrong
)

// Terminal reports whether nothing can happen to the image any more, in the
// registry's eyes.
func (s ImageState) Terminal() bool {
	switch s {
	case ImageFiled, ImageRetracted, ImageDiscarded, ImageQuarantined:
		return true
	}
	return false
}
