package gateway

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

func TestLimiterForgets(t *testing.T) {
	l := newLimiter(1, 2, 64)
	for n := range 10000 {
		l.allow(fmt.Sprint(n))
		if len(l.buckets) > 64 {
			t.Fatalf("remembers %d callers, want at most 64", len(l.buckets))
		}
	}
	got := []bool{l.allow("x"), l.allow("x"), l.allow("x"), l.allow("y")}
	if fmt.Sprint(got) != "[true true false true]" {
		t.Fatalf("allowed %v", got)
	}
}

func TestAddressOf(t *testing.T) {
	for _, c := range []struct {
		remote, forwarded string
		hops              int
		want              string
	}{
		{"192.0.2.7:1234", "203.0.113.9", 0, "192.0.2.7"},
		{"10.0.0.1:1", "203.0.113.9", 1, "203.0.113.9"},
		{"10.0.0.1:1", "1.1.1.1, 203.0.113.9", 1, "203.0.113.9"}, // the first was written by the caller
		{"10.0.0.1:1", "1.1.1.1, 203.0.113.9, 10.0.0.2", 2, "203.0.113.9"},
		{"10.0.0.1:1", "203.0.113.9", 2, "10.0.0.1"},
		{"10.0.0.1:1", "", 1, "10.0.0.1"},
		{"[2001:db8:1:2:3:4:5:6]:1", "", 0, "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.7]:1", "", 0, "192.0.2.7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := addressOf(r, c.hops); got != c.want {
			t.Errorf("%s with %q and %d hops: %s, want %s", c.remote, c.forwarded, c.hops, got, c.want)
		}
	}
}
