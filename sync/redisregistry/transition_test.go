package redisregistry_test

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// What a real server is asked is named as the driver means it.
func TestTransitionNamesWhatAServerSees(t *testing.T) {
	addr := apptest.RedisServer(t)
	r, err := redisregistry.New(redisregistry.Config{URL: app.Seal("redis://" + addr), Practice: "test-practice"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Shut() })
	sid, token := app.NewSessionID(), app.NewToken()
	if _, err := r.Open(t.Context(), app.Opening{SID: sid, TokenHash: token.Hash(), Limits: app.DefaultLimits}); err != nil {
		t.Fatal(err)
	}
	monitor := watch(t, addr)
	for range 2 { // EVAL at first, EVALSHA from then on
		if _, err := r.Claim(t.Context(), token.Hash(), token.Hash(), app.KeepOffer{}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for len(names) < 3 {
		words := monitor()
		if words != nil {
			names = append(names, redisregistry.Transition(words[0], words[1:]...))
		}
	}
	if got := strings.Join(names, " "); got != "claim handshake claim" { // EVALSHA refused, EVAL, EVALSHA
		t.Errorf("the server saw %q", got)
	}
	for command, want := range map[string]string{"HELLO": redisregistry.Handshake, "auth": redisregistry.Handshake,
		"FLUSHALL": "flushall", "evalsha": "evalsha"} {
		if got := redisregistry.Transition(command, "0123"); got != want {
			t.Errorf("%s is named %q", command, got)
		}
	}
}
