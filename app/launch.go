package app

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// LaunchScheme is the URL protocol that the installers register.
const LaunchScheme = "clinicpro-images"

// maxLaunch bounds each of the two values, in bytes.
const maxLaunch = 2 << 10

// Launch is what a record system's button hands over: two opaque values that
// only its vendor's service can read. Any web page can send one, so it is
// believed no more than whoever decodes it says.
type Launch struct {
	Context   Sealed // the record system's sealed context, as it stood in the link
	Signature Sealed
}

// ParseLaunch reads clinicpro-images://launch?context=…&signature=… and
// nothing else: both values once each, 1 to 2,048 bytes of base64, base64url or
// hexadecimal, no other parameter, no path, no fragment, no user. KindCorrupt
// otherwise; the error repeats nothing of the link.
func ParseLaunch(link string) (Launch, error) {
	bad := func(why string) (Launch, error) {
		return Launch{}, E("read launch link", KindCorrupt, fmt.Errorf("%s", why))
	}
	if len(link) > 8<<10 {
		return bad("too long")
	}
	u, err := url.Parse(link)
	switch {
	case err != nil || u.Scheme != LaunchScheme:
		return bad("not a launch link")
	case u.Host != "launch" || u.Path != "" && u.Path != "/" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return bad("another address than launch")
	}
	values, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B")) // base64's own, not a space
	if err != nil || len(values) != 2 || len(values["context"]) != 1 || len(values["signature"]) != 1 {
		return bad("want context and signature, once each")
	}
	context, signature := values.Get("context"), values.Get("signature")
	if !launchValue(context) || !launchValue(signature) {
		return bad("a value of another form")
	}
	return Launch{Context: Seal(context), Signature: Seal(signature)}, nil
}

// launchValue reports whether s has the alphabet and length of either value.
func launchValue(s string) bool {
	return len(s) >= 1 && len(s) <= maxLaunch && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-.~") == ""
}

// LaunchContext is a Launch as the record system's service decodes it.
type LaunchContext struct {
	Patient  Patient // Source "medtech"; zero: no patient was open
	Facility string  // the practice's HPI facility id
	Provider string  // the record system's id of whoever pressed the button
	Created  time.Time
}

// Launches decodes what a record system hands over. Decode may be called
// concurrently and may be asked the same twice. KindNotFound: nobody is
// configured to decode it, or the record system knows nothing of it; KindAuth:
// the signature is wrong, or this practice may not ask; KindExpired: the
// context is too old; KindOffline: no answer.
type Launches interface {
	Decode(ctx context.Context, l Launch) (LaunchContext, error)
}
