package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter is a token bucket a caller, for a bounded number of callers.
type limiter struct {
	perSecond rate.Limit
	burst     int
	callers   int
	mu        sync.Mutex
	buckets   map[string]*rate.Limiter
}

func newLimiter(perSecond, burst, callers int) *limiter {
	return &limiter{perSecond: rate.Limit(perSecond), burst: burst, callers: callers, buckets: map[string]*rate.Limiter{}}
}

func (l *limiter) allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= l.callers {
			l.forget()
		}
		b = rate.NewLimiter(l.perSecond, l.burst)
		l.buckets[key] = b
	}
	return b.Allow()
}

// forget drops the callers whose buckets are full again, who lose nothing by
// it; when all are busy it drops an eighth of them, whichever come first.
func (l *limiter) forget() {
	now := time.Now()
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < l.callers-l.callers/8 {
			return
		}
		delete(l.buckets, key)
	}
}

// addressOf is the caller's network address; an IPv6 one counts by its /64,
// which is one customer.
func addressOf(r *http.Request, proxyHops int) string {
	text := r.RemoteAddr
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	if proxyHops > 0 {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if i := len(list) - proxyHops; i >= 0 && strings.TrimSpace(list[i]) != "" {
			text = strings.TrimSpace(list[i])
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
