package redisregistry_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// neighbours are keys that no call about another session may touch: another
// session of the practice, its token, another practice, and somebody else.
var neighbours = map[string]string{
	"cp:{test-practice}:s:neighbour": "hash", "cp:{test-practice}:d:neighbour": "hash", "cp:{test-practice}:t:1b5f0c": "string",
	"cp:{other-practice}:s:neighbour": "hash", "elsewhere": "string",
}

func plantNeighbours(t testing.TB, ctx context.Context, c *redis.Client) {
	t.Helper()
	for key, kind := range neighbours {
		err := c.Set(ctx, key, "neighbour", 0).Err()
		if kind == "hash" {
			c.Del(ctx, key)
			err = c.HSet(ctx, key, "state", "paired", "i:x", "stored|1|s|1|1|0|0|").Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// read returns every key and what it holds.
func read(t testing.TB, ctx context.Context, c *redis.Client) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, key := range c.Keys(ctx, "*").Val() {
		kind := c.Type(ctx, key).Val()
		var held string
		if kind == "hash" {
			fields := c.HGetAll(ctx, key).Val()
			held = fields["token"] // the calls change all else
			if neighbours[key] != "" {
				held = fields["state"] + fields["i:x"]
			}
		} else {
			held = c.Get(ctx, key).Val()
		}
		out[key] = kind + " " + held + " " + c.PTTL(ctx, key).Val().Round(time.Hour).String()
	}
	return out
}

// sendAll makes every call of the registry about session sid, with text and n
// wherever an argument is text or a number, and reports every answer that is
// no answer of the registry's.
func sendAll(t testing.TB, ctx context.Context, r *redisregistry.Registry, sid app.SessionID, text string, n int64) {
	t.Helper()
	hash, id, state := app.Digest(text), app.ImageID(text), app.ImageState(text)
	phone := app.Digest("phone")
	want := []app.RowImage{{ID: id, Bytes: n, SHA256: "sum"}, {ID: "good", Bytes: 1, SHA256: hash}}
	limits := app.DefaultLimits
	limits.MaxBytes = n
	copied := func(m app.RowImage) *app.Row {
		return &app.Row{SID: sid, State: app.SessionState(text), TokenHash: "token", PhoneHash: phone, PracticeName: text,
			Limits: limits, Seq: n >> 16, Images: []app.RowImage{m}}
	}
	for _, c := range []struct {
		name string
		call func() (app.Row, error)
	}{
		{"open", func() (app.Row, error) {
			return r.Open(ctx, app.Opening{SID: sid, PracticeName: text, TokenHash: "token", Limits: limits,
				Asks: app.Asks{Require: []app.Detail{app.Detail(text), app.DetailSite}, Target: n}})
		}},
		{"restore", func() (app.Row, error) {
			return r.Open(ctx, app.Opening{SID: sid + "2", Restore: copied(app.RowImage{ID: id, State: app.ImageStored, Bytes: n, SHA256: hash, Sinks: []string{text}})})
		}},
		{"restore a state", func() (app.Row, error) {
			return r.Open(ctx, app.Opening{SID: sid + "2", Restore: copied(app.RowImage{ID: "good", State: state, Seq: n})})
		}},
		{"claim", func() (app.Row, error) { return r.Claim(ctx, hash, hash, app.KeepOffer{}) }},
		{"claim for a phone", func() (app.Row, error) { return r.Claim(ctx, "token", hash, app.KeepOffer{}) }},
		{"status", func() (app.Row, error) { return r.Status(ctx, sid, hash) }},
		{"reserve", func() (app.Row, error) { return r.Reserve(ctx, sid, phone, want[:1]) }},
		{"reserve a checksum", func() (app.Row, error) { return r.Reserve(ctx, sid, phone, want[1:]) }},
		{"reserve twice", func() (app.Row, error) { return r.Reserve(ctx, sid, phone, append(want, want...)) }},
		{"stored", func() (app.Row, error) { return r.Stored(ctx, sid, phone, want, want) }},
		{"retract", func() (app.Row, error) { return r.Retract(ctx, sid, phone, []app.ImageID{id, "good"}) }},
		{"mark", func() (app.Row, error) {
			return r.Mark(ctx, sid, []app.Mark{{ID: id, State: app.ImageLanded, Bytes: n, SHA256: "sum"}})
		}},
		{"mark a checksum", func() (app.Row, error) {
			return r.Mark(ctx, sid, []app.Mark{{ID: "good", State: app.ImageLanded, Bytes: n, SHA256: hash}})
		}},
		{"mark sinks", func() (app.Row, error) {
			return r.Mark(ctx, sid, []app.Mark{{ID: "good", State: app.ImageFiled, Sinks: []string{text, text}}})
		}},
		{"mark a state", func() (app.Row, error) { return r.Mark(ctx, sid, []app.Mark{{ID: "new", State: state, Bytes: n}}) }},
		{"amend", func() (app.Row, error) {
			return r.Amend(ctx, sid, phone, app.Amendment{Image: id, N: int(n), MAC: "mac", Sealed: []byte(text)[:min(len(text), app.MaxAmendment)]})
		}},
		{"amend a mac", func() (app.Row, error) {
			return r.Amend(ctx, sid, phone, app.Amendment{Image: "good", N: 1, MAC: hash, Sealed: []byte("sealed")})
		}},
		{"leave", func() (app.Row, error) { return r.Leave(ctx, sid, hash, app.Leaving{Keep: n > 0, Declined: n%2 == 0}) }},
		{"done", func() (app.Row, error) { return r.Done(ctx, sid, hash) }},
		{"renew", func() (app.Row, error) { return r.Renew(ctx, sid, "token", true) }},
		{"an absent one", func() (app.Row, error) { return r.Read(ctx, "absent"+app.SessionID(text)) }},
		{"close", func() (app.Row, error) { return r.Close(ctx, sid) }},
	} {
		_, err := c.call()
		var refused redisregistry.Refusal
		if err != nil && !errors.As(err, &refused) && !errors.Is(err, redisregistry.ErrMalformed) {
			t.Errorf("%s with %.80q and %d: %v", c.name, text, n, err)
		}
	}
}

// prove sends everything and compares what stands beside the session.
func prove(t testing.TB, ctx context.Context, r *redisregistry.Registry, c *redis.Client, text string, n int64) {
	t.Helper()
	if err := c.FlushDB(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	plantNeighbours(t, ctx, c)
	const sid = app.SessionID("mine")
	if _, err := r.Open(ctx, app.Opening{SID: sid, TokenHash: "token", Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Claim(ctx, "token", "phone", app.KeepOffer{}); err != nil {
		t.Fatal(err)
	}
	before := read(t, ctx, c)
	sendAll(t, ctx, r, sid, text, n)
	if _, err := r.Read(ctx, sid); err != nil {
		t.Errorf("%.80q and %d: the session cannot be read any more: %v", text, n, err)
	}
	after := read(t, ctx, c)
	maps.DeleteFunc(after, func(key, _ string) bool { // the restored session, and the details
		_, had := before[key]
		return !had && (key == "cp:{test-practice}:s:mine2" || key == "cp:{test-practice}:d:mine")
	})
	if !maps.Equal(before, after) {
		t.Errorf("with %.80q and %d the keys\n%q became\n%q", text, n, before, after)
	}
}

var hostileTexts = []string{
	"", "x", "|", "a|b|c|d|e|f|g|h|i", ",", "a,b", "i:good", "good", "neighbour", ":s:neighbour", "*", "%", "%s%d", "%%", "nil", "\x00", "a\x00b",
	"\xff\xfe", "{other-practice}", "cp:{other-practice}:s:neighbour", "'", `"`, "]]", "--", "return redis.call('FLUSHALL')",
	"\r\nFLUSHALL\r\n", "-1", "1e309", "nan", "inf", "0x10", "paired", "stored", "landed", "token", "phone", "ā", " ",
	strings.Repeat("x", 65), strings.Repeat("x", 70_000), strings.Repeat("|", 1000),
}

var hostileNumbers = []int64{0, 1, -1, 1 << 53, 1<<63 - 1, -1 << 63}

// What scripts make of arguments that the gateway and the agent never send.
func TestHostileArguments(t *testing.T) {
	addr := apptest.RedisServer(t)
	r := connect(t, "redis://"+addr)
	c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	for i, text := range hostileTexts {
		prove(t, t.Context(), r, c, text, hostileNumbers[i%len(hostileNumbers)])
	}
	for _, n := range hostileNumbers {
		prove(t, t.Context(), r, c, "image", n)
	}
}

// FuzzLuaArguments is TestHostileArguments with whatever else there is.
func FuzzLuaArguments(f *testing.F) {
	m := miniredis.RunT(f)
	r, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://" + m.Addr()), Practice: "test-practice"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = r.Shut() })
	c := redis.NewClient(&redis.Options{Addr: m.Addr(), DisableIdentity: true})
	f.Cleanup(func() { _ = c.Close() })
	for i, text := range hostileTexts {
		if len(text) < 1000 {
			f.Add(text, hostileNumbers[i%len(hostileNumbers)])
		}
	}
	f.Fuzz(func(t *testing.T, text string, n int64) { prove(t, t.Context(), r, c, text, n) })
}
