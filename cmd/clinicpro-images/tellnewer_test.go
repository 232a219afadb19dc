//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/clinicpro-nz/images/sync/updates"
	"github.com/clinicpro-nz/images/ui/link"
)

// TestTellNewer: a version that the release key has signed is told; where IT
// has switched that off nobody is asked.
func TestTellNewer(t *testing.T) {
	own := link.Version
	link.Version = "1.0.0"
	t.Cleanup(func() { link.Version = own })
	secret, public, err := note.GenerateKey(rand.Reader, "clinicpro-images")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	file, err := note.Sign(&note.Note{Text: updates.Release{Version: "1.1.0", Page: "https://example.nz/1.1.0"}.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(file)
	}))
	defer web.Close()
	for _, on := range []bool{true, false} {
		asked.Store(0)
		a, dir := testAgent(t), t.TempDir()
		a.cfg.UpdateCheck = on
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- a.tellNewerBy(ctx, updates.Checker{URL: web.URL, Key: public, Dir: dir, Client: web.Client()}, true)
		}()
		if on {
			<-a.status // refreshed once it has been told
		} else if err := <-done; err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		told := len(a.advice)
		a.mu.Unlock()
		if want := map[bool]int{true: 1}[on]; told != want || int(asked.Load()) != want {
			t.Errorf("switched on: %v; asked %d times, told %d", on, asked.Load(), told)
		}
		cancel()
		if on {
			<-done
		}
	}
}
