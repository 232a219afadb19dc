package redisregistry

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Memory is what a relay keeps of its own for a practice: which launches were
// decoded, and what became of deliveries. A cache: to lose it costs a look-up,
// never an image. Names and values hold nothing of a patient.
type Memory struct{ r *Registry }

// Memory returns the practice's.
func (r *Registry) Memory() Memory { return Memory{r} }

// Claim keeps value under a name that is free, and returns what is kept: value,
// or what came before it. Idempotent.
func (m Memory) Claim(ctx context.Context, name, value string, life time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	key := m.r.prefix + "r:" + name
	kept, err := m.r.client.SetArgs(ctx, key, value, redis.SetArgs{Mode: "NX", Get: true, TTL: life}).Result()
	switch {
	case errors.Is(err, redis.Nil): // it was free
		return value, nil
	case err != nil:
		return "", classify("claim for the relay", err)
	}
	return kept, nil
}

// Recall returns what is kept under a name, "" for nothing.
func (m Memory) Recall(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	kept, err := m.r.client.Get(ctx, m.r.prefix+"r:"+name).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", classify("recall for the relay", err)
	}
	return kept, nil
}
