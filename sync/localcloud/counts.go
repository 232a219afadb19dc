package localcloud

import (
	"context"
	"maps"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"

	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// counter counts by name. Safe for concurrent use.
type counter struct {
	mu sync.Mutex
	n  map[string]int64
}

func newCounter() *counter { return &counter{n: map[string]int64{}} }

func (c *counter) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name]++
}

func (c *counter) counts() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

// inScripts are the commands that scripts call. miniredis shows those to its
// hook as if a client had sent them, and no client of ours sends one.
var inScripts = map[string]bool{
	"TIME": true, "HGETALL": true, "HSET": true, "PEXPIREAT": true, "GET": true, "SET": true, "DEL": true,
}

// countRedis counts what clients ask, and what their scripts do.
func countRedis(m *miniredis.Miniredis, c *counter) {
	m.Server().SetPreHook(func(_ *server.Peer, cmd string, args ...string) bool {
		name := redisregistry.Inside
		if !inScripts[cmd] {
			name = redisregistry.Transition(cmd, args...)
		}
		c.add(name)
		return false
	})
}

// countedStore counts the requests that reach the object store, refused ones
// too where it was the store that refused. CORS preflights never come here.
type countedStore struct {
	backend.Backend
	*counter
}

func (c countedStore) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	c.add("put")
	return c.Backend.PutObject(ctx, in)
}

func (c countedStore) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	c.add("head")
	return c.Backend.HeadObject(ctx, in)
}

func (c countedStore) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	c.add("get")
	return c.Backend.GetObject(ctx, in)
}

func (c countedStore) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	c.add("delete")
	return c.Backend.DeleteObject(ctx, in)
}

func (c countedStore) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	c.add("list")
	return c.Backend.ListObjectsV2(ctx, in)
}
