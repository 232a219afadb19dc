package redisregistry

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
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
