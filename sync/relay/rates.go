package relay

import (
	"sync"

	"golang.org/x/time/rate"
)

// rates bounds how much one key may ask. There is one for each key that was
// ever admitted, and those are in a file.
type rates struct {
	mu sync.Mutex
	by map[string]*rate.Limiter
}

func (r *rates) allow(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.by[key]
	if l == nil {
		l = rate.NewLimiter(perSecond, burst)
		r.by[key] = l
	}
	return l.Allow()
}
