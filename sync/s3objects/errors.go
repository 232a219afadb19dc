package s3objects

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/clinicpro-nz/images/app"
)

// kinds are S3's error codes that mean more than their HTTP status says.
// Only a missing key is KindNotFound: a wrong setting, or a server that is no
// S3, must never look like an image that is gone.
var kinds = map[string]app.Kind{
	"NoSuchKey":                    app.KindNotFound,
	"NoSuchBucket":                 app.KindAuth,
	"AuthorizationHeaderMalformed": app.KindAuth, // signed for another region
	"PermanentRedirect":            app.KindAuth, // bucket in another region
	"RequestTimeTooSkewed":         app.KindAuth, // the SDK has corrected its clock and tried again
	"ExpiredToken":                 app.KindAuth,
	"InvalidToken":                 app.KindAuth,
	"EntityTooLarge":               app.KindTooLarge,
	"BadDigest":                    app.KindCorrupt,
	"XAmzContentSHA256Mismatch":    app.KindCorrupt,
	"RequestTimeout":               app.KindOffline, // status 400
	"SlowDown":                     app.KindOffline,
}

// classify turns what the SDK returned into an *app.Error; nil stays nil.
// Order: our own end, then what S3 said, then its status, then the network.
func classify(op string, err error) error {
	if err == nil {
		return nil
	}
	return app.E(op, kindOf(err), err)
}

func kindOf(err error) app.Kind {
	if errors.Is(err, context.Canceled) {
		return app.KindCanceled
	}
	if kind, ok := kinds[codeOf(err)]; ok {
		return kind
	}
	var status *smithyhttp.ResponseError
	// Status 0 is the SDK's for "no answer".
	if errors.As(err, &status) && status.HTTPStatusCode() != 0 {
		return kindOfStatus(status.HTTPStatusCode())
	}
	var network net.Error
	var send *smithyhttp.RequestSendError
	switch {
	case errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &network), errors.As(err, &send),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF): // cut off in the body
		return app.KindOffline
	}
	return app.KindBug
}

func kindOfStatus(status int) app.Kind {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return app.KindAuth
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return app.KindConflict
	case status == http.StatusRequestEntityTooLarge:
		return app.KindTooLarge
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests,
		status >= 500,
		status >= 200 && status < 400: // not S3 but something in between, a captive portal perhaps
		return app.KindOffline
	}
	return app.KindBug
}

// codeOf is S3's error code, "" when there is none.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
