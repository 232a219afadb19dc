package redisregistry

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/egress"
)

// scriptCommands are what the registry's scripts call (a test holds the list
// against them); Redis checks them against the user's rights as well.
var scriptCommands = []string{"del", "exists", "get", "hget", "hgetall", "hset", "pexpireat", "set", "time"}

// userRules are the ACL rules of a user whose keys match pattern, without
// passwords: the scripts, what they call, and the handshake. No channel, no
// other key, no administration.
func userRules(pattern string) []string {
	rules := []string{"on", "resetkeys", "~" + pattern, "resetchannels", "-@all", "+hello", "+auth", "+ping", "+eval", "+evalsha"}
	for _, c := range scriptCommands {
		rules = append(rules, "+"+c)
	}
	return rules
}

// PracticeRules are the ACL rules of one practice's workstations.
func PracticeRules(p app.Practice) []string { return userRules("cp:{" + string(p) + "}:*") }

// GatewayRules are the ACL rules of the gateway, which serves every practice.
func GatewayRules() []string { return userRules("cp:{*}:*") }

// Admin gives out Redis users. Its address is an administrator's.
type Admin struct {
	client *redis.Client
	url    app.Sealed
}

// NewAdmin prepares the client; it does not connect. Shut ends it.
func NewAdmin(address app.Sealed, way *egress.Way) (*Admin, error) {
	opt, err := options(address, way)
	if err != nil {
		return nil, err
	}
	opt.PoolSize = 1
	return &Admin{redis.NewClient(opt), address}, nil
}

// Shut closes the connection.
func (a *Admin) Shut() error { return a.client.Close() }

// User is a Redis user with a fresh password.
type User struct {
	URL   app.Sealed // the same server, as this user
	Older int        // earlier passwords that still work
}

// Grant makes the user if need be, gives it exactly these rules and a fresh
// password of the server's own making, beside those that it has: Finish takes
// the older ones away. Upstash makes passwords by ACL GENTOKEN, for one user each,
// and takes no other; Redis by ACL GENPASS.
func (a *Admin) Grant(ctx context.Context, user string, rules []string) (User, error) {
	const op = "make Redis user"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	had, err := a.passwords(ctx, user)
	if err != nil {
		return User{}, classify(op, err)
	}
	password, err := a.client.Do(ctx, "ACL", "GENTOKEN", user).Text()
	if isServerError(err) { // not Upstash
		password, err = a.client.Do(ctx, "ACL", "GENPASS", "256").Text()
	}
	if err != nil {
		return User{}, classify(op, err)
	}
	args := []any{"ACL", "SETUSER", user}
	for _, r := range rules {
		args = append(args, r)
	}
	if err := a.client.Do(ctx, append(args, ">"+password)...).Err(); err != nil {
		return User{}, classify(op, errors.New(bare(err, password)))
	}
	address, err := asUser(a.url, user, password)
	if err != nil {
		return User{}, err
	}
	_ = a.client.Do(ctx, "ACL", "SAVE").Err() // a server without an ACL file keeps users as its configuration says
	return User{URL: address, Older: len(had)}, nil
}

// Finish takes away every password of a user but the newest, and says how many.
// KindNotFound: there is no such user; KindConflict: the server ends no single
// password (Upstash does not document that it does), so none was.
func (a *Admin) Finish(ctx context.Context, user string) (removed int, err error) {
	const op = "remove old passwords"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	had, err := a.passwords(ctx, user)
	if err != nil {
		return 0, classify(op, err)
	}
	if len(had) == 0 {
		return 0, app.E(op, app.KindNotFound, errors.New("no such user"))
	}
	for _, hash := range had[:len(had)-1] { // the newest is last
		err := a.client.Do(ctx, "ACL", "SETUSER", user, "!"+hash).Err()
		if isServerError(err) && !strings.HasPrefix(err.Error(), "NO") { // NOAUTH, NOPERM: not the rule's fault
			return removed, app.E(op, app.KindConflict, errors.New("the server ends no single password"))
		}
		if err != nil {
			return removed, classify(op, err)
		}
		removed++
	}
	_ = a.client.Do(ctx, "ACL", "SAVE").Err()
	return removed, nil
}

// passwords are the hashes of a user's passwords, oldest first; none when
// there is no such user.
func (a *Admin) passwords(ctx context.Context, user string) ([]string, error) {
	out, err := a.client.Do(ctx, "ACL", "GETUSER", user).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fields, _ := out.(map[any]any)
	list, _ := fields["passwords"].([]any)
	var hashes []string
	for _, h := range list {
		hashes = append(hashes, fmt.Sprint(h))
	}
	return hashes, nil
}

// Eviction is the server's policy for a full memory; "noeviction" is the one
// that keeps sessions. "" when the server does not say.
func (a *Admin) Eviction(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := a.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if isServerError(err) { // managed services keep CONFIG to themselves
		return "", nil
	}
	if err != nil {
		return "", classify("ask for eviction policy", err)
	}
	return out["maxmemory-policy"], nil
}

// asUser is a server's address with another user.
func asUser(server app.Sealed, user, password string) (app.Sealed, error) {
	u, err := url.Parse(server.Reveal())
	if err != nil {
		return app.Sealed{}, app.E("read Redis address", app.KindBug, errors.New("want redis:// or rediss://"))
	}
	u.User = url.UserPassword(user, password)
	return app.Seal(u.String()), nil
}

// bare is an error's text without a secret that the server may have repeated.
func bare(err error, secret string) string { return strings.ReplaceAll(err.Error(), secret, "…") }
