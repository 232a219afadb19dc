package redisregistry

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
)

// Refusal is why a script said no, wrapped in an *app.Error. The codes are
// those of docs/contracts.md, and not-reserved.
type Refusal struct {
	code   string
	images []app.ImageID
}

// The refusals. Compare codes with errors.Is.
var (
	ErrLinkUnknown     = Refusal{code: "link-unknown"}
	ErrLinkUsed        = Refusal{code: "link-used"}
	ErrSessionMissing  = Refusal{code: "session-missing"}
	ErrSessionDraining = Refusal{code: "session-draining"}
	ErrSessionOver     = Refusal{code: "session-over"}
	ErrPhoneReplaced   = Refusal{code: "phone-replaced"}
	ErrTooManyImages   = Refusal{code: "too-many-images"}
	ErrImageTooLarge   = Refusal{code: "image-too-large"}
	ErrImageMismatch   = Refusal{code: "image-mismatch"}
	ErrNotUploaded     = Refusal{code: "not-uploaded"}
	ErrNotReserved     = Refusal{code: "not-reserved"}
	ErrImageUnknown    = Refusal{code: "image-unknown"}
	ErrImageFiled      = Refusal{code: "image-filed"}
	ErrRateLimited     = Refusal{code: "rate-limited"}
	ErrPhoneForgotten  = Refusal{code: "phone-forgotten"}
)

// ErrMalformed is a call with an id, checksum, state or sink that cannot be
// one. Nothing was sent: it would stand between the separators of a line.
var ErrMalformed = errors.New("not an id, a checksum, a state or a sink")

func (r Refusal) Error() string { return "refused: " + r.code }

// RefusalCode returns the code, for consumers that do not import this package.
func (r Refusal) RefusalCode() string { return r.code }

// RefusedImages returns the images the refusal is about, where it names any.
func (r Refusal) RefusedImages() []app.ImageID { return r.images }

// Is reports whether target is a Refusal with the same code.
func (r Refusal) Is(target error) bool {
	t, ok := target.(Refusal)
	return ok && t.code == r.code
}

func (r Refusal) kind() app.Kind {
	switch r.code {
	case "link-unknown", "session-missing", "not-reserved", "not-uploaded", "image-unknown", "phone-forgotten":
		return app.KindNotFound
	case "link-used", "session-draining", "image-filed":
		return app.KindConflict
	case "session-over":
		return app.KindExpired
	case "phone-replaced":
		return app.KindAuth
	case "too-many-images", "image-too-large", "rate-limited":
		return app.KindTooLarge
	case "image-mismatch":
		return app.KindCorrupt
	}
	return app.KindBug
}

// isServerError tells an error reply of Redis from a failure to reach it.
func isServerError(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// scriptRefused reports Redis' no to what a script called: its user may not
// run the command, or not on that key (Redis 6 and 7 word it differently).
func scriptRefused(err error) bool {
	if !isServerError(err) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "ACL failure in script") || strings.Contains(text, "The user executing the script can't")
}
