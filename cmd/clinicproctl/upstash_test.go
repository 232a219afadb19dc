package main

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/clinicpro-nz/images/app/apptest"
	"github.com/clinicpro-nz/images/sync/egress"
)

// TestCredentialsOnUpstash gives keys by Upstash's own way, from the two names
// that its console shows: what is made opens our practice and nothing else,
// and what is printed to paste works when it is pasted.
func TestCredentialsOnUpstash(t *testing.T) {
	r := newRig(t)
	addr := apptest.Upstash(t, r.cert, r.key, "synthetic-upstash-rest-token")
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	// Upstash's Redis port is always 6379; the proxy knows whose it is here.
	m := newMiddleman(t, func(conn net.Conn) (string, []byte, error) {
		target, answer, err := httpConnect(conn)
		if target == "redis.practice.test:6379" {
			target = "redis.practice.test:" + port
		}
		return target, answer, err
	})
	admin := r.readNames(r.admin)
	delete(admin, "REDIS_URL")
	admin["UPSTASH_REDIS_REST_URL"], admin["UPSTASH_REDIS_REST_TOKEN"] = "https://redis.practice.test", "synthetic-upstash-rest-token"
	admin["CLINICPRO_PROXY"] = "http://" + m.Addr().String()
	from := r.names("upstash.env", admin)
	practice, gateway := filepath.Join(r.dir, "practice.env"), filepath.Join(r.dir, "gateway.env")
	said := r.ctl("", "cloud", "credentials", "-from", from, "-practice", ours, "-out", practice).wants(t, exitDone, "The keys are in")
	r.ctl("", "cloud", "credentials", "-from", from, "-gateway", "-out", gateway).wants(t, exitDone)

	made := r.readNames(practice)["REDIS_URL"]
	u, err := url.Parse(made)
	if err != nil || u.Scheme != "rediss" || u.Host != "redis.practice.test:6379" || u.User.Username() != "clinicpro-images-"+ours {
		t.Fatalf("REDIS_URL for %v, %v", u.Redacted(), err)
	}
	secret, _ := u.User.Password()
	if len(secret) < 32 || strings.Contains(said.out+said.err, secret) {
		t.Error("the password was said, or is none")
	}

	way, err := egress.New("http://"+m.Addr().String(), r.root)
	if err != nil {
		t.Fatal(err)
	}
	as := func(user, password string) *redis.Client {
		config := way.TLS()
		config.ServerName = "redis.practice.test"
		c := redis.NewClient(&redis.Options{Addr: addr, Username: user, Password: password, TLSConfig: config})
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	holds := func(user, password string) {
		t.Helper()
		c := as(user, password)
		for key, may := range map[string]bool{"cp:{" + ours + "}:s:x": true, "cp:{" + theirs + "}:s:x": false} {
			if err := c.HGetAll(t.Context(), key).Err(); (err == nil) != may || err != nil && !strings.HasPrefix(err.Error(), "NOPERM") {
				t.Errorf("%s and %s: %v", user, key, err)
			}
		}
		if err := c.FlushAll(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%s empties the database: %v", user, err)
		}
	}
	holds("clinicpro-images-"+ours, secret)
	if got := r.readNames(gateway)["REDIS_URL"]; !strings.HasPrefix(got, "rediss://clinicpro-images-gateway:") || got == made {
		t.Error("the gateway has no user of its own")
	}

	// By hand, in Upstash's console: the lines as they are printed.
	words := r.ctl("", "cloud", "credentials", "-from", from, "-practice", theirs).wants(t, exitDone).out
	line := func(pattern string) []any {
		t.Helper()
		found := regexp.MustCompile("(?m)^" + pattern + ".*$").FindString(words)
		if found == "" {
			t.Fatalf("nothing to paste like %q in\n%s", pattern, words)
		}
		var out []any
		for _, w := range strings.Fields(found) {
			out = append(out, w)
		}
		return out
	}
	console := as("default", "synthetic-upstash-rest-token")
	token, err := console.Do(t.Context(), line("ACL GENTOKEN ")...).Text()
	if err != nil {
		t.Fatal(err)
	}
	set := line("ACL SETUSER ")
	set[len(set)-1] = strings.Replace(set[len(set)-1].(string), "PASSWORD", token, 1)
	if err := console.Do(t.Context(), set...).Err(); err != nil {
		t.Error(err)
	}
	if err := as("clinicpro-images-"+theirs, token).HGetAll(t.Context(), "cp:{"+theirs+"}:s:x").Err(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(practice); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the keys: %v, %v", info.Mode(), err)
	}
}
