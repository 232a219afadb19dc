package updates

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/clinicpro-nz/images/app"
)

func keys(t *testing.T) (secret, public string) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, product)
	if err != nil {
		t.Fatal(err)
	}
	return secret, public
}

func signed(t *testing.T, secret string, r Release) []byte {
	t.Helper()
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	out, err := note.Sign(&note.Note{Text: r.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// server answers with what it is given at the moment, and counts.
type server struct {
	body  []byte
	code  int
	asked int
	sent  []string // the headers of the last request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked++
	s.sent = nil
	for name := range r.Header {
		s.sent = append(s.sent, name+": "+r.Header.Get(name))
	}
	w.WriteHeader(s.code)
	_, _ = w.Write(s.body)
}

func TestNewestAsksAtMostDaily(t *testing.T) {
	secret, public := keys(t)
	want := Release{"1.10.0", "https://clinicpro.co.nz/images/1.10.0"}
	s := &server{body: signed(t, secret, want), code: http.StatusOK}
	web := httptest.NewServer(s)
	defer web.Close()
	c := Checker{URL: web.URL, Key: public, Dir: t.TempDir(), Client: web.Client()}
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		at    time.Duration
		asked int
	}{{0, 1}, {time.Hour, 1}, {23 * time.Hour, 1}, {25 * time.Hour, 2}, {26 * time.Hour, 2}, {-time.Hour, 3}} {
		got, err := c.Newest(context.Background(), now.Add(step.at))
		if err != nil || got != want || s.asked != step.asked {
			t.Errorf("after %v: %+v, %v, asked %d times, want %d", step.at, got, err, s.asked, step.asked)
		}
	}
	for _, h := range s.sent {
		if h != "User-Agent: "+product && h != "Accept-Encoding: gzip" {
			t.Errorf("it told the server %q", h)
		}
	}
	t.Run("no answer counts as asked, and what was known stays", func(t *testing.T) {
		s.code = http.StatusServiceUnavailable
		later := now.Add(100 * time.Hour)
		if got, err := c.Newest(context.Background(), later); app.KindOf(err) != app.KindOffline || got != want {
			t.Errorf("%+v, %v", got, err)
		}
		before := s.asked
		if got, err := c.Newest(context.Background(), later.Add(time.Hour)); err != nil || got != want || s.asked != before {
			t.Errorf("%+v, %v, asked again: %v", got, err, s.asked != before)
		}
	})
	t.Run("a damaged memory is asked anew", func(t *testing.T) {
		s.code = http.StatusOK
		if err := os.WriteFile(filepath.Join(c.Dir, "update-check.json"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Newest(context.Background(), now); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestOpenBelievesTheReleaseKeyAlone(t *testing.T) {
	secret, public := keys(t)
	other, _ := keys(t)
	good := Release{"2.0.0", "https://clinicpro.co.nz/images"}
	file := signed(t, secret, good)
	if got, err := Open(file, public); err != nil || got != good {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range file {
		bent := append([]byte(nil), file...)
		bent[i] ^= 1
		if got, err := Open(bent, public); err == nil && got != good {
			t.Fatalf("bit of byte %d: believed %+v", i, got)
		}
	}
	for name, raw := range map[string][]byte{
		"empty": nil, "unsigned": []byte(good.Text()), "another key": signed(t, other, good),
		"too long":    append(make([]byte, maxNote), file...),
		"no version":  signed(t, secret, Release{"latest", good.Page}),
		"four":        signed(t, secret, Release{"1.2.3.4", good.Page}),
		"plain page":  signed(t, secret, Release{"2.0.0", "http://clinicpro.co.nz"}),
		"script page": signed(t, secret, Release{"2.0.0", "javascript:alert(1)"}),
	} {
		if got, err := Open(raw, public); err == nil {
			t.Errorf("%s: believed %+v", name, got)
		}
	}
}
