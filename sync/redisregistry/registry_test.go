package redisregistry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

func connect(t *testing.T, url string) *redisregistry.Registry {
	t.Helper()
	r, err := redisregistry.New(redisregistry.Config{URL: app.Seal(url), Practice: "test-practice"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Shut() })
	return r
}

func TestRealRedis(t *testing.T) {
	r := connect(t, "redis://"+apptest.RedisServer(t))
	apptest.Registry(t, func(*testing.T) apptest.PhoneRegistry { return r })
}

func TestMiniredis(t *testing.T) {
	m := miniredis.RunT(t)
	r := connect(t, "redis://"+m.Addr())
	apptest.Registry(t, func(*testing.T) apptest.PhoneRegistry { return r })
}

// A workstation's own user is held to its practice's keys.
func TestPracticeUser(t *testing.T) {
	addr := apptest.RedisServer(t, "--user", "ws", "on", ">secret", "~cp:{test-practice}:*", "+@all")
	r := connect(t, "redis://ws:secret@"+addr)
	apptest.Registry(t, func(*testing.T) apptest.PhoneRegistry { return r })
	_, err := r.ForPractice("other-practice").Read(t.Context(), app.NewSessionID())
	if app.KindOf(err) != app.KindAuth {
		t.Fatalf("another practice's key: %v", err)
	}
	_, err = connect(t, "redis://ws:wrong@"+addr).Read(t.Context(), app.NewSessionID())
	if app.KindOf(err) != app.KindAuth || strings.Contains(err.Error(), "secret") {
		t.Fatalf("wrong password: %v", err)
	}
}

