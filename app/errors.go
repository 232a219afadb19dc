package app

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what an error means for the user and for a retry. Drivers set it
// at their edge, by the type of what they got; nobody parses messages.
type Kind string

const (
	KindOffline  Kind = "offline"  // no answer, or the service says "later": retry with backoff
	KindAuth     Kind = "auth"     // credentials refused: retrying cannot help
	KindExpired  Kind = "expired"  // a link, token or session is past its time
	KindNotFound Kind = "notfound" // the thing is not there
	KindTooLarge Kind = "toolarge" // over a size or count limit
	KindCorrupt  Kind = "corrupt"  // bytes do not match their checksum, seal or format
	KindConflict Kind = "conflict" // somebody else has it, or it is there already
	KindCanceled Kind = "canceled" // our own context ended it
	KindFull     Kind = "full"     // no space, or the place cannot be written
	KindBug      Kind = "bug"      // ours: never retried
)

// Error is what every port returns on failure: the operation in a few fixed
// words without any value in them, the kind, and the cause.
type Error struct {
	Op   string
	Kind Kind
	Err  error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Op, e.Kind)
	}
	return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// E builds an Error. A cancelled context wins over the kind given, so that a
// stop is never mistaken for a fault of the service. A deadline that passed
// is offline: the service did not answer in time.
func E(op string, kind Kind, err error) error {
	if errors.Is(err, context.Canceled) {
		kind = KindCanceled
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// KindOf returns the kind of the outermost *Error in err's chain, "" for nil.
// Errors from outside the ports are canceled, offline (deadline) or bug.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return KindOffline
	}
	return KindBug
}

// Cause is what the outermost *Error in err's chain says beneath its operation
// and kind: the part that a sentence for a person repeats. An error without
// one speaks for itself.
func Cause(err error) string {
	if e, is := errors.AsType[*Error](err); is && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}
