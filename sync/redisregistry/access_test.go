package redisregistry

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/egress"
)

// The rights name exactly what the scripts call.
func TestRightsNameWhatTheScriptsCall(t *testing.T) {
	called := map[string]bool{}
	files, err := fs.Glob(lua, "lua/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, _ := lua.ReadFile(f)
		for _, m := range regexp.MustCompile(`redis\.p?call\(\s*['"](\w+)['"]`).FindAllSubmatch(text, -1) {
			called[strings.ToLower(string(m[1]))] = true
		}
	}
	for name := range called {
		if !slices.Contains(scriptCommands, name) {
			t.Errorf("the scripts call %s, which no user may", name)
		}
	}
	for _, name := range scriptCommands {
		if !called[name] {
			t.Errorf("no script calls %s", name)
		}
	}
}

func TestGrantAndFinish(t *testing.T) {
	t.Parallel()
	addr := apptest.RedisServer(t, "--requirepass", "synthetic-admin")
	admin, err := NewAdmin(app.Seal("redis://default:synthetic-admin@"+addr), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Shut()
	ready := func(url app.Sealed) error {
		r, err := New(Config{URL: url, Practice: "hill-road"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Shut()
		_, err = r.Read(t.Context(), app.NewSessionID())
		return err
	}
	first, err := admin.Grant(t.Context(), "cp-hill-road", PracticeRules("hill-road"))
	if err != nil || first.Older != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := admin.Grant(t.Context(), "cp-hill-road", PracticeRules("hill-road"))
	if err != nil || second.Older != 1 {
		t.Fatalf("%+v, %v", second, err)
	}
	for _, u := range []User{first, second} {
		if err := ready(u.URL); app.KindOf(err) != app.KindNotFound {
			t.Errorf("before the end of the old password: %v", err)
		}
	}
	if n, err := admin.Finish(t.Context(), "cp-hill-road"); err != nil || n != 1 {
		t.Errorf("finish: %d, %v", n, err)
	}
	if err := ready(first.URL); app.KindOf(err) != app.KindAuth {
		t.Errorf("the old password: %v", err)
	}
	if err := ready(second.URL); app.KindOf(err) != app.KindNotFound {
		t.Errorf("the new password: %v", err)
	}
	if _, err := admin.Finish(t.Context(), "cp-nobody"); app.KindOf(err) != app.KindNotFound {
		t.Errorf("finish nobody: %v", err)
	}
	if policy, err := admin.Eviction(t.Context()); err != nil || policy != "noeviction" {
		t.Errorf("eviction %q, %v", policy, err)
	}
}

// onUpstash is the administrator of a Redis that keeps to Upstash's rules, and
// the way to it; rules that begin with one of not are refused besides.
func onUpstash(t *testing.T, not ...string) (*Admin, *egress.Way) {
	t.Helper()
	cert, key, root := apptest.Certificates(t)
	way, err := egress.New(egress.None, root)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := NewAdmin(app.Seal("rediss://default:synthetic-rest-token@"+apptest.Upstash(t, cert, key, "synthetic-rest-token", not...)), way)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Shut() })
	return admin, way
}

// Upstash makes passwords itself, for one user each, and takes no other.
func TestGrantOnUpstash(t *testing.T) {
	t.Parallel()
	admin, way := onUpstash(t)
	var urls []app.Sealed
	for older := range 2 {
		u, err := admin.Grant(t.Context(), "cp-hill-road", PracticeRules("hill-road"))
		if err != nil || u.Older != older {
			t.Fatalf("%+v, %v", u, err)
		}
		urls = append(urls, u.URL)
	}
	read := func(url app.Sealed, p app.Practice) error {
		r, err := New(Config{URL: url, Practice: p, Way: way})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Shut()
		_, err = r.Read(t.Context(), app.NewSessionID())
		return err
	}
	if err := read(urls[1], "hill-road"); app.KindOf(err) != app.KindNotFound {
		t.Errorf("its own sessions: %v", err)
	}
	if err := read(urls[1], "valley-road"); app.KindOf(err) != app.KindAuth {
		t.Errorf("another practice's: %v", err)
	}
	if n, err := admin.Finish(t.Context(), "cp-hill-road"); err != nil || n != 1 {
		t.Errorf("finish: %d, %v", n, err)
	}
	if err := read(urls[0], "hill-road"); app.KindOf(err) != app.KindAuth {
		t.Errorf("the old password: %v", err)
	}
	if policy, err := admin.Eviction(t.Context()); err != nil || policy != "" {
		t.Errorf("it keeps CONFIG to itself, and said %q, %v", policy, err)
	}
	// The front is as strict as the service: a password of anybody else's making is refused.
	for _, rule := range []string{">synthetic-self-made", "nopass", "+client|list"} {
		if err := admin.client.Do(t.Context(), "ACL", "SETUSER", "cp-hill-road", rule).Err(); !isServerError(err) {
			t.Errorf("%s is taken: %v", rule, err)
		}
	}
	if err := admin.client.Do(t.Context(), "ACL", "GENTOKEN").Err(); !isServerError(err) {
		t.Errorf("a token for nobody: %v", err)
	}
}

// A server that ends no single password is told from one that refuses us.
func TestFinishWhereNoSinglePasswordEnds(t *testing.T) {
	t.Parallel()
	admin, _ := onUpstash(t, "!")
	for range 2 {
		if _, err := admin.Grant(t.Context(), "cp-hill-road", PracticeRules("hill-road")); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := admin.Finish(t.Context(), "cp-hill-road"); n != 0 || app.KindOf(err) != app.KindConflict {
		t.Errorf("%d, %v", n, err)
	}
}
