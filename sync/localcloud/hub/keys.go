package hub

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

const (
	opSubscribe = "subscribe"
	opPublish   = "publish"
)

// Key is one API key: its name ("appId.keyId"), its secret and what it may do.
type Key struct {
	Name       string
	Secret     app.Sealed
	Capability map[string][]string // channel pattern → operations, as Ably writes it
}

var keyForm = regexp.MustCompile(`^([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+):(.+)$`)

// ParseKey reads "appId.keyId:secret" and a capability like
// {"cp:demo:*":["subscribe"]}; an empty capability allows everything. The
// error never repeats the key.
func ParseKey(key app.Sealed, capability string) (Key, error) {
	m := keyForm.FindStringSubmatch(key.Reveal())
	if m == nil {
		return Key{}, app.E("read hub key", app.KindBug, fmt.Errorf("want appId.keyId:secret"))
	}
	k := Key{Name: m[1], Secret: app.Seal(m[2])}
	if capability == "" {
		k.Capability = map[string][]string{"*": {"*"}}
		return k, nil
	}
	if err := json.Unmarshal([]byte(capability), &k.Capability); err != nil {
		return Key{}, app.E("read hub key", app.KindBug, fmt.Errorf("capability is not Ably's JSON"))
	}
	return k, nil
}

// allows reports whether the key may do op on a channel. A pattern is a name,
// "*", or a prefix of whole segments with ":*" behind.
func (k Key) allows(channel, op string) bool {
	for pattern, ops := range k.Capability {
		prefix, wild := strings.CutSuffix(pattern, "*")
		if pattern != channel && !(wild && (prefix == "" || strings.HasSuffix(prefix, ":") && strings.HasPrefix(channel, prefix))) {
			continue
		}
		for _, o := range ops {
			if o == op || o == "*" {
				return true
			}
		}
	}
	return false
}

func refused(op string) *ErrorInfo {
	return fault(401, 40160, "this key's capability does not allow "+op+" on this channel")
}

func noTokens() *ErrorInfo { return fault(401, 40101, "this service takes keys, not tokens") }

// authenticate finds the key of a request: "key" in the query (websockets),
// or basic authentication. The refusals are Ably's codes; those from 40140 to
// 40149 are left out, since clients take them for an expired token.
func (h *Hub) authenticate(r *http.Request) (Key, *ErrorInfo) {
	full := r.URL.Query().Get("key")
	if full == "" {
		name, secret, ok := r.BasicAuth()
		bearer := strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ")
		if bearer || r.URL.Query().Has("accessToken") {
			return Key{}, noTokens()
		}
		if !ok {
			return Key{}, fault(401, 40101, "no key given")
		}
		full = name + ":" + secret
	}
	return h.checkKey(full)
}

func (h *Hub) checkKey(full string) (Key, *ErrorInfo) {
	m := keyForm.FindStringSubmatch(full)
	if m == nil {
		return Key{}, fault(401, 40101, "the key has a wrong form")
	}
	k, ok := h.keys[m[1]]
	if !ok {
		appID, _, _ := strings.Cut(m[1], ".")
		for name := range h.keys {
			if strings.HasPrefix(name, appID+".") {
				return Key{}, fault(401, 40101, "invalid key")
			}
		}
		return Key{}, fault(404, 40400, "no such application")
	}
	if subtle.ConstantTimeCompare([]byte(k.Secret.Reveal()), []byte(m[2])) != 1 {
		return Key{}, fault(401, 40101, "invalid key")
	}
	return k, nil
}
