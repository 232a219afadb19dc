package redisregistry

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
)

// Why Redis refused.
type Why string

const (
	WhyPassword Why = "password" // it does not know the user, or the password is another
	WhyRights   Why = "rights"   // it knows the user, who may not do this
)

// Refused says why an error of this package was a refusal; "" when it was none.
func Refused(err error) Why {
	switch {
	case redis.IsPermissionError(err), scriptRefused(err):
		return WhyRights
	case redis.IsAuthError(err):
		return WhyPassword
	}
	return ""
}

// Tried is what a try of the registry found.
type Tried struct {
	Clock     time.Time     // the server's
	RoundTrip time.Duration // of one command on a connection that stands
	TooWide   bool          // this user may read other practices' keys
}

// Try reads the server's clock, runs a script on a session of this practice
// that is not there, and asks for a key of another practice, which a
// workstation's user must not be given. It writes nothing.
func (r *Registry) Try(ctx context.Context) (Tried, error) {
	const op = "try registry"
	var out Tried
	if _, err := r.Read(ctx, app.NewSessionID()); err != nil && app.KindOf(err) != app.KindNotFound {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	began := time.Now()
	at, err := r.client.Time(ctx).Result()
	if err != nil {
		return out, classify(op, err)
	}
	out.Clock, out.RoundTrip = at, time.Since(began)
	err = r.client.Exists(ctx, "cp:{another-practice}:s:0").Err()
	if err != nil && !redis.IsPermissionError(err) {
		return out, classify(op, err)
	}
	out.TooWide = err == nil
	return out, nil
}
