package alex

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/clinicpro-nz/images/app"
)

// What can go wrong, one fixed word each; ui/text has a sentence for every one.
const (
	CodeAsleep      = "asleep"      // ALEX cannot reach the practice's own computer
	CodeUnreachable = "unreachable" // ALEX does not answer: down, or our address is not admitted
	CodeBusy        = "busy"        // ALEX, or the relay, says later
	CodeUnknown     = "unknown"     // sent, and no end known: it may be in the record
	CodeForbidden   = "forbidden"   // 403: a right is missing, or ALEX takes no such request
	CodeRule        = "rule"        // the record system's own rules refuse it
	CodeTooLarge    = "toolarge"
	CodeToken       = "token"   // the vendor's credential is refused
	CodeKey         = "key"     // this workstation's key is refused by the relay
	CodeFacility    = "foreign" // not a facility of this practice
	CodeExpired     = "expired" // a launch older than app.MaxLaunchAge
	CodeReplayed    = "replayed"
	CodeMalformed   = "malformed" // not a launch that can be read
	CodeNotThere    = "notthere"  // a look-up found nothing
)

// kinds is what each word means for a retry.
var kinds = map[string]app.Kind{
	CodeAsleep: app.KindOffline, CodeUnreachable: app.KindOffline, CodeBusy: app.KindOffline, CodeUnknown: app.KindOffline,
	CodeForbidden: app.KindAuth, CodeRule: app.KindConflict, CodeTooLarge: app.KindTooLarge, CodeToken: app.KindAuth,
	CodeKey: app.KindAuth, CodeFacility: app.KindAuth, CodeExpired: app.KindExpired, CodeReplayed: app.KindConflict,
	CodeMalformed: app.KindCorrupt, CodeNotThere: app.KindNotFound,
}

// Codes are all the words there are.
func Codes() []string {
	var out []string
	for code := range kinds {
		out = append(out, code)
	}
	return out
}

// Fault returns the error of a word; cause may be nil and must hold no value
// of a patient.
func Fault(op, code string, cause error) error {
	return &app.Coded{Code: code, Err: app.E(op, kinds[code], cause)}
}

// unknown marks an error after which the resource may be there.
type unknown struct {
	err    error
	looked bool
}

func (u *unknown) Error() string { return u.err.Error() }
func (u *unknown) Unwrap() error { return u.err }

// Unknown marks err as one after which the resource may be there.
func Unknown(err error) error { return &unknown{err, false} }

// Looked marks err as Unknown does, of a try that sent nothing: the resource
// may be there from a try before.
func Looked(err error) error { return &unknown{err, true} }

// IsLooked reports whether the try that returned err certainly sent nothing.
func IsLooked(err error) bool {
	var u *unknown
	return errors.As(err, &u) && u.looked
}

// IsUnknown reports whether the resource may be there although err was returned.
func IsUnknown(err error) bool {
	var u *unknown
	return errors.As(err, &u)
}

// faultOf reads a status that is not a success. asleep: the answer says that
// the facility cannot be reached, so nothing has arrived there.
func faultOf(op string, status int, asleep bool) error {
	cause := fmt.Errorf("status %d", status)
	switch {
	case status == http.StatusUnauthorized:
		return Fault(op, CodeToken, cause)
	case status == http.StatusForbidden:
		return Fault(op, CodeForbidden, cause)
	case status == http.StatusRequestEntityTooLarge:
		return Fault(op, CodeTooLarge, cause)
	case status == http.StatusTooManyRequests:
		return Fault(op, CodeBusy, cause)
	case status == http.StatusServiceUnavailable && asleep:
		return Fault(op, CodeAsleep, cause)
	case status >= 500 || status < 400: // a gateway's word, or none: what is behind it may have acted
		return Unknown(Fault(op, CodeUnknown, cause))
	}
	return Fault(op, CodeRule, cause)
}

func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return app.E("read the record system's address", app.KindBug, errors.New("want an address like https://host/path"))
	}
	return nil
}

// origin is scheme and host of an address that checkAddress has passed.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
