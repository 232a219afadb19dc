package ablyfeed_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/ablyfeed"
)

// ably-go forgets a Close that comes while it dials, and connects later. A
// client that Listen has left stays away.
func TestCloseWhileDiallingIsFinal(t *testing.T) {
	var dials atomic.Int32
	dialling, release := make(chan struct{}, 10), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		dials.Add(1)
		dialling <- struct{}{}
		<-release
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	host, port := address(t, s.Listener.Addr())
	f := ablyfeed.New(ablyfeed.Config{Key: app.Seal(listenKey), Practice: "demo", Host: host, Port: port, PlainText: true})
	l := apptest.Listen(t, f, app.NewSessionID())
	<-dialling
	if err := l.Stop(t); err != nil {
		t.Errorf("Listen returned %v", err)
	}
	close(release)
	time.Sleep(3 * time.Second) // longer than the client's own pause before a retry, 2 s
	if n := dials.Load(); n != 1 {
		t.Errorf("dialled %d times, %d of them after Listen", n, n-1)
	}
}