func TestPracticesAreApart(t *testing.T) {
	r := connect(t, "redis://"+apptest.RedisServer(t))
	sid := app.NewSessionID()
	if _, err := r.Open(t.Context(), app.Opening{SID: sid, Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ForPractice("other").Read(t.Context(), sid); !errors.Is(err, redisregistry.ErrSessionMissing) {
		t.Fatalf("got %v", err)
	}
}

// One command a transition, once the scripts are loaded, and every key of a
// session lives a bounded time.
func TestCommandsAndLifetimes(t *testing.T) {
	addr := apptest.RedisServer(t)
	r := connect(t, "redis://"+addr)
	look := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { _ = look.Close() })
	ctx := t.Context()
	session := func() {
		sid := app.NewSessionID()
		token, phone := app.Digest("t"+string(sid)), app.Digest("p")
		image := []app.RowImage{{ID: "i", Bytes: 1, SHA256: "s"}}
		for i, call := range []func() (app.Row, error){
			func() (app.Row, error) {
				return r.Open(ctx, app.Opening{SID: sid, TokenHash: token, Limits: app.DefaultLimits})
			},
			func() (app.Row, error) { return r.Claim(ctx, token, phone, app.KeepOffer{}) },
			func() (app.Row, error) { return r.Reserve(ctx, sid, phone, image) },
			func() (app.Row, error) { return r.Stored(ctx, sid, phone, image, nil) },
			func() (app.Row, error) {
				return r.Amend(ctx, sid, phone, app.Amendment{Image: "i", N: 1, MAC: "m", Sealed: []byte("x")})
			},
			func() (app.Row, error) { return r.Status(ctx, sid, phone) },
			func() (app.Row, error) { return r.Read(ctx, sid) },
			func() (app.Row, error) { return r.Retract(ctx, sid, phone, []app.ImageID{"i"}) },
			func() (app.Row, error) { return r.Mark(ctx, sid, []app.Mark{{ID: "i", State: app.ImageLanded}}) },
			func() (app.Row, error) { return r.Done(ctx, sid, phone) },
			func() (app.Row, error) { return r.Renew(ctx, sid, token+"2", false) },
			func() (app.Row, error) { return r.Leave(ctx, sid, phone, app.Leaving{Keep: true}) },
			func() (app.Row, error) { return r.Close(ctx, sid) },
		} {
			if _, err := call(); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
	}
	session()
	if err := look.ConfigResetStat(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	session()
	stats, err := look.InfoMap(ctx, "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for section, lines := range stats {
		if calls := lines["cmdstat_evalsha"]; !strings.HasPrefix(calls, "calls=13,") {
			t.Fatalf("%s: evalsha %q, want 13 calls", section, calls)
		}
		if calls, ok := lines["cmdstat_eval"]; ok {
			t.Fatalf("eval %q after the scripts were loaded", calls)
		}
	}
	keys, err := look.Keys(ctx, "*").Result()
	if err != nil || len(keys) != 6 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, k := range keys {
		if ttl := look.PTTL(ctx, k).Val(); ttl < 32*time.Hour || ttl > 34*time.Hour {
			t.Fatalf("%s lives %v, want a little over the end of draining", k, ttl)
		}
	}
}

// A session that was opened before images had details is read, and goes on.
func TestRowsWithoutDetails(t *testing.T) {
	addr := apptest.RedisServer(t)
	r := connect(t, "redis://"+addr)
	look := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { _ = look.Close() })
	ctx, sid := t.Context(), app.NewSessionID()
	if _, err := r.Open(ctx, app.Opening{SID: sid, TokenHash: "token", Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Claim(ctx, "token", "phone", app.KeepOffer{}); err != nil {
		t.Fatal(err)
	}
	key := "cp:{test-practice}:s:" + string(sid)
	if err := errors.Join(look.HSet(ctx, key, "i:old", "landed|9|sum|3|1|0|0|").Err(), look.HDel(ctx, key, "left").Err()); err != nil {
		t.Fatal(err)
	}
	row, err := r.Read(ctx, sid)
	if err != nil || len(row.Images) != 1 || row.Images[0].Details != 0 || row.Left {
		t.Fatalf("%+v, %v", row, err)
	}
	row, err = r.Amend(ctx, sid, "phone", app.Amendment{Image: "old", N: 2, MAC: "m", Sealed: []byte("x")})
	if err != nil || row.Images[0].Details != 2 || row.Images[0].State != app.ImageLanded {
		t.Fatalf("%+v, %v", row, err)
	}
}

func TestScriptsReloadAfterFlush(t *testing.T) {
	addr := apptest.RedisServer(t)
	r := connect(t, "redis://"+addr)
	look := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = look.Close() })
	for range 2 {
		if _, err := r.Open(t.Context(), app.Opening{SID: app.NewSessionID(), Limits: app.DefaultLimits}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(look.ScriptFlush(t.Context()).Err(), look.FlushAll(t.Context()).Err()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAwayAndCanceled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	silent := connect(t, fmt.Sprintf("redis://%s", l.Addr()))
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := silent.Read(ctx, app.NewSessionID()); app.KindOf(err) != app.KindOffline {
		t.Fatalf("silent server: %v", err)
	}
	if d := time.Since(began); d > time.Second {
		t.Fatalf("a deadline of 150 ms took %v", d)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := silent.Read(ctx, app.NewSessionID()); app.KindOf(err) != app.KindCanceled {
		t.Fatalf("canceled: %v", err)
	}
	if err := connect(t, "redis://127.0.0.1:1").Ready(t.Context()); app.KindOf(err) != app.KindOffline {
		t.Fatalf("nobody there: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	got, err := redisregistry.UpstashURL("https://apn1-test-1234.upstash.io", app.Seal("AXx=/token"))
	if err != nil || got.Reveal() != "rediss://default:AXx=%2Ftoken@apn1-test-1234.upstash.io:6379" {
		t.Fatalf("%q, %v", got.Reveal(), err)
	}
	opt, err := redis.ParseURL(got.Reveal())
	if err != nil || opt.Password != "AXx=/token" || opt.TLSConfig == nil {
		t.Fatalf("%v", err)
	}
	for _, bad := range []string{"", "http://x.upstash.io", "x.upstash.io", "https://"} {
		if _, err := redisregistry.UpstashURL(bad, app.Seal("t")); app.KindOf(err) != app.KindBug {
			t.Fatalf("%q: %v", bad, err)
		}
	}
	_, err = redisregistry.New(redisregistry.Config{URL: app.Seal("redis//user:hunter2@host")})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("a wrong address: %v", err)
	}
}
