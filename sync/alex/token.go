package alex

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"
)

// tokens holds the one access token there is, and fetches it once however many
// ask.
type tokens struct {
	from clientcredentials.Config
	http *http.Client
	now  func() time.Time
	one  singleflight.Group

	mu    sync.Mutex
	token *oauth2.Token
}

const (
	tokenDeadline = 15 * time.Second
	tokenSpare    = time.Minute // a token is renewed this long before its end
)

func newTokens(cfg Config) *tokens {
	from := clientcredentials.Config{ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret.Reveal(), TokenURL: cfg.TokenURL,
		AuthStyle: oauth2.AuthStyleInParams}
	if cfg.Scope != "" {
		from.Scopes = []string{cfg.Scope}
	}
	return &tokens{from: from, http: cfg.HTTP, now: cfg.Now}
}

// get returns a token that is not refused: the one that a 401 was answered to,
// "" for none.
func (t *tokens) get(ctx context.Context, refused string) (string, error) {
	t.mu.Lock()
	held := t.token
	t.mu.Unlock()
	if held != nil && held.AccessToken != refused && (held.Expiry.IsZero() || t.now().Add(tokenSpare).Before(held.Expiry)) {
		return held.AccessToken, nil
	}
	// The fetch outlives the call that began it: others wait for it too.
	got := t.one.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenDeadline)
		defer cancel()
		token, err := t.from.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
		if err != nil {
			return nil, tokenFault(err)
		}
		t.mu.Lock()
		t.token = token
		t.mu.Unlock()
		return token.AccessToken, nil
	})
	select {
	case r := <-got:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", Fault("get a token", CodeUnreachable, ctx.Err())
	}
}

// tokenFault tells a refusal from a service that does not answer. The cause is
// dropped: it may repeat the request.
func tokenFault(err error) error {
	const op = "get a token"
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode >= 400 && refused.Response.StatusCode < 500 &&
		refused.Response.StatusCode != http.StatusTooManyRequests {
		return Fault(op, CodeToken, errors.New("refused"))
	}
	return Fault(op, CodeUnreachable, errors.New("no answer"))
}
